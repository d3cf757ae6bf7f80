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
KINDS = ("box", "capsule", "cylinder", "ellipsoid", "sphere")


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


class Outlines:
    """Outlines of many solids at once.

    Parameters
    ----------
    shapes : tuple of Shape

    Attributes
    ----------
    starts : (S,) int64 array
        First point of every shape among all points.

    Notes
    -----
    The contour of a unit sphere seen from ``o`` is the circle about ``o / |o|^2`` with radius
    ``sqrt(1 - 1 / |o|^2)`` at right angles to ``o``: where tangents from ``o`` touch. An ellipsoid
    is a unit sphere after its axes are scaled, which keeps tangents. A capsule is outlined by the
    spheres at its ends.
    """

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        balls: list[tuple[int, NDArray, NDArray, NDArray]] = []
        fixed: list[tuple[int, NDArray]] = []
        counts = []
        total = 0
        for shape in shapes:
            size, rotation, centre = shape.size_m, shape.transform[:3, :3], shape.transform[:3, 3]
            if shape.kind in ("box", "cylinder"):
                corners = _CORNERS * size if shape.kind == "box" else _rims(size[0], size[1])
                fixed.append((total, corners @ rotation.T + centre))
                count = len(corners)
            else:
                ends = [0.0] if shape.kind != "capsule" else [size[1], -size[1]]
                axes = size if shape.kind == "ellipsoid" else np.full(3, size[0])
                for number, end in enumerate(ends):
                    at = centre + rotation @ (0.0, 0.0, end)
                    balls.append((total + number * ROUND, axes, rotation, at))
                count = ROUND * len(ends)
            counts.append(count)
            total += count
        self.starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        self._link = np.repeat([shape.link for shape in shapes], counts)
        self._local = np.zeros((total, 3))
        for first, points in fixed:
            self._local[first : first + len(points)] = points
        firsts = np.array([first for first, *_ in balls], np.int64)
        self._ball_rows = firsts[:, None] + np.arange(ROUND)
        self._ball_link = self._link[firsts] if len(firsts) else firsts
        self._axes = np.array([axes for _, axes, _, _ in balls]).reshape(-1, 3)
        self._turn = np.array([turn for _, _, turn, _ in balls]).reshape(-1, 3, 3)
        self._at = np.array([at for *_, at in balls]).reshape(-1, 3)

    def points(self, links: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points ``(M, 3)`` whose projections' convex hulls are the solids' outlines.

        Parameters
        ----------
        links : (L, 4, 4) float64 array
            Link to camera. NaN gives NaN, as does a camera inside a solid: no outline.
        """
        local = self._local
        if len(self._axes):
            local = local.copy()
            local[self._ball_rows] = self._contours(links)
        pose = links[self._link]
        return np.einsum("nij,nj->ni", pose[:, :3, :3], local) + pose[:, :3, 3]

    def _contours(self, links: NDArray[np.float64]) -> NDArray[np.float64]:
        """Contour circles ``(B, ROUND, 3)`` of all spheres and ellipsoids, in their links."""
        pose = links[self._ball_link]
        eye_link = -np.einsum("bji,bj->bi", pose[:, :3, :3], pose[:, :3, 3]) - self._at
        eye = np.einsum("bji,bj->bi", self._turn, eye_link) / self._axes
        distance2 = np.einsum("bi,bi->b", eye, eye)
        with np.errstate(invalid="ignore", divide="ignore"):
            away = np.sqrt(np.where(distance2 > 1.0, distance2, np.nan))
            toward = eye / away[:, None]
            first = np.eye(3)[np.argmin(np.abs(np.nan_to_num(toward)), axis=1)]
            first = first - toward * np.einsum("bi,bi->b", first, toward)[:, None]
            first /= np.linalg.norm(first, axis=1, keepdims=True)
            second = np.cross(toward, first)
            radius = np.sqrt(1 - 1 / distance2)[:, None, None]
            circle = _CIRCLE[:, :1] * first[:, None] + _CIRCLE[:, 1:2] * second[:, None]
            local = (radius * circle + (toward / away[:, None])[:, None]) * self._axes[:, None]
        return np.einsum("bij,bnj->bni", self._turn, local) + self._at[:, None]


def _rims(radius: float, half: float) -> NDArray[np.float64]:
    rim = radius * _CIRCLE
    return np.concatenate([rim + (0, 0, half), rim - (0, 0, half)])


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


def _entry(a: NDArray[np.floating], b: NDArray[np.floating], c: float) -> NDArray[np.float32]:
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
            t = np.minimum(t, _ball(rays, eye - _along_z(end), radius))
        else:
            t = np.minimum(t, _disc(rays, eye, radius, end))
    return t


def _along_z(length: float) -> NDArray[np.float32]:
    return np.array((0, 0, length), np.float32)


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
