"""How the simulated operator's hands move: they hold the points that are being pulled.

A hand appears when the first of its points is pulled, comes in from the operator's side of the
table (negative y, below the front camera), holds the points with its fingertips and leaves when
they are let go. The pose follows from pulls, robot pose and simulation time alone, so a recording
rendered twice shows the same operator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.rig import Rig
from devices.sim.operator_hand import (
    DIGITS,
    OPERATOR_GROUP,
    OPERATOR_SIDES,
    PARKED_GROUP,
    PARKED_M,
    Digit,
    body_name,
    mirror,
)
from devices.sim.scene import SceneMap

ELBOW_M = {"right": (0.32, -0.66, 0.06), "left": (-0.32, -0.66, 0.06)}  # elbows on the near edge
APPEAR_S = 0.25
VANISH_S = 0.35
RETREAT_M = 0.45  # how far back along the forearm a hand is before it has come in
FOLLOW_S = 0.06  # time constant with which the palm follows; fingertips follow at once
GRIP_M = 0.008  # the point held is a skin's thickness and half a robot finger from the tip's centre
_SPAN = (
    0.74  # share of its reach at which a holding finger works best: neither stretched nor curled
)
_BENDS_RAD = np.linspace(0.0, 1.75, 96)
_UP = np.array((0.0, 0.0, 1.0))

Vector = NDArray[np.float64]


@dataclass
class _Hand:
    """One operator hand between two pictures."""

    side: str
    presence: float = 0.0
    held_m: list[Vector] = field(default_factory=list)
    wrist_m: Vector | None = None
    axes: Vector | None = None
    parked: bool = True


class OperatorHands:
    """Poses the operator's mocap bodies. One thread only.

    Parameters
    ----------
    model : mujoco.MjModel
        Scene with the bodies of ``add_operator_hand``.
    scene : SceneMap
        Where the links are in the model.
    rig : Rig
        The rig, for its hands and links.
    """

    def __init__(self, model: mujoco.MjModel, scene: SceneMap, rig: Rig) -> None:
        self._mocap = {
            mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_BODY, body): int(model.body_mocapid[body])
            for body in range(model.nbody)
            if model.body_mocapid[body] >= 0
        }
        self._group = model.geom_group
        self._geoms = {
            side: np.array(
                [g for g in range(model.ngeom) if _belongs(model, g, f"operator_{side}_")], int
            )
            for side in OPERATOR_SIDES
        }
        self._scene = scene
        self._rig = rig
        self._hands = {side: _Hand(side) for side in OPERATOR_SIDES}
        self._chains = {digit.name: _Chain(digit) for digit in DIGITS}
        self._thumb_side = "right"
        self._last_s: float | None = None
        for geoms in self._geoms.values():
            self._group[geoms] = PARKED_GROUP

    @property
    def visible(self) -> bool:
        """Whether any hand is in the scene."""
        return any(hand.presence > 0 for hand in self._hands.values())

    def pose(self, data: mujoco.MjData, pulls: NDArray, at_s: float) -> None:
        """Set the mocap poses for one picture.

        Parameters
        ----------
        data : mujoco.MjData
            Body poses of the robot are read, mocap poses are written; run the kinematics before
            and after.
        pulls : (P, 12) float64 array
            Rows of ``operator/pulls``.
        at_s : float
            Simulation time, seconds; hands come and go by it.
        """
        step_s = 0.0 if self._last_s is None else min(max(at_s - self._last_s, 0.0), 0.2)
        first = self._last_s is None
        self._last_s = at_s
        points = self._points(data, pulls)
        for hand in self._hands.values():
            held = points[hand.side]
            if held:
                hand.held_m = held
                hand.presence = 1.0 if first else min(1.0, hand.presence + step_s / APPEAR_S)
            else:
                hand.presence = max(0.0, hand.presence - step_s / VANISH_S)
            if hand.presence > 0:
                self._place(data, hand, step_s)
            elif not hand.parked:
                self._park(data, hand)

    def _points(self, data: mujoco.MjData, pulls: NDArray) -> dict[str, list[Vector]]:
        """World positions of the pulled points, by the operator's hand that holds them."""
        points: dict[str, list[Vector]] = {side: [] for side in OPERATOR_SIDES}
        if all(hand.presence == 0 for hand in self._hands.values()):
            self._thumb_side = self._side_of_thumb(data)
        for row in pulls:
            if row[0] < 0.5 or not np.isfinite(row).all():
                continue
            hand_index, link_index = int(row[2]), int(row[3])
            if not 0 <= hand_index < len(self._scene.hands):
                continue
            links = self._scene.hands[hand_index].links  # the palm is the last one, index -1
            if not -1 <= link_index < len(links) - 1:
                continue
            body = links[link_index]
            point = data.xpos[body] + data.xmat[body].reshape(3, 3) @ row[4:7]
            points[self._operator_side(hand_index, link_index)].append(point)
        return points

    def _side_of_thumb(self, data: mujoco.MjData) -> str:
        """The operator's hand nearer to the robot's thumb, so that the arms do not cross."""
        links = self._rig.hands[0].spec.model.links
        bodies = self._scene.hands[0].links[:-1]
        is_thumb = np.array([link.finger == "thumb" for link in links])
        x_m = data.xpos[bodies, 0]
        thumb_m, others_m = x_m[is_thumb].mean(), x_m[~is_thumb].mean()
        return "right" if thumb_m > others_m else "left"

    def _operator_side(self, hand_index: int, link_index: int) -> str:
        """The operator's hand for a link: one for each robot hand, or thumb and fingers apart."""
        config = self._rig.hands[hand_index]
        if len(self._rig.hands) > 1:
            return config.side
        links = config.spec.model.links
        thumb = link_index >= 0 and links[link_index].finger == "thumb"
        other = "left" if self._thumb_side == "right" else "right"
        return self._thumb_side if thumb else other

    def _place(self, data: mujoco.MjData, hand: _Hand, step_s: float) -> None:
        held = hand.held_m
        sign = mirror(hand.side)
        centre = np.mean(held, axis=0)
        elbow = np.array(ELBOW_M[hand.side])
        axes = _palm_axes(centre - elbow, sign)
        axes = axes if hand.axes is None else _blend(hand.axes, axes, step_s)
        order = sorted(held, key=lambda point: -sign * float(axes[:, 1] @ point))
        grips = dict(zip([digit.name for digit in DIGITS[1:]], order, strict=False))
        lifted = {name: point + GRIP_M * axes[:, 2] for name, point in grips.items()}
        wrist = _wrist_for(lifted, axes, sign)
        if hand.wrist_m is not None:
            wrist = hand.wrist_m + (wrist - hand.wrist_m) * (1 - np.exp(-step_s / FOLLOW_S))
        if hand.parked:
            self._group[self._geoms[hand.side]] = OPERATOR_GROUP
        hand.wrist_m, hand.axes, hand.parked = wrist, axes, False

        ease = hand.presence * hand.presence * (3 - 2 * hand.presence)
        back = -(1 - ease) * RETREAT_M * axes[:, 0]
        self._set(data, body_name(hand.side, "palm"), wrist + back, axes)
        self._set_forearm(data, hand.side, wrist + back, elbow, axes)
        for digit in DIGITS:
            knuckle = wrist + axes @ (np.array(digit.knuckle_m) * (1, sign, 1))
            target, dorsal = _aim(digit, lifted, centre, knuckle, axes, sign)
            for bone, (start, frame) in enumerate(
                self._chains[digit.name].solve(knuckle, target, dorsal)
            ):
                self._set(data, body_name(hand.side, digit.name, bone), start + back, frame)

    def _set_forearm(
        self, data: mujoco.MjData, side: str, wrist: Vector, elbow: Vector, axes: Vector
    ) -> None:
        along = elbow - wrist
        along /= np.linalg.norm(along)
        self._set(data, body_name(side, "forearm"), wrist, _frame(along, axes[:, 2]))

    def _park(self, data: mujoco.MjData, hand: _Hand) -> None:
        for name, mocap in self._mocap.items():
            if name.startswith(f"operator_{hand.side}_"):
                data.mocap_pos[mocap] = PARKED_M
        self._group[self._geoms[hand.side]] = PARKED_GROUP
        hand.parked, hand.wrist_m, hand.axes = True, None, None

    def _set(self, data: mujoco.MjData, name: str, position: Vector, axes: Vector) -> None:
        mocap = self._mocap[name]
        data.mocap_pos[mocap] = position
        mujoco.mju_mat2Quat(data.mocap_quat[mocap], np.ascontiguousarray(axes).reshape(9))


