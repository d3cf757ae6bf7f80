"""Triangles of primitive shapes, smooth where a hand is smooth.

A mesh is ``positions (V, 3)`` in metres, ``normals (V, 3)``, ``triangles (T, 3)``.
Capsules, cylinders and cones lie along z.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ROUND_SEGMENTS = 12
CAP_RINGS = 3
WIDE_M = 0.018  # shapes wider than this show their corners and get more segments
WIDE_SEGMENTS = 20
BOX_ROUNDING = 0.35  # of the smallest half size
CYLINDER_BEVEL = 0.18  # of the radius


@dataclass(frozen=True)
class Mesh:
    """Triangles in the shape's own frame."""

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.uint32]


def mesh_of(shape: str, size_m: tuple[float, ...]) -> Mesh:
    """Triangles of ``shape`` with MuJoCo's sizes.

    Parameters
    ----------
    shape : str
        ``capsule``, ``box``, ``sphere``, ``cylinder`` or ``ellipsoid``.
    size_m : tuple of float
        Half sizes, or radius and half length, metres.
    """
    if shape == "box":
        return _rounded_box(size_m[0], size_m[1], size_m[2])
    if shape == "sphere":
        return _ellipsoid(size_m[0], size_m[0], size_m[0])
    if shape == "ellipsoid":
        return _ellipsoid(size_m[0], size_m[1], size_m[2])
    if shape == "capsule":
        return _capsule(size_m[0], size_m[1])
    if shape == "cylinder":
        return _cylinder(size_m[0], size_m[1])
    raise ValueError(f"shape '{shape}' cannot be drawn; use capsule, box, sphere, cylinder or "
                     "ellipsoid")  # fmt: skip


@lru_cache(maxsize=256)
def _capsule(radius: float, half: float) -> Mesh:
    rings = []
    for angle in np.linspace(-np.pi / 2, 0, CAP_RINGS + 1):
        rings.append((radius * np.cos(angle), -half + radius * np.sin(angle), angle))
    for angle in np.linspace(0, np.pi / 2, CAP_RINGS + 1):
        rings.append((radius * np.cos(angle), half + radius * np.sin(angle), angle))
    return _turned([(r, z, np.cos(a), np.sin(a)) for r, z, a in rings])


@lru_cache(maxsize=256)
def _cylinder(radius: float, half: float) -> Mesh:
    bevel = min(CYLINDER_BEVEL * radius, half * 0.5)
    edge, flat = radius - bevel, half - bevel
    bends = ((-flat, -np.pi / 4), (-flat, 0.0), (flat, 0.0), (flat, np.pi / 4))
    rounded = [
        (edge + bevel * np.cos(a), z + bevel * np.sin(a), np.cos(a), np.sin(a)) for z, a in bends
    ]
    profile = [(0.0, -half, 0.0, -1.0), (edge, -half, 0.0, -1.0), *rounded]
    profile += [(edge, half, 0.0, 1.0), (0.0, half, 0.0, 1.0)]
    return _turned(profile, WIDE_SEGMENTS if radius > WIDE_M else ROUND_SEGMENTS)


@lru_cache(maxsize=8)
def arrow() -> Mesh:
    """An arrow of length 1 along z from the origin, head 0.3 long, radius 0.06 (head 0.14)."""
    slope = np.hypot(0.3, 0.14)
    return _turned([
        (0.0, 0.0, 0.0, -1.0), (0.06, 0.0, 0.0, -1.0), (0.06, 0.0, 1.0, 0.0),
        (0.06, 0.7, 1.0, 0.0), (0.06, 0.7, 0.0, -1.0), (0.14, 0.7, 0.0, -1.0),
        (0.14, 0.7, 0.3 / slope, 0.14 / slope), (0.0, 1.0, 0.3 / slope, 0.14 / slope),
    ], segments=10)  # fmt: skip


@lru_cache(maxsize=8)
def rod() -> Mesh:
    """A rod of length 1 along z from the origin, radius 1 (scale it)."""
    return _turned([(1.0, 0.0, 1.0, 0.0), (1.0, 1.0, 1.0, 0.0)], segments=8)


@lru_cache(maxsize=256)
def _ellipsoid(a: float, b: float, c: float) -> Mesh:
    angles = np.linspace(-np.pi / 2, np.pi / 2, 2 * CAP_RINGS + 3)
    segments = WIDE_SEGMENTS if max(a, b) > WIDE_M else ROUND_SEGMENTS
    ball = _turned([(np.cos(t), np.sin(t), np.cos(t), np.sin(t)) for t in angles], segments)
    size = np.array([a, b, c], np.float32)
    normals = ball.positions / size
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Mesh(ball.positions * size, normals.astype(np.float32), ball.triangles)


@lru_cache(maxsize=256)
def _rounded_box(a: float, b: float, c: float) -> Mesh:
    """A cube grid pushed onto the surface at ``rounding`` around a smaller box."""
    size = np.array([a, b, c])
    rounding = BOX_ROUNDING * size.min()
    inner = size - rounding
    line = np.array([-1.0, -0.8, -0.6, 0.6, 0.8, 1.0])
    u, v = (grid.ravel() for grid in np.meshgrid(line, line, indexing="ij"))
    points, triangles = [], []
    count = len(line)
    cells = [(i * count + j) for i in range(count - 1) for j in range(count - 1)]
    for axis in range(3):
        for sign in (-1.0, 1.0):
            face = np.zeros((len(u), 3))
            face[:, axis], face[:, (axis + 1) % 3], face[:, (axis + 2) % 3] = sign, u, v
            base = sum(len(p) for p in points)
            for k in cells:
                quad = [(k, k + count, k + count + 1), (k, k + count + 1, k + 1)]
                for first, second, third in quad:
                    turn = (first, second, third) if sign > 0 else (first, third, second)
                    triangles.append([base + i for i in turn])
            points.append(face)
    unit = np.concatenate(points)
    # grid lines at 0.6 lie on the edge of the flat part, those beyond bend around the edge
    core = np.where(np.abs(unit) <= 0.6, unit / 0.6, np.sign(unit)) * inner
    bend = np.sign(unit) * np.clip((np.abs(unit) - 0.6) / 0.4, 0, 1)
    normals = bend / np.linalg.norm(bend, axis=1, keepdims=True)
    return Mesh(
        (core + normals * rounding).astype(np.float32),
        normals.astype(np.float32),
        np.array(triangles, np.uint32),
    )


def _turned(
    profile: list[tuple[float, float, float, float]], segments: int = ROUND_SEGMENTS
) -> Mesh:
    """Turn a profile of (radius, z, normal radius, normal z) about z."""
    turn = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    around = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    positions, normals, triangles = [], [], []
    for ring, (radius, z, normal_r, normal_z) in enumerate(profile):
        positions.append(np.column_stack([around * radius, np.full(segments, z)]))
        normals.append(np.column_stack([around * normal_r, np.full(segments, normal_z)]))
        if ring == 0:
            continue
        low, high = (ring - 1) * segments, ring * segments
        for i in range(segments):
            j = (i + 1) % segments
            triangles += [(low + i, low + j, high + j), (low + i, high + j, high + i)]
    return Mesh(
        np.concatenate(positions).astype(np.float32),
        np.concatenate(normals).astype(np.float32),
        np.array(triangles, np.uint32),
    )
