"""Points on the robot's surface: where they are seen in another frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.robot_frames import RobotFrame
from recorder.cleaning.shapes import KINDS
from recorder.cleaning.silhouette import NOTHING, RobotSilhouette

DEPTH_TOLERANCE_M = 0.004  # a point this much behind the surface in front is covered
SOURCE_EDGE_PX = (0.7, 2.5)  # nearer to the edge a source shows what lies behind the robot
LINE = 32_000  # cv2.remap takes no longer line
REFINE_STEPS = 1
REFINE_MOST_PX = 2.5
REFINE_FEWEST = 150
REFINE_MOST = 1200  # points; more make it no better
REFINE_OUTLIER = 30.0  # grey levels


class RobotPoints:
    """Surface points of some pixels of one frame.

    Parameters
    ----------
    silhouette : RobotSilhouette
    frame : RobotFrame
    where : (h, w) bool array
        Pixels on the rectangle of ``frame``; those without surface must be False.

    Attributes
    ----------
    at : tuple of (N,) int64 arrays
        Rows and columns on the rectangle.
    shape, link : (N,) int64 arrays
    points_m : (N, 3) float32 array
        In the camera's frame.
    local_m, facing : (N, 3) float32 arrays
        Place and outward direction of the surface in the shape's own frame.
    normals : (N, 3) float32 array
        Outward direction of the surface in the camera's frame.
    """

    def __init__(
        self, silhouette: RobotSilhouette, frame: RobotFrame, where: NDArray[np.bool_]
    ) -> None:
        self._silhouette, self._frame = silhouette, frame
        surface = frame.surface
        self.at = np.nonzero(where)
        rows, columns = self.at
        self.shape = surface.shape[rows, columns].astype(np.int64)
        self.link = silhouette.shape_links[self.shape]
        matrix = silhouette.geometry.matrix
        x = (columns + surface.left - frame.shift.right - matrix[0, 2]) / matrix[0, 0]
        y = (rows + surface.top - frame.shift.down - matrix[1, 2]) / matrix[1, 1]
        depth = surface.depth_m[rows, columns]
        self.points_m = np.stack([x * depth, y * depth, depth], axis=1).astype(np.float32)
        poses = (surface.links[silhouette.shape_links] @ silhouette.shape_poses).astype(np.float32)
        turn = poses[self.shape, :3, :3]
        off = self.points_m - poses[self.shape, :3, 3]
        self.local_m = np.einsum("nji,nj->ni", turn, off)
        self.facing = surface_normals(silhouette, self.shape, self.local_m)
        self.normals = np.einsum("nij,nj->ni", turn, self.facing)

    def seen_in(self, other: RobotFrame) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where the points are in another frame, and whether they are seen there.

        Returns
        -------
        (N, 2) float32 array
            Pixels of the whole picture.
        (N,) float32 array
            0 (hidden, outside or turned away) to 1.
        """
        now, then = self._frame.surface.links, other.surface.links
        moves = np.zeros((len(now), 3, 4), np.float32)
        used = np.unique(self.link)
        moves[used] = (then[used] @ np.linalg.inv(now[used]))[:, :3]
        move = moves[self.link]
        points = np.einsum("nij,nj->ni", move[..., :3], self.points_m) + move[..., 3]
        matrix = self._silhouette.geometry.matrix
        with np.errstate(divide="ignore", invalid="ignore"):
            u = matrix[0, 0] * points[:, 0] / points[:, 2] + matrix[0, 2] + other.shift.right
            v = matrix[1, 1] * points[:, 1] / points[:, 2] + matrix[1, 2] + other.shift.down
        surface = other.surface
        h, w = surface.shape.shape
        u, v = np.nan_to_num(u, nan=-1e4), np.nan_to_num(v, nan=-1e4)
        column = np.rint(u).clip(-2, 1e5).astype(np.int64) - surface.left
        row = np.rint(v).clip(-2, 1e5).astype(np.int64) - surface.top
        inside = (column >= 0) & (column < w) & (row >= 0) & (row < h) & (points[:, 2] > 0)
        column, row = column.clip(0, w - 1), row.clip(0, h - 1)
        front = inside & (surface.shape[row, column] != NOTHING) & ~other.hidden[row, column]
        front &= np.abs(points[:, 2] - surface.depth_m[row, column]) < DEPTH_TOLERANCE_M
        near, far = SOURCE_EDGE_PX
        edge = np.clip((other.inside_px[row, column] - near) / (far - near), 0.0, 1.0)
        return np.stack([u, v], axis=1).astype(np.float32), (front * edge).astype(np.float32)


