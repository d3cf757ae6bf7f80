"""Robot silhouettes against pictures rendered by MuJoCo."""

from __future__ import annotations

import numpy as np
import pytest

from recorder.cleaning.cameras import camera_geometry
from recorder.cleaning.clip import CameraGeometry, CleanError
from recorder.cleaning.silhouette import NOTHING, RobotSilhouette, Surface
from tests.support.robot_views import rendered, rig_of, trajectory


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))


def whole(surface: Surface | None, shape: tuple[int, int]) -> np.ndarray:
    out = np.zeros(shape, bool)
    if surface is not None:
        h, w = surface.shape.shape
        out[surface.top : surface.top + h, surface.left : surface.left + w] = surface.mask
    return out


def scene(camera: str = "front"):
    rig = rig_of(camera)
    read = rig.model_dump(mode="json", by_alias=True)
    geometry = camera_geometry(read, camera)
    assert geometry is not None
    return rig, read, geometry


@pytest.mark.parametrize("camera", ["front", "wrist"])
def test_silhouettes_lie_on_the_rendered_robot(camera: str) -> None:
    rig, read, geometry = scene(camera)
    spec = rig.hands[0].spec
    joints = trajectory(4, np.clip(np.zeros(spec.size), spec.lower, spec.upper))
    _, robot, _ = rendered(rig, joints)
    silhouette = RobotSilhouette(read, geometry, (640, 480))
    for q, truth in zip(joints, robot, strict=True):
        surface = whole(silhouette.surface({"right": q}), truth.shape)
        outline = silhouette.mask({"right": q})
        assert truth.sum() > 5000
        assert overlap(surface, truth) >= 0.95
        assert overlap(outline, truth) >= 0.95


def test_a_mask_moves_with_the_shift() -> None:
    _, read, geometry = scene()
    silhouette = RobotSilhouette(read, geometry, (640, 480))
    joints = {"right": np.zeros(18)}
    there = silhouette.mask(joints)
    np.testing.assert_array_equal(
        np.roll(there, (4, -6), (0, 1)), silhouette.mask(joints, (-6.0, 4.0))
    )
    moved = silhouette.surface(joints, (-6.0, 4.0))
    assert overlap(np.roll(there, (4, -6), (0, 1)), whole(moved, (480, 640))) > 0.95


def test_depth_is_that_of_the_shape_in_front() -> None:
    rig, read, geometry = scene()
    silhouette = RobotSilhouette(read, geometry, (640, 480))
    surface = silhouette.surface({"right": np.zeros(18)})
    assert surface is not None
    seen = surface.depth_m[surface.mask]
    assert np.isfinite(seen).all()
    assert np.isinf(surface.depth_m[~surface.mask]).all()
    way = np.linalg.norm(geometry.pose[:3, 3] - np.array(rig.hands[0].base_pos_m))
    assert way - 0.25 < seen.min() < seen.max() < way + 0.25


def test_unknown_joints_draw_nothing() -> None:
    _, read, geometry = scene()
    silhouette = RobotSilhouette(read, geometry, (640, 480))
    broken = np.zeros(18)
    broken[3] = np.nan
    for joints in ({}, {"right": broken}, {"left": np.zeros(18)}):
        assert not silhouette.mask(joints).any()
        assert silhouette.surface(joints) is None


def test_a_hand_behind_the_camera_or_beside_the_picture_is_not_drawn() -> None:
    _, read, geometry = scene()
    for turn in (np.diag([-1.0, 1.0, -1.0]), np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]])):
        pose = geometry.pose.copy()
        pose[:3, :3] = pose[:3, :3] @ turn
        away = CameraGeometry(geometry.matrix, pose, "world")
        silhouette = RobotSilhouette(read, away, (640, 480))
        assert not silhouette.mask({"right": np.zeros(18)}).any()
        assert silhouette.surface({"right": np.zeros(18)}) is None


def test_a_camera_inside_the_hand_does_not_fail() -> None:
    _, read, geometry = scene()
    pose = geometry.pose.copy()
    pose[:3, 3] = (0.0, 0.14, 0.22)
    inside = RobotSilhouette(read, CameraGeometry(geometry.matrix, pose, "world"), (640, 480))
    assert inside.mask({"right": np.zeros(18)}).shape == (480, 640)
    surface = inside.surface({"right": np.zeros(18)})
    assert surface is None or (surface.shape >= NOTHING).all()


def test_a_wrong_number_of_joints_is_refused() -> None:
    _, read, geometry = scene()
    silhouette = RobotSilhouette(read, geometry, (640, 480))
    with pytest.raises(CleanError, match="5 joints"):
        silhouette.mask({"right": np.zeros(5)})


def test_an_unreadable_rig_is_refused() -> None:
    _, read, geometry = scene()
    with pytest.raises(CleanError, match="rig cannot be read"):
        RobotSilhouette({**read, "hands": "none"}, geometry, (640, 480))
    with pytest.raises(CleanError, match="left hand"):
        RobotSilhouette(read, CameraGeometry(geometry.matrix, geometry.pose, "left"), (640, 480))
