"""The last seconds of a joint stream, ready to draw.

::

    stamps_ns (N,)      values (N, J)        N newest samples, oldest first

Two writers' worth of room is kept so that reading is one slice and never a copy of the whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GAP_NS = 250_000_000  # a line is broken where nothing came for this long


class StripBuffer:
    """Ring of ``capacity`` samples of ``joints`` values, read as one contiguous slice."""

    def __init__(self, joints: int, capacity: int) -> None:
        self._capacity = capacity
        self._stamps_ns = np.zeros(2 * capacity, np.int64)
        self._values = np.zeros((2 * capacity, joints), np.float64)
        self._end = 0

    def append(self, stamp_ns: int, values: NDArray[np.float64]) -> bool:
        """Add one sample; False when it is not newer than the last or not finite."""
        if self._end and stamp_ns <= self._stamps_ns[self._end - 1]:
            return False
        if not np.all(np.isfinite(values)):
            return False
        if self._end == len(self._stamps_ns):
            kept = slice(self._end - self._capacity, self._end)
            self._stamps_ns[: self._capacity] = self._stamps_ns[kept]
            self._values[: self._capacity] = self._values[kept]
            self._end = self._capacity
        self._stamps_ns[self._end] = stamp_ns
        self._values[self._end] = values
        self._end += 1
        return True

    def clear(self) -> None:
        """Forget everything."""
        self._end = 0

    @property
    def newest(self) -> NDArray[np.float64] | None:
        """(J,) newest values, or None."""
        return self._values[self._end - 1] if self._end else None

    def window(self, from_ns: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Stamps (N,) and values (N, J) since ``from_ns``, as views."""
        first = max(0, self._end - self._capacity)
        stamps = self._stamps_ns[first : self._end]
        skip = int(np.searchsorted(stamps, from_ns))
        return stamps[skip:], self._values[first + skip : self._end]


def decimated(
    stamps_ns: NDArray[np.int64], values: NDArray[np.float64], bin_ns: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Keep the minimum and the maximum of every bin, so that no spike is lost.

    Bins are aligned to the clock and not to the window, so that a scrolling line does not shimmer.

    Parameters
    ----------
    stamps_ns : (N,) int64 array
        Increasing stamps.
    values : (N, J) float64 array
        Values at the stamps.
    bin_ns : int
        Width of one bin, usually one pixel.

    Returns
    -------
    (M,) int64 array, (M, J) float64 array
        M <= 2 points per bin; the input itself when it has fewer than that.
    """
    if len(stamps_ns) < 3:
        return stamps_ns, values
    bins = stamps_ns // bin_ns
    starts = np.flatnonzero(np.diff(bins, prepend=bins[0] - 1))
    if 2 * len(starts) >= len(stamps_ns):
        return stamps_ns, values
    low = np.minimum.reduceat(values, starts, axis=0)
    high = np.maximum.reduceat(values, starts, axis=0)
    out = np.empty((2 * len(starts), values.shape[1]))
    out[0::2], out[1::2] = low, high
    times = np.repeat(stamps_ns[starts], 2)
    times[1::2] += bin_ns // 2
    return times, out


def connections(stamps_ns: NDArray[np.int64]) -> NDArray[np.int32]:
    """(N,) flags: 1 where a point is joined to the next one, 0 at gaps and at the end."""
    joined = np.ones(len(stamps_ns), np.int32)
    if len(stamps_ns):
        joined[:-1] = np.diff(stamps_ns) < GAP_NS
        joined[-1] = 0
    return joined
