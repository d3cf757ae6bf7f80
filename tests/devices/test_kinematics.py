"""Kinematics against offsets added up by hand."""

import numpy as np
import pytest

from devices.hands.spec import load_hand
from devices.kinematics import HandKinematics

MIRROR = np.diag([-1.0, 1.0, 1.0])


def kinematics(model, side="right", wrist="fixed", **base):
    return HandKinematics(load_hand(model, side, wrist), **base)


def tip(solver, finger, **joints_rad):
    q = np.zeros(solver.spec.size)
    for name, value in joints_rad.items():
        q[solver.spec.names.index(f"{solver.spec.side}_{name}")] = value
    return solver.tip_positions(q)[solver.tip_fingers.index(finger)]


def test_xhand_index_tip_is_the_sum_of_its_offsets_when_straight_and_when_bent():
    solver = kinematics("xhand")
    knuckle_z = 0.0899 + 0.0178
    assert tip(solver, "index") == pytest.approx(
        [0.0265, -0.0065 - 0.0010, knuckle_z + 0.0558 + 0.0435], abs=1e-9
    )
    assert tip(solver, "index", index_joint1=np.pi / 2) == pytest.approx(
        [0.0265, -0.0065 - (0.0558 + 0.0435), knuckle_z - 0.0010], abs=1e-9
    )


def test_allegro_middle_tip_is_the_sum_of_its_offsets():
    solver = kinematics("allegro")
    length = 0.0164 + 0.054 + 0.0384 + 0.0387
    assert tip(solver, "middle") == pytest.approx([0, 0, 0.095 + 0.0007 + length], abs=1e-6)
    bent = tip(solver, "middle", middle_joint1=np.pi / 2)
    assert bent == pytest.approx([0, -(length - 0.0164), 0.095 + 0.0007 + 0.0164], abs=1e-6)


def test_leap_index_tip_is_where_the_published_offsets_put_it():
    published_xyz = [0.1302, 0.0076, -0.0195]  # straight, published palm frame, added up by hand
    x, y, z = published_xyz
    assert tip(kinematics("leap"), "index") == pytest.approx([y + 0.0378, z, x + 0.115], abs=2e-4)


@pytest.mark.parametrize("model", ["xhand", "leap", "allegro"])
def test_a_left_hand_mirrors_the_right_one_joint_for_joint(model):
    right, left = kinematics(model), kinematics(model, "left")
    rng = np.random.default_rng(3)
    for _ in range(5):
        q = rng.uniform(right.spec.lower, right.spec.upper)
        assert left.tip_positions(q) == pytest.approx(right.tip_positions(q) @ MIRROR, abs=1e-9)
        pads, mirrored = right.pad_poses(q), left.pad_poses(q)
        assert mirrored[:, :3, 3] == pytest.approx(pads[:, :3, 3] @ MIRROR, abs=1e-9)
        for axis in (0, 2):  # distal and outwards stay what they are
            assert mirrored[:, :3, axis] == pytest.approx(pads[:, :3, axis] @ MIRROR, abs=1e-9)
        assert np.linalg.det(mirrored[:, :3, :3]) == pytest.approx(np.ones(len(pads)))


@pytest.mark.parametrize("model", ["xhand", "leap", "allegro"])
def test_pads_look_out_of_the_palm_side_of_a_straight_finger(model):
    solver = kinematics(model)
    poses = solver.pad_poses(np.zeros(solver.spec.size))
    fingers = [i for i, name in enumerate(solver.pad_fingers) if name != "thumb"]
    assert (poses[fingers, :3, 2] @ [0, -1, 0] > 0.95).all()
    assert (poses[fingers, :3, 0] @ [0, 0, 1] > 0.95).all()


def test_wrist_axes_follow_the_world_whatever_the_palm_attitude():
    base = {"base_pos_m": (0.1, 0.2, 0.3), "base_rpy_rad": (1.9, 0.2, -0.4)}
    solver = kinematics("xhand", wrist="free6", **base)
    q = np.zeros(18)
    start = solver.link_poses(q)[-1]
    assert solver.link_names[-1] == "palm"
    assert start[:3, 3] == pytest.approx([0.1, 0.2, 0.3])
    for axis in range(3):
        moved = q.copy()
        moved[axis] = 0.05
        shift = solver.link_poses(moved)[-1][:3, 3] - start[:3, 3]
        assert shift == pytest.approx(0.05 * np.eye(3)[axis])
    turned = q.copy()
    turned[3] = np.pi / 2
    after = solver.link_poses(turned)[-1]
    about_x = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    assert after[:3, :3] == pytest.approx(about_x @ start[:3, :3])
    assert after[:3, 3] == pytest.approx(start[:3, 3])


@pytest.mark.parametrize("model", ["xhand", "leap", "allegro"])
def test_inverse_kinematics_reaches_a_neighbouring_pose_in_five_iterations(model):
    solver = kinematics(model, wrist="free6", base_rpy_rad=(1.9, 0, 0))
    spec = solver.spec
    goal = np.clip(
        spec.home + np.where(np.arange(spec.size) >= 6, 0.15, 0.0), spec.lower, spec.upper
    )
    targets = solver.tip_positions(goal)
    found = solver.solve_tips(spec.home, targets)
    assert np.abs(solver.tip_positions(found) - targets).max() < 5e-4
    assert found[:6] == pytest.approx(spec.home[:6])


def test_inverse_kinematics_stays_inside_the_limits_for_a_target_out_of_reach():
    solver = kinematics("xhand")
    found = solver.solve_tips(solver.spec.home, np.array([[0.5, -0.5, 0.5]]), ["index"], 30)
    assert (found >= solver.spec.lower).all()
    assert (found <= solver.spec.upper).all()
    moved = np.flatnonzero(np.abs(found - solver.spec.home) > 1e-9)
    assert {solver.spec.joints[i].finger for i in moved} == {"index"}


def test_shapes_to_draw_know_their_link_and_role():
    solver = kinematics("xhand")
    pads = [geom for geom in solver.geoms if geom.role == "pad"]
    assert {solver.link_names[geom.link] for geom in pads} == {
        f"{finger}_distal" for finger in ("thumb", "index", "middle", "ring", "pinky")
    }
    assert {geom.shape for geom in solver.geoms} <= {
        "capsule",
        "box",
        "cylinder",
        "ellipsoid",
        "sphere",
    }
    palm = [geom for geom in solver.geoms if geom.link == len(solver.link_names) - 1]
    assert len(palm) == len(solver.spec.model.palm_geoms)
