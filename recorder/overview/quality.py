"""Figures of one episode: how smooth, how idle, how firm, how complete.

**Jerk** is the log dimensionless jerk of the finger joints::

    jerk = ln( T^3 / v_peak^2 * integral |d3 q / dt3|^2 dt )

with q the vector of finger joints in rad, v_peak the largest |dq/dt| and T the duration of the
movement (N. Hogan and D. Sternad, "Sensitivity of smoothness measures to movement duration,
amplitude, and arrests", J. Motor Behavior 41, 2009; the logarithm: S. Balasubramanian,
A. Melendez-Calderon, A. Roby-Brami, E. Burdet, "On the analysis of movement smoothness",
J. NeuroEngineering and Rehabilitation 12:112, 2015, who write it with the opposite sign). One
movement of minimum jerk gives ln(204.8) = 5.3; the measure is defined for movements without rests
in between, so it is taken over each stretch between idle ones of at least ``SHORTEST_MOVE_S`` and
averaged by their durations. Wrist axes are left out: their metres and radians have no common
measure with fingers, and a carried hand says little about how it grasps. Positions are low-pass
filtered at 10 Hz (``recorder.overview.signals``). Of two hands the jerkier one counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from recorder.episode import Episode
from recorder.overview.model import (
    FORCE_BIN_EDGES_N,
    ContactCandidate,
    GapSpan,
    QualityFigures,
)
from recorder.overview.signals import (
    GRID_HZ,
    GRID_NS,
    HandMotion,
    PadForces,
    force_rate_n_s,
    runs,
    times_ns,
)

STILL_RAD_S = 0.05  # three degrees a second: slower than anything done on purpose
STILL_M_S = 0.01
STILL_N_S = 0.5
SHORTEST_IDLE_S = 0.5
SHORTEST_BREAK_S = 0.1  # no motion on purpose is over sooner
SHORTEST_MOVE_S = 0.25  # shorter stretches are the filter's own length

REGRASP_NS = NS_PER_S  # a touch that comes back within a second was lost, not ended
BEFORE_LOSS_NS = 100_000_000  # how the hand moved is judged over this long before
OPENING_RAD_S = 0.1  # mean of the finger's joints; slower counts as holding

WATCHED = ("image", "depth", "visuotactile")


def idle_stretches(
    motions: Sequence[HandMotion], forces: Sequence[PadForces], grid: NDArray[np.int64]
) -> tuple[tuple[int, int], ...]:
    """Half-open stretches of half a second or more in which no joint moves and no force changes.

    What lasts less than a tenth of a second does not interrupt a stretch. Empty where no joints
    were measured: nothing is known then.
    """
    if not motions:
        return ()
    still = np.ones(len(grid), bool)
    for motion in motions:
        limits = np.where(motion.slides, STILL_M_S, STILL_RAD_S)
        still &= (np.abs(motion.slow_velocity) < limits).all(axis=1)
    for pads in forces:
        if len(pads.times_ns) > 1:
            still &= force_rate_n_s(pads, grid) < STILL_N_S
    for first, after in runs(~still):
        if (after - first) / GRID_HZ < SHORTEST_BREAK_S and first > 0 and after < len(still):
            still[first:after] = True
    return tuple(
        (int(grid[first]), int(grid[first]) + (after - first) * GRID_NS)
        for first, after in runs(still)
        if (after - first) / GRID_HZ >= SHORTEST_IDLE_S
    )


def quality_figures(
    episode: Episode,
    motions: Sequence[HandMotion],
    forces: Sequence[PadForces],
    candidates: Sequence[ContactCandidate],
    idle: Sequence[tuple[int, int]],
    gaps: Sequence[GapSpan],
) -> QualityFigures:
    """All figures of an episode; see ``QualityFigures`` for their meaning."""
    duration_ns = round(episode.duration_s * NS_PER_S)
    lengths_s = [(min(stop, duration_ns) - start) / NS_PER_S for start, stop in idle]
    lost = sum(gap.count for gap in gaps)
    stored = int(episode.attributes["samples"])
    return QualityFigures(
        jerk=max((log_jerk(motion, idle) for motion in motions), default=0.0),
        idle_s=sum(lengths_s),
        idle_share=sum(lengths_s) / max(episode.duration_s, 1e-9),
        longest_idle_s=max(lengths_s, default=0.0),
        contacts=len(candidates),
        contact_losses=contact_losses(candidates, motions),
        peak_force_n=max((_peak_n(pads) for pads in forces), default=0.0),
        force_histogram=force_histogram(forces),
        gap_rate=lost / max(lost + stored, 1),
        worst_gap_s=_worst_gap_ns(episode, duration_ns) / NS_PER_S,
    )


def log_jerk(motion: HandMotion, idle: Sequence[tuple[int, int]]) -> float:
    """Log dimensionless jerk of the fingers, averaged over the moving stretches; 0 without any."""
    fingers = ~motion.wrist
    speed = np.linalg.norm(motion.velocity[:, fingers], axis=1)
    squared = np.square(motion.jerk[:, fingers]).sum(axis=1)
    moving = np.ones(len(speed), bool)
    for start, stop in idle:
        moving[start // GRID_NS : stop // GRID_NS] = False
    total, weight = 0.0, 0.0
    for first, after in runs(moving):
        length_s, peak = (after - first) / GRID_HZ, speed[first:after].max()
        integral = squared[first:after].sum() / GRID_HZ
        if length_s >= SHORTEST_MOVE_S and peak > STILL_RAD_S and integral > 0.0:
            total += length_s * float(np.log(length_s**3 / peak**2 * integral))
            weight += length_s
    return total / weight if weight else 0.0


def contact_losses(candidates: Sequence[ContactCandidate], motions: Sequence[HandMotion]) -> int:
    """Touches that slipped: the finger came back within a second and had not been opening.

    Opening is judged by the joints that carry the finger's name (all finger joints where none
    does): their mean velocity over the tenth of a second before, angles counting in flexion.
    """
    by_side = {motion.side: motion for motion in motions}
    losses = 0
    for at, one in enumerate(candidates):
        back = next(
            (
                other
                for other in candidates[at + 1 :]
                if (other.side, other.finger) == (one.side, one.finger)
            ),
            None,
        )
        if back is not None and back.start_ns - one.stop_ns <= REGRASP_NS:
            motion = by_side.get(one.side)
            opening = motion is not None and _is_opening(motion, one.finger, one.stop_ns)
            losses += not opening
    return losses


def force_histogram(forces: Sequence[PadForces]) -> tuple[int, ...]:
    """Samples per bin of ``FORCE_BIN_EDGES_N``, all pads together.

    Bin i holds forces from edge i up to, not including, edge i + 1; the last bin has no upper end.
    Samples below the first edge are no touch and not counted. Always as many bins as edges.
    """
    edges = np.array([*FORCE_BIN_EDGES_N, np.inf])
    counts = np.zeros(len(FORCE_BIN_EDGES_N), np.int64)
    for pads in forces:
        bins = np.searchsorted(edges, pads.normal_n[np.isfinite(pads.normal_n)], side="right")
        counts += np.bincount(bins, minlength=len(edges))[1 : len(edges)]
    return tuple(int(count) for count in counts)


def _peak_n(pads: PadForces) -> float:
    finite = pads.normal_n[np.isfinite(pads.normal_n)]
    return float(finite.max(initial=0.0))


def _is_opening(motion: HandMotion, finger: str, at_ns: int) -> bool:
    named = np.array([f"_{finger}_" in label or label == finger for label in motion.labels])
    joints = named if named.any() else ~motion.wrist
    stop = max(1, min(at_ns // GRID_NS, len(motion.velocity)))
    start = max(0, min(stop - 1, (at_ns - BEFORE_LOSS_NS) // GRID_NS))
    return bool(motion.velocity[start:stop, joints].mean() < -OPENING_RAD_S)


def _worst_gap_ns(episode: Episode, duration_ns: int) -> int:
    """Longest time without a sample of any camera or of measured joints, ends included."""
    worst = 0
    for name, stream in episode.streams.items():
        if stream.spec.kind in WATCHED or name.endswith("/joints_measured"):
            times = np.concatenate(([0], times_ns(episode, stream), [duration_ns]))
            worst = max(worst, int(np.diff(times).max()))
    return worst
