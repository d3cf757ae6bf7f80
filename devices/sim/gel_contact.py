"""What presses into a gel: the relief of nearby shapes over one pad.

For every place of the pad's grid a ray along the pad's normal meets the near side of each shape in
closed form (sphere, capsule, cylinder, box, ellipsoid, plane; meshes count as their bounding
boxes). The geometry gives the relief's form. Its depth is the larger of the geometric overlap and
what the measured normal force would press into a gel of ``STIFFNESS_N_PER_M``, because a rigid
contact solver lets bodies overlap far less than a gel gives way.
"""

from __future__ import annotations

from collections.abc import Iterable

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.hands.schema import PadModel

STIFFNESS_N_PER_M = 3500.0  # 1 N presses about 0.3 mm deep
DEPTH_SHARE = 0.8  # deepest press as a share of the gel's thickness
NEAR_M = 0.003  # shapes further than this above the pad are not looked at
TOUCH_M = 0.0005  # without a force only shapes nearer than this are looked at closely
COARSE = 4  # every fourth place decides whether a shape is near
BEHIND_M = 0.006  # shapes whose near side is deeper than this lie behind the pad
RIM_SLOPE = 0.8  # beyond the pad's edge the gel falls away like this
FORCE_LEAST_N = 0.005
FALLBACK_RADIUS_M = 0.008  # a force without a shape nearby looks like a fingertip of this radius

Grid = NDArray[np.float64]


class PadContact:
    """Finds the relief over one pad. One thread only.

    Parameters
    ----------
    model : mujoco.MjModel
        The scene.
    site : int
        The pad's frame: z out of the gel, x distal.
    own_bodies : iterable of int
        Bodies of the pad's own finger, which cannot press on it.
    grid_x_m, grid_y_m : (h, w) arrays
        Places on the pad, metres in the pad frame.
    pad : PadModel
        Size of the pad and thickness of its gel.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        site: int,
        own_bodies: Iterable[int],
        grid_x_m: NDArray,
        grid_y_m: NDArray,
        pad: PadModel,
    ) -> None:
        self._model = model
        self._site = site
        self._x, self._y = grid_x_m.astype(np.float64), grid_y_m.astype(np.float64)
        self._radius = float(np.hypot(self._x.max(), self._y.max()))
        self._depth_max = DEPTH_SHARE * pad.gel_thickness_m
        length_m, breadth_m = pad.size_m
        beyond = np.maximum(np.abs(self._x) - length_m / 2, np.abs(self._y) - breadth_m / 2)
        self._rim = RIM_SLOPE * np.maximum(beyond, 0)
        self._outside = beyond > 0
        solid = (model.geom_contype | model.geom_conaffinity) != 0
        solid &= ~np.isin(model.geom_bodyid, list(own_bodies))
        self._geoms = np.flatnonzero(solid)
        reach = model.geom_rbound[self._geoms]
        self._reach = np.where(reach > 0, reach, np.inf) + self._radius + NEAR_M  # planes: inf

    def relief(
        self, data: mujoco.MjData, force_n: float, centre_m: tuple[float, float]
    ) -> NDArray[np.float32] | None:
        """Return the relief over the pad, or None without contact.

        Parameters
        ----------
        data : mujoco.MjData
            Poses after ``mj_kinematics``.
        force_n : float
            Normal force on the pad, newtons.
        centre_m : tuple of float
            Centre of pressure in the pad frame, used when no shape is near.

        Returns
        -------
        (h, w) float32 array or None
            Depth in metres, 0 where nothing presses.
        """
        pressing = force_n > FORCE_LEAST_N
        gap = self._gap(data, NEAR_M if pressing else TOUCH_M)
        nearest = np.inf if gap is None else float(gap.min())
        if not pressing and nearest >= 0:
            return None
        if gap is None or nearest > NEAR_M:
            away = (self._x - centre_m[0]) ** 2 + (self._y - centre_m[1]) ** 2
            gap, nearest = away / (2 * FALLBACK_RADIUS_M), 0.0
        depth = max(-nearest, force_n / STIFFNESS_N_PER_M if pressing else 0.0)
        depth = min(depth, self._depth_max)
        return np.maximum(depth - (gap - nearest), 0).astype(np.float32)

    def _gap(self, data: mujoco.MjData, within_m: float) -> Grid | None:
        """Height over each place of the shapes that come nearer than ``within_m``, metres."""
        origin = data.site_xpos[self._site]
        axes = data.site_xmat[self._site].reshape(3, 3)
        away = np.linalg.norm(data.geom_xpos[self._geoms] - origin, axis=1)
        lowest: Grid | None = None
        for geom in self._geoms[away < self._reach]:
            rotation = data.geom_xmat[geom].reshape(3, 3).T
            shift, turn = rotation @ (origin - data.geom_xpos[geom]), rotation @ axes
            coarse = self._height(int(geom), shift, turn, slice(None, None, COARSE))
            if float(coarse.min()) > within_m:
                continue
            height = self._height(int(geom), shift, turn, slice(None))
            lowest = height if lowest is None else np.minimum(lowest, height)
        if lowest is None:
            return None
        lowest[self._outside] = np.maximum(lowest[self._outside], lowest[~self._outside].min())
        return lowest if np.isfinite(lowest).any() else None

    def _height(self, geom: int, shift: NDArray, turn: NDArray, pick: slice) -> Grid:
        """Height of one shape over the picked places; negative where it overlaps."""
        x, y, rim = (grid[pick, pick] for grid in (self._x, self._y, self._rim))
        places = turn[:, 0, None, None] * x + turn[:, 1, None, None] * y + shift[:, None, None]
        height = _entry(int(self._model.geom_type[geom]), self._size(geom), places, turn[:, 2])
        height[height < -BEHIND_M] = np.inf
        return height + rim

    def _size(self, geom: int) -> NDArray:
        if self._model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_MESH:
            return self._model.geom_aabb[geom, 3:]
        return self._model.geom_size[geom]


def _entry(kind: int, size: NDArray, places: Grid, along: NDArray) -> Grid:
    """Distance along ``along`` from each place to where its line enters a shape; inf: never.

    ``places`` ``(3, h, w)`` and the unit vector ``along`` are in the shape's frame. The line runs
    both ways, so the distance is negative for places inside or behind the shape.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
            return _sphere(places, along, size[0])
        if kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID:
            scaled = along / size
            length = float(np.linalg.norm(scaled))
            return _sphere(places / size[:, None, None], scaled / length, 1.0) / length
        if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
            return _cylinder(places, along, size[0], size[1])
        if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
            end = np.array((0.0, 0.0, size[1]))[:, None, None]
            caps = np.minimum(
                _sphere(places - end, along, size[0]), _sphere(places + end, along, size[0])
            )
            return np.minimum(caps, _cylinder(places, along, size[0], size[1]))
        if kind == mujoco.mjtGeom.mjGEOM_PLANE:
            if along[2] > -1e-6:
                return np.full(places.shape[1:], np.inf)
            return -places[2] / along[2]
        enter, leave = _slabs(places, along, size)
        return np.where(enter < leave, enter, np.inf)


