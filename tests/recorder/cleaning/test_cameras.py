"""Where cameras are, against MuJoCo's own camera matrices."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pytest

from devices.rig import load_rig
from devices.sim.scene import build_scene
from recorder.cleaning.cameras import (
    CALIBRATION_SCHEMA,
    camera_geometry,
    perturbed,
    world_to_camera,
)
from recorder.cleaning.clip import CleanError

FLIP = np.diag([1.0, -1.0, -1.0])


def dumped(name: str) -> dict[str, Any]:
    return load_rig(name).model_dump(mode="json", by_alias=True)


def entry(**changes: Any) -> dict[str, Any]:
    matrix = [[400.0, 0, 319.5], [0, 410.0, 239.5], [0, 0, 1]]
    return {
        "schema": CALIBRATION_SCHEMA, "matrix": matrix, "pose": np.eye(4).tolist(),
        "mount": "world", **changes,
    }  # fmt: skip


@pytest.mark.parametrize("rig_name", ["sim-xhand", "sim-bimanual"])
def test_simulated_cameras_stand_where_the_simulator_puts_them(rig_name: str) -> None:
    rig = load_rig(rig_name)
    model, scene = build_scene(rig)
    data = mujoco.MjData(model)
    data.qpos[scene.hands[0].qpos[:6]] += 0.05
    mujoco.mj_forward(model, data)
    palms = {}
    for hand in scene.hands:
        pose = np.eye(4)
        pose[:3, :3] = data.xmat[hand.links[-1]].reshape(3, 3)
        pose[:3, 3] = data.xpos[hand.links[-1]]
        palms[hand.side] = pose
    for camera in rig.cameras:
        geometry = camera_geometry(dumped(rig_name), f"{camera.name}/rgb")
        assert geometry is not None
        assert geometry.mount == camera.mount
        found = np.linalg.inv(world_to_camera(geometry, palms))
        eye = scene.cameras[camera.name]
        np.testing.assert_allclose(found[:3, 3], data.cam_xpos[eye], atol=1e-9)
        expected = data.cam_xmat[eye].reshape(3, 3) @ FLIP
        np.testing.assert_allclose(found[:3, :3], expected, atol=1e-7)
        focal = camera.height / 2 / np.tan(np.radians(camera.fovy_deg) / 2)
        np.testing.assert_allclose(geometry.matrix[[0, 1], [0, 1]], focal)
        assert geometry.matrix[0, 2] == (camera.width - 1) / 2


def test_a_camera_that_looks_straight_down_has_a_rotation() -> None:
    rig = dumped("sim-xhand")
    rig["cameras"][0] |= {"pos_m": [0, 0, 1.0], "look_at_m": [0, 0, 0]}
    geometry = camera_geometry(rig, "front")
    assert geometry is not None
    np.testing.assert_allclose(geometry.pose[:3, :3] @ geometry.pose[:3, :3].T, np.eye(3))


def test_a_real_camera_needs_a_calibration() -> None:
    rig = dumped("sim-xhand")
    rig["cameras"][0]["driver"] = "v4l2_camera"
    assert camera_geometry(rig, "front") is None
    assert camera_geometry(rig, "elsewhere") is None
    found = camera_geometry(rig, "front", {"camera_front": entry(mount="right")})
    assert found is not None
    assert found.mount == "right"
    assert found.matrix[1, 1] == 410.0


def test_a_calibration_wins_over_the_rig_and_is_scaled_to_the_pictures() -> None:
    rig = dumped("sim-xhand")
    rig["cameras"][0] |= {"width": 320, "height": 240}
    found = camera_geometry(rig, "front", {"camera_front": entry(width=640, height=480)})
    assert found is not None
    np.testing.assert_allclose(found.matrix, [[200, 0, 159.5], [0, 205, 119.5], [0, 0, 1]])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": "other/1"}, "schema 'other/1'"),
        ({"matrix": [[1, 2], [3, 4]]}, "'matrix' must be 3 by 3"),
        ({"matrix": "none"}, "'matrix' must be"),
        ({"pose": np.full((4, 4), np.nan).tolist()}, "'pose' must be"),
        ({"pose": (2 * np.eye(4)).tolist()}, "is no rotation"),
        ({"mount": "roof"}, "mount 'roof'"),
        ({"matrix": [[-4, 0, 3], [0, 4, 2], [0, 0, 1]]}, "must be positive"),
        ({"width": 0, "height": 480}, "at least 1x1"),
    ],
)
def test_an_unusable_calibration_is_refused_by_a_sentence(changes: dict, says: str) -> None:
    with pytest.raises(CleanError, match="camera_front") as caught:
        camera_geometry(dumped("sim-xhand"), "front", {"camera_front": entry(**changes)})
    assert says in str(caught.value)


def test_perturbed_cameras_move_the_middle_of_the_picture_by_that_much() -> None:
    geometry = camera_geometry(dumped("sim-xhand"), "front")
    assert geometry is not None
    for seed in range(4):
        wrong = perturbed(geometry, shift_px=2.0, seed=seed)
        again = perturbed(geometry, shift_px=2.0, seed=seed)
        np.testing.assert_array_equal(wrong.pose, again.pose)
        ahead = geometry.pose @ np.array([0.0, 0.0, 0.7, 1.0])
        seen = geometry.matrix @ (world_to_camera(wrong, {}) @ ahead)[:3]
        off = seen[:2] / seen[2] - geometry.matrix[:2, 2]
        assert np.hypot(*off) == pytest.approx(2.0, abs=0.02)
    assert not np.array_equal(perturbed(geometry, 2.0).pose, perturbed(geometry, 2.0, seed=1).pose)
