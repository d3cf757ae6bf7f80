"""The gate's limits, stage by stage."""

from __future__ import annotations

import numpy as np
import pytest

from devices.hands.spec import load_hand
from devices.requests import MAX_CHUNK, Source
from devices.rig import LimitsConfig
from devices.supervision.gate import Command, CommandGate, GateLimits

SPEC = load_hand("xhand", wrist="free6")
MS = 1_000_000
HOUR_NS = 3_600_000_000_000


def gate_at(pose: np.ndarray, limits: LimitsConfig | None = None) -> CommandGate:
    gate = CommandGate(GateLimits.of(SPEC, limits or LimitsConfig(ramp_s=0.0), 200.0))
    gate.begin_segment(pose)
    gate.grant(Source.SCRIPTED, 1)
    return gate


def command(target: np.ndarray, seq: int = 0, at_ns: int = HOUR_NS, **fields) -> Command:
    values = {
        "source": Source.SCRIPTED, "seq": seq, "stamp_ns": at_ns, "epoch": 1,
        "due_ns": np.array([at_ns]), "targets": target[None],
    }  # fmt: skip
    return Command(**(values | fields))


def middle() -> np.ndarray:
    return 0.5 * (SPEC.lower + SPEC.upper)


def test_limits_are_per_joint_and_per_unit() -> None:
    limits = GateLimits.of(SPEC, LimitsConfig(velocity_scale=0.25), 200.0)
    assert np.allclose(limits.velocity, 0.25 * SPEC.velocity_max)
    assert set(limits.window[:3]) == {0.08}
    assert set(limits.window[3:]) == {0.35}
    assert set(limits.gross_margin[:3]) == {0.1}


def test_checks_come_in_the_documented_order() -> None:
    """Everything is wrong at once; mending one defect after the other shows the next reason."""
    gate = CommandGate(GateLimits.of(SPEC, LimitsConfig(), 200.0))
    gate.begin_segment(middle())
    good = {
        "source": Source.SCRIPTED, "epoch": 1, "targets": np.full((1, 18), np.nan), "seq": 7,
        "stamp_ns": HOUR_NS,
    }  # fmt: skip
    gate.grant(Source.SCRIPTED, 1)
    assert gate.admit(command(middle(), seq=6), HOUR_NS) == ""
    gate.revoke()
    bad = {
        "source": Source.POLICY, "epoch": 0, "targets": np.full((1, 5), np.nan), "seq": 6,
        "stamp_ns": 0,
    }  # fmt: skip
    reasons = [gate.admit(command(middle(), **bad), HOUR_NS)]
    gate.grant(Source.SCRIPTED, 1)
    for field in ("source", "epoch", "targets"):
        reasons.append(gate.admit(command(middle(), **bad), HOUR_NS))
        bad[field] = good[field]
    reasons.append(gate.admit(command(middle(), **bad), HOUR_NS))
    bad["targets"] = np.full((1, 18), 1e6)
    for field in ("seq", "stamp_ns"):
        reasons.append(gate.admit(command(middle(), **bad), HOUR_NS))
        bad[field] = good[field] + (field == "seq")
    bad["seq"] = 9
    reasons.append(gate.admit(command(middle(), **bad), HOUR_NS))
    assert reasons == [
        "state", "authority", "epoch", "shape", "finite", "sequence", "age", "gross_range",
    ]  # fmt: skip
    assert gate.admit(command(middle(), seq=10), HOUR_NS) == ""


@pytest.mark.parametrize(
    ("age_ms", "reason"), [(-6, "age"), (-5, ""), (0, ""), (100, ""), (101, "age")]
)
def test_age_of_a_request(age_ms: int, reason: str) -> None:
    gate = gate_at(middle())
    assert gate.admit(command(middle(), stamp_ns=HOUR_NS - age_ms * MS), HOUR_NS) == reason


@pytest.mark.parametrize("count", [0, MAX_CHUNK + 1])
def test_chunks_of_impossible_size_are_refused(count: int) -> None:
    gate = gate_at(middle())
    due = np.arange(count) * MS + HOUR_NS
    bad = command(middle(), due_ns=due, targets=np.repeat(middle()[None], count, axis=0))
    assert gate.admit(bad, HOUR_NS) == "shape"


def test_whole_range_is_reached_exactly_and_without_overshoot() -> None:
    gate = gate_at(SPEC.lower)
    now = HOUR_NS
    for number in range(900):
        now += 5 * MS
        gate.admit(command(SPEC.upper, number, now), now)
        gate.step(gate.sent, now)
    assert np.allclose(gate.sent, SPEC.upper, atol=1e-9)


def test_motion_is_as_fast_as_the_limits_allow() -> None:
    """A joint's long move takes the time of the trapezoid ``d / v + v / a``, within 3 ticks."""
    gate = gate_at(SPEC.lower)
    joint = 0
    distance = SPEC.upper[joint] - SPEC.lower[joint]
    speed, acceleration = SPEC.velocity_max[joint], SPEC.acceleration_max[joint]
    ticks = 0
    now = HOUR_NS
    while SPEC.upper[joint] - gate.sent[joint] > 1e-6:
        now += 5 * MS
        gate.admit(command(SPEC.upper, ticks, now), now)
        gate.step(gate.sent, now)
        ticks += 1
    assert ticks * 0.005 == pytest.approx(distance / speed + speed / acceleration, abs=0.015)


def test_a_measured_pose_outside_the_limits_begins_at_the_limit() -> None:
    gate = gate_at(SPEC.upper + 0.1)
    assert np.array_equal(gate.sent, SPEC.upper)
    gate.admit(command(SPEC.upper), HOUR_NS)
    gate.step(SPEC.upper + 0.1, HOUR_NS)
    assert np.array_equal(gate.sent, SPEC.upper)


def test_source_falling_silent_brakes_to_rest() -> None:
    gate = gate_at(SPEC.lower)
    now = HOUR_NS
    for number in range(40):
        now += 5 * MS
        gate.admit(command(SPEC.upper, number, now), now)
        gate.step(gate.sent, now)
    for _ in range(60):
        now += 5 * MS
        gate.step(gate.sent, now)
    resting = gate.sent.copy()
    gate.step(gate.sent, now + 5 * MS)
    assert np.array_equal(gate.sent, resting)


def test_every_clamp_is_counted() -> None:
    gate = gate_at(middle())
    now = HOUR_NS
    for number in range(100):
        now += 5 * MS
        gate.admit(command(SPEC.upper + 0.05, number, now), now)
        gate.step(middle(), now)
    assert set(gate.clamps) == {"range", "tracking_window", "velocity", "acceleration"}


def test_rejects_of_strangers_do_not_add_up_to_a_hold() -> None:
    gate = gate_at(middle())
    for seq in range(50):
        gate.admit(command(middle(), seq, source=Source.POLICY), HOUR_NS)
        gate.admit(command(middle(), seq, epoch=0), HOUR_NS)
    assert gate.rejects == {"authority": 50, "epoch": 50}
    assert gate.consecutive_rejects == 0
