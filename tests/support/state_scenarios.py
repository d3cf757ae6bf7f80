"""Scenarios of states: authority, latching, feedback and the deadman."""

from __future__ import annotations

import numpy as np

from devices.requests import Source
from devices.supervision.states import State
from devices.wire import HandMode
from support.scenario import QUICK, expect, ready, scenario
from support.supervisor_bench import Bench, replaced

# --- authority -------------------------------------------------------------------------------


@scenario
def takeover_ends_the_old_source() -> None:
    bench = ready()
    epoch = bench.sup.machine.epoch
    bench.arm("replay")
    expect(bench.sup.machine.epoch == epoch + 1, "takeover without a new epoch")
    for number in range(20):
        bench.send(bench.pose(0.95), epoch=epoch, expect="authority")
        bench.send(bench.pose(0.95), source=Source.REPLAY, epoch=epoch, expect="epoch")
        bench.send(bench.pose(0.3 + 0.002 * number), source=Source.REPLAY)
        bench.tick()


@scenario
def kinesthetic_teaching_is_limp_and_hears_nobody() -> None:
    bench = Bench(QUICK)
    bench.hand.position = bench.pose(0.3)
    bench.start("kinesthetic")
    bench.run(2)
    expect(bench.hand.mode is HandMode.COMPLIANT, "kinesthetic but stiff")
    for number in range(30):
        bench.hand.position = bench.pose(0.3 + 0.005 * number)
        bench.send(bench.pose(0.9), expect="state")
        bench.tick()
    bench.order("hold")
    bench.tick()
    expect(np.allclose(bench.goal, bench.hand.position), "HOLD away from where the hand was left")
    bench.run(20)


@scenario
def motion_starts_where_the_hand_is() -> None:
    bench = ready()
    bench.order("hold")
    bench.run(2)
    bench.hand.position = bench.pose(0.32)
    bench.run(3)
    bench.arm()
    bench.run(20, bench.pose(0.35))


@scenario
def hand_far_outside_its_limits_cannot_be_armed() -> None:
    bench = Bench()
    bench.hand.position = bench.spec.upper + np.where(bench.spec.upper == 0.4, 0.09, 0.4)
    bench.run(2)
    bench.order("enable")
    bench.run(1)
    bench.oracle.may_move = False
    bench.order("arm", source="scripted", press_id=1, client="gui")
    bench.run(3)
    expect(bench.state is State.HOLD, "armed outside the limits")


@scenario
def old_press_does_not_arm() -> None:
    bench = ready()
    bench.order("hold")
    bench.run(2)
    bench.arm(press_id=1)
    bench.run(3)
    expect(bench.state is State.HOLD, "an old press armed the hand")


# --- latching --------------------------------------------------------------------------------


@scenario
def stop_latches() -> None:
    bench = ready()
    bench.order("stop", client="gui")
    bench.tick()
    expect(bench.state is State.STOPPED, "STOP ignored")
    bench.arm()
    bench.run(5, bench.pose(0.9))
    bench.order("off")
    bench.order("enable")
    bench.run(2)
    expect(bench.state is State.STOPPED, "STOPPED is not latched")
    bench.order("reset")
    bench.run(5)
    expect(bench.state is State.HOLD, "reset does not lead to HOLD")
    bench.send(bench.pose(0.9), expect="state")
    bench.run(5)


@scenario
def hand_fault_latches_until_it_is_gone() -> None:
    bench = ready()
    bench.hand.fault = "overload"
    bench.tick()
    expect(bench.state is State.FAULT, "fault of the hand ignored")
    bench.order("reset")
    bench.run(2)
    expect(bench.state is State.FAULT, "reset although the fault persists")
    bench.hand.fault = ""
    bench.run(3)
    bench.arm()
    bench.order("off")
    bench.run(3)
    expect(bench.state is State.FAULT, "FAULT is not latched")
    bench.order("reset")
    bench.run(1)
    expect(bench.state is State.HOLD, "reset does not lead to HOLD")


@scenario
def fired_bus_watchdog_is_a_fault_and_reset_clears_it() -> None:
    bench = ready()
    for _ in range(2):
        bench.hand.fault = "watchdog"
        bench.tick()
        expect(bench.state is State.FAULT, "fired bus watchdog ignored")
        bench.hand.fault = "watchdog"
        bench.order("reset")
        bench.run(2)
        expect(bench.state is State.HOLD, "the hand's own latch was not cleared")
        bench.arm()
        bench.run(20, bench.hand.position.copy())
    bench.order("hold")
    bench.run(1)
    bench.hand.fault = "watchdog"
    bench.hand.set_mode = bench.hand.modes.append
    bench.run(1)
    bench.order("reset")
    bench.run(150)
    expect(bench.state is State.FAULT, "a latch that does not clear was accepted")


@scenario
def reset_wants_fresh_feedback() -> None:
    bench = ready()
    bench.order("stop", client="gui")
    bench.run(1)
    bench.feeding = False
    bench.run(30)
    bench.order("reset")
    bench.run(2)
    expect(bench.sup.machine.latched, "reset without feedback")


@scenario
def heat_holds_then_faults() -> None:
    bench = ready()
    bench.hand.temperature_c = 66.0
    bench.run(2, bench.pose(0.3))
    expect(bench.state is State.HOLD, "66 degrees, no HOLD")
    bench.hand.temperature_c = 73.0
    bench.run(2)
    expect(bench.state is State.FAULT, "73 degrees, no FAULT")
    bench.hand.temperature_c = 70.0
    bench.run(2)
    bench.order("reset")
    bench.run(1)
    expect(bench.state is State.FAULT, "reset at 70 degrees")


# --- feedback and deadman ----------------------------------------------------------------------


@scenario
def lost_feedback_holds_then_faults() -> None:
    bench = ready()
    bench.feeding = False
    bench.run(15, bench.pose(0.3))
    expect(bench.state is State.HOLD, "no HOLD on old feedback")
    bench.run(200)
    expect(bench.state is State.FAULT, "no FAULT on lost feedback")


@scenario
def nothing_starts_without_feedback() -> None:
    bench = Bench()
    bench.feeding = False
    bench.run(2)
    bench.order("enable")
    bench.run(2)
    expect(bench.state is State.OFF, "enabled without feedback")


@scenario
def false_feedback_is_not_believed() -> None:
    for defect in ("nan", "jump"):
        bench = ready()

        def corrupt(feedback, defect=defect):
            position = feedback.position.copy()
            position[3] = np.nan if defect == "nan" else position[3] + 2 * np.pi
            return replaced(feedback, position=position)

        bench.corrupt = corrupt
        bench.run(2, bench.pose(0.3))
        expect(bench.state is State.ACTIVE, "two bad samples ended the motion")
        bench.run(1, bench.pose(0.3))
        expect(bench.state is State.HOLD, "three bad samples in a row, no HOLD")
        bench.corrupt = None
        bench.run(3)


@scenario
def silent_client_holds() -> None:
    bench = ready()
    bench.beating = False
    bench.run(210, bench.pose(0.3))
    expect(bench.state is State.HOLD, "no heartbeat, no HOLD")
    bench.oracle.may_move = False
    bench.order("arm", source="scripted", press_id=99, client="gui")
    bench.run(2)
    expect(bench.state is State.HOLD, "armed without anybody in charge")
