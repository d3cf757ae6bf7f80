"""Where a ray meets a hand: exact on the primitive shapes, no graphics card needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.kinematics import LinkGeom

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Hit:
    """The nearest meeting point.

    Attributes
    ----------
    link : int
        Row of the link in ``HandKinematics.link_poses``.
    distance_m : float
        From the ray's origin.
    point_m : (3,) array
        In the world.
    local_m : (3,) array
        In the link's frame.
    """

    link: int
    distance_m: float
    point_m: Vector
    local_m: Vector


def cast(
    origin_m: Vector, direction: Vector, geoms: Sequence[LinkGeom], poses: NDArray[np.float64]
) -> Hit | None:
    """Return the first link that a ray meets, or None.

    Parameters
    ----------
    origin_m, direction : (3,) arrays
        Ray in the world; ``direction`` has unit length.
    geoms : sequence of LinkGeom
        Shapes of the hand.
    poses : (L, 4, 4) array
        World transforms of the links.
    """
    best: tuple[float, int] | None = None
    for geom in geoms:
        pose = poses[geom.link] @ geom.transform
        rotation, place = pose[:3, :3], pose[:3, 3]
        distance = shape_distance(
            geom.shape, geom.size_m, (origin_m - place) @ rotation, direction @ rotation
        )
        if distance is not None and (best is None or distance < best[0]):
            best = (distance, geom.link)
    if best is None:
        return None
    distance, link = best
    point = origin_m + distance * direction
    local = (point - poses[link][:3, 3]) @ poses[link][:3, :3]
    return Hit(link, distance, point, local)


def shape_distance(
    shape: str, size_m: NDArray[np.float64], origin_m: Vector, direction: Vector
) -> float | None:
    """Distance along a ray to ``shape``, both in the shape's frame; None when it misses."""
    if shape == "box":
        return _box(size_m, origin_m, direction)
    if shape == "sphere":
        return _ball(size_m[0], origin_m, direction)
    if shape == "ellipsoid":
        scaled = direction / size_m
        length = float(np.linalg.norm(scaled))
        distance = _ball(1.0, origin_m / size_m, scaled / length)
        return None if distance is None else distance / length
    if shape == "capsule":
        return _capsule(size_m[0], size_m[1], origin_m, direction)
    if shape == "cylinder":
        return _cylinder(size_m[0], size_m[1], origin_m, direction)
    return None


def _ball(radius: float, origin: Vector, direction: Vector) -> float | None:
    b = float(origin @ direction)
    root = b * b - float(origin @ origin) + radius * radius
    if root < 0:
        return None
    distance = -b - float(np.sqrt(root))
    return distance if distance > 0 else None


def _box(half: Vector, origin: Vector, direction: Vector) -> float | None:
    safe = np.where(np.abs(direction) < 1e-12, 1e-12, direction)
    one, two = (-half - origin) / safe, (half - origin) / safe
    enter = float(np.minimum(one, two).max())
    leave = float(np.maximum(one, two).min())
    return enter if 0 < enter <= leave else None


def _side(radius: float, half: float, origin: Vector, direction: Vector) -> float | None:
    a = float(direction[:2] @ direction[:2])
    if a < 1e-12:
        return None
    b = float(origin[:2] @ direction[:2])
    root = b * b - a * (float(origin[:2] @ origin[:2]) - radius * radius)
    if root < 0:
        return None
    distance = (-b - float(np.sqrt(root))) / a
    return distance if distance > 0 and abs(origin[2] + distance * direction[2]) <= half else None


def _capsule(radius: float, half: float, origin: Vector, direction: Vector) -> float | None:
    end = np.array([0.0, 0.0, half])
    found = [
        _side(radius, half, origin, direction),
        _ball(radius, origin - end, direction),
        _ball(radius, origin + end, direction),
    ]
    return min((d for d in found if d is not None), default=None)


def _cylinder(radius: float, half: float, origin: Vector, direction: Vector) -> float | None:
    found = [_side(radius, half, origin, direction)]
    for z in (-half, half):
        if abs(direction[2]) > 1e-12:
            distance = float((z - origin[2]) / direction[2])
            at = origin[:2] + distance * direction[:2]
            if distance > 0 and float(at @ at) <= radius * radius:
                found.append(distance)
    return min((d for d in found if d is not None), default=None)
