"""The capture log's records survive what disks do to them."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.log import (
    HEADER_STREAM,
    OVERHEAD_BYTES,
    LogError,
    LogReader,
    LogRecord,
    LogWriteError,
    LogWriter,
    encode_record,
)

INT64 = st.integers(-(2**63), 2**63 - 1)
RECORDS = st.builds(
    LogRecord,
    stream=st.integers(0, HEADER_STREAM - 1),
    seq=st.integers(0, 2**64 - 1),
    stamp_ns=INT64,
    payload=st.binary(max_size=300),
    device_stamp_ns=INT64,
    flags=st.integers(0, 2**32 - 1),
)


class MemoryFile:
    """A log file in memory that takes at most ``most`` bytes a call and holds ``room`` bytes."""

    def __init__(self, most: int | None = None, room: int | None = None) -> None:
        self.content = bytearray()
        self.most = most
        self.room = room
        self.closed = False

    def writev(self, buffers) -> int:
        data = b"".join(bytes(part) for part in buffers)
        if self.most is not None:
            data = data[: self.most]
        if self.room is not None:
            left = self.room - len(self.content)
            if left <= 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            data = data[:left]
        self.content += data
        return len(data)

    def truncate(self, size: int) -> None:
        del self.content[size:]

    def sync(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def written(records: list[LogRecord], most: int | None = None) -> bytes:
    file = MemoryFile(most)
    writer = LogWriter(file, {"streams": []})
    writer.append([encode_record(record) for record in records])
    writer.close()
    return bytes(file.content)


def read(path: Path, content: bytes) -> list[LogRecord]:
    path.write_bytes(content)
    return [record for _, record in LogReader(path).records() if record.stream < HEADER_STREAM]


def facts(record: LogRecord) -> tuple:
    return (
        record.stream,
        record.seq,
        record.stamp_ns,
        record.device_stamp_ns,
        record.flags,
        bytes(record.payload),
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(RECORDS, max_size=12), most=st.one_of(st.none(), st.integers(1, 97)))
def test_every_record_reads_back_as_it_was_written_also_after_short_writes(
    tmp_path: Path, records: list[LogRecord], most: int | None
) -> None:
    found = read(tmp_path / "a.hlog", written(records, most))
    assert [facts(record) for record in found] == [facts(record) for record in records]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(RECORDS, min_size=1, max_size=8), data=st.data())
def test_damage_costs_only_the_records_it_touches(
    tmp_path: Path, records: list[LogRecord], data: st.DataObject
) -> None:
    content = bytearray(written(records))
    start = len(content) - sum(OVERHEAD_BYTES + len(r.payload) for r in records)
    first = data.draw(st.integers(start, len(content) - 1))
    last = data.draw(st.integers(first, min(first + 80, len(content) - 1)))
    for at in range(first, last + 1):
        content[at] ^= data.draw(st.integers(1, 255))
    untouched, at = [], start
    for record in records:
        stop = at + OVERHEAD_BYTES + len(record.payload)
        if stop <= first or at > last:
            untouched.append(facts(record))
        at = stop
    found = [facts(record) for record in read(tmp_path / "a.hlog", bytes(content))]
    assert found == untouched


def test_a_damaged_first_header_costs_nothing(tmp_path: Path) -> None:
    content = bytearray(written([LogRecord(0, 1, 2, b"abc")]))
    content[60] ^= 0xFF
    path = tmp_path / "a.hlog"
    path.write_bytes(content)
    assert LogReader(path).header()["streams"] == []


def test_a_log_without_any_header_says_so_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.hlog"
    path.write_bytes(b"\0" * 4096)
    with pytest.raises(LogError, match="has no intact header"):
        LogReader(path).header()


def test_a_payload_that_contains_whole_records_is_not_mistaken_for_them(tmp_path: Path) -> None:
    inner = b"".join(bytes(part) for part in encode_record(LogRecord(0, 7, 7, b"inner")))
    records = [LogRecord(1, 0, 0, inner), LogRecord(1, 1, 1, b"after")]
    assert [r.seq for r in read(tmp_path / "a.hlog", written(records))] == [0, 1]


def test_a_full_disk_at_every_byte_keeps_exactly_what_was_acknowledged(tmp_path: Path) -> None:
    records = [LogRecord(0, seq, seq, bytes([seq]) * (5 * seq)) for seq in range(6)]
    header_bytes = len(written([]))
    for room in range(header_bytes, len(written(records))):
        file = MemoryFile(most=31, room=room)
        writer = LogWriter(file, {"streams": []})
        with pytest.raises(LogWriteError) as refused:
            writer.append([encode_record(record) for record in records])
        found = read(tmp_path / "a.hlog", bytes(file.content))
        assert [r.seq for r in found] == list(range(refused.value.acknowledged))
        assert len(file.content) == writer.size_bytes, "a torn record was left behind"
