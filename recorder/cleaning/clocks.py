"""Samples at the moments pictures were taken, by the devices' own clock where they share one.

Pictures arrive late by however long they took to make, other samples at once; what both devices
stamped themselves does not wait. Two streams share a clock when their shortest delays from device
stamp to receipt agree: clocks that have nothing to do with each other differ by far more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.stream import NO_DEVICE_STAMP
from recorder.episode import EpisodeStream

SAME_CLOCK_NS = 50_000_000  # delays of receipt differ by less, unrelated clocks by more
SHORTEST = 5  # percentile that stands for the shortest delay


def share_clock(one: EpisodeStream, other: EpisodeStream) -> bool:
    """Whether both streams carry stamps of the same device clock."""
    delays = []
    for stream in (one, other):
        stamps = stream.device_stamp_ns
        if len(stamps) < 2 or (stamps == NO_DEVICE_STAMP).any() or (np.diff(stamps) < 0).any():
            return False
        delays.append(float(np.percentile(stream.stamp_ns - stamps, SHORTEST)))
    return abs(delays[0] - delays[1]) < SAME_CLOCK_NS


def at_pictures(pictures: EpisodeStream, samples: EpisodeStream) -> NDArray[np.float64] | None:
    """Samples of a numeric stream between which each picture lies, interpolated by device time.

    Parameters
    ----------
    pictures, samples : EpisodeStream
        ``samples`` of shape ``(N, ...)``, numbers.

    Returns
    -------
    (P, ...) float64 array or None
        One row per picture; the first or last sample for pictures outside; None when the streams
        do not share a clock.

    Notes
    -----
    Linear; quaternions of streams of kind ``pose`` (the last four of seven numbers) are brought to
    one hemisphere first and are not normalised.
    """
    if not share_clock(pictures, samples):
        return None
    values = np.asarray(samples.rows(slice(None)), np.float64)
    if samples.spec.kind == "pose":
        turned = (values[1:, ..., 3:] * values[:-1, ..., 3:]).sum(axis=-1) < 0
        sign = np.cumprod(np.where(turned, -1.0, 1.0), axis=0)
        values[1:, ..., 3:] *= sign[..., None]
    times, moments = samples.device_stamp_ns, pictures.device_stamp_ns
    after = np.clip(np.searchsorted(times, moments), 1, len(times) - 1)
    before = after - 1
    span = np.maximum(times[after] - times[before], 1)
    part = np.clip((moments - times[before]) / span, 0.0, 1.0)
    part = part.reshape(-1, *([1] * (values.ndim - 1)))
    return (1 - part) * values[before] + part * values[after]
