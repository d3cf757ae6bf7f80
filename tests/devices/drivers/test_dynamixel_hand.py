"""The LEAP driver against emulated servos: units, order, opening and modes."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from support.emulated_leap import EmulatedLeap
from support.waiting import wait_until

from devices.drivers.dynamixel_hand import DynamixelHand
from devices.drivers.leap_servos import TORQUE_NM_PER_A
from devices.hand_driver import DeviceError
from devices.wire import HandMode

GOAL = np.full(16, 0.25)
WATCHDOG, GOAL_CURRENT = 98, 102


# --- units and order ---------------------------------------------------------------------


def test_half_a_turn_of_the_servo_is_joint_zero_and_order_is_by_id(opened):
    opened.servos[5].position = 2048 + 1024
    opened.servos[12].position = 2048 - 512
    found = opened.feedback_when(lambda feedback: feedback.position[5] > 1, "the turned joint")
    assert found.position[5] == pytest.approx(math.pi / 2)
    assert found.position[12] == pytest.approx(-math.pi / 4)
    assert found.position[0] == 0.0
    assert opened.hand.spec.names[5] == "right_middle_joint1"


def test_current_towards_smaller_angles_is_a_negative_effort(opened):
    opened.servos[3].blocked = True
    goal = np.zeros(16)
    goal[3] = -0.3
    opened.hand.set_mode(HandMode.POSITION)
    found = opened.feedback_when(lambda feedback: feedback.effort[3] < -0.01, "effort", goal=goal)
    assert found.effort[3] == pytest.approx(-0.350 * TORQUE_NM_PER_A, rel=0.01)
    assert found.effort[2] == 0.0


def test_velocity_carries_the_sign_of_the_motion(opened):
    opened.hand.set_mode(HandMode.POSITION)
    found = opened.feedback_when(lambda one: abs(one.velocity[0]) > 0.5, "motion", goal=-GOAL)
    assert (found.velocity < 0).all()


# --- opening -----------------------------------------------------------------------------


def test_opening_moves_nothing_and_leaves_the_hand_without_torque_and_watched(leap):
    leap.servos[0].set(116, 3000)
    leap.hand.open()
    assert leap.feedback().position[0] == 0.0
    assert not any(leap.powered())
    for servo in leap.servos.values():
        assert servo.get(11) == 5
        assert servo.get(9) == 0
        assert servo.get(GOAL_CURRENT) == 350
        assert servo.get(WATCHDOG) == 75
        assert servo.get(84) == (450 if servo.servo_id in (0, 4, 8) else 600)
        assert servo.get(80) == (150 if servo.servo_id in (0, 4, 8) else 200)


def test_default_bus_watchdog_is_100_ms(tmp_path):
    with EmulatedLeap(tmp_path / "run", bus_watchdog_ms=100) as leap:
        leap.hand.open()
        assert leap.servos[15].get(WATCHDOG) == 5


def test_opening_again_does_not_wear_the_eeprom(opened, monkeypatch):
    written: list[int] = []
    for servo in opened.servos.values():
        honest = servo.write
        monkeypatch.setattr(
            servo, "write", lambda at, data, honest=honest: written.append(at) or honest(at, data)
        )
    opened.hand.open()
    opened.feedback()
    assert written
    assert min(written) >= 64


def test_missing_and_wrong_servos_are_named_before_any_torque(leap):
    leap.servos[3].silent = True
    leap.servos[9].set(0, 1020)
    with pytest.raises(DeviceError, match=r"IDs \[3\] do not answer.*9 is model 1020") as refusal:
        leap.hand.open()
    assert "check power, cables" in str(refusal.value)
    assert not any(leap.powered())
    leap.servos[3].silent = False
    leap.servos[9].set(0, 1240)
    leap.hand.open()
    assert leap.feedback().fault == ""


def test_second_owner_is_refused_and_the_first_is_not_disturbed(opened):
    rival = opened.another_driver()
    with pytest.raises(DeviceError, match=f"owned by process {os.getpid()}"):
        rival.open()
    opened.follow(GOAL)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"current_limit_ma": 900}, "current_limit_ma = 900"), ({"bus_watchdog_ms": 5}, "20 to 2540")],
)
def test_unsafe_options_are_refused(tmp_path, options, words):
    with pytest.raises(DeviceError, match=words):
        EmulatedLeap(tmp_path, **options)


def test_reading_before_opening_is_an_error(leap):
    with pytest.raises(DeviceError, match="open it"):
        leap.hand.read()


@pytest.mark.parametrize("goal", [np.zeros(15), np.full(16, np.nan)])
def test_goals_of_wrong_shape_or_value_never_reach_the_servos(opened, goal):
    with pytest.raises(ValueError, match="16 finite numbers"):
        opened.hand.write(goal)


# --- modes -------------------------------------------------------------------------------


def test_joints_follow_goals_and_goals_outside_the_limits_are_clipped(opened):
    opened.follow(GOAL)
    beyond = opened.hand.spec.upper + 1.0
    opened.feedback_when(
        lambda found: np.allclose(found.position, opened.hand.spec.upper, atol=0.01),
        "the upper limits",
        goal=beyond,
    )


def test_hold_stays_where_it_began_whatever_is_written(opened):
    opened.follow(GOAL)
    opened.hand.set_mode(HandMode.HOLD)
    for _ in range(30):
        found = opened.feedback(goal=np.zeros(16))
    assert np.allclose(found.position, GOAL, atol=0.01)
    assert all(opened.powered())


def test_goals_written_before_a_mode_begins_are_forgotten(opened):
    opened.hand.write(GOAL)
    opened.hand.set_mode(HandMode.POSITION)
    wait_until(lambda: all(opened.powered()), what="torque")
    for _ in range(5):
        opened.hand.set_mode(HandMode.POSITION)
        wait_until(opened.hand.read, what="feedback")
    assert all(abs(servo.position - 2048) < 2 for servo in opened.servos.values())


@pytest.mark.parametrize("mode", [HandMode.OFF, HandMode.COMPLIANT])
def test_without_torque_the_fingers_are_moved_by_hand(opened, mode):
    opened.follow(GOAL)
    opened.hand.set_mode(mode)
    wait_until(lambda: not any(opened.powered()), what="torque off")
    opened.servos[7].position = 2500
    found = opened.feedback_when(lambda one: one.position[7] > 0.6, "the pushed finger")
    assert "free to move by hand" in found.detail
    opened.hand.set_mode(HandMode.HOLD)
    wait_until(lambda: all(opened.powered()), what="torque")
    for _ in range(20):
        opened.feedback()
    assert opened.servos[7].position == pytest.approx(2500, abs=1)


def test_closing_leaves_no_torque_and_no_armed_watchdog(opened):
    opened.follow(GOAL)
    opened.hand.close()
    opened.hand.close()
    wait_until(lambda: not any(opened.powered()), what="torque off")
    wait_until(lambda: all(servo.get(WATCHDOG) == 0 for servo in opened.servos.values()))


def test_driver_is_a_hand_driver(leap):
    from devices.hand_driver import HandDriver

    assert isinstance(leap.hand, HandDriver)
    assert isinstance(leap.hand, DynamixelHand)
