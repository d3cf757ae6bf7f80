"""Motion and force of an episode on one even grid: what figures and candidates are computed from.

Joints are brought to 200 Hz by linear interpolation and differentiated by convolution with the
derivatives of a Gaussian, which is low-pass filter and derivative in one and shifts nothing in
time. A Gaussian of standard deviation s passes half the power at ``sqrt(ln 2) / (2 pi s)`` Hz;
``SMOOTHING_S`` puts that at 10 Hz, above what fingers do on purpose and below what encoders and
their stamps add.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from recorder.episode import Episode, EpisodeStream

GRID_HZ = 200
GRID_NS = NS_PER_S // GRID_HZ
CUTOFF_HZ = 10.0
SMOOTHING_S = math.sqrt(math.log(2.0)) / (2.0 * math.pi * CUTOFF_HZ)
SLOW_SMOOTHING_S = 0.05  # for whether anything moves at all: 0.02 N at 100 Hz becomes 0.07 N/s
REACH = 4  # standard deviations of the kernels that are kept
BLOCK_BYTES = 16 << 20  # of taxels read at a time
WRIST = "wrist_"
SLIDING = ("wrist_x", "wrist_y", "wrist_z")  # axes in metres; all others are radians


@dataclass(frozen=True)
class HandMotion:
    """How one hand moved, on the grid.

    Attributes
    ----------
    side : str
        First part of the stream's name.
    labels : tuple of str
        Joints.
    slides, wrist : (J,) bool arrays
        Which joints are metres; which belong to the wrist.
    velocity : (T, J) float64 array
        rad/s or m/s, low-pass filtered at 10 Hz.
    slow_velocity : (T, J) float64 array
        The same over ``SLOW_SMOOTHING_S``: tells rest from slow motion under sensor noise.
    jerk : (T, J) float64 array
        Third derivative of the filtered positions.
    """

    side: str
    labels: tuple[str, ...]
    slides: NDArray[np.bool_]
    wrist: NDArray[np.bool_]
    velocity: NDArray[np.float64]
    slow_velocity: NDArray[np.float64]
    jerk: NDArray[np.float64]


@dataclass(frozen=True)
class PadForces:
    """Normal forces of the pads of one hand at their own times.

    Attributes
    ----------
    side : str
        First part of the stream's name.
    fingers : tuple of str
        Pads.
    times_ns : (N,) int64 array
        After the episode's first sample.
    normal_n : (N, F) float32 array
        Along the pad's normal, N.
    """

    side: str
    fingers: tuple[str, ...]
    times_ns: NDArray[np.int64]
    normal_n: NDArray[np.float32]


def grid_ns(duration_ns: int) -> NDArray[np.int64]:
    """(T,) int64 instants of the grid, from 0 to the end, ns."""
    return np.arange(0, duration_ns + 1, GRID_NS, dtype=np.int64)


def times_ns(episode: Episode, stream: EpisodeStream) -> NDArray[np.int64]:
    """(N,) int64 times of a stream after the episode's first sample, ns."""
    return stream.stamp_ns - episode.start_stamp_ns


def hand_motions(episode: Episode, grid: NDArray[np.int64]) -> list[HandMotion]:
    """Motion of every hand whose joints were measured."""
    return [
        _motion(episode, stream, grid)
        for name, stream in episode.streams.items()
        if name.endswith("/joints_measured") and len(stream) > 1
    ]


def taxel_sums(episode: Episode) -> dict[str, NDArray[np.float32]]:
    """By stream of taxels: (N, fingers) float32 normal force, the taxels' z added up, N."""
    return {
        name: _sums(stream)
        for name, stream in episode.streams.items()
        if stream.spec.kind == "taxels" and len(stream.spec.shape) == 3
    }


