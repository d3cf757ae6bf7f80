"""Picking is exact on the primitive shapes, and the camera's rays undo its projection."""

import numpy as np
import pytest

from devices.hands.spec import load_hand
from devices.kinematics import HandKinematics, LinkGeom
from widgets.orbit_camera import OrbitCamera
from widgets.ray_casting import cast, shape_distance
from widgets.solid_meshes import arrow, mesh_of, rod

DOWN = np.array([0.0, 0.0, -1.0])
ALONG = np.array([1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("shape", "size", "origin", "direction", "distance"),
    [
        ("sphere", (0.5, 0, 0), (0, 0, 2), DOWN, 1.5),
        ("box", (0.5, 0.4, 0.3), (0.2, 0.1, 2), DOWN, 1.7),
        ("ellipsoid", (0.5, 0.4, 0.3), (0, 0, 2), DOWN, 1.7),
        ("capsule", (0.1, 0.5, 0), (0, 0, 2), DOWN, 1.4),
        ("capsule", (0.1, 0.5, 0), (-2, 0, 0.3), ALONG, 1.9),
        ("cylinder", (0.1, 0.5, 0), (0.05, 0, 2), DOWN, 1.5),
        ("cylinder", (0.1, 0.5, 0), (-2, 0, 0.3), ALONG, 1.9),
        ("sphere", (0.5, 0, 0), (0.6, 0, 2), DOWN, None),
        ("box", (0.5, 0.4, 0.3), (0.6, 0, 2), DOWN, None),
        ("capsule", (0.1, 0.5, 0), (-2, 0, 0.65), ALONG, None),
        ("cylinder", (0.1, 0.5, 0), (-2, 0, 0.55), ALONG, None),
        ("sphere", (0.5, 0, 0), (0, 0, -2), DOWN, None),
    ],
)
def test_ray_meets_a_shape_at_the_right_distance(shape, size, origin, direction, distance):
    found = shape_distance(shape, np.array(size), np.array(origin, float), direction)
    assert found == (None if distance is None else pytest.approx(distance))


@pytest.mark.parametrize(
    ("shape", "size"),
    [("sphere", (0.02,)), ("box", (0.03, 0.02, 0.01)), ("ellipsoid", (0.03, 0.02, 0.01)),
     ("capsule", (0.01, 0.03)), ("cylinder", (0.02, 0.03))],
)  # fmt: skip
def test_drawn_triangles_lie_on_the_picked_shape_and_face_outwards(shape, size):
    mesh = mesh_of(shape, size)
    assert np.allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-4)
    corners = mesh.positions[mesh.triangles].astype(float)
    turn = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(turn, axis=1)
    real = area > 1e-9
    facing = np.einsum("ij,ij->i", turn[real], mesh.normals[mesh.triangles[real]].mean(axis=1))
    assert (facing > 0).all()
    full = np.zeros(3)
    full[: len(size)] = size
    middle = corners[real].mean(axis=1)
    for point in middle[::17]:
        outward = point / np.linalg.norm(point)
        hit = shape_distance(shape, full, point + outward, -outward)
        assert hit == pytest.approx(1.0, abs=0.15 * max(size))


def test_arrow_and_rod_are_one_long():
    for mesh in (arrow(), rod()):
        assert mesh.positions[:, 2].min() == 0.0
        assert mesh.positions[:, 2].max() == 1.0


@pytest.mark.parametrize("size", [(640, 480), (400, 700)])
def test_ray_through_a_projected_point_meets_it_again(size):
    camera = OrbitCamera(np.array([0.1, -0.2, 0.3]), 0.7, 0.9, 0.4)
    point = np.array([0.15, -0.1, 0.35])
    x, y = camera.project(point, *size)[0]
    origin, direction = camera.ray(x, y, *size)
    away = np.cross(point - origin, direction)
    assert np.linalg.norm(away) < 1e-9
    assert np.allclose(camera.on_plane(x, y, *size, point), point)
    clip = camera.projection_matrix(*size) @ camera.view_matrix() @ np.append(point, 1.0)
    assert (clip[0] / clip[3] + 1) / 2 * size[0] == pytest.approx(x)
    assert (1 - clip[1] / clip[3]) / 2 * size[1] == pytest.approx(y)


def test_dragging_right_turns_the_scene_with_the_mouse():
    camera = OrbitCamera(np.zeros(3), 0.7, 0.0, 0.3)
    front = np.array([0.0, -0.1, 0.0])
    before = camera.project(front, 640, 480)[0]
    camera.orbit(40, 0)
    assert camera.project(front, 640, 480)[0][0] > before[0]
    camera.zoom(3)
    assert camera.distance_m < 0.7


@pytest.mark.parametrize("model", ["xhand", "leap", "allegro"])
def test_every_fingertip_can_be_hit_from_outside(model):
    hand = HandKinematics(load_hand(model, "right", "free6"), (0, 0, 0.35))
    q = hand.spec.home
    poses, pads = hand.link_poses(q), hand.pad_poses(q)
    for finger, pad in zip(hand.pad_fingers, pads, strict=True):
        outward = pad[:3, 2]
        hit = cast(pad[:3, 3] + 0.01 * outward, -outward, hand.geoms, poses)
        assert hit is not None
        assert hand.spec.model.links[hit.link].finger == finger
        back = poses[hit.link][:3, :3] @ hit.local_m + poses[hit.link][:3, 3]
        assert np.allclose(back, hit.point_m)


def test_nearest_of_two_links_in_a_row_is_hit():
    ball = np.array([0.02, 0.0, 0.0])
    geoms = [LinkGeom(link, "sphere", ball, np.eye(4), "shell") for link in (0, 1, 2)]
    poses = np.tile(np.eye(4), (3, 1, 1))
    poses[:, 2, 3] = (0.1, 0.5, 0.3)
    hit = cast(np.array([0.0, 0.0, 1.0]), DOWN, geoms, poses)
    assert hit is not None
    assert hit.link == 1
    assert hit.distance_m == pytest.approx(0.48)
    assert np.allclose(hit.local_m, (0, 0, 0.02))
    assert cast(np.array([1.0, 0.0, 1.0]), DOWN, geoms, poses) is None
