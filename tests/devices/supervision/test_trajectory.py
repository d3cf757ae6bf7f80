"""Chunks of timed targets become one target per tick."""

from __future__ import annotations

import numpy as np
import pytest

from devices.supervision.trajectory import Ramp, Trajectory

MS = 1_000_000


def merge(trajectory: Trajectory, due_ms: list[int], values: list[float], now_ms: int) -> None:
    trajectory.merge(np.array(due_ms) * MS, np.array([[v, -v] for v in values]), now_ms * MS)


def value(trajectory: Trajectory, now_ms: float) -> float | None:
    out = np.zeros(2)
    if not trajectory.evaluate(int(now_ms * MS), out):
        return None
    assert out[1] == -out[0]
    return float(out[0])


@pytest.fixture
def trajectory() -> Trajectory:
    return Trajectory(2, 100 * MS)


def test_targets_are_interpolated_between_their_due_times(trajectory: Trajectory) -> None:
    merge(trajectory, [10, 30, 40], [1.0, 3.0, 3.0], 0)
    assert value(trajectory, 5) is None
    assert [value(trajectory, at) for at in (10, 20, 30, 35)] == [1.0, 2.0, 3.0, 3.0]


def test_the_last_target_is_held_until_it_expires(trajectory: Trajectory) -> None:
    merge(trajectory, [10], [1.0], 0)
    assert value(trajectory, 110) == 1.0
    assert value(trajectory, 111) is None
    assert value(trajectory, 20) is None


def test_a_new_chunk_replaces_the_rest_of_the_old_one(trajectory: Trajectory) -> None:
    merge(trajectory, [0, 20, 40, 60], [0.0, 2.0, 4.0, 6.0], 0)
    assert value(trajectory, 10) == 1.0
    merge(trajectory, [30, 50], [10.0, 10.0], 10)
    assert value(trajectory, 20) == 2.0
    assert value(trajectory, 25) == 6.0
    assert value(trajectory, 60) == 10.0


def test_a_chunk_in_the_past_replaces_everything(trajectory: Trajectory) -> None:
    merge(trajectory, [0, 20, 40], [0.0, 2.0, 4.0], 0)
    merge(trajectory, [-10], [7.0], 10)
    assert value(trajectory, 20) == 7.0


def test_many_full_chunks_fit(trajectory: Trajectory) -> None:
    for number in range(200):
        begin = number * 7
        merge(trajectory, list(range(begin, begin + 64, 2)), [float(number)] * 32, begin)
        assert value(trajectory, begin) == float(number)


def test_cleared_targets_are_gone(trajectory: Trajectory) -> None:
    merge(trajectory, [0, 50], [1.0, 2.0], 0)
    trajectory.clear()
    assert value(trajectory, 10) is None


def test_ramp_reaches_the_target_smoothly_after_its_time() -> None:
    ramp = Ramp(1.0, np.array([0.3]))
    sent, target = np.array([1.0]), np.array([1.2])
    shares = [float((ramp.apply(target, sent, int(at * 1e9)) - 1.0)[0] / 0.2) for at in
              (0.0, 0.25, 0.5, 0.75, 1.0)]  # fmt: skip
    assert shares == pytest.approx([0.0, 0.15625, 0.5, 0.84375, 1.0])
    assert ramp.progress == 1.0


def test_ramp_takes_longer_for_a_start_outside_the_window() -> None:
    ramp = Ramp(1.0, np.array([0.3]))
    sent, target = np.array([0.0]), np.array([0.9])
    ramp.apply(target, sent, 0)
    assert float(ramp.apply(target, sent, int(1.5e9))[0]) == pytest.approx(0.45)
    ramp.apply(target, sent, int(2.9e9))
    assert ramp.progress < 1.0


def test_restarted_ramp_begins_where_the_goal_is_now() -> None:
    ramp = Ramp(0.1, np.array([0.3]))
    ramp.apply(np.array([0.2]), np.array([0.0]), 0)
    ramp.apply(np.array([0.2]), np.array([0.0]), 10**9)
    ramp.restart()
    assert ramp.apply(np.array([0.5]), np.array([0.4]), 2 * 10**9)[0] == pytest.approx(0.4)
