"""Composed hands and the user's own hand files."""

import mujoco
import numpy as np
import pytest
from support.own_hand import write_own_urdf

from devices.hands.mjcf import HandFileError, add_hand
from devices.hands.spec import load_hand
from devices.kinematics import HandKinematics
from devices.rig import RigError, load_rig
from devices.sim.scene import build_scene


def compose(model, side="right", wrist="free6"):
    scene = mujoco.MjSpec()
    add_hand(scene, load_hand(model, side, wrist), (0, 0, 0.3), (0, 0, 0))
    return scene.compile()


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", ["xhand", "leap", "allegro"])
def test_a_composed_hand_has_motors_in_joint_order_and_no_self_contact_at_rest(name, side):
    hand, model = load_hand(name, side, "free6"), compose(name, side)
    data = mujoco.MjData(model)
    assert [model.actuator(i).name for i in range(model.nu)] == list(hand.names)
    for pose in (np.clip(0.0, hand.lower, hand.upper), hand.home):
        for joint, value in zip(hand.names, pose, strict=True):
            data.joint(joint).qpos[0] = value
        mujoco.mj_forward(model, data)
        assert data.ncon == 0
    assert (model.body_gravcomp[1:] == 1).all()
    assert all(model.body(i).name.startswith(f"{side}_") for i in range(1, model.nbody))


def hand_file(path, joints):
    links = ""
    for joint in joints:
        links += (
            f'<body name="b_{joint}" pos="0 0 0.1"><joint name="{joint}" axis="1 0 0" '
            'range="-1 1"/><geom type="capsule" size="0.01 0.03"/></body>'
        )
    path.write_text(
        f"<mujoco><worldbody><body name='root'><geom type='box' size='0.03 0.02 0.05'/>{links}"
        "</body></worldbody></mujoco>"
    )
    return path


def test_the_users_own_hand_file_replaces_the_composed_links(tmp_path):
    hand = load_hand("xhand", "right", "free6")
    path = hand_file(tmp_path / "mine.xml", [name[6:] for name in hand.names[6:]])
    kinematics = HandKinematics(hand, model_file=path)
    still, bent = hand.home.copy(), hand.home.copy()
    still[6:] = 0.0
    bent[6:] = 0.0
    bent[hand.names.index("right_thumb_joint2")] = 0.5
    before, after = kinematics.link_poses(still), kinematics.link_poses(bent)
    moved = np.flatnonzero(np.abs(after - before).max(axis=(1, 2)) > 1e-6)
    assert [kinematics.link_names[i] for i in moved] == ["thumb_distal"]

    rig = load_rig("sim-xhand")
    world = rig.world.model_copy(update={"model_file": path})
    model, scene = build_scene(rig.model_copy(update={"world": world}))
    assert len(scene.hands[0].qpos) == 18
    assert model.body(scene.hands[0].links[0]).name == "right_b_thumb_joint0"


def test_a_urdf_is_a_hand_file_as_well(tmp_path):
    hand = load_hand("xhand", "left", "free6")
    # named with their side, which is allowed
    path = write_own_urdf(tmp_path / "mine.urdf", list(hand.names[6:]))
    kinematics = HandKinematics(hand, base_pos_m=(0, 0, 0.5), model_file=path)
    poses = kinematics.link_poses(np.clip(0.0, hand.lower, hand.upper))
    assert poses[0, :3, 3] == pytest.approx([0, 0, 0.6])


def test_a_hand_file_without_a_joint_says_which_one_is_missing(tmp_path):
    hand = load_hand("xhand")
    names = [name[6:] for name in hand.names if "pinky" not in name]
    path = hand_file(tmp_path / "short.xml", names)
    with pytest.raises(HandFileError, match="lacks 2 of the 12 joints.*pinky_joint0, pinky_joint1"):
        HandKinematics(hand, model_file=path)
    rig = load_rig("sim-xhand")
    world = rig.world.model_copy(update={"model_file": path})
    with pytest.raises(RigError, match="sim-xhand.*short.xml.*pinky_joint1"):
        build_scene(rig.model_copy(update={"world": world}))


def test_a_hand_file_that_is_no_model_is_named(tmp_path):
    path = tmp_path / "broken.xml"
    path.write_text("<mujoco><worldbody>")
    with pytest.raises(HandFileError, match="broken.xml' cannot be read"):
        HandKinematics(load_hand("xhand"), model_file=path)
