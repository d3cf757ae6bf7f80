"""Simple solids seen by a camera: their outline, and the distance to them along viewing rays.

Everything is in the camera's frame (x right, y down, z forward, metres). A solid is a capsule, box,
sphere, cylinder or ellipsoid; capsules and cylinders lie along their z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUND = 20  # points on a contour circle: the outline is at most 1.2 % of the radius too small
_ANGLES = 2 * np.pi * np.arange(ROUND) / ROUND
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES), np.zeros(ROUND)], axis=1)
_CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
_FLAT = 1e-9


@dataclass(frozen=True)
class Shape:
    """One solid of a robot.

    Attributes
    ----------
    kind : str
        ``capsule``, ``box``, ``sphere``, ``cylinder`` or ``ellipsoid``.
    size_m : (3,) float64 array
        Half sizes (box, ellipsoid), or radius and half length of the straight part.
    transform : (4, 4) float64 array
        Solid to link.
    link : int
        Link it is fixed to.
    role : str
        Colour it is painted with in drawings.
    """

    kind: str
    size_m: NDArray[np.float64]
    transform: NDArray[np.float64]
    link: int
    role: str


def outline(shape: Shape, link: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points ``(N, 3)`` whose projections' convex hull is the solid's outline.

    Parameters
    ----------
    shape : Shape
    link : (4, 4) float64 array
        Link to camera.

    Notes
    -----
    The contour of a unit sphere seen from ``o`` is the circle about ``o / |o|^2`` with radius
    ``sqrt(1 - 1 / |o|^2)`` at right angles to ``o``: where tangents from ``o`` touch. An ellipsoid
    is a unit sphere after its axes are scaled, which keeps tangents. From inside there is no
    contour and no points are returned.
    """
    pose = link @ shape.transform
    rotation, centre = pose[:3, :3], pose[:3, 3]
    if shape.kind == "box":
        local = _CORNERS * shape.size_m
    elif shape.kind == "cylinder":
        radius, half = shape.size_m[:2]
        rim = radius * _CIRCLE
        local = np.concatenate([rim + (0, 0, half), rim - (0, 0, half)])
    else:
        eye = -rotation.T @ centre
        if shape.kind == "capsule":
            radius, half = shape.size_m[:2]
            axes = np.full(3, radius)
            ends = [np.array([0, 0, half]), np.array([0, 0, -half])]
            local = np.concatenate([_contour(axes, eye - end) + end for end in ends])
        else:
            axes = np.full(3, shape.size_m[0]) if shape.kind == "sphere" else shape.size_m
            local = _contour(axes, eye)
    return local @ rotation.T + centre


def _contour(axes_m: NDArray[np.float64], eye_m: NDArray[np.float64]) -> NDArray[np.float64]:
    eye = eye_m / axes_m
    distance2 = float(eye @ eye)
    if not distance2 > 1.0:
        return np.empty((0, 3)) if distance2 <= 1.0 else np.full((1, 3), np.nan)
    direction = eye / np.sqrt(distance2)
    first = np.zeros(3)
    first[np.argmin(np.abs(direction))] = 1.0
    first -= direction * (first @ direction)
    first /= np.linalg.norm(first)
    frame = np.stack([first, np.cross(direction, first)])
    circle = np.sqrt(1 - 1 / distance2) * (_CIRCLE[:, :2] @ frame)
    return (circle + direction / np.sqrt(distance2)) * axes_m


def nearest_m(
    shape: Shape, link: NDArray[np.float64], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Depth at which viewing rays enter the solid.

    Parameters
    ----------
    shape : Shape
    link : (4, 4) float64 array
        Link to camera.
    x : (w,) float32 array
    y : (h,) float32 array
        Rays ``(x, y, 1)`` from the camera's centre, so that the ray's parameter is the depth.

    Returns
    -------
    (h, w) float32 array
        Metres along the optical axis; infinite where the ray misses.
    """
    pose = link @ shape.transform
    rotation = pose[:3, :3].astype(np.float32)
    eye = (-pose[:3, :3].T @ pose[:3, 3]).astype(np.float32)
    # column i of `rotation` is the solid's axis i: local ray = rotation.T (x, y, 1)
    rays = [
        rotation[0, i] * x[None, :] + (rotation[1, i] * y[:, None] + rotation[2, i])
        for i in range(3)
    ]
    size = shape.size_m.astype(np.float32)
    if shape.kind == "box":
        return _box(rays, eye, size)
    if shape.kind in ("sphere", "ellipsoid"):
        axes = np.full(3, size[0], np.float32) if shape.kind == "sphere" else size
        return _ball([ray / a for ray, a in zip(rays, axes, strict=True)], eye / axes, 1.0)
    return _tube(rays, eye, float(size[0]), float(size[1]), rounded=shape.kind == "capsule")


def _ball(
    rays: list[NDArray[np.float32]], eye: NDArray[np.float32], radius: float
) -> NDArray[np.float32]:
    a = rays[0] * rays[0] + rays[1] * rays[1] + rays[2] * rays[2]
    b = rays[0] * eye[0] + rays[1] * eye[1] + rays[2] * eye[2]
    return _entry(a, b, float(eye @ eye) - radius * radius)


def _entry(a: NDArray[np.float32], b: NDArray[np.float32], c: float) -> NDArray[np.float32]:
    """Smaller root of ``a t^2 + 2 b t + c``; infinite where there is none in front."""
    inside = b * b - a * np.float32(c)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = (-b - np.sqrt(inside)) / a
    return np.where((inside >= 0) & (t > 0), t, np.float32(np.inf))


def _tube(
    rays: list[NDArray[np.float32]],
    eye: NDArray[np.float32],
    radius: float,
    half: float,
    rounded: bool,
) -> NDArray[np.float32]:
    a = np.maximum(rays[0] * rays[0] + rays[1] * rays[1], np.float32(_FLAT))
    b = rays[0] * eye[0] + rays[1] * eye[1]
    t = _entry(a, b, float(eye[0] ** 2 + eye[1] ** 2) - radius * radius)
    with np.errstate(invalid="ignore"):
        t = np.where(np.abs(eye[2] + t * rays[2]) <= half, t, np.float32(np.inf))
    for end in (half, -half):
        if rounded:
            t = np.minimum(t, _ball(rays, eye - np.array((0, 0, end), np.float32), radius))
        else:
            t = np.minimum(t, _disc(rays, eye, radius, end))
    return t


def _disc(
    rays: list[NDArray[np.float32]], eye: NDArray[np.float32], radius: float, height: float
) -> NDArray[np.float32]:
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (np.float32(height) - eye[2]) / rays[2]
        off = (eye[0] + t * rays[0]) ** 2 + (eye[1] + t * rays[1]) ** 2
    return np.where((off <= radius * radius) & (t > 0), t, np.float32(np.inf))


def _box(
    rays: list[NDArray[np.float32]], eye: NDArray[np.float32], half: NDArray[np.float32]
) -> NDArray[np.float32]:
    enter = np.full(rays[0].shape, -np.inf, np.float32)
    leave = np.full(rays[0].shape, np.inf, np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        for ray, at, size in zip(rays, eye, half, strict=True):
            safe = np.where(np.abs(ray) < _FLAT, np.float32(_FLAT), ray)
            one, two = (-size - at) / safe, (size - at) / safe
            enter = np.maximum(enter, np.minimum(one, two))
            leave = np.minimum(leave, np.maximum(one, two))
    return np.where((enter <= leave) & (enter > 0), enter, np.float32(np.inf))
