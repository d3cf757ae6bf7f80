"""Which sample of a stream belongs to a row, in integer nanoseconds.

The policies are those of ``recorder.align``; this adds what an export must know and a reader need
not: a row whose own sample was *lost* is marked even when a neighbour is close. Sequence numbers
say how many samples are missing between two that arrived; they are taken to lie evenly between
them. A row that would have used one of those is not valid, and the nearest sample there is stands
in for it.

::

    arrived      0         1                   3         4       seq 2 was lost
    rows         .    .    .    .    x    x    .    .    .       x: repeated and marked
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.stream import StreamSpec
from recorder.align import AGE_PERIODS, Policy, policy_for
from recorder.episode import EpisodeStream

PICTURE_KINDS = frozenset({"image", "visuotactile", "depth", "mask"})
PICTURE_AGE_PERIODS = 0.75  # half a period is the most without loss; a quarter is left to jitter


def row_times_ns(count: int, rate_hz: int) -> NDArray[np.int64]:
    """Return ``round(k * 1e9 / rate_hz)`` for ``count`` rows, exact integers, half up."""
    k = np.arange(count, dtype=np.int64)
    return (2 * k * NS_PER_S + rate_hz) // (2 * rate_hz)


def rows_before(stop_ns: int, rate_hz: int) -> int:
    """Return the number of rows with a time in ``[0, stop_ns)``."""
    count = max(0, (stop_ns * rate_hz) // NS_PER_S - 1)
    while (2 * count * NS_PER_S + rate_hz) // (2 * rate_hz) < stop_ns:
        count += 1
    return count


@dataclass(frozen=True)
class Picked:
    """Samples of one stream at the rows.

    Attributes
    ----------
    index : (N,) int64 array
        Position of the sample used within the stream.
    after : (N,) int64 array
        Second neighbour when interpolated, else ``index``.
    share : (N,) float64 array
        Weight of ``after``, 0 to 1.
    valid : (N,) bool array
        False where the sample of the row is missing and another stands in.
    policy : str
        How it was picked.
    """

    index: NDArray[np.int64]
    after: NDArray[np.int64]
    share: NDArray[np.float64]
    valid: NDArray[np.bool_]
    policy: Policy


def age_limit_ns(spec: StreamSpec) -> float:
    """Return how far from its row a valid sample may lie, ns."""
    if not spec.rate_hz:
        return np.inf
    periods = PICTURE_AGE_PERIODS if spec.kind in PICTURE_KINDS else AGE_PERIODS
    return periods * NS_PER_S / spec.rate_hz


def pick(
    stream: EpisodeStream,
    at_ns: NDArray[np.int64],
    policy: Mapping[str, Policy],
    usable: NDArray[np.int64] | None = None,
) -> Picked:
    """Choose the samples of ``stream`` for rows at ``at_ns``.

    Parameters
    ----------
    stream : EpisodeStream
        Must have at least one usable sample.
    at_ns : (N,) int64 array
        Row times, host monotonic clock.
    policy : mapping
        Kind or stream name to policy, over ``recorder.align.DEFAULT_POLICY``.
    usable : (M,) int64 array, optional
        Positions that may be used; the others count as lost. All by default.
    """
    chosen = policy_for(stream, policy)
    positions = np.arange(len(stream)) if usable is None else usable
    stamp_ns = stream.stamp_ns[positions]
    seq = stream.seq[positions].astype(np.int64)
    before = np.searchsorted(stamp_ns, at_ns, side="right") - 1
    earlier = np.maximum(before, 0)
    after = np.minimum(before + 1, len(stamp_ns) - 1)
    into_ns = at_ns - stamp_ns[earlier]
    span_ns = stamp_ns[after] - stamp_ns[earlier]
    slots = np.maximum(seq[after] - seq[earlier], 1)  # a publisher that began anew: no slots lost
    slot = np.divide(into_ns * slots, span_ns, out=np.zeros(len(at_ns)), where=span_ns > 0)
    nearest = np.where(2 * into_ns <= span_ns, earlier, after)
    limit_ns = age_limit_ns(stream.spec)
    if chosen == "interpolate":
        exact = into_ns == 0
        reach_ns = np.maximum(np.abs(into_ns), span_ns - into_ns)
        between = (before >= 0) & (span_ns > 0) & (slots == 1) & (reach_ns <= limit_ns)
        valid = exact | between
        low = np.where(valid, earlier, nearest)
        high = np.where(between, after, low)
        share = np.where(between, slot, 0.0)
        return Picked(positions[low], positions[high], share, valid, chosen)
    if chosen == "hold":
        index = earlier
        lost = (before < 0) | (np.floor(slot) % slots > 0)
    else:
        index = nearest
        lost = np.ceil(slot - 0.5) % slots > 0
    age_ns = np.abs(at_ns - stamp_ns[index])
    valid = ~lost & (age_ns <= limit_ns)
    index = np.where(valid, index, nearest)
    where = positions[index]
    return Picked(where, where, np.zeros(len(at_ns)), valid, chosen)


def values_at(
    stream: EpisodeStream, at_ns: NDArray[np.int64], policy: Mapping[str, Policy]
) -> tuple[NDArray, NDArray[np.bool_], NDArray[np.int64], Policy]:
    """Return values of a numeric stream at the rows, never NaN.

    Samples with a value that is not finite count as lost. A stream without any usable sample gives
    zeros that are nowhere valid, with the stamp -1.

    Returns
    -------
    data : (N, *shape) array
    valid : (N,) bool array
    stamp_ns : (N,) int64 array
    policy : str
    """
    spec = stream.spec
    block = stream.rows(slice(None))
    finite = np.isfinite(block.reshape(len(block), -1)).all(axis=1) if len(block) else np.zeros(0)
    usable = np.flatnonzero(finite)
    if not len(usable):
        count = len(at_ns)
        none = np.zeros(count, bool)
        return (
            np.zeros((count, *spec.shape), spec.dtype),
            none,
            np.full(count, -1),
            policy_for(stream, policy),
        )
    picked = pick(stream, at_ns, policy, usable)
    low = block[picked.index]
    if picked.policy == "interpolate":
        weight = picked.share.reshape(-1, *([1] * (low.ndim - 1)))
        low = (low + (block[picked.after] - low) * weight).astype(spec.dtype)
    return low, picked.valid, stream.stamp_ns[picked.index], picked.policy