class _Chain:
    """Three bones that bend equally at both inner joints: length of the chord against the bend."""

    def __init__(self, digit: Digit) -> None:
        self._lengths = np.array(digit.lengths_m)
        angles = _BENDS_RAD[:, None] * np.arange(3)
        x = (self._lengths * np.cos(angles)).sum(axis=1)
        y = (self._lengths * np.sin(angles)).sum(axis=1)
        self._chord_m = np.hypot(x, y)[::-1]  # np.interp wants it rising
        self._bend = _BENDS_RAD[::-1]
        self._lead = np.arctan2(y, x)[::-1]

    def solve(self, knuckle: Vector, target: Vector, dorsal: Vector) -> list[tuple[Vector, Vector]]:
        """Origin and axes of each bone so that the tip's centre is at ``target`` if in reach."""
        reach = target - knuckle
        chord = math.sqrt(float(reach @ reach))
        bend = float(np.interp(chord, self._chord_m, self._bend))
        lead = float(np.interp(chord, self._chord_m, self._lead))
        plane = _frame(reach, dorsal)
        bones, start = [], knuckle
        for bone, length in enumerate(self._lengths):
            angle = lead - bone * bend
            cos, sin = math.cos(angle), math.sin(angle)
            x = cos * plane[:, 0] + sin * plane[:, 2]
            z = cos * plane[:, 2] - sin * plane[:, 0]
            axes = np.empty((3, 3))
            axes[:, 0], axes[:, 1], axes[:, 2] = x, plane[:, 1], z
            bones.append((start, axes))
            start = start + length * x
        return bones


