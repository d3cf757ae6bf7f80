"""Touches are proposed once each, where they are; rests are found between motions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from recorder.overview.candidates import contact_candidates, noise_n, speed_minima_ns
from recorder.overview.signals import (
    SLOW_SMOOTHING_S,
    SMOOTHING_S,
    HandMotion,
    PadForces,
    derivative,
    grid_ns,
)

MS = 1_000_000
S = 1_000 * MS


def pads(normal_n: NDArray, fingers: tuple[str, ...] = ("index",)) -> PadForces:
    """Forces at 100 Hz."""
    columns = normal_n.reshape(len(normal_n), -1).astype(np.float32)
    return PadForces("right", fingers, np.arange(len(columns)) * 10 * MS, columns)


def force(*touches: tuple[int, int, float], count: int = 300) -> NDArray:
    """Force that is there from one sample to another."""
    values = np.zeros(count)
    for start, stop, newton in touches:
        values[start:stop] = newton
    return values


def found(values: NDArray) -> list[tuple[int, int, float]]:
    """Candidates as start and stop in samples, and peak."""
    made = contact_candidates([pads(values)], (len(values) - 1) * 10 * MS)
    return [(one.start_ns // (10 * MS), one.stop_ns // (10 * MS), one.peak_n) for one in made]


def test_a_touch_is_half_open_and_knows_its_peak() -> None:
    values = force((50, 120, 1.0))
    values[80] = 2.5
    assert found(values) == [(50, 120, 2.5)]


def test_between_the_thresholds_a_touch_goes_on_but_none_begins() -> None:
    assert found(force((50, 80, 1.0), (80, 110, 0.1))) == [(50, 110, 1.0)]
    assert found(force((50, 110, 0.1))) == []
    assert found(force((50, 80, 1.0), (80, 110, 0.07))) == [(50, 80, 1.0)]


def test_touches_shorter_than_50_ms_are_none() -> None:
    assert found(force((50, 54, 1.0))) == []
    assert found(force((50, 55, 1.0))) == [(50, 55, 1.0)]


def test_breaks_shorter_than_30_ms_are_none() -> None:
    assert found(force((50, 80, 1.0), (82, 120, 2.0))) == [(50, 120, 2.0)]
    assert found(force((50, 80, 1.0), (83, 120, 2.0))) == [(50, 80, 1.0), (83, 120, 2.0)]


def test_a_noisy_pad_proposes_nothing_of_its_noise() -> None:
    random = np.random.default_rng(0)
    noise = random.normal(0.0, 0.1, 3000)
    assert noise_n(noise.astype(np.float32)) == pytest.approx(0.1, rel=0.1)
    assert contact_candidates([pads(noise)], 30 * S) == ()
    noise[1000:1500] += 2.0
    (only,) = contact_candidates([pads(noise)], 30 * S)
    assert (only.start_ns, only.stop_ns) == (10 * S, 15 * S)


def test_a_touch_that_has_not_ended_stops_after_the_last_instant() -> None:
    (only,) = contact_candidates([pads(force((200, 300, 1.0)))], 3 * S)
    assert only.stop_ns == 3 * S + 1


def test_samples_without_a_value_are_no_force() -> None:
    values = force((50, 80, 1.0), (90, 120, 1.0))
    values[80:90] = np.nan
    assert found(values) == [(50, 80, 1.0), (90, 120, 1.0)]


def test_candidates_of_all_fingers_come_by_their_start() -> None:
    both = np.stack([force((90, 120, 1.0)), force((40, 80, 1.0), (150, 170, 1.0))], axis=1)
    made = contact_candidates([pads(both, ("thumb", "index"))], 3 * S)
    assert [one.finger for one in made] == ["index", "thumb", "index"]
    assert {one.side for one in made} == {"right"}


def motion(position: NDArray) -> HandMotion:
    """One finger joint on the grid."""
    column = position[:, None]
    return HandMotion(
        "right",
        ("right_index_joint0",),
        np.array([False]),
        np.array([False]),
        derivative(column, 1, SMOOTHING_S),
        derivative(column, 1, SLOW_SMOOTHING_S),
        derivative(column, 3, SMOOTHING_S),
    )


def stroke(grid: NDArray, start_s: float, stop_s: float) -> NDArray:
    """A smooth step from 0 to 1 rad."""
    u = np.clip((grid / S - start_s) / (stop_s - start_s), 0.0, 1.0)
    return u**3 * (10 - 15 * u + 6 * u**2)


def test_a_short_halt_between_two_strokes_is_one_instant() -> None:
    grid = grid_ns(3 * S)
    (at,) = [
        at
        for at in speed_minima_ns([motion(stroke(grid, 0.1, 1.4) + stroke(grid, 1.5, 2.8))], grid)
        if S < at < 2 * S
    ]
    assert at == pytest.approx(1.45 * S, abs=20 * MS)


def test_of_a_long_rest_both_ends_are_proposed() -> None:
    grid = grid_ns(6 * S)
    minima = speed_minima_ns([motion(stroke(grid, 0.0, 2.0) + stroke(grid, 4.0, 6.0))], grid)
    inside = [at for at in minima if S < at < 5 * S]
    assert len(inside) == 2
    assert inside[0] == pytest.approx(1.8 * S, abs=200 * MS)
    assert inside[1] == pytest.approx(4.2 * S, abs=200 * MS)


def test_a_rest_that_trembles_around_the_threshold_is_one_rest() -> None:
    grid = grid_ns(10 * S)
    moved = stroke(grid, 0.0, 3.0) + stroke(grid, 7.0, 10.0)
    resting = (grid > 3 * S) & (grid < 7 * S)
    tremor = np.where(resting, 0.02 * np.sin(2 * np.pi * (grid / S - 3.0)), 0.0)
    minima = speed_minima_ns([motion(moved + tremor)], grid)
    assert len([at for at in minima if 3.3 * S < at < 6.7 * S]) == 0


def test_instants_lie_at_least_150_ms_apart() -> None:
    grid = grid_ns(10 * S)
    random = np.random.default_rng(0)
    minima = speed_minima_ns([motion(np.cumsum(random.normal(size=len(grid))) * 0.05)], grid)
    assert len(minima) > 5
    assert min(np.diff(minima)) >= 150 * MS


def test_a_hand_that_never_moved_has_no_minima() -> None:
    grid = grid_ns(S)
    assert speed_minima_ns([motion(np.zeros(len(grid)))], grid) == ()
    assert speed_minima_ns([], grid) == ()
