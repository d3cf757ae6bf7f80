"""Pictures of the simulated scene."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from devices.sim.operator_hand import OPERATOR_GROUP
from devices.sim.render import SceneRenderer

WIDTH, HEIGHT = 160, 120
SCENE = """
<mujoco>
  <visual><map znear="0.02" zfar="8"/></visual>
  <statistic extent="1"/>
  <asset><texture type="skybox" builtin="flat" rgb1="0 0 1" width="8" height="48"/></asset>
  <worldbody>
    <light directional="true" dir="0 0 -1" diffuse="0.6 0.6 0.6"/>
    <camera name="top" pos="0 0 1" fovy="60"/>
    <geom name="floor" type="box" size="0.3 0.3 0.05" pos="0 0 -0.05" rgba="0.5 0.5 0.5 1"/>
    <geom name="left" type="box" size="0.05 0.05 0.1" pos="-0.15 0 0.1" rgba="1 0 0 1"/>
    <geom name="upper" type="box" size="0.05 0.05 0.1" pos="0 0.15 0.1" rgba="0 1 0 1"/>
    <geom name="hidden" type="box" size="0.05 0.05 0.1" pos="0.15 0 0.1" rgba="1 1 0 1" group="3"/>
    <geom name="arm" type="sphere" size="0.06" pos="0.1 -0.1 0.3" rgba="0.8 0.6 0.5 1" group="4"/>
  </worldbody>
</mujoco>
"""


@pytest.fixture(scope="module", params=[1, 2], ids=["plain", "supersampled"])
def scene(request):
    model = mujoco.MjModel.from_xml_string(SCENE)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    renderer = SceneRenderer(model, WIDTH, HEIGHT, supersample=request.param)
    yield renderer, data
    renderer.close()


def picture(scene, operator=True, size=(HEIGHT, WIDTH)):
    rgb, depth = np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint16)
    scene[0].colour(scene[1], 0, rgb, depth, depth_unit_m=1e-4, operator=operator)
    return rgb, depth


def pixel(x_m: float, y_m: float, z_m: float) -> tuple[int, int]:
    """Row and column at which the camera one metre above the origin sees a point."""
    focal = HEIGHT / 2 / np.tan(np.radians(30))
    scale = focal / (1 - z_m)
    return round(HEIGHT / 2 - y_m * scale), round(WIDTH / 2 + x_m * scale)


def test_pictures_are_the_right_way_up(scene):
    rgb, _ = picture(scene)
    red, green = rgb[pixel(-0.15, 0, 0.2)], rgb[pixel(0, 0.15, 0.2)]
    assert red[0] > 2 * red[1]
    assert green[1] > 2 * green[0]


def test_depth_is_the_distance_along_the_optical_axis_in_its_unit(scene):
    _, depth = picture(scene)
    assert depth[pixel(-0.15, 0, 0.2)] * 1e-4 == pytest.approx(0.8, abs=0.002)
    assert depth[pixel(-0.25, -0.25, 0)] * 1e-4 == pytest.approx(1.0, abs=0.002)


def test_depth_is_zero_where_nothing_is_seen(scene):
    rgb, depth = picture(scene)
    assert depth[2, 2] == 0
    assert rgb[2, 2].max() > 50, "there is a sky, not a hole"


def test_depth_is_zero_beyond_the_range_of_its_unit(scene):
    rgb, depth = np.zeros((HEIGHT, WIDTH, 3), np.uint8), np.ones((HEIGHT, WIDTH), np.uint16)
    scene[0].colour(scene[1], 0, rgb, depth, depth_unit_m=0.9 / 65535)
    assert depth[pixel(-0.25, -0.25, 0)] == 0
    assert depth[pixel(-0.15, 0, 0.2)] == pytest.approx(65535 * 0.8 / 0.9, rel=0.003)


def test_hidden_geoms_are_not_drawn(scene):
    rgb, _ = picture(scene)
    red, green, blue = (int(v) for v in rgb[pixel(0.15, 0, 0.2)])
    assert abs(red - blue) < 12
    assert abs(red - green) < 12


def test_outside_the_mask_the_operator_changes_no_pixel(scene):
    shown, clean = picture(scene)[0], picture(scene, operator=False)[0]
    mask = np.full((HEIGHT, WIDTH), 7, np.uint8)
    scene[0].operator_mask(scene[1], 0, mask)
    assert set(np.unique(mask)) == {0, 255}
    assert np.array_equal(shown[mask == 0], clean[mask == 0])
    assert np.any(shown[mask == 255] != clean[mask == 255], axis=1).mean() > 0.99


def test_the_mask_is_where_the_operator_is(scene):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    scene[0].operator_mask(scene[1], 0, mask)
    rows, columns = np.nonzero(mask)
    assert (rows.mean(), columns.mean()) == pytest.approx(pixel(0.1, -0.1, 0.3), abs=2)
    radius_px = HEIGHT / 2 / np.tan(np.radians(30)) * 0.06 / 0.7
    assert (mask > 0).sum() == pytest.approx(np.pi * radius_px**2, rel=0.15)


def test_the_group_of_the_operator_is_the_agreed_one():
    assert OPERATOR_GROUP == 4


def test_cameras_of_different_sizes_share_one_renderer(scene):
    large, small = picture(scene)[0], picture(scene, size=(HEIGHT // 2, WIDTH // 2))[0]
    difference = np.abs(large[::2, ::2].astype(int) - small)
    assert np.median(difference) <= 2


def test_the_same_poses_give_the_same_picture(scene):
    assert np.array_equal(picture(scene)[0], picture(scene)[0])
