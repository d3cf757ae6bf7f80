"""The fixed, seeded set of situations that every correct supervisor survives.

Each scenario builds its own bench and raises ``AssertionError`` when a promise is broken. The
property tests run them as they are; the mutation tests run them against damaged supervisors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from devices.requests import Source
from devices.rig import LimitsConfig
from devices.supervision.gate import CommandGate
from devices.supervision.states import State
from devices.wire import HandMode
from support.supervisor_bench import Bench, replaced

QUICK = LimitsConfig(ramp_s=0.05, start_window_rad=10.0, start_window_m=10.0)
SCENARIOS: list[Callable[[], None]] = []


def scenario(function: Callable[[], None]) -> Callable[[], None]:
    SCENARIOS.append(function)
    return function


def expect(condition: object, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def ready(share: float = 0.3, limits: LimitsConfig = QUICK) -> Bench:
    """A bench that follows the pose at ``share`` of the range."""
    bench = Bench(limits)
    bench.start()
    bench.settle(bench.pose(share), 60)
    return bench


# --- shaping ---------------------------------------------------------------------------------


@scenario
def steps_across_the_range() -> None:
    bench = ready()
    random = np.random.default_rng(1)
    for _ in range(12):
        bench.run(20, bench.pose(0.5) + random.uniform(-0.5, 0.5) * (bench.pose(1) - bench.pose(0)))


@scenario
def targets_beyond_the_limits_end_at_the_limits() -> None:
    bench = ready()
    margin = 0.09
    bench.run(450, bench.pose(1.0) + margin)
    expect(bench.sup.hands["right"].gate.clamps["range"] > 0, "fine clip not counted")
    expect(np.allclose(bench.goal, bench.spec.upper, atol=1e-6), "limit not reached")
    bench.run(720, bench.pose(0.0) - margin)
    expect(np.allclose(bench.goal, bench.spec.lower, atol=1e-6), "limit not reached")


@scenario
def shaking_targets() -> None:
    bench = ready()
    bench.run(120, lambda number: bench.pose(0.3 + 0.4 * (number % 2)))
    bench.run(120, lambda number: bench.pose(0.5 + 0.5 * np.sin(number * 0.9)))


@scenario
def reached_targets_are_not_overshot() -> None:
    bench = ready()
    bench.run(160, bench.pose(0.6))
    beyond = max((goal - bench.pose(0.6)).max() for goal in bench.goals)
    expect(beyond < 1e-6, f"overshot by {beyond}")


@scenario
def blocked_fingers_are_not_wound_up() -> None:
    bench = ready()
    bench.hand.blocked[:] = True
    bench.run(150, bench.pose(0.95))
    expect(bench.sup.hands["right"].gate.clamps["tracking_window"] > 0, "window not counted")


@scenario
def first_target_is_eased_in() -> None:
    bench = Bench()
    bench.start()
    start, target = bench.goal.copy(), bench.goal + 0.2 * np.sign(bench.pose(0.5) - bench.goal)
    target = np.clip(target, bench.spec.lower, bench.spec.upper)
    bench.run(50, target)
    moved = np.abs(bench.goal - start).max()
    expect(
        0.0 < moved < 0.25 * np.abs(target - start).max(), f"{moved} after a quarter of the ramp"
    )


@scenario
def far_first_target_takes_longer() -> None:
    bench = Bench()
    bench.start()
    start, target = bench.goal.copy(), bench.pose(0.9)
    bench.run(100, target)
    moved = np.abs(bench.goal - start) / np.maximum(np.abs(target - start), 1e-9)
    expect(moved.max() < 0.2, "jumped at a far first target")


# --- requests --------------------------------------------------------------------------------


@scenario
def single_defects_are_named_and_have_no_effect() -> None:
    far = 0.95
    bench = ready()
    good = bench.pose(0.3)
    nan, inf, huge = bench.pose(far), bench.pose(far), bench.pose(far) + 3.0
    nan[5] = np.nan
    inf[7] = -np.inf
    epoch = bench.sup.machine.epoch
    for _ in range(8):
        bench.send(nan, expect="finite")
        bench.run(1, good)
        bench.send(inf, expect="finite")
        bench.run(1, good)
        bench.send(huge, expect="gross_range")
        bench.run(1, good)
        bench.send(bench.pose(far)[:5], expect="shape")
        bench.run(1, good)
        bench.send(bench.pose(far).astype(np.float32), expect="shape")
        bench.run(1, good)
        bench.send(bench.pose(far), seq=bench.seq, expect="sequence")
        bench.run(1, good)
        bench.send(bench.pose(far), due_ns=(10**7, 10**7), expect="sequence")
        bench.run(1, good)
        bench.send(bench.pose(far), age_ns=120_000_000, expect="age")
        bench.run(1, good)
        bench.send(bench.pose(far), age_ns=-20_000_000, expect="age")
        bench.run(1, good)
        bench.send(bench.pose(far), due_ns=(-150_000_000,), expect="age")
        bench.run(1, good)
        bench.send(bench.pose(far), epoch=epoch - 1, expect="epoch")
        bench.run(1, good)
        bench.send(bench.pose(far), source=Source.POLICY, expect="authority")
        bench.run(1, good)
    expect(bench.state is State.ACTIVE, "isolated rejects ended the motion")


@scenario
def many_rejects_in_a_row_hold() -> None:
    bench = ready()
    bad = bench.pose(0.9)
    bad[0] = np.nan
    for number in range(6):
        expect(bench.state is State.ACTIVE, f"HOLD after {number} rejects")
        bench.send(bad, expect="finite")
        bench.tick()
    expect(bench.state is State.HOLD, "6 rejects in a row did not hold")


@scenario
def requests_before_arming_are_refused() -> None:
    bench = Bench(QUICK)
    bench.run(2)
    bench.order("enable")
    for _ in range(30):
        bench.send(bench.pose(0.9), epoch=0, expect="state")
        bench.tick()


@scenario
def chunks_end_with_the_hold() -> None:
    bench = ready()
    steps = tuple(range(0, 900_000_000, 30_000_000))
    bench.send(bench.pose(0.9), due_ns=steps)
    bench.run(2)
    bench.order("hold")
    bench.run(5)
    bench.arm()
    bench.run(60)


@scenario
def expired_targets_are_not_followed() -> None:
    bench = ready()
    bench.send(bench.pose(0.4), due_ns=(-90_000_000,))
    bench.run(8)
    expect(not bench.sup.hands["right"].requesting, "an expired target was followed")


@scenario
def silence_of_the_source_holds() -> None:
    bench = ready()
    bench.run(40)
    expect(bench.state is State.HOLD, "silent source, no HOLD")


@scenario
def sequences_survive_a_new_arm() -> None:
    bench = ready()
    old = bench.seq
    bench.order("hold")
    bench.run(2)
    bench.arm()
    bench.send(bench.pose(0.9), seq=old, expect="sequence")
    bench.run(3)


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


# --- stages in isolation -----------------------------------------------------------------------


@scenario
def range_has_the_last_word() -> None:
    bench = ready()
    gate: CommandGate = bench.sup.hands["right"].gate
    gate.advance(np.full(bench.spec.size, 1e4))
    expect((gate.sent <= bench.spec.upper).all(), "range was passed")
