"""A seeded plan of one grasp: a hand's joints as a function of time.

Phases: reach above the object with open fingers, descend, close, lift, hold, lower, open. The
shortest plan takes ``SHORTEST_S``; a longer one gives every phase its share of the extra time.
Between two key poses the joints follow a smooth step. The plan is a pure function of its
arguments: the same seed gives the same joints, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from devices.hands.rotation import rotation_from_rpy
from devices.kinematics import HandKinematics
from devices.rig import EXO_JOINTS
from policies.exo_map import WRIST_FIELDS, ExoMap
from policies.synergies import SHAPES_RAD


class Phase(NamedTuple):
    """One phase: its shortest duration in seconds and its share of any extra time."""

    name: str
    least_s: float
    share: float


PHASES = (
    Phase("reach", 1.35, 0.15),  # the wrist turns 1.3 rad at no more than 1.5 rad/s
    Phase("descend", 0.25, 0.15),
    Phase("close", 0.50, 0.20),
    Phase("lift", 0.30, 0.15),
    Phase("hold", 0.10, 0.20),
    Phase("lower", 0.25, 0.10),
    Phase("open", 0.25, 0.05),
)
SHORTEST_S = sum(phase.least_s for phase in PHASES)

GRASP_ROLL_RAD = 1.6  # palm down; the fingers of a hand on the table reach forward
HOVER_SPEED_M_S = 0.12  # hover and lift heights are what this speed covers in their phase
HOVER_MAX_M = 0.08
GRASP_DEPTH = 0.75  # of the distance from the palm at which thumb and fingers meet
OPEN_HALF_M = 0.055  # thumb and fingertips this far from the object's centre before closing
FINGER_SPACING_MAX_M = 0.034  # between the two opposing fingertips: both find room on an object
_BENDING = ("mcp_forward", "pip", "dip")
_MIDDLE = [EXO_JOINTS.index(f"middle_{part}") for part in _BENDING]
_RING_SHARE = (0.3, 0.3, 1.0, 1.0, 1.0, 1.0, 0.3)  # at the end of each phase
_RING = [EXO_JOINTS.index(f"ring_{part}") for part in _BENDING]


@dataclass(frozen=True)
class GraspPlan:
    """Joints of one hand over time.

    Attributes
    ----------
    times_s : (K,) float64 array
        When each key pose is reached; the first is 0.
    poses : (K, J) float64 array
        Key poses in ``HandSpec`` order.
    """

    times_s: NDArray[np.float64]
    poses: NDArray[np.float64]

    @property
    def seconds(self) -> float:
        """Length of the plan."""
        return float(self.times_s[-1])

    def joints(self, at_s: float) -> NDArray[np.float64]:
        """Return the joints ``(J,)`` at ``at_s`` seconds after the start."""
        after = int(np.searchsorted(self.times_s, at_s, side="right"))
        if after == 0:
            return self.poses[0].copy()
        if after == len(self.times_s):
            return self.poses[-1].copy()
        begin, end = self.times_s[after - 1], self.times_s[after]
        share = (at_s - begin) / (end - begin)
        smooth = share * share * (3.0 - 2.0 * share)
        return self.poses[after - 1] + smooth * (self.poses[after] - self.poses[after - 1])


def phase_durations_s(seconds: float) -> NDArray[np.float64]:
    """Split ``seconds`` into one duration per phase.

    Raises
    ------
    ValueError
        When ``seconds`` is shorter than the shortest plan.
    """
    extra = seconds - SHORTEST_S
    if extra < -1e-9:
        raise ValueError(
            f"a scripted grasp of {seconds:g} s is too short; give it at least {SHORTEST_S:g} s"
        )
    return np.array([phase.least_s + phase.share * max(extra, 0.0) for phase in PHASES])


def plan_grasp(
    kinematics: HandKinematics,
    exo_map: ExoMap,
    base_rpy_rad: ArrayLike,
    start: NDArray[np.float64],
    object_m: NDArray[np.float64],
    closed_half_m: float,
    seconds: float,
    rng: np.random.Generator,
) -> GraspPlan:
    """Plan a grasp of the object at ``object_m`` from the pose ``start``.

    Parameters
    ----------
    kinematics : HandKinematics
        The hand in the world.
    exo_map : ExoMap
        Turns hand shapes into joints; poses of the plan can be worn by an exoskeleton.
    base_rpy_rad : (3,) array
        Orientation of the hand's base in the world.
    start : (J,) float64 array
        Measured pose.
    object_m : (3,) float64 array
        Centre of the object in the world, metres.
    closed_half_m : float
        How far thumb and fingertips are from the centre when closed; less than half the object,
        so that they press.
    seconds : float
        Length of the plan, at least ``SHORTEST_S``.
    rng : Generator
        Draws small differences between takes.
    """
    durations_s = phase_durations_s(seconds)
    duration = dict(zip((phase.name for phase in PHASES), durations_s, strict=True))
    hover_m = min(HOVER_MAX_M, HOVER_SPEED_M_S * duration["descend"])
    lift_m = min(HOVER_MAX_M, HOVER_SPEED_M_S * duration["lift"]) * rng.uniform(0.9, 1.0)
    aim = object_m + np.array([*rng.uniform(-0.003, 0.003, 2), 0.0])
    roll = GRASP_ROLL_RAD + rng.uniform(-0.03, 0.03)
    pressed_m = closed_half_m + rng.uniform(-0.001, 0.001)

    spec = kinematics.spec
    around = _worn(exo_map, "tripod")
    if spec.wrist_size == 0:
        opened, closed = _worn(exo_map, "open"), around
        keys = [start, opened, opened, closed, closed, closed, closed, opened]
        return _plan(durations_s, keys, exo_map)
    base = rotation_from_rpy(base_rpy_rad)
    around[:3] = 0.0
    around[3:WRIST_FIELDS] = wrist_angles(rotation_from_rpy((roll, 0.0, 0.0)) @ base.T)
    palm = kinematics.link_poses(around)[-1]
    tips = dict(zip(kinematics.tip_fingers, kinematics.tip_positions(around), strict=True))
    between = tips["thumb"] / 2 + (tips["index"] + tips["middle"]) / 4
    meet = palm[:3, :3].T @ (between - palm[:3, 3])
    centre = palm[:3, 3] + palm[:3, :3] @ (meet * (1.0, GRASP_DEPTH, 1.0))
    across = tips["index"] - tips["middle"]
    across *= FINGER_SPACING_MAX_M / max(FINGER_SPACING_MAX_M, float(np.linalg.norm(across)))
    along = palm[:3, 2] * (1.0, 1.0, 0.0)
    along /= np.linalg.norm(along)

    def at(height_m: float, half_m: float) -> NDArray[np.float64]:
        """Pose with the fingertips ``half_m`` from the aim, ``height_m`` above the grasp."""
        pose = around.copy()
        shift = aim + np.array([0.0, 0.0, height_m]) - centre
        pose[:3] = np.clip(shift, spec.lower[:3], spec.upper[:3])
        middle = centre + pose[:3]
        far = middle + half_m * along
        targets = np.array([middle - half_m * along, far + across / 2, far - across / 2])
        return kinematics.solve_tips(pose, targets, ("thumb", "index", "middle"), iterations=60)

    hover, opened = at(hover_m, OPEN_HALF_M), at(0.0, OPEN_HALF_M)
    closed, lifted = at(0.0, pressed_m), at(lift_m, pressed_m)
    keys = [start, hover, opened, closed, lifted, lifted, closed, opened]
    return _plan(durations_s, keys, exo_map)


def _plan(
    durations_s: NDArray[np.float64], keys: list[NDArray[np.float64]], exo_map: ExoMap
) -> GraspPlan:
    """Join key poses into a plan; those after the start can be worn.

    The ring finger does what the middle finger does, but stays out of the way until all close.
    """
    worn = []
    for share, pose in zip(_RING_SHARE, keys[1:], strict=True):
        intent = exo_map.intent(pose)
        intent[_RING] = share * intent[_MIDDLE]
        worn.append(exo_map.targets(intent))
    return GraspPlan(np.concatenate([[0.0], np.cumsum(durations_s)]), np.array([keys[0], *worn]))


def _worn(exo_map: ExoMap, shape: str) -> NDArray[np.float64]:
    return exo_map.targets(np.concatenate([SHAPES_RAD[shape], np.zeros(WRIST_FIELDS)]))


def wrist_angles(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Wrist roll, pitch and yaw about world x, y, z, each turning the next, for ``rotation``."""
    pitch = np.arcsin(np.clip(rotation[0, 2], -1.0, 1.0))
    roll = np.arctan2(-rotation[1, 2], rotation[2, 2])
    yaw = np.arctan2(-rotation[0, 1], rotation[0, 0])
    return np.array([roll, pitch, yaw])
