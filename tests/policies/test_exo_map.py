"""The joint map between exoskeleton and hand."""

from __future__ import annotations

import numpy as np
import pytest

from devices.hands.spec import load_hand
from devices.rig import EXO_JOINTS
from policies.exo_map import ExoMap, ExoMapError, MapRow

HANDS = ("xhand", "leap", "allegro")


def _intent(**angles: float) -> np.ndarray:
    intent = np.zeros(23)
    for name, value in angles.items():
        intent[EXO_JOINTS.index(name)] = value
    return intent


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("model", HANDS)
def test_every_pose_of_an_intent_comes_back_as_the_same_pose(model, side):
    spec = load_hand(model, side, "free6")
    exo_map = ExoMap.load(spec)
    rng = np.random.default_rng(4)
    for _ in range(50):
        pose = exo_map.targets(rng.uniform(-1.0, 2.0, 23))
        assert np.allclose(exo_map.targets(exo_map.intent(pose)), pose)


@pytest.mark.parametrize("model", HANDS)
def test_targets_never_leave_the_limits_of_the_hand(model):
    spec = load_hand(model, "right", "free6")
    exo_map = ExoMap.load(spec)
    for extreme in (-10.0, 10.0):
        targets = exo_map.targets(np.full(23, extreme))
        assert (targets >= spec.lower).all()
        assert (targets <= spec.upper).all()


@pytest.mark.parametrize("model", HANDS)
def test_bending_the_index_finger_moves_only_index_joints(model):
    spec = load_hand(model, "right", "fixed")
    exo_map = ExoMap.load(spec)
    bent = exo_map.targets(_intent(index_mcp_forward=0.5, index_pip=0.4))
    moved = {
        joint.finger
        for joint, change in zip(spec.joints, bent - exo_map.targets(_intent()), strict=True)
        if abs(change) > 1e-9
    }
    assert moved == {"index"}


def test_leap_has_one_exoskeleton_joint_for_every_joint():
    spec = load_hand("leap", "right", "fixed")
    exo_map = ExoMap.load(spec)
    moved_by = [
        set(np.flatnonzero(exo_map.targets(_intent(**{name: 0.3})) - exo_map.targets(_intent())))
        for name in EXO_JOINTS
    ]
    assert sorted(len(joints) for joints in moved_by) == [0] + [1] * 16
    assert set.union(*moved_by) == set(range(16))


def test_pinky_of_the_xhand_follows_the_ring_finger():
    spec = load_hand("xhand", "right", "fixed")
    targets = ExoMap.load(spec).targets(_intent(ring_mcp_forward=0.6, ring_pip=0.9))
    by_name = dict(zip(spec.names, targets, strict=True))
    assert by_name["right_pinky_joint0"] == by_name["right_ring_joint0"] == 0.6
    assert by_name["right_pinky_joint1"] == by_name["right_ring_joint1"] == 0.9


def test_wrist_of_the_intent_leads_the_joint_vector_of_a_free_hand():
    spec = load_hand("xhand", "right", "free6")
    intent = _intent()
    intent[17:] = [0.1, -0.2, 0.05, 0.4, -0.3, 0.2]
    assert np.array_equal(ExoMap.load(spec).targets(intent)[:6], intent[17:])


def test_map_that_forgets_a_joint_names_it():
    spec = load_hand("xhand", "right", "fixed")
    rows = tuple(MapRow(joint=name.removeprefix("right_"), exo="index_pip") for name in spec.names)
    with pytest.raises(ExoMapError, match="right_pinky_joint1"):
        ExoMap(spec, rows[:-1])
    bad = (*rows[:-1], MapRow(joint="pinky_joint1", exo="elbow"))
    with pytest.raises(ExoMapError, match="elbow"):
        ExoMap(spec, bad)
