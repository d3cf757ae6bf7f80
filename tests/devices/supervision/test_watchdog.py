"""Which feedback is believed, and what old, false or hot hands lead to."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from devices.hand_driver import HandFeedback
from devices.hands.spec import load_hand
from devices.rig import LimitsConfig
from devices.supervision.gate import GateLimits
from devices.supervision.watchdog import Deadman, FeedbackWatch

SPEC = load_hand("xhand")
MS = 1_000_000


def feedback(at_ms: int, offset: float = 0.0, **fields) -> HandFeedback:
    zeros = np.zeros(SPEC.size)
    return dataclasses.replace(
        HandFeedback(at_ms * MS, None, SPEC.home + offset, zeros, zeros), **fields
    )


@pytest.fixture
def watch() -> FeedbackWatch:
    return FeedbackWatch("right", GateLimits.of(SPEC, LimitsConfig(), 200.0), 0.05)


def test_fresh_feedback_is_well(watch: FeedbackWatch) -> None:
    assert watch.accept(feedback(0))
    assert watch.verdict(49 * MS).severity == "ok"


@pytest.mark.parametrize(
    ("at_ms", "severity", "words"),
    [(51, "hold", "feedback is 51 ms old"), (1001, "fault", "no feedback, last one 1.00 s ago")],
)
def test_old_feedback_holds_then_faults(watch, at_ms, severity, words) -> None:
    watch.accept(feedback(0))
    verdict = watch.verdict(at_ms * MS)
    assert verdict.severity == severity
    assert words in verdict.cause


def test_false_samples_do_not_refresh_the_age(watch: FeedbackWatch) -> None:
    watch.accept(feedback(0))
    for at_ms in (20, 40):
        assert not watch.accept(feedback(at_ms, offset=np.nan))
    assert watch.age_s(60 * MS) == pytest.approx(0.06)


@pytest.mark.parametrize("field", ["position", "velocity", "effort"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_not_believed(watch, field, value) -> None:
    bad = np.zeros(SPEC.size)
    bad[4] = value
    assert not watch.accept(feedback(0, **{field: bad}))
    assert watch.last is None


def test_wrong_number_of_joints_is_not_believed(watch: FeedbackWatch) -> None:
    assert not watch.accept(feedback(0, position=np.zeros(3)))


def test_a_jump_is_not_believed_and_three_hold(watch: FeedbackWatch) -> None:
    watch.accept(feedback(0))
    jumped = np.where(SPEC.upper > 1.8, SPEC.upper, SPEC.home)
    for number in range(1, 4):
        assert watch.verdict(number * 5 * MS).severity == "ok"
        assert not watch.accept(feedback(number * 5, position=jumped))
    assert watch.verdict(15 * MS).severity == "hold"
    assert "3 bad samples in a row (jump)" in watch.verdict(15 * MS).cause


def test_a_hand_that_stays_where_it_jumped_to_is_believed_in_the_end(watch: FeedbackWatch) -> None:
    jumped = np.where(SPEC.upper > 1.8, SPEC.upper, SPEC.home)
    watch.accept(feedback(0))
    accepted = [watch.accept(feedback(5 * n, position=jumped)) for n in range(1, 21)]
    assert accepted == 19 * [False] + [True]
    assert watch.rebased
    assert watch.verdict(101 * MS).severity == "ok"


@pytest.mark.parametrize("offset", [2 * np.pi, 1e300])
def test_a_pose_no_joint_can_reach_is_never_believed(watch: FeedbackWatch, offset: float) -> None:
    watch.accept(feedback(0))
    assert not any(watch.accept(feedback(5 * n, offset=offset)) for n in range(1, 100))


def test_readings_that_jump_about_are_never_believed(watch: FeedbackWatch) -> None:
    watch.accept(feedback(0))
    index = np.arange(SPEC.size)
    poses = [np.where(index == joint, SPEC.upper, SPEC.home) for joint in (4, 5)]
    assert not any(watch.accept(feedback(5 * n, position=poses[n % 2])) for n in range(1, 60))


def test_real_motion_is_not_a_jump(watch: FeedbackWatch) -> None:
    watch.accept(feedback(0))
    assert watch.accept(feedback(5, offset=float(SPEC.velocity_max.min()) * 0.005))


def test_fault_of_the_hand_is_a_fault(watch: FeedbackWatch) -> None:
    watch.accept(feedback(0, fault="overload", detail="servo 3"))
    assert watch.verdict(MS).severity == "fault"
    assert watch.verdict(MS).cause == "right hand reports 'overload': servo 3"


def test_fired_bus_watchdog_may_be_cleared_by_reset_but_not_for_long(watch: FeedbackWatch) -> None:
    watch.accept(feedback(0, fault="watchdog"))
    assert watch.problem(MS)
    assert watch.problem(MS, clearing=True) == ""
    watch.begin_clearing(MS)
    assert watch.verdict(2 * MS).severity == "ok"
    watch.accept(feedback(600, fault="watchdog"))
    assert watch.verdict(601 * MS).severity == "fault"


def test_a_watchdog_that_fires_again_after_clearing_is_a_fault_at_once(watch) -> None:
    watch.accept(feedback(0, fault="watchdog"))
    watch.begin_clearing(MS)
    watch.accept(feedback(5))
    watch.accept(feedback(10, fault="watchdog"))
    assert watch.verdict(11 * MS).severity == "fault"


def test_a_hand_cannot_be_armed_while_it_is_still_clearing(watch) -> None:
    watch.accept(feedback(0, fault="watchdog"))
    watch.begin_clearing(MS)
    assert watch.verdict(2 * MS).severity == "ok"
    assert "reset it first" in watch.problem(2 * MS)


def test_other_faults_are_not_cleared_by_asking(watch: FeedbackWatch) -> None:
    watch.accept(feedback(0, fault="overload"))
    assert watch.problem(MS, clearing=True)


@pytest.mark.parametrize(
    ("celsius", "severity"), [(54.0, "ok"), (64.0, "ok"), (65.0, "hold"), (72.0, "fault")]
)
def test_heat(watch: FeedbackWatch, celsius: float, severity: str) -> None:
    watch.accept(feedback(0, temperature_c=celsius))
    assert watch.verdict(MS).severity == severity


def test_failed_driver_is_a_fault_until_reopened(watch: FeedbackWatch) -> None:
    watch.accept(feedback(0))
    watch.device_failed("port gone")
    assert watch.verdict(MS).cause == "port gone"
    watch.device_reopened()
    assert watch.verdict(MS).severity == "ok"


def test_nobody_in_charge_without_heartbeats() -> None:
    assert Deadman(1.0).problem(0) == "no client sends heartbeats"


def test_only_the_client_that_armed_counts() -> None:
    deadman = Deadman(1.0)
    deadman.beat("gui", 0, 0)
    deadman.take_charge("gui")
    deadman.beat("cli", 1500 * MS, 1500 * MS)
    assert "no heartbeat from 'gui' for 1.50 s" in deadman.problem(1500 * MS)
    deadman.take_charge("cli")
    assert deadman.problem(1500 * MS) == ""


def test_a_stamp_from_the_future_counts_as_now() -> None:
    deadman = Deadman(1.0)
    deadman.beat("gui", 10_000 * MS, 0)
    assert deadman.problem(1100 * MS)


def test_an_old_stamp_counts_as_silence() -> None:
    deadman = Deadman(1.0)
    deadman.beat("gui", 0, 2000 * MS)
    assert deadman.problem(2000 * MS)
