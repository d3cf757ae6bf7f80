"""The physics of a simulated rig: hands with firmware, objects, pulls; no bus and no clock.

``World.step`` advances by one time step. Joint vectors are in ``HandSpec`` order and units. When
the physics diverges, the world puts everything back to its start, latches every hand's firmware in
FAULT and counts it in ``diverged``.
"""

from __future__ import annotations

import logging
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.hands.mjcf import servo_gains
from devices.rig import Rig
from devices.sim.firmware import Drive, HandFirmware
from devices.sim.pulls import Pulls
from devices.sim.scene import build_scene
from devices.sim.task_judge import TaskJudge
from devices.sim.task_reset import scatter
from devices.sim.touch import PadContacts, pad_contacts
from devices.wire import HandMode

JITTER_M = 0.012  # how far a seeded reset moves the objects; the hand still reaches them
_BAD = (
    mujoco.mjtWarning.mjWARN_BADQPOS,
    mujoco.mjtWarning.mjWARN_BADQVEL,
    mujoco.mjtWarning.mjWARN_BADQACC,
)
_log = logging.getLogger(__name__)


class World:
    """The simulated world of a rig. One thread.

    Parameters
    ----------
    rig : Rig
        A rig with a ``world``.

    Attributes
    ----------
    model, data
        MuJoCo's own; read freely, write only here.
    firmware : tuple of HandFirmware
        In the order of ``Rig.hands``.
    time_ns : int
        Simulated time since the start; never goes back, not even at a reset.
    diverged : int
        How often the physics was put back because it diverged.
    judge : TaskJudge or None
        Says how the rig's task goes; None in a world without a task.
    """

    def __init__(self, rig: Rig) -> None:
        assert rig.world is not None
        self.rig = rig
        self.model, self.scene = build_scene(rig)
        self.data = mujoco.MjData(self.model)
        self.pulls = Pulls(self.scene.hands)
        self.time_ns = 0
        self.diverged = 0
        self._step_ns = round(rig.world.timestep_s * 1e9)
        self._gains = [
            np.array([servo_gains(joint) for joint in hand.spec.joints]) for hand in rig.hands
        ]
        self._stiff: list[NDArray[np.bool_] | None] = [None] * len(rig.hands)
        self._objects = np.array([self.scene.objects[name] for name in rig.world.objects], int)
        task = rig.world.task
        self.judge = None if task is None else TaskJudge(task, self.model, self.scene)
        self._place(None)
        self.firmware = tuple(
            HandFirmware(hand.spec, rig.world.watchdog_s, self.position(index))
            for index, hand in enumerate(rig.hands)
        )

    def position(self, hand: int) -> NDArray[np.float64]:
        """Measured joint positions ``(J,)`` of hand ``hand`` (index in the rig)."""
        return self.data.qpos[self.scene.hands[hand].qpos]

    def velocity(self, hand: int) -> NDArray[np.float64]:
        """Joint velocities ``(J,)``."""
        return self.data.qvel[self.scene.hands[hand].dof]

    def effort(self, hand: int) -> NDArray[np.float64]:
        """Motor efforts ``(J,)``, N m or N."""
        return self.data.actuator_force[self.scene.hands[hand].actuators]

    def object_poses(self) -> NDArray[np.float64]:
        """Poses ``(N, 7)`` of the objects: x, y, z in metres and a unit quaternion w, x, y, z."""
        return np.concatenate(
            [self.data.xpos[self._objects], self.data.xquat[self._objects]], axis=1
        )

    def contacts(self) -> tuple[PadContacts, ...]:
        """Contacts on the pads of every hand in this step."""
        return pad_contacts(self.model, self.data, self.scene)

    def set_pulls(self, rows: NDArray[np.float64] | None) -> None:
        """Take the newest ``operator/pulls`` sample, or None to release all pulls."""
        self.pulls.update(self.model, self.data, rows)

    def step(self, at_ns: int) -> None:
        """Advance by one time step; ``at_ns`` is host monotonic time, for the watchdogs."""
        for index, firmware in enumerate(self.firmware):
            drive = firmware.drive(at_ns, self.position(index), self.pulls.palm_pulls(index))
            self._apply(index, drive)
        self.pulls.apply(self.model, self.data)
        mujoco.mj_step(self.model, self.data)
        self.time_ns += self._step_ns
        if any(self.data.warning[kind].number for kind in _BAD):
            self._recover()
        if self.judge is not None:
            self.judge.update(self.data, self.time_ns)

    def reset(self, seed: int | None = None) -> str:
        """Put hands and objects back; returns why not when a hand is in use, else "".

        ``seed`` scatters the objects by up to ``JITTER_M`` and turns them, or draws from the reset
        distribution of the rig's task; None is the exact start.
        """
        busy = [
            hand.side
            for hand, firmware in zip(self.rig.hands, self.firmware, strict=True)
            if firmware.mode in (HandMode.POSITION, HandMode.COMPLIANT)
        ]
        if busy:
            return f"world not reset: the {' and '.join(busy)} hand is in use; press Hold first"
        self._place(seed)
        for index, firmware in enumerate(self.firmware):
            firmware.restart_at(self.position(index))
        return ""

    def _place(self, seed: int | None) -> None:
        mujoco.mj_resetData(self.model, self.data)
        for hand, where in zip(self.rig.hands, self.scene.hands, strict=True):
            self.data.qpos[where.qpos] = hand.spec.home
        task = self.judge.task if self.judge is not None else None
        if seed is not None and task is not None:
            scatter(self.model, self.data, self.scene, task, seed)
        elif seed is not None:
            rng = np.random.default_rng(seed)
            for start in self.scene.object_qpos.values():
                shift, yaw = rng.uniform(-JITTER_M, JITTER_M, 2), rng.uniform(-np.pi, np.pi)
                self.data.qpos[start : start + 2] += shift
                self.data.qpos[start + 3 : start + 7] = np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)
        for where in self.scene.hands:
            self.data.ctrl[where.actuators] = self.data.qpos[where.qpos]
        mujoco.mj_forward(self.model, self.data)
        if self.judge is not None:
            self.judge.restart(self.data)

    def _apply(self, index: int, drive: Drive) -> None:
        where = self.scene.hands[index]
        self.data.ctrl[where.actuators] = drive.goal
        known = self._stiff[index]
        if known is not None and np.array_equal(known, drive.stiff):
            return
        self._stiff[index] = drive.stiff
        gains = self._gains[index] * drive.stiff[:, None]
        self.model.actuator_gainprm[where.actuators, 0] = gains[:, 0]
        self.model.actuator_biasprm[where.actuators, 1] = -gains[:, 0]
        self.model.actuator_biasprm[where.actuators, 2] = -gains[:, 1]

    def _recover(self) -> None:
        self.diverged += 1
        _log.error(
            "physics of rig '%s' diverged at %.3f s; the world is back at its start and the hands "
            "are in FAULT until they are reset",
            self.rig.name,
            self.time_ns / 1e9,
        )
        warnings: Any = self.data.warning
        for kind in _BAD:
            warnings[kind].number = 0
        self.pulls.update(self.model, self.data, None)
        self._place(None)
        for index, firmware in enumerate(self.firmware):
            firmware.fault(self.position(index))
