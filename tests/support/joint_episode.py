"""Publishing an episode of given joint rows, without a session."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from devices.rig import Rig
from devices.stream import NO_DEVICE_STAMP
from recorder.dataset import open_dataset
from recorder.durability import DurableFile
from recorder.encoding import encode_with_crc
from recorder.finalise import finalise_log
from recorder.log import END_STREAM, LogRecord, LogWriter, encode_record, json_record
from support.recording import START_NS, header_of

PERIOD_NS = 5_000_000


def write_joint_episode(
    folder: Path,
    rig: Rig,
    joints: dict[str, np.ndarray],
    source: str = "scripted",
    stamps_ns: list[int] | None = None,
    streams: tuple | None = None,
) -> Path:
    """Publish an episode whose streams ``joints`` (by name) hold these rows."""
    dataset = open_dataset(folder / "dataset", create=True)
    specs = streams or tuple(rig.stream(name) for name in joints)
    facts = {"rig": rig.model_dump(mode="json"), "rig_name": rig.name, "source": source}
    header = header_of(0, specs, **facts)
    path = dataset.log_path(0, header["uuid"])
    writer = LogWriter(DurableFile(path), header)
    count = len(next(iter(joints.values())))
    stamps = stamps_ns or [START_NS + index * PERIOD_NS for index in range(count)]
    for seq, stamp_ns in enumerate(stamps):
        for index, spec in enumerate(specs):
            stored, crc = encode_with_crc(spec, joints[spec.name][seq].astype("<f8"))
            record = LogRecord(index, seq, stamp_ns, stored, NO_DEVICE_STAMP)
            writer.append([encode_record(record, crc)])
    end = {"reason": "stopped", "stamp_ns": stamps[-1], "outcome": "success"}
    writer.append([encode_record(json_record(END_STREAM, end))])
    writer.close()
    published = finalise_log(dataset, path).path
    assert published is not None
    return published
