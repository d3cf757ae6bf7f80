"""Smallest and largest value under every pixel, from the overview or from the samples themselves.

The overview's columns are enough while several of them fall on a pixel. Zoomed in further, the
samples of the visible stretch are used, and each is held until the next, as it was when live.
Streams that are too large to hold in full (taxels) stay with the overview.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recorder.overview.model import LaneSummary
from widgets.player.time_axis import TimeAxis

Numeric = Callable[[], tuple[NDArray[np.int64], NDArray[np.float32]]]
Band = tuple[NDArray[np.float32], NDArray[np.float32]]


class LaneValues:
    """Values of one stream by pixel.

    Parameters
    ----------
    summary : LaneSummary or None
        Columns over the whole episode; without them samples are always used.
    numeric : callable or None
        Gives (N,) int64 times in ns after the first sample and (N, ...) float32 values.
    rows_of : callable
        Brings (N, ...) values into (N, rows): sums per finger, joints as they are.
    duration_ns : int
        Length of the episode.
    """

    def __init__(
        self,
        summary: LaneSummary | None,
        numeric: Numeric | None,
        rows_of: Callable[[NDArray], NDArray],
        duration_ns: int,
    ) -> None:
        if summary is None and numeric is None:
            raise ValueError("a lane needs an overview or samples; this one has neither")
        self._summary = summary
        self._numeric = numeric
        self._rows_of = rows_of
        self._duration_ns = max(1, duration_ns)
        self._range: Band | None = None

    def range_of(self, row: int) -> tuple[float, float]:
        """Smallest and largest value of a row over the whole episode; (0, 0) without any."""
        if self._range is None:
            if self._summary is not None:
                low, high = self._summary.low, self._summary.high
            else:
                low = high = self._rows_of(self._samples()[1])
            if not len(low):
                return 0.0, 0.0
            self._range = np.fmin.reduce(low, axis=0), np.fmax.reduce(high, axis=0)
        low_value, high_value = float(self._range[0][row]), float(self._range[1][row])
        return (low_value, high_value) if np.isfinite(low_value + high_value) else (0.0, 0.0)

    def band(self, axis: TimeAxis) -> Band:
        """(pixels, rows) smallest and largest values; NaN where the stream has no sample."""
        pixels = np.arange(axis.width_px + 1, dtype=np.int64)
        edges = axis.start_ns + pixels * axis.span_ns // axis.width_px
        if self._summary is not None:
            columns = len(self._summary.low)
            fine_enough = axis.span_ns * columns >= axis.width_px * self._duration_ns
            if fine_enough or self._numeric is None:
                return self._from_columns(edges, self._summary)
        return self._from_samples(edges)

    def _samples(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        assert self._numeric is not None
        return self._numeric()

    def _from_columns(self, edges: NDArray[np.int64], summary: LaneSummary) -> Band:
        columns = len(summary.low)
        at = edges * columns // self._duration_ns
        first = np.clip(at[:-1], 0, columns - 1)
        stop = int(np.clip(at[-1], first[-1] + 1, columns))
        low = np.fmin.reduceat(summary.low[:stop], first, axis=0)
        high = np.fmax.reduceat(summary.high[:stop], first, axis=0)
        outside = (edges[1:] <= 0) | (edges[:-1] >= self._duration_ns)
        low[outside] = high[outside] = np.nan
        return low, high

    def _from_samples(self, edges: NDArray[np.int64]) -> Band:
        times, values = self._samples()
        if not len(times):
            rows = self._rows_of(values).shape[1]
            nothing = np.full((len(edges) - 1, rows), np.nan, np.float32)
            return nothing, nothing.copy()
        held = np.searchsorted(times, edges, side="right") - 1
        first = np.clip(held[:-1], 0, len(times) - 1)
        begin, stop = int(first[0]), int(max(held[-1], first[-1])) + 1
        part = self._rows_of(values[begin:stop])
        low = np.fmin.reduceat(part, first - begin, axis=0)
        high = np.fmax.reduceat(part, first - begin, axis=0)
        outside = (held[1:] < 0) | (edges[:-1] >= self._duration_ns) | (edges[1:] <= 0)
        low[outside] = high[outside] = np.nan
        return low, high
