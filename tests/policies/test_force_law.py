"""The force law: open loop as recorded, closed loop on the pads, its limits and its way down."""

from __future__ import annotations

import numpy as np
import pytest

from devices.kinematics import HandKinematics
from devices.rig import load_rig
from policies.force_law import ForceLaw, ForceSettings, ForceStep

GAIN = 0.0008
DT = 0.02
AIR = np.zeros(5)


@pytest.fixture(scope="module")
def kinematics() -> HandKinematics:
    hand = load_rig("sim-xhand").hand("right")
    return HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad)


@pytest.fixture
def pose(kinematics) -> np.ndarray:
    return kinematics.spec.home + 0.1


def law(kinematics: HandKinematics, mode: str, **fields) -> ForceLaw:
    return ForceLaw(kinematics, ForceSettings(mode=mode, gain_m_per_n=GAIN, **fields))


def settle(made: ForceLaw, pose, wanted, felt, seconds=1.0, age_s=0.0) -> ForceStep:
    """Run against a constant or computed measurement; the last step."""
    step = None
    for _ in range(round(seconds / DT)):
        now = felt(step) if callable(felt) else felt
        step = made.step(pose, np.asarray(wanted, float), now, age_s, DT)
    return step


def one(finger: int, value: float) -> np.ndarray:
    out = np.zeros(5)
    out[finger] = value
    return out


def spring(stiffness_n_per_m: float, gap_m: float = 0.0):
    """A pad that presses a spring: force from the shift of the step before."""

    def felt(step: ForceStep | None) -> np.ndarray:
        shift = np.zeros(5) if step is None else step.shift_m
        return np.maximum(0.0, stiffness_n_per_m * (shift - gap_m)) + 0.06

    return felt


def test_open_loop_pushes_the_pad_by_gain_times_force_along_its_normal(kinematics, pose):
    step = settle(law(kinematics, "open"), pose, one(1, 5.0), None)
    assert step.shift_m == pytest.approx(one(1, 0.004), abs=1e-9)
    before, after = kinematics.pad_poses(pose), kinematics.pad_poses(step.targets)
    moved = after[1, :3, 3] - before[1, :3, 3]
    assert moved @ before[1, :3, 2] == pytest.approx(0.004, abs=4e-4)
    assert not step.closed.any()


def test_off_pushes_nothing_and_keeps_to_the_limits(kinematics, pose):
    step = settle(law(kinematics, "off"), pose + 10, one(1, 5.0), AIR)
    assert (step.shift_m == 0).all()
    assert (step.targets == kinematics.spec.upper).all()


def test_closed_loop_reaches_the_force_where_open_loop_falls_short(kinematics, pose):
    plant = spring(600.0)
    wanted = one(1, 4.0)
    reached = []
    for mode in ("open", "closed"):
        step = settle(law(kinematics, mode), pose, wanted, plant, seconds=4.0)
        reached.append(plant(step)[1])
    assert reached[0] < 2.5
    assert reached[1] == pytest.approx(4.0, abs=0.1)


def test_closed_loop_pulls_back_from_what_is_stiffer_than_thought(kinematics, pose):
    plant = spring(4000.0)
    step = settle(
        law(kinematics, "closed", p_m_per_n=0.0001), pose, one(2, 2.0), plant, seconds=4.0
    )
    assert plant(step)[2] == pytest.approx(2.0, abs=0.3)


def test_the_integral_does_not_wind_up_at_the_limit(kinematics, pose):
    made = law(kinematics, "closed", shift_max_m=0.004)
    settle(made, pose, one(1, 8.0), one(1, 0.1), seconds=5.0)
    steps = 0
    while made.step(pose, one(1, 0.5), one(1, 3.0), 0.0, DT).shift_m[1] > 0.0005:
        steps += 1
        assert steps < 30  # 0.6 s; wound up by 5 s it would take much longer


def test_the_shift_is_bounded_both_ways(kinematics, pose):
    into = settle(law(kinematics, "closed"), pose, one(1, 50.0), one(1, 0.1), seconds=3.0)
    out = settle(law(kinematics, "closed"), pose, one(1, 0.2), one(1, 60.0), seconds=3.0)
    assert into.shift_m[1] == pytest.approx(0.012)
    assert out.shift_m[1] == pytest.approx(-0.002)


def test_a_pad_that_feels_nothing_goes_back_to_open_loop_and_does_not_dig(kinematics, pose):
    made = law(kinematics, "closed")
    settle(made, pose, one(1, 3.0), one(1, 1.0), seconds=1.0)
    step = settle(made, pose, one(1, 3.0), AIR, seconds=2.0)
    assert not step.closed[1]
    assert step.shift_m[1] == pytest.approx(GAIN * 3.0, abs=1e-5)


@pytest.mark.parametrize(
    ("felt", "age_s"), [(None, 0.0), (one(1, 1.0), 0.5), (one(1, np.nan), 0.0)]
)
def test_without_a_fresh_finite_measurement_it_is_open_loop(kinematics, pose, felt, age_s):
    step = settle(law(kinematics, "closed"), pose, one(1, 3.0), felt, 2.0, age_s)
    assert not step.closed[1]
    assert step.shift_m[1] == pytest.approx(GAIN * 3.0, abs=1e-6)


def test_wanted_forces_that_are_no_numbers_push_nothing(kinematics, pose):
    step = settle(law(kinematics, "open"), pose, np.array([np.nan, -3.0, np.inf, 0, 0]), None)
    assert (step.shift_m == 0).all()
    assert np.isfinite(step.targets).all()


def test_the_shift_changes_no_faster_than_its_slew(kinematics, pose):
    made = law(kinematics, "open", slew_m_per_s=0.05)
    assert made.step(pose, one(1, 10.0), None, 0.0, DT).shift_m[1] == pytest.approx(0.001)
    made.reset()
    assert made.step(pose, AIR, None, 0.0, DT).shift_m[1] == 0
