"""Whatever arrives, in whatever order: only safe goals reach the driver."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.supervisor_bench import Bench, replaced
from support.supervisor_scenarios import QUICK, SCENARIOS

from devices.requests import Source
from devices.rig import LimitsConfig

share = st.floats(-0.1, 1.1)  # beyond the limits, inside the gross range
weird = st.sampled_from([np.nan, np.inf, -np.inf, 1e300, -1e9, 7.0])
joint = st.integers(0, 17)
OPERATIONS = st.one_of(
    st.tuples(st.just("follow"), share, st.integers(1, 60)),
    st.tuples(st.just("follow"), share, st.integers(1, 8)),
    st.tuples(st.just("chunk"), share, st.integers(1, 32)),
    st.tuples(st.just("weird"), joint, weird),
    st.tuples(st.just("stale"), share, st.integers(101, 5000)),
    st.tuples(st.just("old_epoch"), share, st.integers(1, 5)),
    st.tuples(st.just("repeat"), share, st.integers(0, 50)),
    st.tuples(st.just("stranger"), share, st.sampled_from([s for s in Source if s > 1])),
    st.tuples(st.just("shape"), st.integers(0, 40)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("order"), st.sampled_from(["stop", "reset", "hold", "off", "enable"])),
    st.tuples(st.just("arm"), st.sampled_from(["scripted", "scripted", "replay", "kinesthetic"])),
    st.tuples(st.just("rearm")),
    st.tuples(st.just("block"), joint),
    st.tuples(st.just("free")),
    st.tuples(st.just("push"), joint, st.floats(-0.09, 0.09)),
    st.tuples(st.just("deaf"), st.integers(1, 15)),
    st.tuples(st.just("misread"), joint, weird, st.integers(1, 2)),
    st.tuples(st.just("client"), st.booleans()),
    st.tuples(st.just("fault"), st.sampled_from(["overload", "watchdog", ""])),
    st.tuples(st.just("heat"), st.sampled_from([30.0, 58.0, 67.0, 75.0])),
    st.tuples(st.just("recover")),
)


def apply(bench: Bench, operation: tuple) -> None:
    """Carry out one generated operation."""
    kind, *rest = operation
    authority = bench.sup.machine.authority
    source = authority if authority > Source.KINESTHETIC else Source.SCRIPTED
    if kind == "follow":
        for _ in range(rest[1]):
            bench.send(bench.pose(rest[0]), source=source, expect=None, proper=True)
            bench.tick()
    elif kind == "chunk":
        due_ns = tuple(range(0, rest[1] * 20_000_000, 20_000_000))
        bench.send(bench.pose(rest[0]), source=source, due_ns=due_ns, expect=None, proper=True)
        bench.tick()
    elif kind == "weird":
        target = bench.pose(0.5)
        target[rest[0]] = rest[1]
        bench.send(target, source=source, expect=None)
        bench.tick()
    elif kind == "stale":
        bench.send(bench.pose(rest[0]), source=source, age_ns=rest[1] * 1_000_000, expect=None)
        bench.tick()
    elif kind == "old_epoch":
        epoch = bench.sup.machine.epoch - rest[1]
        bench.send(bench.pose(rest[0]), source=source, epoch=epoch, expect=None)
        bench.tick()
    elif kind == "repeat":
        if source in bench.newest_seq:  # what a stranger sent does not count as this source's
            seq = bench.newest_seq[source] - rest[1]
            bench.send(bench.pose(rest[0]), source=source, seq=seq, expect=None)
        bench.tick()
    elif kind == "stranger":
        if rest[1] is not authority:
            bench.send(bench.pose(rest[0]), source=rest[1], expect=None)
        bench.tick()
    elif kind == "shape":
        bench.send(np.zeros(rest[0]) if rest[0] != 18 else np.zeros((1, 1, 18)), source=source,
                   expect=None)  # fmt: skip
        bench.tick()
    elif kind == "wait":
        bench.run(rest[0])
    elif kind == "order":
        bench.order(rest[0])
        bench.tick()
    elif kind == "arm":
        bench.arm(rest[0])
        bench.tick()
    elif kind == "rearm":
        bench.arm(press_id=1)
        bench.tick()
    elif kind == "block":
        bench.hand.blocked[rest[0]] = True
    elif kind == "free":
        bench.hand.blocked[:] = False
    elif kind == "push":
        if not bench.hand.blocked[rest[0]]:
            bench.hand.position = bench.hand.position.copy()
            bench.hand.position[rest[0]] += rest[1]
        bench.tick()
    elif kind == "deaf":
        bench.feeding = False
        bench.run(rest[0])
        bench.feeding = True
    elif kind == "misread":
        bench.corrupt = lambda feedback: replaced(
            feedback, position=_with(feedback.position, rest[0], rest[1])
        )
        bench.run(rest[2])
        bench.corrupt = None
    elif kind == "client":
        bench.beating = rest[0]
    elif kind == "fault":
        bench.hand.fault = rest[0]
        bench.tick()
    elif kind == "heat":
        bench.hand.temperature_c = rest[0]
        bench.tick()
    elif kind == "recover":
        bench.hand.fault, bench.hand.temperature_c = "", 30.0
        bench.beating, bench.feeding = True, True
        bench.hand.blocked[:] = False
        bench.run(1)
        bench.order("reset")
        bench.order("enable")
        bench.run(1)
        bench.arm()


def _with(position: np.ndarray, index: int, value: float) -> np.ndarray:
    changed = position.copy()
    changed[index] = value
    return changed


@pytest.mark.parametrize("run", SCENARIOS, ids=lambda run: run.__name__)
def test_scenario(run) -> None:
    run()


@settings(
    max_examples=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(st.lists(OPERATIONS, min_size=10, max_size=40), st.booleans())
def test_no_sequence_of_events_makes_an_unsafe_goal(operations: list[tuple], quick: bool) -> None:
    bench = Bench(QUICK if quick else LimitsConfig())
    bench.start()
    for operation in operations:
        apply(bench, operation)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(OPERATIONS, min_size=10, max_size=80), st.booleans())
@pytest.mark.timeout(1800)
def test_no_long_sequence_of_events_makes_an_unsafe_goal(operations, quick) -> None:
    bench = Bench(QUICK if quick else LimitsConfig())
    bench.start()
    for operation in operations:
        apply(bench, operation)
