"""The composed world of every simulated rig."""

import mujoco
import numpy as np
import pytest

from devices.rig import RigError, load_rig
from devices.sim.scene import build_scene, start_poses
from devices.sim.world import World

RIGS = ("sim-xhand", "sim-leap", "sim-allegro", "sim-bimanual")


@pytest.mark.parametrize("name", RIGS)
def test_every_simulated_rig_compiles_and_maps_its_names(name):
    rig = load_rig(name)
    model, scene = build_scene(rig)
    assert [hand.side for hand in scene.hands] == [hand.side for hand in rig.hands]
    assert list(scene.objects) == list(rig.world.objects)
    assert set(scene.cameras) == {camera.name for camera in rig.cameras}
    for hand, where in zip(rig.hands, scene.hands, strict=True):
        spec = hand.spec
        assert len(set(where.qpos)) == len(where.actuators) == spec.size
        assert [model.joint(int(model.actuator_trnid[a, 0])).name for a in where.actuators] == list(
            spec.names
        )
        assert model.body(where.links[-1]).name == f"{hand.side}_palm"
        assert len(where.pads) == len(spec.pads)
    pads = {tuple(row) for row in scene.pad_of_geom if row[0] >= 0}
    assert pads == {(h, p) for h, hand in enumerate(rig.hands) for p in range(len(hand.spec.pads))}


@pytest.mark.parametrize("name", RIGS)
def test_the_start_is_a_rest_no_hand_touches_anything_and_objects_stay(name):
    world = World(load_rig(name))
    before = world.object_poses()[:, :3]
    for _ in range(250):
        world.step(0)
    assert np.abs(world.object_poses()[:, :3] - before).max() < 0.002
    hands = [body for hand in world.scene.hands for body in hand.links]
    touching = world.model.geom_bodyid[world.data.contact.geom[: world.data.ncon]]
    assert not np.isin(touching, hands).any()


def test_cameras_look_where_the_rig_says():
    rig = load_rig("sim-xhand")
    model, scene = build_scene(rig)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    front = rig.cameras[0]
    index = scene.cameras["front"]
    looking = -data.cam_xmat[index].reshape(3, 3)[:, 2]
    wanted = np.subtract(front.look_at_m, front.pos_m)
    assert data.cam_xpos[index] == pytest.approx(front.pos_m)
    assert looking == pytest.approx(wanted / np.linalg.norm(wanted))
    assert model.cam_fovy[index] == pytest.approx(front.fovy_deg)
    assert model.body(model.cam_bodyid[scene.cameras["wrist"]]).name == "right_palm"


def test_one_object_of_each_hand_lies_below_its_closing_fingers():
    rig = load_rig("sim-bimanual")
    poses = start_poses(rig)
    assert poses["ball"][0] == pytest.approx(0.18 + 0.012)
    assert poses["cube"][0] == pytest.approx(-0.18 - 0.012)
    assert poses["ball"][1] == pytest.approx(poses["cube"][1])


def test_the_table_of_a_left_hand_is_the_mirror_of_a_right_hands_table():
    rig = load_rig("sim-xhand")
    left = rig.model_copy(
        update={"hands": (rig.hands[0].model_copy(update={"side": "left"}),), "cameras": ()}
    )
    ours, mirrored = start_poses(rig), start_poses(left)
    for name, (x, y, z) in ours.items():
        assert mirrored[name] == pytest.approx((-x, y, z))


@pytest.mark.parametrize("name", ["sim-xhand", "sim-bimanual"])
def test_the_operators_hand_changes_the_picture_only(name):
    rig = load_rig(name)
    plain, _ = build_scene(rig)
    dressed, scene = build_scene(rig, operator_hand=True)
    assert dressed.nbody > plain.nbody
    assert (dressed.nq, dressed.nv, dressed.nu) == (plain.nq, plain.nv, plain.nu)
    assert [dressed.joint(i).name for i in range(dressed.njnt)] == [
        plain.joint(i).name for i in range(plain.njnt)
    ]
    assert dressed.qpos0 == pytest.approx(plain.qpos0)
    assert list(scene.objects) == list(rig.world.objects)


def test_an_unknown_object_is_named_with_those_that_exist():
    rig = load_rig("sim-xhand")
    world = rig.world.model_copy(update={"objects": ("ball", "teapot")})
    with pytest.raises(RigError, match="sim-xhand.*'teapot' is unknown; known objects: cube, ball"):
        build_scene(rig.model_copy(update={"world": world}))


def test_a_rig_of_real_devices_has_no_world_to_build():
    with pytest.raises(RigError, match="rig 'leap' has no world"):
        build_scene(load_rig("leap"))
