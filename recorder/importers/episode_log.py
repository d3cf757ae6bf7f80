"""Write a foreign episode as a capture log and publish it like a recorded take.

The log grows under a name that recovery passes over (``.import-<uuid>.part``) and gets its real
name only when it is whole: killed or cancelled at any moment, no half episode appears.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from devices.stream import NO_DEVICE_STAMP
from recorder.dataset import Dataset
from recorder.durability import DurableFile, fsync_path
from recorder.encoding import encode_with_crc
from recorder.finalise import finalise_log
from recorder.header import software_version
from recorder.importers.foreign import ForeignEpisode, ForeignStream
from recorder.importers.limits import Refused
from recorder.log import END_STREAM, LogRecord, LogWriter, encode_record, json_record

PART = ".import-*.part"
BATCH_BYTES = 4 << 20


def publish_foreign(
    dataset: Dataset,
    episode: ForeignEpisode,
    uuid: str,
    provenance: dict[str, Any],
    rig: dict[str, Any],
    advance: Callable[[int], None],
) -> Path:
    """Write, verify and publish one episode.

    Parameters
    ----------
    dataset : Dataset
        Where it goes.
    episode : ForeignEpisode
        Its content; pictures are decoded while it is written.
    uuid : str
        Identity, 32 hexadecimal digits.
    provenance : dict
        Goes into the notes.
    rig : dict
        Rig definition the episode is shown with; at least ``name`` and ``hands``.
    advance : callable
        Told how many samples were written since the last call; may raise ``Cancelled``.

    Returns
    -------
    Path
        The published file.

    Raises
    ------
    Refused
        When the content turns out to be damaged.
    OSError
        When the disk is full or failing.
    """
    part = dataset.logs_dir / f".import-{uuid}.part"
    part.unlink(missing_ok=True)
    try:
        _write(part, _header(dataset, episode, uuid, provenance, rig), episode, advance)
        with dataset.locked():
            log_path = dataset.log_path(dataset.next_number(), uuid)
            part.rename(log_path)
            fsync_path(dataset.logs_dir)
    finally:
        part.unlink(missing_ok=True)
    published = finalise_log(dataset, log_path).path
    if published is None:
        raise Refused(f"episode {episode.index} holds no sample")
    return published


def remove_leftovers(dataset: Dataset) -> None:
    """Remove what an import that was killed left behind."""
    for part in dataset.logs_dir.glob(PART):
        part.unlink(missing_ok=True)


def _write(
    part: Path, header: dict[str, Any], episode: ForeignEpisode, advance: Callable[[int], None]
) -> None:
    writer = LogWriter(DurableFile(part, reserve_bytes=0), header)
    try:
        for number, stream in enumerate(episode.streams):
            _write_stream(writer, number, stream, advance)
        last_ns = max(int(stream.stamp_ns[-1]) for stream in episode.streams)
        facts = {"reason": "imported", "stamp_ns": last_ns, "outcome": episode.outcome}
        writer.append([encode_record(json_record(END_STREAM, facts))])
    finally:
        writer.close()


def _write_stream(
    writer: LogWriter, number: int, stream: ForeignStream, advance: Callable[[int], None]
) -> None:
    spec, expected = stream.spec, len(stream.stamp_ns)
    batch, size, count = [], 0, 0
    for data in stream.samples():
        if count == expected:
            raise Refused(f"stream '{spec.name}' holds more than the {expected} samples announced")
        data = np.asarray(data)
        if data.shape != spec.shape:
            raise Refused(
                f"stream '{spec.name}': sample {count} has shape {data.shape}, {spec.shape} "
                "was announced"
            )
        stored, crc = encode_with_crc(spec, data.astype(spec.dtype, copy=False))
        record = LogRecord(number, count, int(stream.stamp_ns[count]), stored, NO_DEVICE_STAMP)
        batch.append(encode_record(record, crc))
        size += len(stored)
        count += 1
        if size > BATCH_BYTES:
            writer.append(batch)
            advance(len(batch))
            batch, size = [], 0
    if count != expected:
        raise Refused(f"stream '{spec.name}' holds {count} samples, {expected} were announced")
    writer.append(batch)
    advance(len(batch))


def _header(
    dataset: Dataset,
    episode: ForeignEpisode,
    uuid: str,
    provenance: dict[str, Any],
    rig: dict[str, Any],
) -> dict[str, Any]:
    first_ns = min(int(stream.stamp_ns[0]) for stream in episode.streams)
    return {
        "uuid": uuid,
        "number": dataset.next_number(),
        "redo_of": None,
        "press_ns": first_ns,
        "pre_roll_s": 0.0,
        "task": episode.task,
        "instruction": episode.instruction,
        "operator_code": episode.operator_code,
        "source": "imported",
        "notes": {"imported": provenance, **episode.notes},
        "calibration": {},
        "rig": rig,
        "rig_name": str(rig["name"]),
        "streams": [stream.spec.model_dump(mode="json") for stream in episode.streams],
        "session": "import",
        "seed": 0,
        "software_version": software_version(),
        "boot_id": f"imported-{uuid}",
        "wall_time": episode.wall_time or datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
