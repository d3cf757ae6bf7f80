"""Tactile pads laid on the fingertip: one flat cell per taxel, wrapped around the tip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.hands.schema import PadModel
from devices.kinematics import HandKinematics, LinkGeom
from widgets.solid_meshes import Mesh

LIFT_M = 0.0006  # above the surface, so that it is seen
CELL_FILL = 0.86  # of a taxel's place, so that the array is seen as an array
SMOOTH_CELLS = 8  # of a pad without taxels, to follow the curve


@dataclass(frozen=True)
class PadMesh:
    """One pad.

    Attributes
    ----------
    link : int
        Row of its link in ``HandKinematics.link_poses``.
    in_link : (4, 4) array
        Pad frame in the link.
    mesh : Mesh
        Four vertices per cell, in the link's frame, in taxel order.
    taxels : int
        Number of cells.
    """

    link: int
    in_link: NDArray[np.float64]
    mesh: Mesh
    taxels: int


def pad_meshes(hand: HandKinematics) -> tuple[PadMesh, ...]:
    """Meshes of the hand's pads in ``HandSpec.pads`` order."""
    q = hand.spec.home
    links, pads = hand.link_poses(q), hand.pad_poses(q)
    made = []
    for row, pad in enumerate(hand.spec.pads):
        link = _link_of(hand, pad)
        in_link = np.linalg.inv(links[link]) @ pads[row]
        surface = next((g for g in hand.geoms if g.link == link and g.role == "pad"), None)
        rows, cols = (pad.rows, pad.cols) if pad.rows * pad.cols > 1 else (SMOOTH_CELLS,) * 2
        made.append(PadMesh(link, in_link, _cells(pad, rows, cols, in_link, surface), rows * cols))
    return tuple(made)


def _link_of(hand: HandKinematics, pad: PadModel) -> int:
    for link in hand.spec.model.links:
        if link.pad is pad:
            return hand.link_names.index(link.name)
    raise ValueError(f"pad of finger '{pad.finger}' belongs to no link of the hand")


def _cells(pad: PadModel, rows: int, cols: int, in_link: NDArray, surface: LinkGeom | None) -> Mesh:
    length, width = pad.size_m
    step_x, step_y = length / rows, width / cols
    fill = CELL_FILL if rows == pad.rows and pad.kind == "taxels" else 1.0
    x0 = (np.arange(rows) + 0.5) * step_x - length / 2
    y0 = (np.arange(cols) + 0.5) * step_y - width / 2
    centres = np.stack(np.meshgrid(x0, y0, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.5 * fill * (step_x, step_y)
    flat = np.zeros((rows * cols * 4, 3))
    flat[:, :2] = (centres + corners).reshape(-1, 2)
    points = flat @ in_link[:3, :3].T + in_link[:3, 3]
    outward = in_link[:3, 2]
    normals = np.tile(outward, (len(points), 1))
    if surface is not None and surface.shape == "capsule":
        points, normals = _wrapped(points, surface)
    else:
        points = points + outward * LIFT_M
    first = np.arange(rows * cols, dtype=np.uint32)[:, None] * 4
    triangles = np.concatenate([first + [0, 1, 2], first + [0, 2, 3]])
    return Mesh(points.astype(np.float32), normals.astype(np.float32), triangles.astype(np.uint32))


def _wrapped(points: NDArray, surface: LinkGeom) -> tuple[NDArray, NDArray]:
    """Project points onto a capsule, along the shortest way from its axis."""
    rotation, place = surface.transform[:3, :3], surface.transform[:3, 3]
    radius, half = float(surface.size_m[0]), float(surface.size_m[1])
    local = (points - place) @ rotation
    axis = np.zeros_like(local)
    axis[:, 2] = np.clip(local[:, 2], -half, half)
    away = local - axis
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    return (axis + away * (radius + LIFT_M)) @ rotation.T + place, away @ rotation.T
