"""The LEAP driver's ladder of degradation, step by step, against emulated servos."""

from __future__ import annotations

import math
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from support.emulated_leap import EmulatedLeap
from support.repository import ROOT
from support.waiting import wait_until

from devices.clock import now_ns
from devices.emulators.dynamixel_servo import OVERLOAD
from devices.emulators.wire_faults import byte_flipped, byte_lost, dropped, intact, truncated
from devices.hand_driver import DeviceError
from devices.wire import HandMode

GOAL = np.full(16, 0.25)
WATCHDOG, GOAL_CURRENT = 98, 102


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
    for kind in opened.hand.wire_errors:
        assert re.search(rf"wire errors \(.*\d+ {kind}", opened.feedback().detail)


def test_hand_opens_on_a_noisy_line(leap):
    leap.terminal.damage_next(*[dropped, intact, intact, intact] * 20)
    leap.hand.open()
    assert all(servo.get(11) == 5 for servo in leap.servos.values())
    assert leap.feedback().fault == ""


def test_order_survives_a_damaged_exchange(opened):
    opened.terminal.damage_next(dropped, dropped, byte_flipped(30))
    opened.follow(GOAL)


# --- step 2: heat ------------------------------------------------------------------------


def test_warm_motor_gets_half_the_current_until_it_has_cooled(opened):
    opened.servos[6].temperature_c = 61.0
    found = opened.feedback_when(lambda one: "half current" in one.detail, "derating")
    assert found.temperature_c > 57.0
    wait_until(lambda: opened.servos[0].get(GOAL_CURRENT) == 175, what="half the current")
    opened.servos[6].temperature_c = 40.0
    opened.feedback_when(lambda one: "half current" not in one.detail, "full current")
    wait_until(lambda: opened.servos[0].get(GOAL_CURRENT) == 350, what="the whole current")


def test_hot_motor_stops_the_hand_until_it_has_cooled(opened, monkeypatch):
    opened.follow(GOAL)
    opened.servos[6].temperature_c = 67.0
    found = opened.feedback_when(lambda one: one.fault == "overheat", "overheat", goal=GOAL)
    assert "servo 6" in found.detail
    wait_until(lambda: not any(opened.powered()), what="torque off")
    orders: list[bytes] = []
    honest = opened.servos[0].write
    monkeypatch.setattr(
        opened.servos[0], "write", lambda at, data: orders.append(data) or honest(at, data)
    )
    opened.hand.set_mode(HandMode.HOLD)
    opened.feedback_when(lambda one: one.fault == "overheat" and orders, "refusal while hot")
    assert b"\x01" not in orders, "not even for a moment"
    opened.servos[6].temperature_c = 40.0
    opened.hand.set_mode(HandMode.HOLD)
    wait_until(lambda: all(opened.powered()), what="torque")


# --- step 3: nobody commands -------------------------------------------------------------


def test_silent_owner_makes_the_joints_hold_and_then_frees_them(tmp_path):
    with EmulatedLeap(tmp_path / "run", command_silence_ms=150) as opened:
        opened.hand.open()
        check_silence(opened)


def check_silence(opened: EmulatedLeap) -> None:
    opened.hand.set_mode(HandMode.POSITION)
    opened.feedback(goal=GOAL)
    found = opened.feedback_when(lambda one: one.fault == "watchdog", "the owner's silence")
    assert "no goal for" in found.detail or "no sign of life" in found.detail
    opened.feedback_when(lambda one: "torque off" in one.detail, "torque off")
    wait_until(lambda: not any(opened.powered()), what="torque off")


# --- step 4: the servos' own watchdog ----------------------------------------------------


def test_tripped_bus_watchdog_is_a_fault_until_a_mode_is_set(opened):
    opened.follow(GOAL)
    opened.servos[4].table[WATCHDOG] = 0xFF
    found = opened.feedback_when(lambda one: one.fault == "watchdog", "the trip", goal=GOAL)
    assert "[4]" in found.detail
    for _ in range(20):
        found = opened.feedback(goal=-GOAL)
    assert found.fault == "watchdog"
    assert np.allclose(found.position, GOAL, atol=0.01), "no goal is obeyed meanwhile"
    opened.follow(-GOAL)
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
            silent_ns = now_ns()
            wait_until(lambda: now_ns() - silent_ns > 400_000_000, what="time without traffic")
            assert [servo.position for servo in leap.servos.values()] == pytest.approx(
                stopped_at, abs=1.0
            )
            assert leap.servos[1].position < 2048 + 1400, "it stopped before its upper limit"
        finally:
            child.kill()
            child.wait()


# --- step 5: a servo shuts down ----------------------------------------------------------


def test_overloaded_servo_stops_the_hand_and_mode_off_restarts_it(opened):
    opened.follow(GOAL)
    opened.servos[2].trip(OVERLOAD)
    found = opened.feedback_when(lambda one: one.fault == "overload", "the overload", goal=GOAL)
    assert "servo 2" in found.detail
    wait_until(lambda: not any(opened.powered()), what="torque off")
    opened.hand.set_mode(HandMode.OFF)
    opened.feedback_when(lambda one: one.fault == "", "the restart")
    assert opened.servos[2].get(70) == 0
    opened.hand.set_mode(HandMode.HOLD)
    wait_until(lambda: all(opened.powered()), what="torque")
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
    opened.follow(GOAL)
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
    assert not any(opened.powered())
    opened.follow(-GOAL)


def test_unplugged_hand_can_be_opened_again_by_its_owner(opened):
    opened.terminal.unplug()
    with pytest.raises(DeviceError, match="does not exist"):
        opened.another_driver()._wire.open()
    opened.terminal.plug()
    opened.hand.open()
    assert opened.feedback().fault == ""
