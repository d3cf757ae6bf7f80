"""Whether a simulated task was done, and why not: reads the state of the physics alone.

Forces are low-pass filtered with ``FORCE_FILTER_S`` before they are compared with a limit, because
the contact solver's force of a single step is no force anything would break under. An outcome is
final until ``restart``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.hands.mjcf import HAND_GROUP
from devices.sim.scene import SceneMap
from devices.task_scene import (
    OUTCOMES,
    REASONS,
    InsertTest,
    LiftTest,
    PressTest,
    SqueezeTest,
    TaskScene,
    TurnTest,
)

CHECK_S = 0.006
FORCE_FILTER_S = 0.03
MOVED = 0.01  # m or rad: from here on the hand counts as having begun
NO_LIMIT = 1e6  # upper end of a window that has none; finite, so that files and plots stay so
TILT_COS = 0.7  # an object lying more than 45 degrees from its start has been knocked over


@dataclass(frozen=True, slots=True)
class TaskState:
    """What the judge says now.

    Attributes
    ----------
    outcome : str
        ``running``, ``success`` or ``failure``.
    reason : str
        Why it failed; one of ``devices.task_scene.REASONS``.
    value, low, high : float
        The task's quantity (N, m or rad) and the window it must be in.
    held_s : float
        For how long it has been there.
    elapsed_s : float
        Since the hand's first motion.
    force_n : float
        Filtered force on the task's object: what the spring feels, or what the hand squeezes with.
    """

    outcome: str = "running"
    reason: str = ""
    value: float = 0.0
    low: float = 0.0
    high: float = 0.0
    held_s: float = 0.0
    elapsed_s: float = 0.0
    force_n: float = 0.0

    def fields(self) -> NDArray[np.float64]:
        """The state as a sample of ``world/task``, ``TASK_FIELDS`` order."""
        return np.array([
            OUTCOMES.index(self.outcome), REASONS.index(self.reason), self.value, self.low,
            self.high, self.held_s, self.elapsed_s, self.force_n,
        ])  # fmt: skip


class TaskJudge:
    """Follows one task.

    Parameters
    ----------
    task : TaskScene
        What is asked.
    model, scene
        The world's.
    """

    def __init__(self, task: TaskScene, model: mujoco.MjModel, scene: SceneMap) -> None:
        self.task = task
        self._model = model
        self._body = scene.objects[task.success.object]
        test = task.success
        names: tuple[str, ...] = ()
        if isinstance(test, (PressTest, TurnTest)):
            names = (test.joint,)
        elif isinstance(test, (SqueezeTest, InsertTest)):
            names = test.joints
        self._joints = np.array([model.joint(name).qposadr[0] for name in names], int)
        root = model.body_rootid[model.geom_bodyid]
        self._mine = root == self._body
        self._hand = model.geom_group == HAND_GROUP
        self._hand_qpos = np.concatenate([hand.qpos for hand in scene.hands])
        self.state = TaskState()

    def restart(self, data: mujoco.MjData) -> None:
        """Forget the past; the task begins with the state in ``data``."""
        self._start_ns: int | None = None
        self._next_ns = 0
        self._held_s = self._force_n = 0.0
        self._touched = False
        self._best = -np.inf
        self._start_pose = data.qpos[self._hand_qpos].copy()
        self._start_parts = data.qpos[self._joints].copy()
        self._start_z = float(data.xpos[self._body, 2])
        self._highest_m = 0.0
        self._up = data.xmat[self._body].reshape(3, 3)[:, 2].copy()
        low, high = self._window()
        self.state = TaskState(low=low, high=high)

    def update(self, data: mujoco.MjData, at_ns: int) -> None:
        """Look at the world at simulated time ``at_ns``; cheap when nothing is due."""
        if at_ns < self._next_ns:
            return
        self._next_ns = at_ns + round(CHECK_S * 1e9)
        if self._start_ns is None:
            moved = np.abs(data.qpos[self._hand_qpos] - self._start_pose).max() > MOVED
            self._start_ns = at_ns if moved else None
        elapsed_s = 0.0 if self._start_ns is None else (at_ns - self._start_ns) / 1e9
        squeeze_n = self._squeeze_n(data)
        self._force_n += (squeeze_n - self._force_n) * CHECK_S / (FORCE_FILTER_S + CHECK_S)
        self._touched |= squeeze_n > 0.1
        value, force_n, reason = self._measure(data)
        low, high = self._window()
        inside = low <= value <= high and not reason
        self._held_s = self._held_s + CHECK_S if inside else 0.0
        self._best = max(self._best, value)
        outcome, said = self.state.outcome, self.state.reason
        if outcome == "running":
            if reason:
                outcome, said = "failure", reason
            elif self._held_s >= self._hold_s():
                outcome = "success"
            elif elapsed_s > self.task.limit_s:
                outcome, said = "failure", self._why_late()
        self.state = TaskState(outcome, said, value, low, high, self._held_s, elapsed_s, force_n)

    def end(self) -> TaskState:
        """The take is over: what is not done by now has failed, for the reason there is."""
        if self.state.outcome == "running":
            self.state = replace(self.state, outcome="failure", reason=self._why_late())
        return self.state

    def _window(self) -> tuple[float, float]:
        test = self.task.success
        if isinstance(test, PressTest):
            return test.low_n, test.high_n
        if isinstance(test, LiftTest):
            return test.height_m, NO_LIMIT
        if isinstance(test, TurnTest):
            return abs(test.angle_rad), NO_LIMIT
        if isinstance(test, SqueezeTest):
            return test.low_m, test.high_m
        return test.depth_m, NO_LIMIT

    def _hold_s(self) -> float:
        test = self.task.success
        return CHECK_S if isinstance(test, TurnTest) else test.hold_s

    def _measure(self, data: mujoco.MjData) -> tuple[float, float, str]:
        """The task's quantity, the force shown, and why it has failed for good."""
        test = self.task.success
        tilt = float(data.xmat[self._body].reshape(3, 3)[:, 2] @ self._up)
        reason = "knocked over" if tilt < TILT_COS else ""
        parts = data.qpos[self._joints]
        if isinstance(test, PressTest):
            spring_n = -test.stiffness_n_m * float(parts[0])
            return spring_n, spring_n, reason or _if(spring_n > test.break_n, "pressed too much")
        if isinstance(test, LiftTest):
            return self._lift(test, data, reason)
        if isinstance(test, TurnTest):
            angle = float(parts[0] - self._start_parts[0]) * float(np.sign(test.angle_rad))
            return angle, self._force_n, reason or _if(self._force_n > test.break_n, "broke")
        if isinstance(test, SqueezeTest):
            amount_m = float(parts.sum())
            return (
                amount_m,
                self._force_n,
                reason or _if(amount_m > test.spill_m, "pressed too much"),
            )
        raised = int(np.argmax(self._start_parts))
        spare = np.delete(parts, raised)
        wrong = bool((spare < test.spare_m).any())
        return -float(parts[raised]), self._force_n, reason or _if(wrong, "wrong place")

    def _lift(self, test: LiftTest, data: mujoco.MjData, reason: str) -> tuple[float, float, str]:
        height_m = float(data.xpos[self._body, 2]) - self._start_z
        if test.break_n is not None and self._force_n > test.break_n:
            reason = reason or "broke"
        self._highest_m = max(self._highest_m, height_m)
        fallen = self._highest_m > 0.4 * test.height_m and height_m < 0.3 * self._highest_m
        return height_m, self._force_n, reason or _if(fallen, "slipped")

    def _why_late(self) -> str:
        """Failing by time: too weak where force was the matter, slipped where it was touched."""
        test = self.task.success
        low, _ = self._window()
        if isinstance(test, (PressTest, SqueezeTest, InsertTest)):
            return "pressed too little" if self._best < low else "too late"
        return "slipped" if self._touched else "too late"

    def _squeeze_n(self, data: mujoco.MjData) -> float:
        """Half of the normal forces between hands and object: the grip of two opposing sides."""
        geoms = data.contact.geom[: data.ncon]
        if not len(geoms):
            return 0.0
        first, second = geoms[:, 0], geoms[:, 1]
        ours = (self._mine[first] & self._hand[second]) | (self._mine[second] & self._hand[first])
        total, wrench = 0.0, np.zeros(6)
        for index in np.flatnonzero(ours):
            mujoco.mj_contactForce(self._model, data, int(index), wrench)
            total += float(wrench[0])
        return total / 2


def _if(failed: bool, reason: str) -> str:
    return reason if failed else ""
