"""The scripted demonstrator of a simulated task: a person's soft hands on a compliant robot hand.

Palm and pads are pulled by springs along a plan (``policies.demonstrations``). Where the plan wants
force, the pulled point is led that far beyond the surface, and what is felt corrects it slowly,
as a person presses until it feels right. What is recorded is the *measured* pose, which says
nothing of the force.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from devices.hands.schema import LinkModel
from devices.rig import MAX_PULLS, PULL_FIELDS
from devices.sim.pulls import FINGER_STIFFNESS_N_M
from devices.sim.task_world import TaskWorld
from policies.demonstrations import DEMONSTRATIONS, Situation
from policies.scripted import PALM_POINTS_M
from policies.task_plan import HandPoser, TaskPlan
from policies.tasks import Task

FEEL_PER_S = 3.0  # how fast felt force corrects the push
FEEL_MAX_N = 4.0
PULL_S = 1 / 60  # a person's hand is followed at the rate of ``operator/pulls``


class TaskDemonstrator:
    """One demonstration of a task from the present state of a world.

    Parameters
    ----------
    task : Task
        A task with a ``demonstrator``.
    world : TaskWorld
        The world, after its reset; read once for where things are.
    seed : int
        Draws the differences between takes.
    poser : HandPoser, optional
        May be shared between demonstrations of one thread.
    """

    def __init__(
        self, task: Task, world: TaskWorld, seed: int, poser: HandPoser | None = None
    ) -> None:
        if task.demonstrator not in DEMONSTRATIONS or task.scene is None:
            raise ValueError(
                f"task '{task.name}' has no scripted demonstrator; choose one with 'demonstrator'"
            )
        self._poser = poser or HandPoser(world.hand)
        x, y, z, *turned = world.world.object_poses()[0]
        data, model = world.world.data, world.world.model
        one_of = task.scene.one_of
        parts = [] if one_of is None else [
            float(data.qpos[model.joint(name).qposadr[0]]) for name in one_of.joints
        ]  # fmt: skip
        case = Situation(
            poser=self._poser,
            start=world.world.position(0).copy(),
            object_m=np.array([x, y, z]),
            yaw_rad=2.0 * float(np.arctan2(turned[3], turned[0])),
            raised=int(np.argmax(parts)) if parts else 0,
            rng=np.random.default_rng((seed, 7)),
        )
        self.plan = TaskPlan(case.start, DEMONSTRATIONS[task.demonstrator](case))
        spec = world.hand.spec
        kinematics = self._poser.kinematics
        links = {link.pad.finger: link.name for link in spec.model.links if link.pad is not None}
        self._links = [kinematics.link_names.index(links[f]) for f in kinematics.pad_fingers]
        home = kinematics.link_poses(spec.home)[self._links]
        pads = kinematics.pad_poses(spec.home)[:, :3, 3]
        self._points = np.einsum("pij,pi->pj", home[:, :3, :3], pads - home[:, :3, 3])
        self._correction_n = np.zeros(len(pads))
        self._knuckle = self._thumb_knuckle(spec.model.links)

    def _thumb_knuckle(self, links: Sequence[LinkModel]) -> tuple[int, NDArray[np.float64]] | None:
        """Last joint of a pressing thumb as (link, point); held, it cannot buckle."""
        fingers = self._poser.kinematics.pad_fingers
        if "thumb" not in fingers or not self.plan.press_n[:, fingers.index("thumb")].any():
            return None
        last = next(link for link in links if link.pad is not None and link.finger == "thumb")
        return self._poser.kinematics.link_names.index(last.parent), np.array(last.pos_m)

    @property
    def seconds(self) -> float:
        """Length of the demonstration."""
        return self.plan.seconds

    def pulls(self, at_s: float, felt_n: NDArray[np.float64], passed_s: float) -> NDArray:
        """Rows of ``operator/pulls`` (MAX_PULLS, PULL_FIELDS) at ``at_s``.

        Parameters
        ----------
        at_s : float
            Seconds since the beginning.
        felt_n : (P,) array
            Normal force each pad presses with now, N.
        passed_s : float
            Time since the last call.
        """
        joints, press_n = self.plan.at(at_s)
        pressing = press_n > 0.2
        self._correction_n += FEEL_PER_S * passed_s * (press_n - felt_n)
        limit = np.minimum(FEEL_MAX_N, press_n)
        self._correction_n = np.where(pressing, np.clip(self._correction_n, -limit, limit), 0.0)
        kinematics = self._poser.kinematics
        pads = kinematics.pad_poses(joints)
        beyond_m = (press_n + self._correction_n) / FINGER_STIFFNESS_N_M
        targets = pads[:, :3, 3] + beyond_m[:, None] * pads[:, :3, 2]
        poses = kinematics.link_poses(joints)
        palm = poses[-1]
        rows = np.zeros((MAX_PULLS, PULL_FIELDS))
        pulled = [
            (-1, np.array(point), palm[:3, :3] @ point + palm[:3, 3]) for point in PALM_POINTS_M
        ]
        if self._knuckle is not None:
            link, point = self._knuckle
            pose = poses[link]
            pulled.append((link, point, pose[:3, :3] @ point + pose[:3, 3]))
        pulled += list(zip(self._links, self._points, targets, strict=True))
        for row, (link, point, target) in zip(rows, pulled, strict=False):
            row[:10] = (1.0, 0.0, 0.0, link, *point, *target)
        return rows


def demonstrate(task: Task, world: TaskWorld, seed: int, poser: HandPoser | None = None) -> None:
    """Let the scripted demonstrator do the task to its end in a world just reset to ``seed``.

    ``world.hook`` sees every step; ``world.state`` says what became of it.
    """
    person = TaskDemonstrator(task, world, seed, poser)
    while world.time_s < person.seconds:
        felt_n = np.maximum(world.pad_force_n()[:, 2], 0.0)
        world.advance_pulled(person.pulls(world.time_s, felt_n, PULL_S), PULL_S)
