"""The LEAP driver against emulated servos: its ladder of degradation, step by step."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.emulated_leap import EmulatedLeap
from support.waiting import wait_until

from devices.drivers.dynamixel_hand import DynamixelHand
from devices.drivers.leap_servos import TORQUE_NM_PER_A
from devices.emulators.dynamixel_servo import OVERLOAD
from devices.emulators.wire_faults import byte_flipped, byte_lost, dropped, truncated
from devices.hand_driver import DeviceError
from devices.wire import HandMode

ROOT = Path(__file__).resolve().parents[3]
GOAL = np.full(16, 0.25)
WATCHDOG, GOAL_CURRENT = 98, 102


@pytest.fixture
def leap(tmp_path: Path) -> Iterator[EmulatedLeap]:
    with EmulatedLeap(tmp_path / "run") as leap:
        yield leap


@pytest.fixture
def opened(leap: EmulatedLeap) -> EmulatedLeap:
    leap.hand.open()
    return leap


def follow(leap: EmulatedLeap, goal: np.ndarray) -> None:
    """Enter POSITION and wait until the joints stand at ``goal``."""
    leap.hand.set_mode(HandMode.POSITION)
    leap.feedback_when(
        lambda found: np.allclose(found.position, goal, atol=0.01), "the goal", goal=goal
    )


def powered(leap: EmulatedLeap) -> list[bool]:
    return [servo.torque_on for servo in leap.servos.values()]


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
    assert not any(powered(leap))
    for servo in leap.servos.values():
        assert servo.get(11) == 5
        assert servo.get(9) == 0
        assert servo.get(GOAL_CURRENT) == 350
        assert servo.get(WATCHDOG) == 50
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
    assert not any(powered(leap))
    leap.servos[3].silent = False
    leap.servos[9].set(0, 1240)
    leap.hand.open()
    assert leap.feedback().fault == ""


def test_second_owner_is_refused_and_the_first_is_not_disturbed(opened):
    rival = opened.another_driver()
    with pytest.raises(DeviceError, match=f"owned by process {os.getpid()}"):
        rival.open()
    follow(opened, GOAL)


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
    follow(opened, GOAL)
    beyond = opened.hand.spec.upper + 1.0
    opened.feedback_when(
        lambda found: np.allclose(found.position, opened.hand.spec.upper, atol=0.01),
        "the upper limits",
        goal=beyond,
    )


def test_hold_stays_where_it_began_whatever_is_written(opened):
    follow(opened, GOAL)
    opened.hand.set_mode(HandMode.HOLD)
    for _ in range(30):
        found = opened.feedback(goal=np.zeros(16))
    assert np.allclose(found.position, GOAL, atol=0.01)
    assert all(powered(opened))


def test_goals_written_before_a_mode_begins_are_forgotten(opened):
    opened.hand.write(GOAL)
    opened.hand.set_mode(HandMode.POSITION)
    wait_until(lambda: all(powered(opened)), what="torque")
    for _ in range(5):
        opened.hand.set_mode(HandMode.POSITION)
        wait_until(opened.hand.read, what="feedback")
    assert all(abs(servo.position - 2048) < 2 for servo in opened.servos.values())


@pytest.mark.parametrize("mode", [HandMode.OFF, HandMode.COMPLIANT])
def test_without_torque_the_fingers_are_moved_by_hand(opened, mode):
    follow(opened, GOAL)
    opened.hand.set_mode(mode)
    wait_until(lambda: not any(powered(opened)), what="torque off")
    opened.servos[7].position = 2500
    found = opened.feedback_when(lambda one: one.position[7] > 0.6, "the pushed finger")
    assert "free to move by hand" in found.detail
    opened.hand.set_mode(HandMode.HOLD)
    wait_until(lambda: all(powered(opened)), what="torque")
    assert opened.servos[7].position == pytest.approx(2500, abs=1)


def test_closing_leaves_no_torque_and_no_armed_watchdog(opened):
    follow(opened, GOAL)
    opened.hand.close()
    opened.hand.close()
    wait_until(lambda: not any(powered(opened)), what="torque off")
    wait_until(lambda: all(servo.get(WATCHDOG) == 0 for servo in opened.servos.values()))


# --- step 1: damaged replies -------------------------------------------------------------


def test_damaged_replies_are_counted_and_no_wrong_pose_is_published(opened):
    for servo_id, servo in opened.servos.items():
        servo.position = 2048 + 37 * servo_id
    wanted = 37 * np.arange(16) * 2 * math.pi / 4096
    opened.feedback_when(lambda one: np.allclose(one.position, wanted), "the pose")
    faults = [byte_flipped(at, 0x40) for at in range(0, 230, 23)]
    faults += [byte_lost(at) for at in range(0, 230, 23)] + [truncated(100), dropped]
    opened.terminal.damage_next(*faults)
    seen = 0
    while opened.terminal.damage_pending:
        found = opened.hand.read()
        if found is not None:
            seen += 1
            assert np.allclose(found.position, wanted)
    found = opened.feedback_when(lambda one: "0 wire errors" not in one.detail, "the counter")
    assert np.allclose(found.position, wanted)
    assert sum(opened.hand.wire_errors.values()) >= len(faults)


def test_order_survives_a_damaged_exchange(opened):
    opened.terminal.damage_next(dropped, dropped, byte_flipped(30))
    follow(opened, GOAL)


# --- step 2: heat ------------------------------------------------------------------------


def test_warm_motor_gets_half_the_current_until_it_has_cooled(opened):
    opened.servos[6].temperature_c = 61.0
    found = opened.feedback_when(lambda one: "half current" in one.detail, "derating")
    assert found.temperature_c == pytest.approx(61.0, abs=1.0)
    assert opened.servos[0].get(GOAL_CURRENT) == 175
    opened.servos[6].temperature_c = 40.0
    opened.feedback_when(lambda one: "half current" not in one.detail, "full current")
    assert opened.servos[0].get(GOAL_CURRENT) == 350


def test_hot_motor_stops_the_hand_until_it_has_cooled(opened):
    follow(opened, GOAL)
    opened.servos[6].temperature_c = 67.0
    found = opened.feedback_when(lambda one: one.fault == "overheat", "overheat", goal=GOAL)
    assert "servo 6" in found.detail
    wait_until(lambda: not any(powered(opened)), what="torque off")
    opened.hand.set_mode(HandMode.HOLD)
    opened.feedback_when(lambda one: one.fault == "overheat", "refusal while hot")
    assert not any(powered(opened))
    opened.servos[6].temperature_c = 40.0
    opened.hand.set_mode(HandMode.HOLD)
    wait_until(lambda: all(powered(opened)), what="torque")


# --- step 3: nobody commands -------------------------------------------------------------


def test_silent_owner_makes_the_joints_hold_and_then_frees_them(opened):
    opened.hand.set_mode(HandMode.POSITION)
    opened.feedback(goal=GOAL)
    found = opened.feedback_when(lambda one: one.fault == "watchdog", "the owner's silence")
    assert "no goal for" in found.detail or "no sign of life" in found.detail
    opened.feedback_when(lambda one: "torque off" in one.detail, "torque off")
    wait_until(lambda: not any(powered(opened)), what="torque off")


# --- step 4: the servos' own watchdog ----------------------------------------------------


def test_tripped_bus_watchdog_is_a_fault_until_a_mode_is_set(opened):
    follow(opened, GOAL)
    opened.servos[4].table[WATCHDOG] = 0xFF
    found = opened.feedback_when(lambda one: one.fault == "watchdog", "the trip", goal=GOAL)
    assert "[4]" in found.detail
    for _ in range(20):
        found = opened.feedback(goal=-GOAL)
    assert found.fault == "watchdog"
    assert np.allclose(found.position, GOAL, atol=0.01), "no goal is obeyed meanwhile"
    follow(opened, -GOAL)
    assert opened.feedback(goal=-GOAL).fault == ""


DRIVER_PROCESS = """
import sys, threading
from pathlib import Path
import numpy as np
from devices.drivers.dynamixel_hand import DynamixelHand
from devices.session_file import SessionFile
from devices.wire import HandMode

