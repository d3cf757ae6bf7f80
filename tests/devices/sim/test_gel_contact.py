"""The relief of what presses into a gel, against hand-computed shapes."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from devices.hands.schema import PadModel
from devices.sim.gel_contact import DEPTH_SHARE, STIFFNESS_N_PER_M, PadContact

PAD = PadModel(
    finger="index", kind="visuotactile", pos_m=(0, 0, 0), rpy_rad=(0, 0, 0), size_m=(0.032, 0.024)
)
X, Y = np.meshgrid(np.linspace(0.018, -0.018, 73), np.linspace(-0.02, 0.02, 81), indexing="ij")


def contact(geom: str, mocap_quat: str = "1 0 0 0") -> tuple[PadContact, mujoco.MjData]:
    """A pad facing up at the origin, in a turned world, under one shape."""
    model = mujoco.MjModel.from_xml_string(
        f"""<mujoco><worldbody><body name="world_turn" quat="{mocap_quat}">
              <body name="finger">
                <geom type="box" size="0.01 0.01 0.002" pos="0 0 -0.0015"/><site name="pad"/>
              </body>
              <body name="thing"><geom {geom}/></body>
            </body></worldbody></mujoco>"""
    )
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    finger = [model.body("finger").id]
    return PadContact(model, model.site("pad").id, finger, X, Y, PAD), data


def relief(geom: str, force_n: float = 0.0, centre_m=(0.0, 0.0), turn: str = "1 0 0 0"):
    pad, data = contact(geom, turn)
    return pad.relief(data, force_n, centre_m)


SHAPES = {
    "sphere": 'type="sphere" size="0.01" pos="0 0 0.0095"',
    "ellipsoid": 'type="ellipsoid" size="0.012 0.008 0.01" pos="0 0 0.0095"',
    "box": 'type="box" size="0.006 0.004 0.01" pos="0 0 0.0095"',
    "capsule": 'type="capsule" size="0.008 0.02" pos="0 0 0.0075" quat="0.7071068 0 0.7071068 0"',
    "upright capsule": 'type="capsule" size="0.008 0.02" pos="0 0 0.0275"',
    "cylinder": 'type="cylinder" size="0.008 0.02" pos="0 0 0.0075" quat="0.7071068 0 0.7071068 0"',
    "upright cylinder": 'type="cylinder" size="0.006 0.02" pos="0 0 0.0195"',
}


@pytest.mark.parametrize("geom", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("turn", ["1 0 0 0", "0.5 0.5 0.5 0.5", "0.8 0.2 -0.4 0.4"])
def test_a_shape_half_a_millimetre_deep_leaves_half_a_millimetre(geom, turn):
    depth = relief(geom, turn=turn)
    assert depth.max() == pytest.approx(5e-4, abs=2e-6)
    assert depth[36, 40] == depth.max()
    assert depth[0, 0] == 0


def test_a_ball_leaves_a_bowl():
    depth = relief(SHAPES["sphere"])
    expected = np.maximum(5e-4 - (0.01 - np.sqrt(np.maximum(1e-4 - X**2 - Y**2, 0))), 0)
    assert depth == pytest.approx(expected, abs=1e-6)


def test_a_box_leaves_its_face():
    depth = relief(SHAPES["box"])
    inside = (np.abs(X) < 0.0055) & (np.abs(Y) < 0.0035)
    outside = (np.abs(X) > 0.0065) | (np.abs(Y) > 0.0045)
    assert np.all(depth[inside] == depth.max())
    assert np.all(depth[outside] == 0)


def test_force_presses_deeper_than_the_overlap():
    depths = [relief(SHAPES["sphere"], force).max() for force in (0.0, 2.5, 4.0)]
    assert depths[0] == pytest.approx(5e-4, abs=2e-6)
    assert depths[1] == pytest.approx(2.5 / STIFFNESS_N_PER_M)
    assert depths[2] > depths[1]


def test_the_gel_is_never_pressed_through():
    assert relief(SHAPES["sphere"], 1000.0).max() == pytest.approx(
        DEPTH_SHARE * PAD.gel_thickness_m
    )


def test_a_shape_above_the_pad_leaves_nothing():
    assert relief('type="sphere" size="0.01" pos="0 0 0.0105"') is None


def test_a_shape_behind_the_pad_leaves_nothing():
    assert relief('type="sphere" size="0.01" pos="0 0 -0.02"') is None


def test_a_shape_beside_the_pad_leaves_nothing():
    assert relief('type="sphere" size="0.008" pos="0 0.0205 0"') is None


def test_a_shape_that_cannot_be_touched_leaves_nothing():
    assert relief('type="sphere" size="0.01" pos="0 0 0.005" contype="0" conaffinity="0"') is None


def test_a_force_without_a_shape_shows_at_the_centre_of_pressure():
    depth = relief('type="sphere" size="0.01" pos="0 0 1"', 1.0, (0.005, -0.003))
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    assert (X[row, column], Y[row, column]) == pytest.approx((0.005, -0.003), abs=3e-4)
