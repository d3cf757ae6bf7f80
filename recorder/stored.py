"""Walk over the stored bytes of a stream and checksum them, a few megabytes at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import h5py
import numpy as np

from devices.stream import StreamSpec
from recorder.layout import chunk_rows, is_packed

BLOCK_BYTES = 8 << 20


def stored_samples(group: h5py.Group, spec: StreamSpec) -> Iterator[int]:
    """Yield the CRC-32 of each sample's stored bytes, in order.

    Raises
    ------
    OSError
        When HDF5's own chunk checksum does not hold.
    """
    data = group["data"]
    assert isinstance(data, h5py.Dataset)
    if is_packed(spec):
        yield from _packed(data, np.asarray(group["offset"]).astype(np.int64))
    else:
        yield from _rows(data, spec)


def _packed(data: h5py.Dataset, offset: np.ndarray) -> Iterator[int]:
    first = 0
    count = len(offset) - 1
    while first < count:
        last = int(np.searchsorted(offset, offset[first] + BLOCK_BYTES, side="right")) - 1
        last = min(max(last, first + 1), count)
        base = offset[first]
        block = np.ascontiguousarray(data[base : offset[last]]).data
        for at in range(first, last):
            yield zlib.crc32(block[offset[at] - base : offset[at + 1] - base])
        first = last


def _rows(data: h5py.Dataset, spec: StreamSpec) -> Iterator[int]:
    step = chunk_rows(spec)
    buffer = np.empty((min(step, max(1, len(data))), *spec.shape), spec.dtype)
    for first in range(0, len(data), step):
        rows = min(step, len(data) - first)
        data.read_direct(buffer, np.s_[first : first + rows], np.s_[:rows])
        for row in buffer[:rows]:
            yield zlib.crc32(row)
