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
    ValueError
        When offsets do not fit the data.
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
    if count < 0 or offset[0] != 0 or offset[-1] != len(data) or (np.diff(offset) < 0).any():
        raise ValueError(f"offsets of '{data.name}' do not fit its {len(data)} bytes")
    longest = int(np.diff(offset).max(initial=0))
    buffer = np.empty(min(max(BLOCK_BYTES, longest), int(offset[-1])), np.uint8)
    while first < count:
        last = int(np.searchsorted(offset, offset[first] + BLOCK_BYTES, side="right")) - 1
        last = min(max(last, first + 1), count)
        base = offset[first]
        length = offset[last] - base
        if length:
            data.read_direct(buffer, np.s_[base : offset[last]], np.s_[:length])
        block = buffer.data
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