def pad_forces(episode: Episode, sums: Mapping[str, NDArray[np.float32]]) -> list[PadForces]:
    """Normal forces of every hand: as its driver states them, else from ``taxel_sums``."""
    found = {}
    for name, stream in episode.streams.items():
        side = name.split("/")[0]
        if stream.spec.kind == "force" and len(stream):
            normal = stream.rows(slice(None))[..., 2].astype(np.float32)
        elif name in sums and len(stream) and side not in found:
            normal = sums[name]
        else:
            continue
        found[side] = PadForces(side, row_labels(stream), times_ns(episode, stream), normal)
    return list(found.values())


def row_labels(stream: EpisodeStream) -> tuple[str, ...]:
    """Names of the rows of a stream; numbers where it has none."""
    labels = stream.spec.labels
    count = stream.spec.shape[0] if stream.spec.shape else 1
    return labels if len(labels) == count else tuple(str(at) for at in range(count))


def force_rate_n_s(forces: PadForces, grid: NDArray[np.int64]) -> NDArray[np.float64]:
    """(T,) float64 fastest change of force of any pad on the grid, N/s."""
    values = on_grid(forces.times_ns, forces.normal_n, grid)
    return np.abs(derivative(values, 1, SLOW_SMOOTHING_S)).max(axis=1, initial=0.0)


def on_grid(
    times: NDArray[np.int64], values: NDArray, grid: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Columns of ``values`` interpolated at the grid, (T, columns); NaN counts as 0."""
    clean = np.nan_to_num(values.astype(np.float64))
    return np.stack([np.interp(grid, times, column) for column in clean.T], axis=1)


def derivative(values: NDArray[np.float64], order: int, sigma_s: float) -> NDArray[np.float64]:
    """Derivative of order 1 or 3 of the columns of ``values`` along the grid, low-pass filtered.

    Beyond its ends the signal is taken to stand still.
    """
    half = math.ceil(REACH * sigma_s * GRID_HZ)
    kernel = _kernel(order, sigma_s, half)
    padded = np.pad(values, ((half, half), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel, "valid") for column in padded.T], axis=1)


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open stretches of True, as positions."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _kernel(order: int, sigma_s: float, half: int) -> NDArray[np.float64]:
    """Derivative of a Gaussian, its moments put right after sampling and cutting off.

    Without that a thousandth of the velocity leaks into the third derivative, times 1/sigma^2.
    """
    x = np.arange(-half, half + 1) / GRID_HZ / sigma_s
    bell = np.exp(-0.5 * x**2)
    m2, m4, m6 = (float(np.sum(bell * x**power)) for power in (2, 4, 6))
    if order == 1:
        return -x * bell / (m2 * sigma_s)
    return 6.0 * (m4 * x - m2 * x**3) * bell / ((m2 * m6 - m4**2) * sigma_s**3)


def _sums(stream: EpisodeStream) -> NDArray[np.float32]:
    """Read in blocks: a minute of taxels is tens of megabytes, their sums are not."""
    count, fingers = len(stream), stream.spec.shape[0]
    sums = np.empty((count, fingers), np.float32)
    block = max(1, BLOCK_BYTES // stream.spec.nbytes)
    for first in range(0, count, block):
        part = stream.rows(slice(first, first + block))
        sums[first : first + len(part)] = part[..., 2].sum(axis=2)
    return sums


def _motion(episode: Episode, stream: EpisodeStream, grid: NDArray[np.int64]) -> HandMotion:
    labels = row_labels(stream)
    position = on_grid(times_ns(episode, stream), stream.rows(slice(None)), grid)
    return HandMotion(
        side=stream.name.split("/")[0],
        labels=labels,
        slides=_ending(labels, SLIDING),
        wrist=np.array([WRIST in label for label in labels]),
        velocity=derivative(position, 1, SMOOTHING_S),
        slow_velocity=derivative(position, 1, SLOW_SMOOTHING_S),
        jerk=derivative(position, 3, SMOOTHING_S),
    )


def _ending(labels: Sequence[str], ends: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([label.endswith(ends) for label in labels])
