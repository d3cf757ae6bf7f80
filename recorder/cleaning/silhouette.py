"""Which pixels the robot hand covers, told by its joints and the calibrated camera.

Two answers of different cost. ``mask`` draws the outline of every shape as a filled convex polygon;
outlines of spheres and ellipsoids are their exact contour circles. ``surface`` finds for every
pixel the shape in front and its depth, by intersecting viewing rays with the shapes.

Shapes of a user's own mesh are known as bounding boxes only (``devices.kinematics``): there the
silhouette is too large.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from devices.kinematics import HandKinematics
from devices.rig import Rig
from recorder.cleaning.cameras import world_to_camera
from recorder.cleaning.clip import CameraGeometry, CleanError
from recorder.cleaning.shapes import KINDS, Outlines, Shape, nearest_m

NEAR_M = 0.01  # what is nearer to the camera's centre is not drawn
SUBPIXEL_BITS = 4  # polygons are drawn on a grid of 1/16 pixel
NOTHING = -1
FAR_PX = 1e4  # further out coordinates are cut


@dataclass(frozen=True)
class Surface:
    """The robot's surface as the camera sees it, in one rectangle of the picture.

    Attributes
    ----------
    left, top : int
        Of the rectangle in the picture, pixels.
    shape : (h, w) int16 array
        Shape in front (row of ``RobotSilhouette.shapes``), ``NOTHING`` where there is none.
    depth_m : (h, w) float32 array
        Along the optical axis; infinite where there is none.
    links : (L, 4, 4) float64 array
        Link to camera of every link of every hand, as ``Shape.link`` counts them.
    """

    left: int
    top: int
    shape: NDArray[np.int16]
    depth_m: NDArray[np.float32]
    links: NDArray[np.float64]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(h, w) bool array, True on the robot."""
        return self.shape != NOTHING