def _sphere(places: Grid, along: NDArray, radius: float) -> Grid:
    half = np.tensordot(along, places, axes=1)
    rest = half * half - (places * places).sum(axis=0) + radius * radius
    return np.where(rest > 0, -half - np.sqrt(np.maximum(rest, 0)), np.inf)


def _cylinder(places: Grid, along: NDArray, radius: float, half_length: float) -> Grid:
    steep = along[0] ** 2 + along[1] ** 2
    offset = places[0] ** 2 + places[1] ** 2 - radius * radius
    if steep < 1e-9:
        enter = np.where(offset < 0, -np.inf, np.inf)
        leave = -enter
    else:
        half = (along[0] * places[0] + along[1] * places[1]) / steep
        rest = half * half - offset / steep
        root = np.sqrt(np.maximum(rest, 0))
        enter = np.where(rest > 0, -half - root, np.inf)
        leave = np.where(rest > 0, -half + root, -np.inf)
    enter_cap, leave_cap = _slabs(places[2:], along[2:], np.array((half_length,)))
    enter, leave = np.maximum(enter, enter_cap), np.minimum(leave, leave_cap)
    return np.where(enter < leave, enter, np.inf)


def _slabs(places: Grid, along: NDArray, half: NDArray) -> tuple[Grid, Grid]:
    """Where lines enter and leave the box of half sizes ``half`` about the origin."""
    enter = np.full(places.shape[1:], -np.inf)
    leave = np.full(places.shape[1:], np.inf)
    for axis, reach in enumerate(half):
        speed = along[axis] if abs(along[axis]) > 1e-12 else 1e-12
        first, second = (-reach - places[axis]) / speed, (reach - places[axis]) / speed
        enter = np.maximum(enter, np.minimum(first, second))
        leave = np.minimum(leave, np.maximum(first, second))
    return enter, leave
