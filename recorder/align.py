"""Bring streams of different rates to common times.

Recording resamples nothing; this does, on request, by a policy per kind of stream:

==============  ===============================================================
``hold``        the newest sample at or before the time (what a live system had)
``nearest``     the sample closest in time, before or after
``interpolate`` linear between neighbours; only for continuous quantities
==============  ===============================================================

Taxels, images and events are never interpolated: a mean of two touches is a touch nobody felt.
Intervals across a gap of the stream are not valid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S

if TYPE_CHECKING:
    from recorder.episode import Episode, EpisodeStream

Policy = Literal["nearest", "hold", "interpolate"]
INTERPOLABLE = frozenset({"joints", "force", "pressure"})
DEFAULT_POLICY: dict[str, Policy] = {
    "joints": "interpolate",
    "force": "nearest",
    "pressure": "nearest",
    "taxels": "nearest",
    "encoders": "nearest",
    "image": "nearest",
    "depth": "nearest",
    "visuotactile": "nearest",
    "mask": "nearest",
    "pose": "nearest",
    "pulls": "hold",
    "control": "hold",
}
AGE_PERIODS = 3.0  # a value older than three of its periods is a gap, not jitter


@dataclass(frozen=True)
class Aligned:
    """One stream at the common times.

    Attributes
    ----------
    time_s : (T,) float64 array
        Seconds from the start of the episode, common to all streams of one call.
    data : (T, ...) array
        Values; where ``valid`` is false the nearest one there is, never NaN.
    age_s : (T,) float64 array
        Time of the row minus time of the sample used; negative when it came after. For
        ``interpolate`` the distance to the farther neighbour.
    valid : (T,) bool array
        Whether a sample within the allowed age was there.
    index : (T,) int64 array
        Position of the sample used (the earlier one for ``interpolate``), -1 without any.
    """

    time_s: NDArray[np.float64]
    data: NDArray
    age_s: NDArray[np.float64]
    valid: NDArray[np.bool_]
    index: NDArray[np.int64]


def align_streams(
    episode: Episode,
    reference: str | float,
    streams: Sequence[str] | None = None,
    policy: Mapping[str, Policy] | None = None,
    max_age_s: float | None = None,
) -> dict[str, Aligned]:
    """Return the streams of ``episode`` at common times.

    Parameters
    ----------
    episode : Episode
        Open episode.
    reference : str or float
        A stream whose stamps are the common times, or a rate in Hz from the first sample on.
    streams : sequence of str, optional
        Which streams; by default all but events.
    policy : mapping, optional
        Kind or stream name to policy; a stream name wins over its kind.
    max_age_s : float, optional
        Largest distance in time of a valid value; three periods of the stream by default.

    Raises
    ------
    KeyError
        Unknown stream.
    ValueError
        A stream that must not be interpolated is asked to be, or a rate is not positive.
    """
    time_s = _common_times(episode, reference)
    if streams is None:
        streams = [name for name, one in episode.streams.items() if not one.spec.variable]
    chosen: dict[str, Policy] = {
        name: policy_for(episode.stream(name), policy or {}) for name in streams
    }
    return {name: _align(episode.stream(name), time_s, chosen[name], max_age_s) for name in streams}


def _common_times(episode: Episode, reference: str | float) -> NDArray[np.float64]:
    if isinstance(reference, str):
        return episode.stream(reference).time_s
    if not reference > 0:
        raise ValueError(f"reference rate {reference} Hz must be positive")
    return np.arange(0.0, episode.duration_s + 0.5 / reference, 1.0 / reference)


def policy_for(stream: EpisodeStream, policy: Mapping[str, Policy]) -> Policy:
    """Return how ``stream`` is aligned: by its name, its kind, or ``DEFAULT_POLICY``.

    Raises
    ------
    ValueError
        For events, an unknown policy, or interpolation of what must not be interpolated.
    """
    spec = stream.spec
    if spec.variable:
        raise ValueError(f"stream '{spec.name}': events cannot be aligned; read them one by one")
    fallback = DEFAULT_POLICY.get(spec.kind, "nearest")
    chosen: Policy = policy.get(spec.name, policy.get(spec.kind, fallback))
    if chosen not in ("nearest", "hold", "interpolate"):
        raise ValueError(
            f"stream '{spec.name}': policy '{chosen}' is unknown; use nearest, hold or interpolate"
        )
    if chosen == "interpolate" and spec.kind not in INTERPOLABLE:
        raise ValueError(
            f"stream '{spec.name}': {spec.kind} must not be interpolated; use nearest or hold"
        )
    return chosen


def _align(
    stream: EpisodeStream, time_s: NDArray[np.float64], policy: Policy, max_age_s: float | None
) -> Aligned:
    count = len(stream)
    if max_age_s is None:
        rate_hz = stream.spec.rate_hz
        max_age_s = AGE_PERIODS / rate_hz if rate_hz else np.inf
    if count == 0:
        return Aligned(
            time_s,
            np.zeros((len(time_s), *stream.spec.shape), stream.spec.dtype),
            np.full(len(time_s), np.inf),
            np.zeros(len(time_s), bool),
            np.full(len(time_s), -1),
        )
    at_s = stream.time_s
    if policy == "interpolate":
        before = np.searchsorted(at_s, time_s, side="right") - 1
        after = np.minimum(before + 1, count - 1)
        earlier = np.maximum(before, 0)
        return _interpolate(stream, time_s, earlier, after, before >= 0, max_age_s)
    index, age_s, valid = pick_samples(at_s, time_s, policy, max_age_s)
    return Aligned(time_s, stream.rows(index), age_s, valid, index)


def pick_samples(
    at_s: NDArray[np.float64],
    time_s: NDArray[np.float64],
    policy: Literal["nearest", "hold"],
    max_age_s: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Choose a sample for each time without reading any: for pictures, and for cleaned videos.

    Parameters
    ----------
    at_s : (N,) float64 array
        Times of the samples, increasing; at least one.
    time_s : (T,) float64 array
        Times that are asked for.
    policy : str
        ``nearest`` or ``hold``.
    max_age_s : float
        Largest distance in time of a valid sample.

    Returns
    -------
    index : (T,) int64 array
    age_s : (T,) float64 array
        Time asked for minus time of the sample.
    valid : (T,) bool array
    """
    before = np.searchsorted(at_s, time_s, side="right") - 1
    after = np.minimum(before + 1, len(at_s) - 1)
    earlier = np.maximum(before, 0)
    if policy == "hold":
        index = earlier
        known = before >= 0
    else:
        closer = np.abs(time_s - at_s[earlier]) <= np.abs(at_s[after] - time_s)
        index = np.where(closer, earlier, after)
        known = np.ones(len(time_s), bool)
    age_s = time_s - at_s[index]
    return index, age_s, known & (np.abs(age_s) <= max_age_s)


def _interpolate(
    stream: EpisodeStream,
    time_s: NDArray[np.float64],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    started: NDArray[np.bool_],
    max_age_s: float,
) -> Aligned:
    at_ns = stream.stamp_ns
    span_s = (at_ns[after] - at_ns[before]) / NS_PER_S
    into_s = time_s - stream.time_s[before]
    share = np.clip(np.divide(into_s, span_s, out=np.zeros_like(into_s), where=span_s > 0), 0, 1)
    low, high = stream.rows(before), stream.rows(after)
    weight = share.reshape(-1, *([1] * (low.ndim - 1)))
    data = (low + (high - low) * weight).astype(stream.spec.dtype)
    exact = into_s == 0
    reach_s = np.where(exact, 0.0, np.maximum(np.abs(into_s), span_s - into_s))
    valid = started & (reach_s <= max_age_s) & (exact | (span_s > 0))
    return Aligned(time_s, data, reach_s, valid, before)
