"""One owner per rig: an exclusive lock with the owner's name on it.

The lock is the operating system's own on an open file, so it dies with its owner, however that
dies; what the file says is only for the message to whoever comes second.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import IO

import psutil

from devices.exclusive import try_lock
from devices.hand_driver import DeviceError
from devices.session_file import runtime_root


class RigLock:
    """Exclusive ownership of one rig on this machine.

    Parameters
    ----------
    rig_name : str
        Name of the rig.
    owner_pid : int, optional
        Process the message names, e.g. the window that owns the session; this process by default.
    directory : Path, optional
        Where lock files live; by default the user's runtime directory.
    """

    def __init__(
        self, rig_name: str, owner_pid: int | None = None, directory: Path | None = None
    ) -> None:
        self._rig_name = rig_name
        self._owner_pid = owner_pid or os.getpid()
        folder = directory or runtime_root()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock_path = folder / f"rig-{rig_name}.lock"
        self._owner_path = folder / f"rig-{rig_name}.owner"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the rig.

        Raises
        ------
        DeviceError
            When another process has it; the message names that process and the way out.
        """
        file = self._lock_path.open("a+")
        if not try_lock(file.fileno()):
            file.close()
            raise DeviceError(self._refusal())
        self._file = file
        self._owner_path.write_text(
            json.dumps(
                {
                    "pid": self._owner_pid,
                    "command": _command(self._owner_pid),
                    "supervisor_pid": os.getpid(),
                    "since": time.strftime("%H:%M:%S"),
                }
            )
        )

    def release(self) -> None:
        """Give the rig back; safe to call twice."""
        if self._file is not None:
            self._owner_path.unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def __enter__(self) -> RigLock:
        self.acquire()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def _refusal(self) -> str:
        owner = {}
        with contextlib.suppress(OSError, ValueError):
            owner = json.loads(self._owner_path.read_text())
        return (
            f"rig '{self._rig_name}' is in use by process {owner.get('pid', '?')} "
            f"({owner.get('command', 'unknown command')}), since {owner.get('since', '?')}; "
            "close it or choose another rig"
        )


def require_free(rig_name: str, directory: Path | None = None) -> None:
    """Raise ``DeviceError`` naming the owner when ``rig_name`` is in use; take nothing."""
    with RigLock(rig_name, directory=directory):
        pass


def _command(pid: int) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(psutil.Process(pid).cmdline())[:200]
    return "unknown command"
