"""Streams as strips of columns: smallest and largest value of each stretch of the episode."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recorder.episode import Episode, EpisodeStream
from recorder.overview.model import COLUMNS, LaneKind, LaneSummary
from recorder.overview.signals import row_labels, times_ns

NS_PER_MS = 1_000_000
HOLD_INTERVALS = 2.5  # a sample stands for its columns until the next unless that is this late
POSITIONS = ("joints_measured", "joints_sent")


def make_lanes(
    episode: Episode, duration_ns: int, sums: Mapping[str, NDArray[np.float32]]
) -> dict[str, LaneSummary]:
    """Lanes of all streams that have one, in the order of the episode's streams.

    Joints measured and sent, forces (normal), taxels (normal, summed per finger), pressures and
    encoders as they are; of pictures the interval to the picture before, in ms. ``sums`` comes
    from ``taxel_sums``.
    """
    lanes = {}
    for name, stream in episode.streams.items():
        made = _lane_values(episode, stream, sums) if len(stream) else None
        if made is not None:
            kind, labels, unit, times, values = made
            low, high = decimate(times, values, duration_ns)
            lanes[name] = LaneSummary(name, kind, labels, unit, low, high)
    return lanes


def decimate(
    times: NDArray[np.int64], values: NDArray, duration_ns: int, columns: int = COLUMNS
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Smallest and largest value per column.

    Where samples are further apart than columns, a sample stands for the columns up to the next
    one, as long as that follows within ``HOLD_INTERVALS`` median intervals; columns in longer
    breaks, before the first and after the last sample stay NaN.

    Parameters
    ----------
    times : (N,) int64 array
        After the episode's first sample, ns, rising.
    values : (N, rows) array
    duration_ns : int
        What the columns divide evenly; the last one holds the end itself.

    Returns
    -------
    low, high : (columns, rows) float32 arrays
    """
    low = np.full((columns, values.shape[1]), np.nan, np.float32)
    high = low.copy()
    if not len(times):
        return low, high
    edges = np.arange(columns, dtype=np.int64) * max(duration_ns, 1) // columns
    first = np.searchsorted(times, edges)
    filled = np.diff(first, append=len(times)) > 0
    if filled.any():
        starts = first[filled]
        values = values.astype(np.float32)
        low[filled] = np.minimum.reduceat(values, starts)
        high[filled] = np.maximum.reduceat(values, starts)
    held = np.flatnonzero(~filled & (first > 0) & (first < len(times)))
    if len(held):
        before, after = first[held] - 1, first[held]
        near = times[after] - times[before] <= HOLD_INTERVALS * np.median(np.diff(times))
        low[held[near]] = high[held[near]] = values[before[near]]
    return low, high


def _lane_values(
    episode: Episode, stream: EpisodeStream, sums: Mapping[str, NDArray[np.float32]]
) -> tuple[LaneKind, tuple[str, ...], str, NDArray[np.int64], NDArray] | None:
    spec, times = stream.spec, times_ns(episode, stream)
    labels = row_labels(stream)
    if spec.is_image and spec.kind != "mask":
        interval_ms = (np.diff(times) / NS_PER_MS)[:, None]
        return ("rate", ("interval",), "ms", times[1:], interval_ms)
    if stream.name in sums:
        return ("taxels", labels, spec.unit, times, sums[stream.name])
    if spec.kind == "force":
        return ("force", labels, spec.unit, times, stream.rows(slice(None))[..., 2])
    if spec.kind == "pressure":
        return ("pressure", labels, spec.unit, times, stream.rows(slice(None)))
    if spec.kind == "encoders":
        return ("encoders", labels, spec.unit, times, stream.rows(slice(None)))
    if spec.kind == "joints" and stream.name.endswith(POSITIONS):
        return ("joints", labels, spec.unit, times, stream.rows(slice(None)))
    return None
