"""The capture log: an append-only file of checksummed records.

Ladder of degradation: a killed recorder loses nothing that ``LogWriter.append`` acknowledged; a
record torn by power loss or a full disk is skipped, and reading goes on at the next record whose
checksum holds; the header stands in the file twice, so one damaged copy costs nothing.

A record is::

    magic 4s | version u16 | stream u16 | flags u32 | length u32 | seq u64 | stamp_ns i64 |
    device_stamp_ns i64 | payload[length] | crc32 u32

little-endian. The CRC covers the payload first and the 40-byte head after it, so that the CRC of
the payload alone is known on the way. Stream numbers from ``HEADER_STREAM`` up are not samples:
their payload is JSON.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from devices.stream import NO_DEVICE_STAMP

LOG_SCHEMA = "thenar.log/1"
MAGIC = b"\xf1hL\xb6"  # unlikely in text, JPEG or small integers
VERSION = 1
HEAD = struct.Struct("<4sHHIIQqq")
TAIL = struct.Struct("<I")
OVERHEAD_BYTES = HEAD.size + TAIL.size
MAX_PAYLOAD_BYTES = 128 << 20  # larger than any frame; a damaged length is noticed by it
BUFFERS_PER_WRITE = 768  # below the kernel's IOV_MAX of 1024, a multiple of 3
SEARCH_BYTES = 1 << 20

HEADER_STREAM = 0xFFF0
GAP_STREAM = 0xFFF1
END_STREAM = 0xFFF2

Buffer = bytes | bytearray | memoryview


class LogError(ValueError):
    """A log cannot be read; the message is one clear sentence."""


class LogWriteError(OSError):
    """The disk refused a write.

    Attributes
    ----------
    acknowledged : int
        Records of the refused batch that are whole in the file.
    """

    def __init__(self, cause: OSError, acknowledged: int) -> None:
        super().__init__(cause.errno, cause.strerror)
        self.acknowledged = acknowledged


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record of a log.

    Attributes
    ----------
    stream : int
        Index into the header's ``streams``, or one of the ``*_STREAM`` numbers.
    seq : int
        Sequence number of the sample.
    stamp_ns, device_stamp_ns : int
        Host monotonic clock at receipt; the device's own clock or ``NO_DEVICE_STAMP``.
    payload : bytes-like
        The sample as stored: raw bytes, JPEG, PNG or JSON.
    flags : int
        ``FLAG_*`` bits of the sample.
    payload_crc : int
        CRC-32 of the payload.
    """

    stream: int
    seq: int
    stamp_ns: int
    payload: Buffer
    device_stamp_ns: int = NO_DEVICE_STAMP
    flags: int = 0
    payload_crc: int = 0

    @property
    def json(self) -> dict[str, Any]:
        """The payload of a record that is not a sample."""
        return json.loads(bytes(self.payload))


