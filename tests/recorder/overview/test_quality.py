"""Figures of known motions and forces come out as their definitions say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from recorder.overview.model import FORCE_BIN_EDGES_N, ContactCandidate
from recorder.overview.quality import (
    contact_losses,
    force_histogram,
    idle_stretches,
    log_jerk,
)
from recorder.overview.signals import (
    GRID_HZ,
    SLOW_SMOOTHING_S,
    SMOOTHING_S,
    HandMotion,
    PadForces,
    derivative,
    grid_ns,
)

MS = 1_000_000
S = 1_000 * MS
LABELS = ("right_wrist_x", "right_index_joint0", "right_middle_joint0")


def motion(**positions: NDArray) -> HandMotion:
    """A wrist axis and two finger joints on the grid, at rest unless given."""
    length = len(next(iter(positions.values())))
    table = np.zeros((length, 3))
    for name, position in positions.items():
        table[:, ["wrist", "index", "middle"].index(name)] = position
    return HandMotion(
        "right",
        LABELS,
        np.array([True, False, False]),
        np.array([True, False, False]),
        derivative(table, 1, SMOOTHING_S),
        derivative(table, 1, SLOW_SMOOTHING_S),
        derivative(table, 3, SMOOTHING_S),
    )


def minimum_jerk(time_s: NDArray, start_s: float, length_s: float, reach: float = 1.0) -> NDArray:
    u = np.clip((time_s - start_s) / length_s, 0.0, 1.0)
    return reach * u**3 * (10 - 15 * u + 6 * u**2)


def clock_s(seconds: float) -> NDArray:
    return grid_ns(round(seconds * S)) / S


def test_derivatives_of_a_slow_wave_are_those_of_calculus() -> None:
    time_s, omega = clock_s(5.0), 2 * math.pi * 0.5
    wave = np.sin(omega * time_s)[:, None]
    inside = slice(100, -100)
    damped = math.exp(-0.5 * (omega * SMOOTHING_S) ** 2)
    speed = derivative(wave, 1, SMOOTHING_S)[inside, 0]
    assert np.allclose(speed, damped * omega * np.cos(omega * time_s)[inside], atol=0.01)
    jerk = derivative(wave, 3, SMOOTHING_S)[inside, 0]
    assert np.allclose(jerk, -damped * omega**3 * np.cos(omega * time_s)[inside], atol=0.3)


def test_the_filter_halves_the_power_at_10_hz() -> None:
    time_s, omega = clock_s(5.0), 2 * math.pi * 10.0
    speed = derivative(np.sin(omega * time_s)[:, None], 1, SMOOTHING_S)[200:-200, 0]
    assert speed.max() / omega == pytest.approx(math.sqrt(0.5), rel=0.03)


@pytest.mark.parametrize("length_s", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("reach_rad", [0.5, 1.0])
def test_one_movement_of_minimum_jerk_has_the_published_value(length_s, reach_rad) -> None:
    time_s = clock_s(length_s)
    made = motion(index=minimum_jerk(time_s, 0.0, length_s, reach_rad))
    assert log_jerk(made, ()) == pytest.approx(math.log(204.8), abs=0.25)


def test_tremor_raises_jerk() -> None:
    time_s = clock_s(2.0)
    smooth = minimum_jerk(time_s, 0.0, 2.0)
    shaky = smooth + 0.01 * np.sin(2 * math.pi * 6.0 * time_s)
    assert log_jerk(motion(index=shaky), ()) > log_jerk(motion(index=smooth), ()) + 2.0


def test_rests_between_movements_do_not_raise_jerk() -> None:
    time_s = clock_s(10.0)
    moved = motion(index=minimum_jerk(time_s, 0.0, 2.0) + minimum_jerk(time_s, 8.0, 2.0))
    idle = idle_stretches([moved], [], grid_ns(10 * S))
    assert log_jerk(moved, idle) == pytest.approx(math.log(204.8), abs=0.6)


def test_the_wrist_does_not_count_as_jerk_and_no_motion_is_none() -> None:
    time_s = clock_s(2.0)
    shaking = motion(wrist=0.05 * np.sin(2 * math.pi * 5.0 * time_s))
    assert log_jerk(shaking, ()) == 0.0


def test_idle_is_where_no_joint_moves() -> None:
    time_s, grid = clock_s(6.0), grid_ns(6 * S)
    moved = motion(index=minimum_jerk(time_s, 0.0, 1.0) + minimum_jerk(time_s, 4.0, 1.0))
    first, second = idle_stretches([moved], [], grid)
    assert first[0] == pytest.approx(0.95 * S, abs=100 * MS)
    assert first[1] == pytest.approx(4.05 * S, abs=100 * MS)
    assert second[0] == pytest.approx(4.95 * S, abs=100 * MS)


def test_a_wrist_that_slides_a_centimetre_a_second_is_not_idle() -> None:
    time_s, grid = clock_s(3.0), grid_ns(3 * S)
    inside = idle_stretches([motion(wrist=0.02 * time_s)], [], grid)
    assert inside == ()
    assert idle_stretches([motion(wrist=0.005 * time_s)], [], grid)


def test_force_that_changes_is_not_idle() -> None:
    grid = grid_ns(3 * S)
    still = motion(index=np.zeros(len(grid)))
    times = np.arange(300) * 10 * MS
    held = PadForces("right", ("index",), times, np.full((300, 1), 2.0, np.float32))
    rising = PadForces(
        "right", ("index",), times, np.linspace(0, 3, 300, dtype=np.float32)[:, None]
    )
    assert idle_stretches([still], [held], grid) == ((0, 3 * S + 5 * MS),)
    assert [b - a < S for a, b in idle_stretches([still], [rising], grid)] in ([], [True])


def test_rests_shorter_than_half_a_second_are_not_idle() -> None:
    time_s, grid = clock_s(4.0), grid_ns(4 * S)
    moved = motion(index=minimum_jerk(time_s, 0.0, 1.8) + minimum_jerk(time_s, 2.0, 2.0))
    assert all(not a <= 1.9 * S < b for a, b in idle_stretches([moved], [], grid))


def test_a_twitch_shorter_than_a_tenth_of_a_second_does_not_end_a_rest() -> None:
    time_s, grid = clock_s(4.0), grid_ns(4 * S)
    twitch = motion(index=minimum_jerk(time_s, 2.0, 0.02, 0.01))
    jump = motion(index=minimum_jerk(time_s, 2.0, 0.2, 1.0))
    assert idle_stretches([twitch], [], grid) == ((0, 4 * S + 5 * MS),)
    assert len(idle_stretches([jump], [], grid)) == 2


def test_without_measured_joints_nothing_is_said_to_be_idle() -> None:
    assert idle_stretches([], [], grid_ns(S)) == ()


def touch(start_s: float, stop_s: float, finger: str = "index") -> ContactCandidate:
    return ContactCandidate("right", finger, round(start_s * S), round(stop_s * S), 1.0)


def test_a_touch_that_comes_back_within_a_second_was_lost() -> None:
    holding = motion(index=np.zeros(5 * GRID_HZ))
    assert contact_losses([touch(1.0, 2.0), touch(2.9, 4.0)], [holding]) == 1
    assert contact_losses([touch(1.0, 2.0), touch(3.1, 4.0)], [holding]) == 0
    assert contact_losses([touch(1.0, 2.0), touch(2.5, 4.0, "middle")], [holding]) == 0


def test_a_touch_that_ends_as_its_finger_opens_was_let_go() -> None:
    time_s = clock_s(5.0)
    opening = motion(index=-minimum_jerk(time_s, 1.5, 1.0))
    touches = [touch(1.0, 2.0), touch(2.5, 4.0)]
    assert contact_losses(touches, [opening]) == 0
    closing = motion(index=minimum_jerk(time_s, 1.5, 1.0))
    assert contact_losses(touches, [closing]) == 1
    other = motion(middle=-minimum_jerk(time_s, 1.5, 1.0))
    assert contact_losses(touches, [other]) == 1


def test_the_histogram_counts_each_sample_in_the_bin_it_begins() -> None:
    values = [0.0, 0.0999, 0.1, 0.19, 0.5, 49.9, 50.0, 1000.0, math.nan]
    forces = PadForces("right", ("index",), np.arange(9), np.array([values], np.float32).T)
    counts = force_histogram([forces])
    assert len(counts) == len(FORCE_BIN_EDGES_N)
    assert counts == (2, 0, 1, 0, 0, 0, 0, 1, 2)
