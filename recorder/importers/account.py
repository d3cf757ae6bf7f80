"""What an export of this program says of itself, so that streams get their own names back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from devices.rig import load_rig, rig_files
from devices.stream import StreamSpec
from recorder.importers.foreign import clean_text, slug
from recorder.importers.guard import Guard
from recorder.importers.limits import Refused

ACCOUNT = "thenar_export.json"
SCHEMA = "thenar.export/1"
STREAM = re.compile(r"^[a-z0-9_]{1,40}/[a-z0-9_]{1,60}$")
LATEST_NS = 2**62


@dataclass(frozen=True)
class Account:
    """``thenar_export.json``, judged; empty for other programs' exports.

    Attributes
    ----------
    rig : str
    action : str
        What the exported action means, see ``recorder.exporters.actions``.
    episodes : tuple of dict
        One per episode, in export order.
    """

    rig: str = ""
    action: str = ""
    episodes: tuple[dict[str, Any], ...] = ()

    def streams(self, index: int) -> tuple[str, ...]:
        """Names of the recorded streams an exported episode came from."""
        named = self.about(index).get("repeated_rows")
        return (
            tuple(name for name in named if STREAM.match(name)) if isinstance(named, dict) else ()
        )

    def about(self, index: int) -> dict[str, Any]:
        """What is said of one episode; empty when nothing is."""
        return self.episodes[index] if 0 <= index < len(self.episodes) else {}

    def start_ns(self, index: int) -> int | None:
        """Stamp of row 0 on the recording host's clock."""
        value = self.about(index).get("start_stamp_ns")
        return value if isinstance(value, int) and 0 <= value < LATEST_NS else None

    def stream_of_key(self, index: int, key: str) -> str:
        """The stream whose export key this is, or empty."""
        found = (name for name in self.streams(index) if name.replace("/", "_") == key)
        return next(found, "")

    def spec(self, name: str) -> StreamSpec | None:
        """The stream as this program's own rig describes it; None where the rig is unknown."""
        return _rig_streams(self.rig).get(name)

    def hand(self, index: int, quantity: str) -> str:
        """``<side>/<quantity>`` where exactly one hand has it, else empty."""
        sides = [name for name in self.streams(index) if name.endswith(f"/{quantity}")]
        return sides[0] if len(sides) == 1 else ""


@lru_cache(maxsize=4)
def _rig_streams(rig: str) -> dict[str, StreamSpec]:
    if rig not in rig_files():
        return {}
    return {spec.name: spec for spec in load_rig(rig).streams()}


def read_account(guard: Guard, folder: Path) -> Account:
    """Read the account beside an export; empty when there is none.

    Raises
    ------
    Refused
        When there is one and it cannot be read.
    """
    path = folder / ACCOUNT
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return Account()
    value = guard.one("json.read", path).facts["value"]
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        return Account()
    episodes = value.get("episodes")
    if not isinstance(episodes, list) or not all(isinstance(one, dict) for one in episodes):
        raise Refused(f"'{ACCOUNT}' lists no episodes")
    action = value.get("action")
    definition = action.get("definition") if isinstance(action, dict) else ""
    return Account(clean_text(value.get("rig"), 60), clean_text(definition, 60), tuple(episodes))


def rig_of(account: Account, robot: str) -> dict[str, Any]:
    """The rig an imported episode is shown with: this program's own where it is known by name."""
    if account.rig in rig_files():
        return load_rig(account.rig).model_dump(mode="json", by_alias=True)
    return {"name": slug(robot, "-"), "hands": []}