def encode_record(record: LogRecord, payload_crc: int | None = None) -> tuple[Buffer, ...]:
    """Return head, payload and tail of ``record``; ``payload_crc`` saves a second pass over it."""
    if len(record.payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(
            f"record of {len(record.payload)} bytes exceeds the limit of {MAX_PAYLOAD_BYTES} bytes"
        )
    head = HEAD.pack(
        MAGIC,
        VERSION,
        record.stream,
        record.flags,
        len(record.payload),
        record.seq,
        record.stamp_ns,
        record.device_stamp_ns,
    )
    if payload_crc is None:
        payload_crc = zlib.crc32(record.payload)
    return head, record.payload, TAIL.pack(zlib.crc32(head, payload_crc))


def json_record(stream: int, value: dict[str, Any], stamp_ns: int = 0) -> LogRecord:
    """Build a header, gap or end record."""
    return LogRecord(stream, 0, stamp_ns, json.dumps(value, allow_nan=False).encode())


class LogFile(Protocol):
    """The few calls a log needs from the operating system; tests inject a failing one."""

    def writev(self, buffers: Sequence[Buffer]) -> int: ...
    def truncate(self, size: int) -> None: ...
    def sync(self) -> None: ...
    def close(self) -> None: ...


class LogWriter:
    """Appends records to a file. One thread.

    Parameters
    ----------
    file : LogFile
        Where to write; empty.
    header : dict
        JSON facts of the take; written twice.
    """

    def __init__(self, file: LogFile, header: dict[str, Any]) -> None:
        self._file = file
        self.size_bytes = 0  # end of the last whole record
        first = json_record(HEADER_STREAM, {"schema": LOG_SCHEMA, **header})
        self.append([encode_record(first), encode_record(first)])

    def append(self, records: Sequence[tuple[Buffer, ...]]) -> None:
        """Write encoded records; on return the operating system holds them all.

        Raises
        ------
        LogWriteError
            The disk refused. What was torn is cut off again, so the file ends with a whole record.
        """
        at = 0
        step = BUFFERS_PER_WRITE // 3
        while at < len(records):
            batch = records[at : at + step]
            try:
                self._write_all([part for record in batch for part in record])
            except _ShortWriteError as short:
                whole = self._count_whole(batch, short.written)
                self._cut_tail()
                raise LogWriteError(short.cause, at + whole) from short.cause
            self.size_bytes += sum(len(part) for record in batch for part in record)
            at += len(batch)

    def _write_all(self, buffers: list[Buffer]) -> None:
        total = 0
        while buffers:
            try:
                count = self._file.writev(buffers)
            except OSError as error:
                raise _ShortWriteError(total, error) from error
            total += count
            while buffers and count >= len(buffers[0]):
                count -= len(buffers[0])
                del buffers[0]
            if buffers and count:
                buffers[0] = memoryview(buffers[0])[count:]

    def _count_whole(self, batch: Sequence[tuple[Buffer, ...]], written: int) -> int:
        whole = 0
        for record in batch:
            length = sum(len(part) for part in record)
            if length > written:
                break
            written -= length
            self.size_bytes += length
            whole += 1
        return whole

    def _cut_tail(self) -> None:
        try:
            self._file.truncate(self.size_bytes)
        except OSError:
            return  # the reader skips a torn record by its checksum

    def sync(self) -> None:
        """Bring what was appended to the device. Callable from any thread."""
        self._file.sync()

    def close(self) -> None:
        """Cut reserved space off, sync and close."""
        self._cut_tail()
        try:
            self._file.sync()
        finally:
            self._file.close()


class _ShortWriteError(Exception):
    def __init__(self, written: int, cause: OSError) -> None:
        super().__init__(written)
        self.written = written
        self.cause = cause


@dataclass
class LogReader:
    """Reads a log, skipping what is damaged.

    Attributes
    ----------
    path : Path
        The log.
    damage : list of (int, int)
        Byte ranges ``[start, stop)`` the last full pass of ``records`` had to skip.
    """

    path: Path
    damage: list[tuple[int, int]] = field(default_factory=list)

    def header(self) -> dict[str, Any]:
        """The take's facts.

        Raises
        ------
        LogError
            When no intact header is found or it is of another schema.
        """
        for _, record in self.records():
            if record.stream == HEADER_STREAM:
                header = record.json
                if header.get("schema") != LOG_SCHEMA:
                    raise LogError(
                        f"log '{self.path}' has schema '{header.get('schema')}', this program "
                        f"reads '{LOG_SCHEMA}'; use the version that wrote it"
                    )
                return header
        raise LogError(
            f"log '{self.path}' has no intact header, so its streams are unknown; "
            "keep the file aside, it cannot be turned into an episode"
        )

    def records(self) -> Iterator[tuple[int, LogRecord]]:
        """Yield ``(offset of the record, record)`` of every record whose checksum holds."""
        self.damage = []
        with open(self.path, "rb", buffering=1 << 20) as file:
            size = os.fstat(file.fileno()).st_size
            position = 0
            while position < size:
                record = _read_record(file, position, size)
                if record is None:
                    after = _find_magic(file, position + 1, size)
                    self._skip(position, after)
                    position = after
                    continue
                yield position, record
                position += OVERHEAD_BYTES + len(record.payload)

    def _skip(self, start: int, stop: int) -> None:
        if self.damage and self.damage[-1][1] == start:
            start = self.damage.pop()[0]
        self.damage.append((start, stop))


def _read_record(file: BinaryIO, position: int, size: int) -> LogRecord | None:
    if size - position < OVERHEAD_BYTES:
        return None
    if file.tell() != position:
        file.seek(position)
    head = file.read(HEAD.size)
    if len(head) < HEAD.size or head[:4] != MAGIC:
        return None
    _, version, stream, flags, length, seq, stamp_ns, device_stamp_ns = HEAD.unpack(head)
    if version != VERSION or length > min(MAX_PAYLOAD_BYTES, size - position - OVERHEAD_BYTES):
        return None
    payload = file.read(length)
    tail = file.read(TAIL.size)
    if len(payload) < length or len(tail) < TAIL.size:
        return None
    payload_crc = zlib.crc32(payload)
    if zlib.crc32(head, payload_crc) != TAIL.unpack(tail)[0]:
        return None
    return LogRecord(stream, seq, stamp_ns, payload, device_stamp_ns, flags, payload_crc)


def _find_magic(file: BinaryIO, start: int, size: int) -> int:
    """Offset of the next magic at or after ``start``, or ``size``."""
    position = start
    while position < size:
        file.seek(position)
        block = file.read(SEARCH_BYTES)
        if not block:
            return size
        at = block.find(MAGIC)
        if at >= 0:
            return position + at
        position += max(1, len(block) - len(MAGIC) + 1)
    return size