def surface_normals(
    silhouette: RobotSilhouette, shape: NDArray[np.int64], local_m: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Outward unit normals ``(N, 3)`` at surface points ``(N, 3)``, all in the shapes' frames."""
    kind = silhouette.shape_kinds[shape]
    size = silhouette.shape_sizes_m[shape]
    out = local_m.copy()
    long = (kind == KINDS.index("capsule")) | (kind == KINDS.index("cylinder"))
    out[long, 2] -= np.clip(local_m[long, 2], -size[long, 1], size[long, 1])
    flat = np.flatnonzero(kind == KINDS.index("cylinder"))
    flat = flat[np.abs(local_m[flat, 2]) > size[flat, 1] - 1e-4]
    out[flat] = 0.0
    out[flat, 2] = np.sign(local_m[flat, 2])
    oval = kind == KINDS.index("ellipsoid")
    out[oval] /= size[oval] ** 2
    boxes = np.flatnonzero(kind == KINDS.index("box"))
    scaled = local_m[boxes] / size[boxes]
    face = np.abs(scaled) >= np.abs(scaled).max(axis=1, keepdims=True)
    out[boxes] = np.where(face, np.sign(scaled), 0.0)
    length = np.sqrt(np.einsum("ni,ni->n", out, out))[:, None]
    return out / np.maximum(length, np.float32(1e-9))


def sample(picture: NDArray[np.uint8], where: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours ``(N, 3)``, or grey values ``(N,)``, of ``picture`` between pixels ``(N, 2)``."""
    parts = [
        cv2.remap(
            picture, where[None, start : start + LINE, 0], where[None, start : start + LINE, 1],
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
        )[0]
        for start in range(0, len(where), LINE)
    ]  # fmt: skip
    if not parts:
        return np.empty((0, *picture.shape[2:]), np.float32)
    return np.concatenate(parts).astype(np.float32)


def refine(
    picture: NDArray[np.uint8],
    where: NDArray[np.float32],
    trust: NDArray[np.float32],
    wanted: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Shift all points together so that trusted ones show the colours wanted.

    Parameters
    ----------
    picture : (height, width, 3) uint8 array
    where : (N, 2) float32 array
        Pixels.
    trust : (N,) float32 array
        0 for points whose colour is not known.
    wanted : (N, 3) float32 array

    Returns
    -------
    (N, 2) float32 array
        Shifted pixels.
    (N, 3) float32 array
        Their colours.

    Notes
    -----
    Gauss-Newton on grey values with one offset for the light, as Lucas and Kanade (1981) for a
    translation; points that differ by more than ``REFINE_OUTLIER`` are left out.
    """
    known = np.flatnonzero(trust > 0.5)
    if len(known) < REFINE_FEWEST:
        return where, sample(picture, where)
    known = known[:: -(-len(known) // REFINE_MOST)]
    target = cv2.cvtColor(wanted[None, known], cv2.COLOR_RGB2GRAY)[0]
    picture_grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    shift = np.zeros(2, np.float32)
    offsets = np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)], np.float32)
    for _ in range(REFINE_STEPS):
        looked = (where[known] + shift)[None] + offsets[:, None]
        grey = sample(picture_grey, looked.reshape(-1, 2)).reshape(5, -1)
        gradient = np.stack([grey[1] - grey[2], grey[3] - grey[4], np.full(len(known), 2.0)]) / 2
        off = target - grey[0]
        off_middle = off - np.median(off)
        kept = np.abs(off_middle) < REFINE_OUTLIER
        if np.count_nonzero(kept) < REFINE_FEWEST:
            break
        g = gradient[:, kept]
        system = g @ g.T + np.diag([50.0, 50.0, 1e-3])
        step = np.linalg.solve(system, g @ off[kept])[:2]
        shift = np.clip(shift + step, -REFINE_MOST_PX, REFINE_MOST_PX).astype(np.float32)
    moved = where + shift
    return moved, sample(picture, moved)