class RobotSilhouette:
    """Silhouettes of the hands of a rig in one camera.

    Parameters
    ----------
    rig : mapping
        ``Episode.rig``.
    geometry : CameraGeometry
    size : tuple of (int, int)
        Width and height, pixels.

    Attributes
    ----------
    shapes : tuple of Shape
        All shapes of all hands.
    sides : tuple of str
        Hands of the rig.
    shape_links, shape_kinds : (S,) int64 arrays
        Link of every shape, and its kind as a row of ``shapes.KINDS``.
    shape_poses : (S, 4, 4) float64 array
        Shape to link.
    shape_sizes_m : (S, 3) float32 array

    Raises
    ------
    CleanError
        The rig cannot be read, or has no hand that carries the camera.
    """

    def __init__(
        self, rig: Mapping[str, Any], geometry: CameraGeometry, size: tuple[int, int]
    ) -> None:
        try:
            read = Rig.model_validate(dict(rig))
            model_file: Path | None = read.world.model_file if read.world else None
            self._hands = {
                hand.side: HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad, model_file)
                for hand in read.hands
            }
        except ValidationError as error:
            raise CleanError(
                f"the episode's rig cannot be read: {error.errors()[0]['msg']}; the robot is told "
                "by appearance only"
            ) from None
        except (ValueError, OSError) as error:
            raise CleanError(
                f"the model of the robot hand cannot be loaded: {error}; the robot is told by "
                "appearance only"
            ) from None
        if geometry.mount != "world" and geometry.mount not in self._hands:
            raise CleanError(
                f"the camera is mounted on the {geometry.mount} hand, which the rig does not have"
            )
        self.geometry, self.size = geometry, size
        self.sides = tuple(self._hands)
        shapes: list[Shape] = []
        self._first_link: dict[str, int] = {}
        links = 0
        for side, hand in self._hands.items():
            self._first_link[side] = links
            shapes += [
                Shape(geom.shape, geom.size_m, geom.transform, links + geom.link, geom.role)
                for geom in hand.geoms
            ]
            links += len(hand.link_names)
        self.link_count = links
        self._take_shapes(tuple(shapes))

    def _take_shapes(self, shapes: tuple[Shape, ...]) -> None:
        self.shapes = shapes
        self._outlines = Outlines(shapes)
        self.shape_links = np.array([shape.link for shape in shapes], np.int64)
        self.shape_kinds = np.array([KINDS.index(shape.kind) for shape in shapes], np.int64)
        self.shape_poses = np.array([shape.transform for shape in shapes])
        self.shape_sizes_m = np.ones((len(shapes), 3), np.float32)
        for row, shape in enumerate(shapes):
            self.shape_sizes_m[row, : len(shape.size_m)] = shape.size_m

    def links(self, joints: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Link to camera ``(L, 4, 4)`` at joints ``(J,)`` by side; NaN where joints are unknown.

        Raises
        ------
        CleanError
            A hand has another number of joints.
        """
        out = np.full((self.link_count, 4, 4), np.nan)
        palms: dict[str, NDArray[np.float64]] = {}
        for side, hand in self._hands.items():
            q = joints.get(side)
            if q is None or not np.isfinite(q).all():
                continue
            if len(q) != hand.spec.size:
                raise CleanError(
                    f"the {side} hand was recorded with {len(q)} joints, its model "
                    f"'{hand.spec.model.name}' has {hand.spec.size}"
                )
            first = self._first_link[side]
            poses = hand.link_poses(np.asarray(q, np.float64))
            out[first : first + len(poses)] = poses
            palms[side] = poses[-1]
        if self.geometry.mount != "world" and self.geometry.mount not in palms:
            out[:] = np.nan
            return out
        return world_to_camera(self.geometry, palms) @ out

    def mask(
        self, joints: Mapping[str, NDArray[np.float64]], shift_px: tuple[float, float] = (0.0, 0.0)
    ) -> NDArray[np.bool_]:
        """True where the robot is ``(height, width)``; nothing for unknown joints.

        Parameters
        ----------
        joints : mapping of str to (J,) float64 array
            By side, radians and metres; a hand that is absent or NaN is not drawn.
        shift_px : tuple of (float, float)
            Moves the silhouette right and down.
        """
        width, height = self.size
        canvas = np.zeros((height, width), np.uint8)
        pixels, in_front = self._project(self._outlines.points(self.links(joints)))
        fixed = ((pixels + shift_px) * (1 << SUBPIXEL_BITS)).astype(np.int32)
        for points in np.split(fixed[in_front], _starts(in_front, self._outlines.starts)[1:]):
            if len(points):
                hull = cv2.convexHull(points)
                cv2.fillConvexPoly(canvas, hull, 1, cv2.LINE_8, SUBPIXEL_BITS)
        return canvas.view(np.bool_)

    def surface(
        self, joints: Mapping[str, NDArray[np.float64]], shift_px: tuple[float, float] = (0.0, 0.0)
    ) -> Surface | None:
        """Shape and depth of every robot pixel; None when the robot is not in the picture.

        Parameters
        ----------
        joints, shift_px : as in ``mask``
        """
        width, height = self.size
        links = self.links(joints)
        boxes = self._boxes(self._outlines.points(links), shift_px)
        boxes[:, :2] = np.maximum(boxes[:, :2], 0)
        boxes[:, 2:] = np.minimum(boxes[:, 2:], (width, height))
        seen = np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
        if not len(seen):
            return None
        left, top = boxes[seen, :2].min(axis=0)
        right, bottom = boxes[seen, 2:].max(axis=0)
        shape = np.full((bottom - top, right - left), NOTHING, np.int16)
        depth = np.full(shape.shape, np.inf, np.float32)
        matrix = self.geometry.matrix
        x = (np.arange(left, right) - shift_px[0] - matrix[0, 2]) / matrix[0, 0]
        y = (np.arange(top, bottom) - shift_px[1] - matrix[1, 2]) / matrix[1, 1]
        x, y = x.astype(np.float32), y.astype(np.float32)
        for row in seen:
            x0, y0, x1, y1 = boxes[row] - (left, top, left, top)
            part = (slice(y0, y1), slice(x0, x1))
            found = nearest_m(self.shapes[row], links[self.shapes[row].link], x[x0:x1], y[y0:y1])
            closer = found < depth[part]
            np.copyto(depth[part], found, where=closer)
            shape[part][closer] = row
        return Surface(int(left), int(top), shape, depth, links)

    def _project(
        self, points_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Pixels ``(N, 2)`` of camera points, and whether all of a shape lie in front ``(N,)``."""
        starts = self._outlines.starts
        depth = points_m[:, 2]
        front = np.minimum.reduceat(depth, starts) > NEAR_M  # False for NaN
        each = np.repeat(front, np.diff(starts, append=len(depth)))
        matrix = self.geometry.matrix
        safe = np.where(each, depth, 1.0)
        out = np.empty((len(points_m), 2), np.float32)
        out[:, 0] = matrix[0, 0] * points_m[:, 0] / safe + matrix[0, 2]
        out[:, 1] = matrix[1, 1] * points_m[:, 1] / safe + matrix[1, 2]
        return np.clip(np.nan_to_num(out), -FAR_PX, FAR_PX), each

    def _boxes(
        self, points_m: NDArray[np.float64], shift_px: tuple[float, float]
    ) -> NDArray[np.int64]:
        """Left, top, right and bottom pixels ``(S, 4)`` of every shape; empty when not in front."""
        pixels, in_front = self._project(points_m)
        starts = self._outlines.starts
        boxes = np.empty((len(starts), 4), np.int64)
        boxes[:, :2] = np.floor(np.minimum.reduceat(pixels, starts) + shift_px)
        boxes[:, 2:] = np.ceil(np.maximum.reduceat(pixels, starts) + shift_px) + 1
        boxes[~in_front[starts]] = 0
        return boxes


def _starts(kept: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the parts beginning at ``starts`` begin once only ``kept`` rows are left."""
    return np.concatenate([[0], np.cumsum(kept)])[starts]
