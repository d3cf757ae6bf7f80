"""Scenarios of motion: shaping, requests, and the last word of the range stage."""

from __future__ import annotations

import numpy as np

from devices.requests import Source
from devices.supervision.gate import CommandGate
from devices.supervision.states import State
from support.scenario import QUICK, expect, ready, scenario
from support.supervisor_bench import Bench

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


# --- stages in isolation -----------------------------------------------------------------------


@scenario
def range_has_the_last_word() -> None:
    bench = ready()
    gate: CommandGate = bench.sup.hands["right"].gate
    gate.advance(np.full(bench.spec.size, 1e4))
    expect((gate.sent <= bench.spec.upper).all(), "range was passed")
