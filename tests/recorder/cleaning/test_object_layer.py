"""Objects with recorded poses: where they are and who hides whom."""

from __future__ import annotations

import numpy as np
import pytest

from devices.rig import load_rig
from recorder.cleaning.clip import CameraGeometry
from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.object_layer import (
    OBJECTS,
    PosedClip,
    SceneSilhouette,
    known_objects,
    object_shapes,
)
from recorder.cleaning.object_track import ObjectTrack, transforms

SIZE = (160, 120)


def rig() -> dict:
    return load_rig("sim-xhand").model_dump(mode="json")


def camera() -> CameraGeometry:
    """One metre above the table, looking straight down."""
    pose = np.diag([1.0, -1.0, -1.0, 1.0])
    pose[2, 3] = 1.0
    matrix = np.array([[200.0, 0, 80], [0, 200, 60], [0, 0, 1]])
    return CameraGeometry(matrix, pose)


def poses_with(name: str, place_m: tuple[float, float, float]) -> np.ndarray:
    names = known_objects(rig())
    poses = np.tile([5.0, 5.0, 0.0, 1.0, 0, 0, 0], (len(names), 1))
    poses[names.index(name), :3] = place_m
    return poses


def test_an_object_is_drawn_where_its_pose_says():
    scene = SceneSilhouette(rig(), camera(), SIZE)
    mask = scene.mask({OBJECTS: poses_with("ball", (0.1, 0.05, 0.0)).ravel()})
    rows, columns = np.nonzero(mask)
    assert columns.mean() == pytest.approx(80 + 200 * 0.1, abs=1.5)
    assert rows.mean() == pytest.approx(60 - 200 * 0.05, abs=1.5)
    assert len(rows) == pytest.approx(np.pi * (200 * 0.03) ** 2, rel=0.3)


def test_unknown_poses_draw_no_object():
    scene = SceneSilhouette(rig(), camera(), SIZE)
    assert not scene.mask({}).any()
    assert not scene.mask({OBJECTS: np.full(7 * len(known_objects(rig())), np.nan)}).any()


def test_every_known_object_has_shapes_on_its_own_link():
    names = known_objects(rig())
    links = {shape.link for shape in object_shapes(names, 7)}
    assert links == set(range(7, 7 + len(names)))
    assert object_shapes((), 7) == []


def test_a_world_with_an_unknown_object_has_none_of_its_shapes():
    other = rig()
    other["world"]["objects"] = ["cube", "teapot"]
    assert known_objects(other) == ()
    assert known_objects({"world": None}) == ()


def test_objects_that_never_move_are_told_from_those_that_do():
    poses = np.tile([0.0, 0, 0, 1, 0, 0, 0], (5, 3, 1)).astype(float)
    poses[3, 1, 0] = 0.02
    poses[4, 2, 3:] = (np.cos(0.1), np.sin(0.1), 0, 0)
    track = ObjectTrack(("a", "b", "c"), poses)
    assert track.moved().tolist() == [False, True, True]
    posed = PosedClip(ArrayClip(np.zeros((5, 8, 8, 3), np.uint8)), track)
    assert posed.joints[OBJECTS].shape == (5, 21)
    assert posed.moved.tolist() == [False, True, True]


def test_quaternions_become_rotations():
    half = np.sqrt(0.5)
    found = transforms(np.array([[1.0, 2.0, 3.0, half, 0, 0, half]]))[0]
    assert found[:3, :3] @ [1, 0, 0] == pytest.approx([0, 1, 0])
    assert found[:3, 3].tolist() == [1, 2, 3]
    assert np.linalg.det(found) == pytest.approx(1)
