"""The plan of a scripted grasp: smooth, inside the limits, repeatable."""

from __future__ import annotations

import numpy as np
import pytest
from support.own_hand import write_own_urdf

from devices.kinematics import HandKinematics
from devices.rig import load_rig
from policies.exo_map import ExoMap
from policies.grasp_plan import (
    OPEN_HALF_M,
    SHORTEST_S,
    GraspPlan,
    phase_durations_s,
    plan_grasp,
)

CLOSED_HALF_M = 0.016
OBJECT_M = np.array([0.012, 0.036, 0.03])


def _kinematics(rig_name: str) -> HandKinematics:
    hand = load_rig(rig_name).hands[0]
    return HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad)


def _plan(
    rig_name: str, seconds: float = 6.0, seed: int = 0, own: HandKinematics | None = None
) -> GraspPlan:
    hand = load_rig(rig_name).hands[0]
    return plan_grasp(
        own or _kinematics(rig_name),
        ExoMap.load(hand.spec),
        hand.base_rpy_rad,
        hand.spec.home,
        OBJECT_M,
        CLOSED_HALF_M,
        seconds,
        np.random.default_rng(seed),
    )


@pytest.mark.parametrize("rig_name", ["sim-xhand", "sim-leap", "sim-allegro"])
def test_thumb_and_fingers_close_around_the_object(rig_name):
    plan, kinematics = _plan(rig_name), _kinematics(rig_name)
    opened, closed = (
        dict(zip(kinematics.tip_fingers, kinematics.tip_positions(pose), strict=True))
        for pose in plan.poses[2:4]
    )
    for finger in ("thumb", "index", "middle"):
        assert np.linalg.norm(closed[finger] - OBJECT_M) < 0.035
        assert np.linalg.norm(opened[finger] - OBJECT_M) > 0.035
    gap = closed["thumb"] - (closed["index"] + closed["middle"]) / 2
    assert np.linalg.norm(gap) == pytest.approx(2 * CLOSED_HALF_M, abs=0.01)
    assert (closed["thumb"] - OBJECT_M) @ (closed["index"] - OBJECT_M) < 0
    assert np.linalg.norm(opened["thumb"] - opened["index"]) > 1.5 * OPEN_HALF_M


@pytest.mark.parametrize("rig_name", ["sim-xhand", "sim-leap", "sim-allegro"])
@pytest.mark.parametrize("seconds", [SHORTEST_S, 12.0])
def test_plan_stays_inside_limits_and_speeds_of_the_hand(rig_name, seconds):
    spec = load_rig(rig_name).hands[0].spec
    plan = _plan(rig_name, seconds)
    assert plan.seconds == pytest.approx(seconds)
    path = np.array([plan.joints(t) for t in np.arange(0.0, seconds, 0.01)])
    assert (path >= spec.lower - 1e-9).all()
    assert (path <= spec.upper + 1e-9).all()
    wrist = np.abs(np.diff(path[:, :6], axis=0)) / 0.01
    assert (wrist <= spec.velocity_max[:6] + 1e-6).all()


def test_plan_begins_at_the_measured_pose_and_lifts_the_object():
    plan = _plan("sim-xhand", 8.0)
    assert np.array_equal(plan.joints(0.0), load_rig("sim-xhand").hands[0].spec.home)
    assert plan.poses[4][2] - plan.poses[3][2] > 0.05
    assert np.array_equal(plan.joints(99.0), plan.poses[-1])


def test_same_seed_gives_the_same_plan_and_another_seed_another_one():
    one, two, other = _plan("sim-leap"), _plan("sim-leap"), _plan("sim-leap", seed=1)
    assert np.array_equal(one.poses, two.poses)
    assert not np.array_equal(one.poses, other.poses)


def test_too_short_a_plan_is_refused_with_the_shortest_length():
    with pytest.raises(ValueError, match="at least 3 s"):
        phase_durations_s(2.0)


def test_a_hand_file_whose_fingers_lie_in_one_place_gets_a_finite_plan(tmp_path):
    hand = load_rig("sim-xhand").hands[0]
    path = write_own_urdf(tmp_path / "own.urdf", [name[6:] for name in hand.spec.names[6:]])
    plan = _plan("sim-xhand", own=HandKinematics(hand.spec, model_file=path))
    assert np.isfinite(plan.poses).all()
