"""How a person would do each simulated task: key frames from where the object is.

Each function returns the frames of one demonstration; ``seed`` makes every take a little different,
also in the force, which stays inside the task's window. The person knows where things are, as
people do who see and feel them; the policy that learns from it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.hands.rotation import rotation_from_rpy
from devices.sim.task_objects import (
    BOX_HALF_M,
    CAP_HEIGHT_M,
    CAP_RADIUS_M,
    CUP_RADII_M,
    CUP_RING_M,
    PEG_SPACING_M,
    PEG_TOP_M,
    PLUNGER_N_M,
    PLUNGER_TOP_M,
    STOPPER_HEIGHT_M,
    STOPPER_RADIUS_M,
    TUBE_GRIP_M,
    TUBE_HALF_M,
    TUBE_N_M,
)
from policies.task_plan import HandPoser, KeyFrame, Vector

OPEN_HALF_M = 0.048  # thumb and fingers this far from the middle before they close
FINGER_SPACING_M = {"xhand": 0.020, "leap": 0.032}  # index beside middle finger, by hand model
SPACING_M = 0.024  # of other hands
FACING = (1.9, (-0.012, 0.060, 0.120))  # roll, palm from the grip: pads face each other
CRADLE = (1.9, (-0.012, 0.080, 0.110))  # likewise, pads look up by half a radian
POINTING_ROLL_RAD = 1.15  # fingers level, so that a bent finger's pad looks down
POINTING_BEND_RAD = np.pi / 2 - POINTING_ROLL_RAD
STRETCHED_RAD = 0.15  # bend of both joints of a finger that is out of the way


@dataclass(frozen=True)
class Situation:
    """What the demonstrator knows at the beginning.

    Attributes
    ----------
    poser : HandPoser
        The hand.
    start : (J,) float64 array
        Measured joints.
    object_m : (3,) float64 array
        Place of the task's object, metres.
    yaw_rad : float
        Its turn about the vertical.
    raised : int
        Which of its parts stands out; 0 where there is only one.
    rng : Generator
        Draws the differences between takes.
    """

    poser: HandPoser
    start: Vector
    object_m: Vector
    yaw_rad: float
    raised: int
    rng: np.random.Generator


def press(case: Situation) -> list[KeyFrame]:
    """Index finger on the plunger, down to about 5 N, hold."""
    poser, rng = case.poser, case.rng
    force_n = rng.uniform(4.4, 5.0)
    top_m = case.object_m + (0.0, 0.0, PLUNGER_TOP_M - 0.045)
    top_m[:2] += rng.uniform(-0.003, 0.003, 2)
    joints = _pointing(case, {"index": POINTING_BEND_RAD})
    pad = poser.pads_m(joints)["index"]
    hover = _moved(joints, top_m + (0.0, 0.0, 0.035) - pad)
    near = _moved(joints, top_m + (0.0, 0.0, 0.008) - pad)
    pressed_m = top_m - (0.0, 0.0, force_n / PLUNGER_N_M)
    touch = poser.reach(near, {"index": top_m})
    pressed = poser.reach(touch, {"index": pressed_m})
    none, pushing = poser.press_n({}), poser.press_n({"index": force_n})
    pace = rng.uniform(0.9, 1.15)
    return [
        KeyFrame(1.3 * pace, hover, none),
        KeyFrame(0.6 * pace, near, none),
        KeyFrame(0.4 * pace, touch, none),
        KeyFrame(0.7 * pace, pressed, pushing),
        KeyFrame(1.0, pressed, pushing),
    ]


def lift(case: Situation) -> list[KeyFrame]:
    """Grip the fragile box with about 4 N and lift it."""
    force_n = case.rng.uniform(3.6, 4.6)
    grip = _Grip(case, FACING, case.object_m + (0.0, 0.0, 0.006), BOX_HALF_M[1], force_n)
    return [*grip.approach(), *grip.close(), *grip.lift(0.05), grip.hold(0.7)]


def turn(case: Situation) -> list[KeyFrame]:
    """Grip the cap with about 5 N and turn the hand around it."""
    force_n = case.rng.uniform(4.6, 5.6)
    aim = case.object_m + (0.0, 0.0, CAP_HEIGHT_M - 0.035)
    grip = _Grip(case, FACING, aim, CAP_RADIUS_M, force_n, yaw_rad=-0.15)
    return [*grip.approach(), *grip.close(), *grip.turn(0.75), grip.hold(0.5)]


def squeeze(case: Situation) -> list[KeyFrame]:
    """Press both walls of the tube in by about 3 mm and hold."""
    force_n = case.rng.uniform(4.5, 5.1)
    aim = case.object_m + (0.0, 0.0, TUBE_GRIP_M - 0.012)
    grip = _Grip(case, FACING, aim, TUBE_HALF_M, force_n, sink_m=force_n / TUBE_N_M)
    return [*grip.approach(), *grip.close(0.8), grip.hold(1.0)]


def pick_bottle(case: Situation) -> list[KeyFrame]:
    """Close under the stopper and lift."""
    below_m = 0.010
    aim = case.object_m + (0.0, 0.0, STOPPER_HEIGHT_M - 0.036 - below_m)
    half_m = float(np.sqrt(STOPPER_RADIUS_M**2 - below_m**2))
    grip = _Grip(case, CRADLE, aim, half_m, case.rng.uniform(1.5, 2.5))
    return [*grip.approach(), *grip.close(), *grip.lift(0.055), grip.hold(0.7)]


def pick_cup(case: Situation) -> list[KeyFrame]:
    """Close around the cup halfway up and lift."""
    aim = case.object_m + (0.0, 0.0, 0.5 * CUP_RING_M)
    grip = _Grip(case, CRADLE, aim, CUP_RADII_M[4], case.rng.uniform(1.5, 2.5))
    return [*grip.approach(), *grip.close(), *grip.lift(0.055), grip.hold(0.7)]


def insert(case: Situation) -> list[KeyFrame]:
    """Lower three fingers until one touches the raised peg, lift the others, press it in."""
    poser, rng = case.poser, case.rng
    fingers = ("index", "middle", "ring")
    raised = fingers[case.raised]
    board_m = case.object_m + (0.0, 0.0, PEG_TOP_M - 0.060)
    tops = {
        name: board_m + ((1 - index) * PEG_SPACING_M, 0.0, 0.0)
        for index, name in enumerate(fingers)
    }
    joints = _pointing(case, dict.fromkeys(fingers, 0.27), thumb_rad=0.2, roll_rad=1.30)
    pads = poser.pads_m(joints)
    shift = np.mean([tops[name] - pads[name] for name in fingers], axis=0)
    level = _moved(joints, shift + (0.0, 0.0, 0.012))
    level = poser.reach(level, {name: top + (0.0, 0.0, 0.012) for name, top in tops.items()})
    hover = _moved(level, np.array([0.0, 0.0, 0.055]))
    felt = _moved(level, np.array([0.0, 0.0, -0.0062]))
    apart = poser.reach(
        felt, {name: top + (0.0, 0.0, 0.026) for name, top in tops.items() if name != raised}
    )
    depth_m = rng.uniform(0.0050, 0.0056)
    inserted = poser.reach(apart, {raised: tops[raised] - (0.0, 0.0, depth_m)})
    none, touching = poser.press_n({}), poser.press_n({raised: 0.5})
    pushing = poser.press_n({raised: 3.4})
    pace = rng.uniform(0.9, 1.15)
    return [
        KeyFrame(1.4 * pace, hover, none),
        KeyFrame(0.9 * pace, level, none),
        KeyFrame(0.5 * pace, felt, touching),
        KeyFrame(0.2, felt, touching),
        KeyFrame(0.5 * pace, apart, touching),
        KeyFrame(0.9 * pace, inserted, pushing),
        KeyFrame(0.6, inserted, poser.press_n({raised: 1.0})),
    ]


DEMONSTRATIONS: dict[str, Callable[[Situation], list[KeyFrame]]] = {
    "press": press,
    "lift": lift,
    "turn": turn,
    "squeeze": squeeze,
    "pick-bottle": pick_bottle,
    "pick-cup": pick_cup,
    "insert": insert,
}


class _Grip:
    """Thumb against index and middle finger around an aim, along the hand's own direction."""

    def __init__(
        self,
        case: Situation,
        style: tuple[float, tuple[float, float, float]],
        aim_m: NDArray[np.float64],
        half_m: float,
        force_n: float,
        yaw_rad: float | None = None,
        sink_m: float = 0.0,
    ) -> None:
        rng = case.rng
        self._poser, self._case = case.poser, case
        self._roll, self._palm = style[0] + rng.uniform(-0.02, 0.02), np.array(style[1])
        self._aim = aim_m + (*rng.uniform(-0.002, 0.002, 2), rng.uniform(-0.002, 0.002))
        self._middle = aim_m
        self._yaw = case.yaw_rad if yaw_rad is None else yaw_rad
        self._pace = rng.uniform(0.9, 1.15)
        self._pressed = case.poser.press_n(
            {"thumb": force_n, "index": force_n / 2, "middle": force_n / 2}
        )
        self._half, self._sink = half_m, sink_m
        self._last = self._at(0.0, half_m, self._yaw)

    def _at(self, up_m: float, half_m: float, yaw_rad: float) -> Vector:
        turn = rotation_from_rpy((0.0, 0.0, yaw_rad))
        aim = self._middle + turn @ (self._aim - self._middle) + (0.0, 0.0, up_m)
        along, side = turn @ (0.0, -1.0, 0.0), turn @ (1.0, 0.0, 0.0)
        joints = self._poser.place(
            _stretched(self._case, ("ring", "pinky")), aim + turn @ self._palm, self._roll, yaw_rad
        )
        model = self._poser.hand.model
        across = side * FINGER_SPACING_M.get(model, SPACING_M) / 2
        far = aim + half_m * along
        return self._poser.reach(
            joints,
            {"thumb": aim - half_m * along, "index": far + across, "middle": far - across},
        )

    def _frame(self, seconds: float, joints: Vector, pressing: bool) -> KeyFrame:
        self._last = joints
        force_n = self._pressed if pressing else np.zeros_like(self._pressed)
        return KeyFrame(seconds * self._pace, joints, force_n)

    def approach(self) -> list[KeyFrame]:
        high = self._at(0.07, OPEN_HALF_M, self._yaw)
        return [
            self._frame(1.5, high, False),
            self._frame(0.8, self._at(0.0, OPEN_HALF_M, self._yaw), False),
        ]

    def close(self, seconds: float = 0.5) -> list[KeyFrame]:
        touch = self._frame(0.6, self._at(0.0, self._half + 0.001, self._yaw), False)
        gripped = self._frame(seconds, self._at(0.0, self._half - self._sink, self._yaw), True)
        return [touch, gripped]

    def lift(self, height_m: float) -> list[KeyFrame]:
        return [self._frame(0.9, self._at(height_m, self._half - self._sink, self._yaw), True)]

    def turn(self, angle_rad: float) -> list[KeyFrame]:
        steps = 4
        return [
            self._frame(1.4 / steps, self._at(0.0, self._half, self._yaw + share * angle_rad), True)
            for share in np.arange(1, steps + 1) / steps
        ]

    def hold(self, seconds: float) -> KeyFrame:
        return self._frame(seconds, self._last, True)


def _pointing(
    case: Situation,
    bent: dict[str, float],
    thumb_rad: float = 0.95,
    roll_rad: float = POINTING_ROLL_RAD,
) -> Vector:
    """Fingers stretched forward, those in ``bent`` bent by so much in all, thumb aside."""
    spec = case.poser.hand.spec
    joints = case.poser.shape("open")
    for index, joint in enumerate(spec.joints):
        if joint.finger in bent and "index_joint0" not in joint.name:
            joints[index] = bent[joint.finger] / 2
        elif joint.finger == "thumb":
            joints[index] = thumb_rad if joint.name.endswith("joint0") else joint.home
    palm = np.array(case.poser.hand.base_pos_m)
    return case.poser.place(joints, palm, roll_rad)


def _stretched(case: Situation, fingers: tuple[str, ...]) -> Vector:
    """Three fingers around a thing, ``fingers`` kept out of the way."""
    joints = case.poser.shape("tripod")
    for index, joint in enumerate(case.poser.hand.spec.joints):
        if joint.finger in fingers:
            joints[index] = STRETCHED_RAD
    return joints


def _moved(joints: Vector, shift_m: Vector) -> Vector:
    out = joints.copy()
    out[:3] += shift_m
    return out
