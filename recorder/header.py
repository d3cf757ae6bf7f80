"""What a take says about itself before its first sample: the header of its log and episode."""

from __future__ import annotations

import platform
import uuid as uuids
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from devices.messages import StartTake
from devices.session_file import SessionFile
from devices.stream import StreamSpec


def take_header(
    session: SessionFile, order: StartTake, number: int, streams: Sequence[StreamSpec]
) -> dict[str, Any]:
    """Return the header of a take, with a new identity and the wall time of this moment.

    Parameters
    ----------
    session : SessionFile
        Its rig, seed and name go into the header.
    order : StartTake
        What the operator asked for.
    number : int
        Number of the episode the take becomes.
    streams : sequence of StreamSpec
        Streams that are recorded, in the order of their numbers in the log.
    """
    rig = session.rig
    return {
        "uuid": uuids.uuid4().hex,
        "number": number,
        "redo_of": order.redo_of,
        "press_ns": order.press_ns,
        "pre_roll_s": order.pre_roll_s,
        "task": order.task,
        "instruction": order.instruction,
        "operator_code": order.operator_code,
        "source": order.source,
        "notes": order.notes,
        "calibration": order.calibration,
        "rig": rig.model_dump(mode="json", by_alias=True),
        "rig_name": rig.name,
        "streams": [spec.model_dump(mode="json") for spec in streams],
        "session": session.namespace,
        "seed": session.seed,
        "emulate": session.emulate,
        "software_version": software_version(),
        "python_version": platform.python_version(),
        "boot_id": boot_id(),
        "wall_time": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def software_version() -> str:
    """Version of this program, as installed."""
    try:
        return metadata.version("thenar")
    except metadata.PackageNotFoundError:
        return "unknown"


def boot_id() -> str:
    """Identity of the running boot: monotonic stamps are comparable within one only."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""
