"""Copy an indexed log into an HDF5 file, and compare the two."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from recorder.durability import synced_early
from recorder.layout import (
    BYTE_CHUNK,
    EPISODE_SCHEMA,
    LEDGER,
    META,
    chunk_rows,
    describe,
    is_packed,
    make_dataset,
    put_array,
    put_json,
)
from recorder.log_index import LogIndex, StreamIndex
from recorder.stored import stored_samples

PACK_BYTES = 4 * BYTE_CHUNK  # packed streams are written in whole chunks, four at a time


class CopyError(OSError):
    """What was read back differs from the log."""


def copy_log(index: LogIndex, part: Path, number: int) -> None:
    """Write the episode file ``part`` from the log; memory use does not grow with its length."""
    part.unlink(missing_ok=True)
    with h5py.File(part, "w") as file, open(index.path, "rb", buffering=0) as source:
        _describe_take(file, index, number)
        ledger = np.zeros(len(index.ledger), LEDGER)
        for at, row in enumerate(index.ledger):
            ledger[at] = (row[0].encode(), row[1].encode(), *row[2:])
        put_array(file, "ledger", ledger)
        writers = [_writer(file, stream) for stream in index.streams]
        with synced_early(part):  # the device writes while we copy, not after
            _copy_payloads(source.fileno(), index.streams, writers)


def _describe_take(file: h5py.File, index: LogIndex, number: int) -> None:
    header, end = index.header, index.end
    first_ns, last_ns = index.span_ns()
    attrs = file.attrs
    attrs["schema"] = EPISODE_SCHEMA
    attrs["uuid"] = index.uuid
    attrs["episode"] = number
    for name in ("task", "instruction", "operator_code", "rig_name", "software_version",
                 "wall_time", "boot_id", "session"):  # fmt: skip
        attrs[name] = str(header.get(name, ""))
    attrs["operator_source"] = str(header.get("source", "none"))
    attrs["seed"] = int(header.get("seed", 0))
    attrs["outcome"] = str(end.get("outcome", "unlabelled"))
    attrs["end_reason"] = str(end["reason"])
    attrs["press_stamp_ns"] = np.int64(header["press_ns"])
    attrs["stop_stamp_ns"] = np.int64(end.get("stamp_ns", last_ns))
    attrs["start_stamp_ns"] = np.int64(first_ns)
    attrs["duration_s"] = (last_ns - first_ns) / 1e9
    attrs["samples"] = index.samples
    attrs["lost_samples"] = index.lost
    attrs["skipped_log_bytes"] = index.skipped_bytes
    attrs["clock"] = "host monotonic, ns"
    put_json(file, "rig", header.get("rig", {}))
    put_json(file, "calibration", header.get("calibration", {}))
    put_json(file, "configuration", {"header": header, "end": end})


class _RowWriter:
    """Fixed-size samples, staged until a chunk is whole."""

    def __init__(self, group: h5py.Group, stream: StreamIndex) -> None:
        spec = stream.spec
        self._rows = chunk_rows(spec)
        self._data = make_dataset(
            group, "data", (len(stream), *spec.shape), spec.dtype, (self._rows, *spec.shape)
        )
        self._stage = np.empty((min(self._rows, len(stream)), *spec.shape), spec.dtype)
        self._bytes = self._stage.view(np.uint8).reshape(len(self._stage), spec.nbytes)
        self._at = 0
        self._staged = 0

    def copy(self, source: int, offset: int, length: int) -> None:
        """Append ``length`` bytes at byte ``offset`` of the open file ``source``."""
        _read_into(source, self._bytes[self._staged].data, offset)
        self._staged += 1
        if self._staged == len(self._stage):
            self.flush()

    def flush(self) -> None:
        """Write what is staged."""
        if self._staged:
            stop = self._at + self._staged
            self._data.write_direct(self._stage, np.s_[: self._staged], np.s_[self._at : stop])
            self._at, self._staged = stop, 0


class _PackWriter:
    """Samples of varying size, one after the other in one byte array."""

    def __init__(self, group: h5py.Group, stream: StreamIndex) -> None:
        lengths = stream.column("length")
        offset = np.zeros(len(stream) + 1, np.uint64)
        np.cumsum(lengths, out=offset[1:])
        total = int(offset[-1])
        put_array(group, "offset", offset)
        self._data = make_dataset(group, "data", (total,), np.uint8, (BYTE_CHUNK,))
        longest = int(lengths.max()) if len(lengths) else 0
        self._stage = np.empty(min(total, PACK_BYTES + longest), np.uint8)
        self._at = 0
        self._staged = 0

    def copy(self, source: int, offset: int, length: int) -> None:
        """Append ``length`` bytes at byte ``offset`` of the open file ``source``."""
        stop = self._staged + length
        _read_into(source, self._stage[self._staged : stop].data, offset)
        self._staged = stop
        if stop >= PACK_BYTES:
            self._write(PACK_BYTES)
            rest = stop - PACK_BYTES
            self._stage[:rest] = self._stage[PACK_BYTES:stop].copy()
            self._staged = rest

    def _write(self, count: int) -> None:
        self._data.write_direct(self._stage, np.s_[:count], np.s_[self._at : self._at + count])
        self._at += count

    def flush(self) -> None:
        """Write what is staged."""
        if self._staged:
            self._write(self._staged)
            self._staged = 0


def _writer(file: h5py.File, stream: StreamIndex) -> _RowWriter | _PackWriter:
    group = file.create_group(f"streams/{stream.spec.name}")
    describe(group, stream.spec)
    for name, dtype in META.items():
        put_array(group, name, stream.column(name).astype(dtype, copy=False))
    return _PackWriter(group, stream) if is_packed(stream.spec) else _RowWriter(group, stream)


def _copy_payloads(
    source: int, streams: list[StreamIndex], writers: list[_RowWriter | _PackWriter]
) -> None:
    for number, offset, length in _in_log_order(streams):
        writers[number].copy(source, offset, length)
    for writer in writers:
        writer.flush()


def _in_log_order(streams: list[StreamIndex]) -> Iterator[tuple[int, int, int]]:
    number = np.concatenate(
        [np.full(len(s), at, np.int64) for at, s in enumerate(streams)] or [np.empty(0, np.int64)]
    )
    offset = np.concatenate([s.column("offset") for s in streams] or [np.empty(0, np.uint64)])
    length = np.concatenate([s.column("length") for s in streams] or [np.empty(0, np.uint64)])
    for at in np.argsort(offset, kind="stable"):
        yield int(number[at]), int(offset[at]), int(length[at])


def _read_into(source: int, view: memoryview, offset: int) -> None:
    while len(view):
        count = _preadv(source, view, offset)
        if count == 0:
            raise CopyError("the log became shorter while it was read")
        view, offset = view[count:], offset + count


def _preadv(source: int, view: memoryview, offset: int) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(source, [view], offset)
    os.lseek(source, offset, os.SEEK_SET)
    block = os.read(source, len(view))
    view[: len(block)] = block
    return len(block)


def verify_copy(index: LogIndex, part: Path) -> None:
    """Read ``part`` back from the disk and compare every sample with the log's checksums.

    Raises
    ------
    CopyError
        Naming the stream and the first sample that differs.
    """
    with h5py.File(part, "r") as file:
        for stream in index.streams:
            name = stream.spec.name
            group = file[f"streams/{name}"]
            assert isinstance(group, h5py.Group)
            for column, dtype in META.items():
                expected = stream.column(column).astype(dtype, copy=False)
                if not np.array_equal(np.asarray(group[column]), expected):
                    raise CopyError(f"'{part}', stream '{name}': {column} differs from the log")
            count = 0
            for count, (crc, expected) in enumerate(
                zip(stored_samples(group, stream.spec), stream.crc32, strict=True), start=1
            ):
                if crc != expected:
                    raise CopyError(
                        f"'{part}', stream '{name}': sample {count - 1} differs from the log"
                    )
            if count != len(stream):
                raise CopyError(f"'{part}', stream '{name}': {count} of {len(stream)} samples")