def _belongs(model: mujoco.MjModel, geom: int, prefix: str) -> bool:
    body = int(model.geom_bodyid[geom])
    name = mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_BODY, body)
    return name is not None and name.startswith(prefix)


def _frame(along: Vector, dorsal: Vector) -> Vector:
    """Right-handed axes as columns: x along, z as near to ``dorsal`` as possible."""
    axes = np.empty((3, 3))  # rows here; np.cross is ten times slower than mju_cross
    x, y, z = axes
    x[:] = along
    mujoco.mju_normalize3(x)
    mujoco.mju_cross(y, dorsal, x)
    if mujoco.mju_normalize3(y) < 1e-6:
        mujoco.mju_cross(y, np.roll(x, 1), x)
        mujoco.mju_normalize3(y)
    mujoco.mju_cross(z, x, y)
    return axes.T


def _palm_axes(approach: Vector, sign: float) -> Vector:
    """A hand reaching forwards with its back up, rolled a little towards a handshake."""
    level = approach * (1.0, 1.0, 0.55)
    outward = np.array((sign, 0.0, 0.0))
    return _frame(level, _UP + 0.45 * outward)


def _blend(old: Vector, new: Vector, step_s: float) -> Vector:
    mixed = old + (new - old) * (1 - np.exp(-step_s / FOLLOW_S))
    return _frame(mixed[:, 0], mixed[:, 2])


def _wrist_for(lifted: dict[str, Vector], axes: Vector, sign: float) -> Vector:
    """Wrist position from which the holding fingers are comfortably bent."""
    offsets = []
    for digit in DIGITS[1:]:
        if digit.name in lifted:
            chord = _SPAN * digit.reach_m * np.array((0.90, 0.0, -0.44))
            offsets.append(
                lifted[digit.name] - axes @ (np.array(digit.knuckle_m) * (1, sign, 1) + chord)
            )
    return np.mean(offsets, axis=0)


def _aim(
    digit: Digit,
    lifted: dict[str, Vector],
    centre: Vector,
    knuckle: Vector,
    axes: Vector,
    sign: float,
) -> tuple[Vector, Vector]:
    """Where a digit's tip goes, and which way its back faces."""
    dorsal = axes[:, 2]
    if digit.name == "thumb":
        opposite = centre - 0.022 * axes[:, 2] + 0.006 * sign * axes[:, 1]
        return opposite, 0.9 * sign * axes[:, 1] - 0.2 * dorsal
    if digit.name in lifted:
        return lifted[digit.name], dorsal
    relaxed = axes @ np.array((0.80, 0.0, -0.60))
    return knuckle + 0.80 * digit.reach_m * relaxed, dorsal
