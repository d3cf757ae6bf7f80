"""Vertices of the 3-D view: hands, pads, forces, objects and pulls in a few large arrays.

::

    solid:  hand 0 links + taxels | hand 1 ... | objects | force arrows | pull lines and marks
    ghost:  hand 0 links | hand 1 links                      (the sent pose, drawn translucent)

The layout never changes after construction, so a redraw moves vertices and uploads two arrays.
What is absent (no force, no pull) is shrunk to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from devices.kinematics import HandKinematics
from devices.rig import MAX_PULLS
from widgets.colormaps import FORCE_MAP, LEAST_FORCE_N, table
from widgets.gl_stage import VERTEX
from widgets.pad_meshes import PadMesh, pad_meshes
from widgets.scene_objects import ObjectShape
from widgets.solid_meshes import Mesh, arrow, mesh_of, rod
from widgets.theme import color

ROLE_COLORS = {
    "shell": "#c5cbd4",
    "palm": "#aeb6c1",
    "joint": "#454d59",
    "pad": "#2b3038",
    "accent": "#4fb8f0",
}
ARROW_M_PER_N = 0.02
ARROW_LIMITS_M = (0.006, 0.12)
ARROW_WIDTH_M = 0.035
PULL_LINE_RADIUS_M = 0.0012
PULL_MARK_M = 0.006
PULL_FULL_M = 0.05  # stretch at the bright end of a pull line
PAD_FULL_N = 5.0  # normal force at the bright end of a pad without taxels
GHOST_LEAST = 0.012  # rad or m between sent and measured below which the ghost is not drawn


class _Layout:
    """Collects meshes one after the other."""

    def __init__(self) -> None:
        self.positions: list[NDArray] = []
        self.normals: list[NDArray] = []
        self.colors: list[NDArray] = []
        self.glows: list[NDArray] = []
        self.triangles: list[NDArray] = []
        self.size = 0

    def add(self, mesh: Mesh, rgb: tuple[float, ...], glow: float = 0.0,
            transform: NDArray | None = None) -> slice:  # fmt: skip
        count = len(mesh.positions)
        positions, normals = mesh.positions, mesh.normals
        if transform is not None:
            rotation = transform[:3, :3].astype(np.float32)
            positions = positions @ rotation.T + transform[:3, 3].astype(np.float32)
            normals = normals @ rotation.T
        self.positions.append(positions)
        self.normals.append(normals)
        self.colors.append(np.tile(np.array([*rgb, 1.0], np.float32), (count, 1)))
        self.glows.append(np.full(count, glow, np.float32))
        self.triangles.append(mesh.triangles + np.uint32(self.size))
        place = slice(self.size, self.size + count)
        self.size += count
        return place

    def vertices(self) -> NDArray:
        out = np.zeros(self.size, VERTEX)
        out["a_position"] = np.concatenate(self.positions)
        out["a_normal"] = np.concatenate(self.normals)
        out["a_color"] = np.concatenate(self.colors)
        out["a_glow"] = np.concatenate(self.glows)
        return out


class HandScene:
    """The things in the 3-D view and where they are.

    Parameters
    ----------
    hands : sequence of HandKinematics
        Hands in the rig's order.
    objects : sequence of ObjectShape
        Shapes of the ``world/objects`` stream.
    """

    def __init__(
        self,
        hands: Sequence[HandKinematics],
        objects: Sequence[ObjectShape] = (),
    ) -> None:
        self.hands = tuple(hands)
        self.measured = [np.array(hand.spec.home) for hand in hands]
        self.sent: list[NDArray | None] = [None for _ in hands]
        self.poses = [hand.link_poses(q) for hand, q in zip(hands, self.measured, strict=True)]
        self.pads: list[tuple[PadMesh, ...]] = [pad_meshes(hand) for hand in hands]
        self._objects = tuple(objects)
        self._build()
        for hand in range(len(hands)):
            self.set_measured(hand, self.measured[hand])

    def _build(self) -> None:
        solid, ghost = _Layout(), _Layout()
        self._link_slices: list[list[slice]] = []
        self._ghost_slices: list[list[slice]] = []
        self._pad_slices: list[list[slice]] = []
        accent = _rgb(color("accent"))
        for hand, pads in zip(self.hands, self.pads, strict=True):
            links, ghosts = [], []
            pad_places: list[slice] = [slice(0, 0)] * len(pads)
            for link in range(len(hand.link_names)):
                start, ghost_start = solid.size, ghost.size
                for geom in hand.geoms:
                    if geom.link != link:
                        continue
                    mesh = mesh_of(geom.shape, tuple(float(v) for v in geom.size_m))
                    shade = _rgb(QColor(ROLE_COLORS[geom.role]))
                    solid.add(mesh, shade, transform=geom.transform)
                    ghost.add(mesh, accent, transform=geom.transform)
                for index, pad in enumerate(pads):
                    if pad.link == link:
                        pad_places[index] = solid.add(pad.mesh, (0.07, 0.08, 0.1), glow=0.75)
                links.append(slice(start, solid.size))
                ghosts.append(slice(ghost_start, ghost.size))
            self._link_slices.append(links)
            self._ghost_slices.append(ghosts)
            self._pad_slices.append(pad_places)
        self._object_slices = [
            solid.add(mesh_of(o.shape, tuple(float(v) for v in o.size_m)), o.rgb,
                      transform=o.transform)
            for o in self._objects
        ]  # fmt: skip
        warm = _rgb(color("warn"))
        self._arrow_slices = [[solid.add(arrow(), warm, 0.35) for _ in pads] for pads in self.pads]
        white = _rgb(color("text"))
        small = (PULL_MARK_M,) * 3
        self._pull_slices = [
            (
                solid.add(rod(), white, 0.8),
                solid.add(mesh_of("sphere", small), white, 0.4),
                solid.add(mesh_of("box", small), white, 0.4),
            )
            for _ in range(MAX_PULLS + 1)  # the last one is the drag of this very window
        ]
        self.solid = solid.vertices()
        self.ghost = ghost.vertices()
        self.solid_triangles = np.concatenate(solid.triangles)
        self.ghost_triangles = np.concatenate(ghost.triangles)
        self._rest = self.solid.copy()
        self._ghost_rest = self.ghost.copy()
        for places in self._arrow_slices:
            for place in places:
                self._hide(place)
        for parts in self._pull_slices:
            for place in parts:
                self._hide(place)
        for place in self._object_slices:
            self._hide(place)

    @property
    def has_objects(self) -> bool:
        """Whether there is a world around the hands."""
        return bool(self._objects)

    def centre_m(self) -> NDArray[np.float64]:
        """(3,) middle of the hands, metres."""
        middles = [poses[:, :3, 3].mean(axis=0) for poses in self.poses]
        return np.mean(middles, axis=0)

    def set_measured(self, hand: int, q: NDArray[np.float64]) -> None:
        """Pose the solid hand at joints ``q`` (J,)."""
        self.measured[hand] = np.array(q, float)
        self.poses[hand] = self.hands[hand].link_poses(self.measured[hand])
        self._place_links(self.solid, self._rest, self._link_slices[hand], self.poses[hand])

    def set_sent(self, hand: int, q: NDArray[np.float64]) -> None:
        """Pose the ghost at joints ``q`` (J,)."""
        self.sent[hand] = np.array(q, float)
        poses = self.hands[hand].link_poses(self.sent[hand])
        self._place_links(self.ghost, self._ghost_rest, self._ghost_slices[hand], poses)

    @property
    def ghost_shows(self) -> bool:
        """Whether any sent pose differs visibly from the measured one."""
        return any(
            sent is not None and np.abs(sent - measured).max() > GHOST_LEAST
            for sent, measured in zip(self.sent, self.measured, strict=True)
        ) and all(sent is not None for sent in self.sent)

    def set_taxels(self, hand: int, forces_n: NDArray, range_n: float) -> None:
        """Colour the taxels by normal force; ``forces_n`` is (finger, taxel, 3) in newtons."""
        share = np.clip(forces_n[..., 2] * (255.0 / range_n), 0, 255).astype(np.int64)
        colours = table(FORCE_MAP)[share].astype(np.float32) / 255.0
        for place, pad, row in zip(self._pad_slices[hand], self.pads[hand], colours, strict=False):
            if len(row) == pad.taxels:
                self.solid["a_color"][place, :3] = np.repeat(row, 4, axis=0)

    def set_forces(self, hand: int, forces_n: NDArray, tint_pads: bool = False) -> None:
        """Show force arrows; ``forces_n`` is (finger, 3) in the pad frames, newtons.

        A force below ``LEAST_FORCE_N`` is taken for the sensors' noise and has no arrow.

        ``tint_pads`` colours whole pads, for hands without taxels.
        """
        for index, (place, pad) in enumerate(
            zip(self._arrow_slices[hand], self.pads[hand], strict=True)
        ):
            force = np.asarray(forces_n[index], float)
            size_n = float(np.linalg.norm(force))
            if tint_pads:
                step = int(np.clip(force[2] / PAD_FULL_N * 255, 0, 255))
                shade = table(FORCE_MAP)[step].astype(np.float32) / 255.0
                self.solid["a_color"][self._pad_slices[hand][index], :3] = shade
            if size_n < LEAST_FORCE_N:
                self._hide(place)
                continue
            pose = self.poses[hand][pad.link] @ pad.in_link
            length = float(np.clip(size_n * ARROW_M_PER_N, *ARROW_LIMITS_M))
            direction = pose[:3, :3] @ force / size_n
            self._point(place, pose[:3, 3], direction, ARROW_WIDTH_M, length)

    def set_objects(self, poses: NDArray) -> None:
        """Place the objects; ``poses`` is (O, 7): xyz in metres and a w-first quaternion."""
        for place, shape in zip(self._object_slices, self._objects, strict=True):
            if shape.row < len(poses):
                transform = _transform(poses[shape.row])
                self._place(self.solid, self._rest, place, transform)

    def set_pull(
        self,
        slot: int,
        point_m: NDArray[np.float64] | None,
        target_m: NDArray[np.float64] | None = None,
        pinned: bool = False,
    ) -> float:
        """Draw pull ``slot`` from ``point_m`` to ``target_m`` (None: nothing); its stretch in m."""
        line, ball, cube = self._pull_slices[slot]
        if point_m is None or target_m is None:
            for place in (line, ball, cube):
                self._hide(place)
            return 0.0
        span = target_m - point_m
        length = float(np.linalg.norm(span))
        shade = table(FORCE_MAP)[int(np.clip(90 + length / PULL_FULL_M * 165, 90, 255))] / 255.0
        for place in (line, ball, cube):
            self.solid["a_color"][place, :3] = shade
        direction = span / length if length > 1e-6 else np.array([0.0, 0.0, 1.0])
        self._point(line, point_m, direction, PULL_LINE_RADIUS_M, max(length, 1e-4))
        mark = np.eye(4)
        mark[:3, 3] = target_m
        self._place(self.solid, self._rest, cube if pinned else ball, mark)
        self._hide(ball if pinned else cube)
        return length

    def world_point(self, hand: int, link: int, local_m: NDArray) -> NDArray[np.float64]:
        """World position (3,) of a point given in a link's frame; link -1 is the palm."""
        pose = self.poses[hand][link]
        return pose[:3, :3] @ np.asarray(local_m, float) + pose[:3, 3]

    def _hide(self, place: slice) -> None:
        self.solid["a_position"][place] = (0.0, 0.0, -50.0)

    def _place_links(
        self, out: NDArray, rest: NDArray, slices: list[slice], poses: NDArray
    ) -> None:
        for place, pose in zip(slices, poses, strict=True):
            self._place(out, rest, place, pose)

    @staticmethod
    def _place(out: NDArray, rest: NDArray, place: slice, pose: NDArray) -> None:
        turn = pose[:3, :3].T.astype(np.float32)
        out["a_position"][place] = rest["a_position"][place] @ turn + pose[:3, 3].astype(np.float32)
        out["a_normal"][place] = rest["a_normal"][place] @ turn

    def _point(self, place: slice, start: NDArray, direction: NDArray, width: float,
               length: float) -> None:  # fmt: skip
        """Stretch a mesh along z to ``length``, scale it to ``width``, and point it."""
        pose = np.eye(4)
        pose[:3, 2] = direction
        side = np.array([1.0, 0, 0]) if abs(direction[0]) < 0.9 else np.array([0, 1.0, 0])
        pose[:3, 0] = np.cross(side, direction)
        pose[:3, 0] /= np.linalg.norm(pose[:3, 0])
        pose[:3, 1] = np.cross(direction, pose[:3, 0])
        turn = pose[:3, :3].T.astype(np.float32)
        stretched = self._rest["a_position"][place] * np.array([width, width, length], np.float32)
        self.solid["a_position"][place] = stretched @ turn + start.astype(np.float32)
        self.solid["a_normal"][place] = self._rest["a_normal"][place] @ turn


def _rgb(shade: QColor) -> tuple[float, float, float]:
    return shade.redF(), shade.greenF(), shade.blueF()


def _transform(pose: NDArray) -> NDArray[np.float64]:
    w, x, y, z = (float(v) for v in pose[3:7])
    out = np.eye(4)
    out[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    out[:3, 3] = pose[:3]
    return out