session = SessionFile.read(Path(sys.argv[1]))
hand = DynamixelHand(session.rig.hands[0], None, session)
hand.open()
hand.set_mode(HandMode.POSITION)
goal, pause = np.zeros(16), threading.Event()
while True:
    goal = np.minimum(goal + 0.004, hand.spec.upper)
    hand.write(goal)
    pause.wait(0.005)
"""


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_servos_stop_by_themselves_when_the_driver_process_is(tmp_path, blow):
    with EmulatedLeap(tmp_path / "run", bus_watchdog_ms=100) as leap:
        path = leap.session.write()
        child = subprocess.Popen([sys.executable, "-c", DRIVER_PROCESS, str(path)], cwd=ROOT)
        try:
            wait_until(lambda: leap.servos[1].position > 2100, 20.0, "motion")
            child.send_signal(blow)
            wait_until(
                lambda: all(servo.watchdog_tripped for servo in leap.servos.values()),
                2.0,
                "the bus watchdog",
            )
            stopped_at = [servo.position for servo in leap.servos.values()]
            wait_until(lambda: leap.chain.silence_s > 0.4, what="time without traffic")
            assert [servo.position for servo in leap.servos.values()] == pytest.approx(
                stopped_at, abs=1.0
            )
            assert leap.servos[1].position < 2048 + 1400, "it stopped before its upper limit"
        finally:
            child.kill()
            child.wait()


# --- step 5: a servo shuts down ----------------------------------------------------------


def test_overloaded_servo_stops_the_hand_and_mode_off_restarts_it(opened):
    follow(opened, GOAL)
    opened.servos[2].trip(OVERLOAD)
    found = opened.feedback_when(lambda one: one.fault == "overload", "the overload", goal=GOAL)
    assert "servo 2" in found.detail
    wait_until(lambda: not any(powered(opened)), what="torque off")
    opened.hand.set_mode(HandMode.OFF)
    opened.feedback_when(lambda one: one.fault == "", "the restart")
    assert opened.servos[2].get(70) == 0
    opened.hand.set_mode(HandMode.HOLD)
    wait_until(lambda: all(powered(opened)), what="torque")
    assert np.allclose(opened.feedback().position, GOAL, atol=0.02)


def test_servo_that_falls_silent_ends_the_feedback(opened):
    opened.feedback()
    opened.servos[8].silent = True
    wait_until(lambda: opened.hand.wire_errors.get("timeout", 0) + opened.hand.wire_errors.get(
        "corrupt", 0) > 3, what="errors")  # fmt: skip
    opened.hand.read()
    assert opened.hand.read() is None
    opened.servos[8].silent = False
    opened.feedback()


# --- step 6: the plug --------------------------------------------------------------------


def test_unplugged_hand_is_an_error_until_it_is_back_and_does_not_move_by_itself(opened):
    follow(opened, GOAL)
    opened.terminal.unplug()

    def gone() -> str:
        try:
            opened.hand.read()
        except DeviceError as error:
            return str(error)
        return ""

    assert "unplugged" in wait_until(gone, what="the loss")
    opened.hand.write(-GOAL)
    opened.terminal.plug()
    back = opened.feedback_when(lambda one: True, "the return", goal=-GOAL)
    assert back.fault == ""
    for _ in range(20):
        found = opened.feedback(goal=-GOAL)
    assert np.allclose(found.position, GOAL, atol=0.02)
    assert not any(powered(opened))
    follow(opened, -GOAL)


def test_unplugged_hand_can_be_opened_again_by_its_owner(opened):
    opened.terminal.unplug()
    with pytest.raises(DeviceError, match="does not exist"):
        opened.another_driver()._wire.open()
    opened.terminal.plug()
    opened.hand.open()
    assert opened.feedback().fault == ""


def test_driver_is_a_hand_driver(leap):
    from devices.hand_driver import HandDriver

    assert isinstance(leap.hand, HandDriver)
    assert isinstance(leap.hand, DynamixelHand)
