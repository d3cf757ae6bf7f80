"""The scripted operator: a seeded person for tests, benchmarks and demonstrations.

It plans one grasp per hand (``policies.grasp_plan``) and plays it in one of two ways: by pulling
palm and fingertips along the plan (kinesthetic), or by wearing an exoskeleton that follows the
plan. Same rig, start poses, objects and seed: same pulls and intents, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from devices.kinematics import HandKinematics
from devices.rig import MAX_PULLS, PULL_FIELDS, HandConfig, Rig
from policies.exo_map import ExoMap
from policies.grasp_plan import SHORTEST_S, GraspPlan, plan_grasp

SCRIPTS = ("grasp",)
GRASPABLE = ("cube", "ball", "cylinder")  # what fits between thumb and two fingers from above
REACH_M = 0.25  # in the plane of the table, from the fingertips; well within the wrist's 0.4 m
FREE_AIR_M = (0.0, -0.1, 0.08)  # where a hand grasps when its world has nothing to grasp
# Thumb and fingertips from the object's centre when closed. A pulled finger presses through the
# spring of the pull (0.6 N/mm), a worn hand through its own stiffer servos (about 1.5 N/mm).
PULLED_HALF_M = 0.014
WORN_HALF_M = 0.018
PALM_POINTS_M = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.085), (0.03, 0.0, 0.045))  # palm frame


class ScriptError(ValueError):
    """A script cannot be run; the message is one clear sentence."""


class ScriptedOperator:
    """One run of a script.

    Parameters
    ----------
    rig : Rig
        The rig whose hands are moved.
    mode : {"kinesthetic", "exoskeleton"}
        Whether the hand is pulled or an exoskeleton is worn.
    kinematics : mapping of str to HandKinematics
        Kinematics of every hand in the world, by side.
    poses : mapping of str to (J,) array
        Measured pose of every hand, by side.
    objects_m : mapping of str to (3,) array
        Centre of every object in the world, metres; empty without a world.
    seconds : float
        Length of the script; below ``SHORTEST_S`` the shortest plan is cut off.
    seed : int
        Draws small differences between takes.
    name : str
        Name of the script.
    """

    def __init__(
        self,
        rig: Rig,
        mode: Literal["kinesthetic", "exoskeleton"],
        kinematics: Mapping[str, HandKinematics],
        poses: Mapping[str, NDArray[np.float64]],
        objects_m: Mapping[str, NDArray[np.float64]],
        seconds: float,
        seed: int,
        name: str = "grasp",
    ) -> None:
        if name not in SCRIPTS:
            raise ScriptError(f"script '{name}' is unknown; known scripts: {', '.join(SCRIPTS)}")
        self.seconds = seconds
        self._hands: dict[str, _ScriptedHand] = {}
        tips_m = [
            kinematics[hand.side].tip_positions(poses[hand.side]).mean(axis=0) for hand in rig.hands
        ]
        targets = _share_out(tips_m, objects_m)
        for index, hand in enumerate(rig.hands):
            model = kinematics[hand.side]
            start = np.asarray(poses[hand.side], np.float64)
            target = targets[index]
            aim = objects_m[target] if target else np.add(hand.base_pos_m, FREE_AIR_M)
            exo_map = ExoMap.load(hand.spec)
            plan = plan_grasp(
                model,
                exo_map,
                hand.base_rpy_rad,
                start,
                np.asarray(aim, np.float64),
                PULLED_HALF_M if mode == "kinesthetic" else WORN_HALF_M,
                max(seconds, SHORTEST_S),
                np.random.default_rng((seed, index)),
            )
            self._hands[hand.side] = _ScriptedHand(
                index, hand, model, exo_map, plan, MAX_PULLS // len(rig.hands)
            )

    def intent(self, side: str, at_s: float) -> NDArray[np.float64]:
        """Return the wearer's intent ``(23,)`` for one hand at ``at_s`` s after the start."""
        hand = self._hands[side]
        return hand.exo_map.intent(hand.plan.joints(at_s))

    def pulls(self, at_s: float) -> NDArray[np.float64]:
        """Return rows of ``operator/pulls`` ``(MAX_PULLS, PULL_FIELDS)`` at ``at_s`` s."""
        rows = np.zeros((MAX_PULLS, PULL_FIELDS))
        if at_s < self.seconds:
            found = [row for hand in self._hands.values() for row in hand.pulls(at_s)]
            rows[: len(found)] = found
        return rows


class _ScriptedHand:
    """Plan, map and pulled points of one hand."""

    def __init__(
        self,
        index: int,
        hand: HandConfig,
        kinematics: HandKinematics,
        exo_map: ExoMap,
        plan: GraspPlan,
        pulls: int,
    ) -> None:
        self.exo_map = exo_map
        self.plan = plan
        self._index = index
        self._kinematics = kinematics
        fingers = len(kinematics.tip_fingers)
        palm = 0 if hand.wrist == "fixed" else min(3, max(2, pulls - fingers))
        self._points = [(-1, np.array(point)) for point in PALM_POINTS_M[:palm]]
        self._points += _tip_points(kinematics)[: pulls - palm]

    def pulls(self, at_s: float) -> list[NDArray[np.float64]]:
        poses = self._kinematics.link_poses(self.plan.joints(at_s))
        rows = []
        for link, point in self._points:
            target = poses[link, :3, :3] @ point + poses[link, :3, 3]
            rows.append(np.array([1.0, 0.0, self._index, link, *point, *target, 0.0, 0.0]))
        return rows


def _tip_points(kinematics: HandKinematics) -> list[tuple[int, NDArray[np.float64]]]:
    """Fingertips as (link index, point in the link's frame), in ``tip_fingers`` order."""
    spec = kinematics.spec
    poses, tips = kinematics.link_poses(spec.home), kinematics.tip_positions(spec.home)
    link_of = {link.finger: link.name for link in spec.model.links if link.tip_m is not None}
    points = []
    for finger, tip in zip(kinematics.tip_fingers, tips, strict=True):
        link = kinematics.link_names.index(link_of[finger])
        points.append((link, poses[link, :3, :3].T @ (tip - poses[link, :3, 3])))
    return points


def _share_out(
    tips_m: Sequence[NDArray[np.float64]], objects_m: Mapping[str, NDArray[np.float64]]
) -> list[str]:
    """Choose an object for every hand, by name; empty for a hand that has none within reach.

    An object belongs to the hand it lies nearest to; of its own objects a hand takes the first in
    the order of ``GRASPABLE``.
    """
    chosen = [""] * len(tips_m)
    for name in GRASPABLE:
        if name in objects_m:
            away = [float(np.hypot(*(objects_m[name] - tip)[:2])) for tip in tips_m]
            owner = int(np.argmin(away))
            if not chosen[owner] and away[owner] < REACH_M:
                chosen[owner] = name
    return chosen
