"""A plan of one demonstration: joints of a hand and forces of its pads over time.

Between two key frames joints follow a smooth step and forces a straight line. The joints are where
the hand shall be *measured*; the forces are those its pads shall press with there, along the
planned pads' normals. Whoever follows the plan has to find the targets that make it so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.hands.rotation import rotation_from_rpy
from devices.kinematics import HandKinematics
from devices.rig import HandConfig
from policies.exo_map import WRIST_FIELDS, ExoMap
from policies.grasp_plan import wrist_angles
from policies.synergies import SHAPES_RAD

Vector = NDArray[np.float64]
IK_ITERATIONS = 60


@dataclass(frozen=True)
class KeyFrame:
    """Where the hand shall be ``seconds`` after the frame before, and how its pads press there.

    ``joints`` (J,) in ``HandSpec`` order, ``press_n`` (P,) in the order of the pads.
    """

    seconds: float
    joints: Vector
    press_n: Vector


class TaskPlan:
    """Key frames joined; the first is where the hand stands.

    Parameters
    ----------
    start : (J,) float64 array
        Measured joints at the beginning.
    frames : sequence of KeyFrame
        In order.
    """

    def __init__(self, start: Vector, frames: Sequence[KeyFrame]) -> None:
        pads = len(frames[0].press_n)
        self.times_s = np.concatenate([[0.0], np.cumsum([frame.seconds for frame in frames])])
        self.joints = np.array([start, *(frame.joints for frame in frames)])
        self.press_n = np.array([np.zeros(pads), *(frame.press_n for frame in frames)])

    @property
    def seconds(self) -> float:
        """Length of the plan."""
        return float(self.times_s[-1])

    def at(self, at_s: float) -> tuple[Vector, Vector]:
        """Joints (J,) and pad forces (P,) N at ``at_s`` seconds; the last frame stays."""
        after = int(np.searchsorted(self.times_s, at_s, side="right"))
        if after >= len(self.times_s):
            return self.joints[-1], self.press_n[-1]
        after = max(after, 1)
        begin, end = self.times_s[after - 1], self.times_s[after]
        share = max(0.0, (at_s - begin) / (end - begin))
        smooth = share * share * (3.0 - 2.0 * share)
        joints = self.joints[after - 1] + smooth * (self.joints[after] - self.joints[after - 1])
        press = self.press_n[after - 1] + share * (self.press_n[after] - self.press_n[after - 1])
        return joints, press


class HandPoser:
    """Finds joints that put palm and pads where a plan wants them.

    Parameters
    ----------
    hand : HandConfig
        The hand, on a free wrist.
    """

    def __init__(self, hand: HandConfig) -> None:
        self.hand = hand
        model_file = None
        self.kinematics = HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad, model_file)
        self._exo_map = ExoMap.load(hand.spec)
        self._base = rotation_from_rpy(hand.base_rpy_rad)

    def shape(self, name: str) -> Vector:
        """Joints of a named hand shape (``policies.synergies``), the wrist at zero."""
        wanted = np.concatenate([SHAPES_RAD[name], np.zeros(WRIST_FIELDS)])
        return self._exo_map.targets(wanted)

    def press_n(self, forces: Mapping[str, float]) -> Vector:
        """Pad forces (P,) from finger name to newtons; others press with nothing."""
        return np.array([forces.get(name, 0.0) for name in self.kinematics.pad_fingers])

    def place(
        self, joints: Vector, palm_m: Vector, roll_rad: float, yaw_rad: float = 0.0
    ) -> Vector:
        """Joints with the palm at ``palm_m``, rolled about x and then turned about the vertical."""
        out = joints.copy()
        turn = rotation_from_rpy((0.0, 0.0, yaw_rad)) @ rotation_from_rpy((roll_rad, 0.0, 0.0))
        out[:3] = palm_m - np.array(self.hand.base_pos_m)
        out[3:WRIST_FIELDS] = wrist_angles(turn @ self._base.T)
        return np.clip(out, self.hand.spec.lower, self.hand.spec.upper)

    def reach(self, joints: Vector, pads_m: Mapping[str, Vector]) -> Vector:
        """Joints that bring the named fingers' pads to points; the wrist stays."""
        targets = np.array(list(pads_m.values()))
        return self.kinematics.solve_pads(joints, targets, IK_ITERATIONS, tuple(pads_m))

    def pads_m(self, joints: Vector) -> dict[str, Vector]:
        """Centre of each pad in the world, metres, by finger."""
        poses = self.kinematics.pad_poses(joints)
        return dict(zip(self.kinematics.pad_fingers, poses[:, :3, 3], strict=True))
