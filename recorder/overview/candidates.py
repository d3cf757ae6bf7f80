"""Proposals for a reviewer: touches from the forces, and instants where the hand stands still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recorder.overview.model import ContactCandidate
from recorder.overview.signals import GRID_NS, HandMotion, PadForces, runs

TOUCH_ON_N = 0.15  # a touch reaches this; a tactile pad's noise is about 0.02 N
TOUCH_OFF_N = 0.08  # and lasts while the force stays above this
ON_SIGMAS, OFF_SIGMAS = 6.0, 3.0  # noisier pads need more
SHORTEST_NS = 50_000_000
MERGE_NS = 30_000_000  # breaks shorter than three samples of a 100 Hz pad are no break
MAD_TO_SIGMA = 1.4826  # median absolute deviation to standard deviation of normal noise

STILL_SHARE = 0.15  # of the 95th percentile of speed
STILL_PERCENTILE = 95
LEAVE_FACTOR = 2.0  # hysteresis
APART_NS = 150_000_000
LONG_STILL_NS = 500_000_000  # of a longer rest its two ends are proposed instead of one instant
METRE_IN_RAD = 10.0  # 0.1 m of the wrist counts as much as 1 rad of a joint


def contact_candidates(forces: Sequence[PadForces], end_ns: int) -> tuple[ContactCandidate, ...]:
    """Touches of all pads, by start.

    A touch is a stretch with normal force above the lower threshold that reaches the upper one
    (hysteresis), breaks shorter than 30 ms closed, at least 50 ms long. Both thresholds grow with
    the noise of the pad.

    Parameters
    ----------
    forces : sequence of PadForces
        Of all hands.
    end_ns : int
        Last instant of the episode; a touch that has not ended by then stops just after it.
    """
    found = [
        ContactCandidate(pads.side, finger, start, stop, peak)
        for pads in forces
        for at, finger in enumerate(pads.fingers)
        for start, stop, peak in _touches(pads.times_ns, pads.normal_n[:, at], end_ns)
    ]
    return tuple(sorted(found, key=lambda one: (one.start_ns, one.side, one.finger)))


def noise_n(normal_n: NDArray[np.float32]) -> float:
    """Standard deviation of a pad's noise, N, from the differences of neighbouring samples.

    The median does not see the few samples in which the force really changes.
    """
    steps = np.abs(np.diff(normal_n[np.isfinite(normal_n)]))
    return float(MAD_TO_SIGMA * np.median(steps) / np.sqrt(2.0)) if len(steps) else 0.0


def _touches(
    times: NDArray[np.int64], normal_n: NDArray[np.float32], end_ns: int
) -> list[tuple[int, int, float]]:
    noise = noise_n(normal_n)
    on_n, off_n = max(TOUCH_ON_N, ON_SIGMAS * noise), max(TOUCH_OFF_N, OFF_SIGMAS * noise)
    merged: list[tuple[int, int, float]] = []
    for first, after in runs(np.asarray(normal_n >= off_n)):
        start = int(times[first])
        stop = int(times[after]) if after < len(times) else end_ns + 1
        peak = float(normal_n[first:after].max())
        if merged and start - merged[-1][1] < MERGE_NS:
            start, peak = merged[-1][0], max(peak, merged[-1][2])
            merged.pop()
        merged.append((start, stop, peak))
    return [one for one in merged if one[2] >= on_n and one[1] - one[0] >= SHORTEST_NS]


def speed_minima_ns(motions: Sequence[HandMotion], grid: NDArray[np.int64]) -> tuple[int, ...]:
    """Instants at which all hands together all but stand still.

    The joints' speeds are added up, 0.1 m/s counting as 1 rad/s. Every stretch below 15 % of the
    95th percentile gives its slowest instant, or, when it is longer than half a second, its start
    and its end, where phases end and begin; it ends only at twice that speed, so that noise does
    not cut one rest into many. Of two instants closer than 150 ms the slower one stays.
    """
    if not motions:
        return ()
    speed = sum(joint_speed(motion).sum(axis=1) for motion in motions)
    assert isinstance(speed, np.ndarray)
    limit = STILL_SHARE * float(np.percentile(speed, STILL_PERCENTILE))
    if limit <= 0.0:
        return ()
    proposed = []
    for first, after in runs(np.asarray(speed < LEAVE_FACTOR * limit)):
        still = first + np.flatnonzero(speed[first:after] < limit)
        if not len(still):
            continue
        if (still[-1] - still[0]) * GRID_NS > LONG_STILL_NS:
            proposed += [int(at) for at in (still[0], still[-1]) if 0 < at < len(grid) - 1]
        else:
            proposed.append(first + int(np.argmin(speed[first:after])))
    kept: list[int] = []
    for at in sorted(proposed, key=lambda at: speed[at]):
        if all(abs(int(grid[at]) - other) >= APART_NS for other in kept):
            kept.append(int(grid[at]))
    return tuple(sorted(kept))


def joint_speed(motion: HandMotion) -> NDArray[np.float64]:
    """(T, J) float64 absolute speeds in rad/s, metres counted as ``METRE_IN_RAD`` radians."""
    return np.abs(motion.slow_velocity) * np.where(motion.slides, METRE_IN_RAD, 1.0)
