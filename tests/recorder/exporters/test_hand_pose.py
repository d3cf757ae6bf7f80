"""Poses and openings agree with the kinematics of the hand."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from devices.hands.spec import WRIST_AXES, load_hand
from devices.kinematics import HandKinematics
from devices.rig import load_rig
from recorder.exporters.hand_pose import hand_columns, opening_m, palm_poses


def _hand(rig="sim-xhand"):
    return load_rig(rig).model_dump(mode="json")["hands"][0]


def _joints(spec, count=20, seed=0):
    random = np.random.default_rng(seed)
    return spec.lower + random.random((count, len(spec.joints))) * (spec.upper - spec.lower)


@pytest.mark.parametrize("rig", ["sim-xhand", "sim-leap", "sim-bimanual"])
def test_the_palm_is_where_the_kinematics_put_it(rig):
    hand = _hand(rig)
    spec = load_hand(hand["model"], hand["side"], hand["wrist"])
    kinematics = HandKinematics(spec, hand["base_pos_m"], hand["base_rpy_rad"])
    joints = _joints(spec)
    for row, pose in zip(joints, palm_poses(joints[:, :6], hand), strict=True):
        palm = kinematics.link_poses(row)[-1]
        np.testing.assert_allclose(pose[:3], palm[:3, 3], atol=1e-12)
        np.testing.assert_allclose(Rotation.from_rotvec(pose[3:]).as_matrix(), palm[:3, :3],
                                   atol=1e-12)  # fmt: skip


def test_a_rotation_that_passes_half_a_turn_does_not_jump():
    roll = np.linspace(0.0, 2.0, 50)  # on top of 1.9 rad at rest: through pi
    wrist = np.zeros((50, 6))
    wrist[:, 3] = roll
    poses = palm_poses(wrist, _hand())
    assert np.linalg.norm(np.diff(poses[:, 3:], axis=0), axis=1).max() < 0.1
    assert poses[-1, 3] == pytest.approx(3.9)


def test_the_opening_is_the_distance_of_thumb_and_index_tips():
    hand = _hand()
    spec = load_hand("xhand", "right", "free6")
    kinematics = HandKinematics(spec)
    thumb, index = (kinematics.tip_fingers.index(name) for name in ("thumb", "index"))
    joints = _joints(spec, 5)
    widths = opening_m(joints, hand, None)
    for row, width in zip(joints, widths, strict=True):
        tips = kinematics.tip_positions(row)
        assert width == pytest.approx(np.linalg.norm(tips[thumb] - tips[index]))


def test_a_hand_file_of_the_users_own_has_no_known_opening():
    assert opening_m(np.zeros((2, 18)), _hand(), "own.xml") is None


def test_columns_of_two_hands_are_told_apart_and_forces_are_no_joints():
    wrist = [f"left_{axis}" for axis in WRIST_AXES]
    names = ("right_a", "right_b", *wrist, "left_a", "right_thumb_normal_force")
    right, left = hand_columns("right", names), hand_columns("left", names)
    assert (right.wrist, right.fingers) == ((), (0, 1))
    assert (left.wrist, left.fingers) == (tuple(range(2, 8)), (8,))
