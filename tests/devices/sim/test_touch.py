"""Touch: nothing of the contact force is lost or invented on its way to the taxels."""

import mujoco
import numpy as np
import pytest

from devices.hands.spec import taxel_positions_m
from devices.rig import SensorModel, load_rig
from devices.sim.touch import PadContacts, TactileSensor, TaxelArray, resultants
from devices.sim.world import World

INDEX = 1  # pad of the index finger: thumb first


@pytest.fixture(scope="module")
def world():
    return World(load_rig("sim-xhand"))


def press(world, tilt_rad, roll_rad, depth_m=0.001, drag_m_s=0.0):
    """Put the ball against the index pad from a direction; returns contacts and pad pose."""
    model, data, scene = world.model, world.data, world.scene
    hand = scene.hands[0]
    mujoco.mj_resetData(model, data)
    joints = world.rig.hands[0].spec.joints
    bent = [1.9 if joint.finger in ("middle", "ring", "pinky") else 0.0 for joint in joints]
    data.qpos[hand.qpos] = bent  # only the index finger is in the ball's way
    data.qpos[hand.qpos[2]] = 0.1
    mujoco.mj_forward(model, data)
    site = hand.pads[INDEX]
    rotation = data.site_xmat[site].reshape(3, 3).copy()
    local = np.array(
        [
            np.sin(tilt_rad) * np.cos(roll_rad),
            np.sin(tilt_rad) * np.sin(roll_rad),
            np.cos(tilt_rad),
        ]
    )
    skin = np.flatnonzero((scene.pad_of_geom == (0, INDEX)).all(axis=1))[0]
    centre = data.geom_xpos[skin]
    start = scene.object_qpos["ball"]
    distance = 0.030 + model.geom_size[skin, 0] - depth_m
    data.qpos[start : start + 3] = centre + rotation @ local * distance
    joint = model.joint("ball_free").dofadr[0]
    data.qvel[joint : joint + 3] = rotation @ (
        -local * 0.1 + np.cross(local, [0.3, 0.5, 0.1]) * drag_m_s
    )
    mujoco.mj_forward(model, data)
    mujoco.mj_rnePostConstraint(model, data)
    ball = scene.objects["ball"]
    return world.contacts()[0], rotation, data.cfrc_ext[ball, 3:].copy()


@pytest.mark.parametrize("tilt_deg", [0, 15, 30, 45])
@pytest.mark.parametrize("roll_deg", [0, 70, 110, 250, 290])
@pytest.mark.parametrize("drag_m_s", [0.0, 0.2])
def test_the_sum_over_taxels_is_the_force_on_the_object(world, tilt_deg, roll_deg, drag_m_s):
    contacts, rotation, on_ball = press(
        world, np.deg2rad(tilt_deg), np.deg2rad(roll_deg), drag_m_s=drag_m_s
    )
    taxels = TaxelArray(world.rig.hands[0].spec.pads).spread(contacts)
    force = np.linalg.norm(on_ball)
    assert force > 0.2
    felt = rotation @ taxels[INDEX].sum(axis=0)
    assert np.linalg.norm(felt - on_ball) < 0.01 * force
    assert taxels[INDEX, :, 2].sum() > 0
    assert np.abs(np.delete(taxels, INDEX, axis=0)).max() == 0


def test_a_press_is_felt_where_it_happens(world):
    pads = world.rig.hands[0].spec.pads
    point = np.array([[0.009, -0.004]])
    contacts = PadContacts(np.array([INDEX]), np.array([[0.0, 0.0, 2.0]]), point)
    taxels = TaxelArray(pads).spread(contacts)
    strongest = taxels[INDEX, :, 2].argmax()
    centre = taxel_positions_m(pads[INDEX])[strongest, :2]
    assert np.linalg.norm(centre - point[0]) < 0.002
    assert (taxels[INDEX, :, 2] > 0.02).sum() > 8  # spread over a patch, not one taxel


def test_a_press_beyond_the_edge_is_felt_at_the_edge_in_full(world):
    contacts = PadContacts(
        np.array([INDEX, INDEX]), np.array([[0.1, 0.2, 1.0], [0.0, 0.0, 3.0]]),
        np.array([[0.2, 0.0], [0.0, -0.2]]),
    )  # fmt: skip
    taxels = TaxelArray(world.rig.hands[0].spec.pads).spread(contacts)
    assert taxels[INDEX].sum(axis=0) == pytest.approx([0.1, 0.2, 4.0])


def test_the_centre_of_pressure_is_weighted_by_force():
    contacts = PadContacts(
        np.array([2, 2]), np.array([[0, 0, 1.0], [0, 0, 3.0]]),
        np.array([[0.0, 0.0], [0.004, 0.008]]),
    )  # fmt: skip
    table = resultants(contacts, 4)
    assert table[2] == pytest.approx([0, 0, 4.0, 0.003, 0.006])
    assert np.abs(np.delete(table, 2, axis=0)).max() == 0


def test_a_switched_off_sensor_model_passes_the_exact_force():
    force = np.random.default_rng(0).normal(size=(2, 5, 3))
    sensor = TactileSensor(SensorModel(enabled=False, noise_n=1.0, bias_n=1.0), force.shape)
    assert (sensor.measure(force) == force).all()


def test_a_sensor_saturates_and_counts_in_steps():
    sensor = TactileSensor(SensorModel(saturation_n=10.0, quantum_n=0.1), (3,))
    assert sensor.measure(np.array([0.04, 1.26, 99.0])) == pytest.approx([0.0, 1.3, 10.0])
    assert sensor.measure(np.array([-99.0, 0.0, -0.3])) == pytest.approx([-10.0, 0.0, -0.3])


def test_bias_stays_and_noise_changes_and_both_follow_the_seed():
    model = SensorModel(bias_n=0.5, noise_n=0.01)
    zero = np.zeros((4, 50, 3))
    first, same = (TactileSensor(model, zero.shape, seed=5) for _ in range(2))
    other = TactileSensor(model, zero.shape, seed=6)
    a, b = first.measure(zero), first.measure(zero)
    assert (a == same.measure(zero)).all()
    assert not (a == b).all()
    assert np.abs(a - b).max() < 0.1  # the bias did not change
    assert 0.2 < np.abs(a).mean() < 0.3  # uniform within +-0.5
    assert np.abs(a - other.measure(zero)).mean() > 0.1
