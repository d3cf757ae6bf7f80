"""The session file: what every process of a session is started with.

``app.session`` writes it into the session's runtime directory; each process is started as
``python -m <module> --session FILE`` and reads the same rig, so all derive the same streams.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from devices.rig import Rig


class SessionFile(BaseModel):
    """Start-up facts of one session.

    Attributes
    ----------
    namespace : str
        Bus namespace, unique per session.
    rig : Rig
        The complete rig, already validated.
    dataset_dir : Path
        Folder of episodes the recorder writes into.
    runtime_dir : Path
        Sockets, pseudo-terminals and logs of this session.
    parent_pid : int
        Process whose death ends the session (the window or the command line).
    seed : int
        Seed of everything random in the simulators and scripts; not negative.
    emulate : bool
        Whether real drivers talk to emulators.
    emulated_video : Path or None
        Video file that stands in for the first camera when emulating.
    record_required : bool
        Whether loss of the recorder puts the hand into HOLD.
    """

    model_config = ConfigDict(extra="forbid")

    namespace: str
    rig: Rig
    dataset_dir: Path
    runtime_dir: Path
    parent_pid: int
    seed: int = Field(default=0, ge=0)  # numpy's generators take no negative seed
    emulate: bool = False
    emulated_video: Path | None = None
    record_required: bool = False

    def write(self) -> Path:
        """Write the file into ``runtime_dir`` atomically and return its path."""
        self.runtime_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.runtime_dir / "session.json"
        part = path.with_suffix(".part")
        part.write_text(self.model_dump_json(indent=1))
        os.replace(part, path)
        return path

    @classmethod
    def read(cls, path: Path) -> SessionFile:
        """Read a session file written by ``write``."""
        return cls.model_validate_json(path.read_text())


def runtime_root() -> Path:
    """Directory of all sessions' runtime files, one per user."""
    uid = os.getuid() if hasattr(os, "getuid") else 0
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / "thenar" if base else Path(tempfile.gettempdir()) / f"thenar-{uid}"
