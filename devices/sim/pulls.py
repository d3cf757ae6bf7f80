"""Pulls on the links of the simulated hands: a spring and a damper between a link and a point.

Each row of ``operator/pulls`` holds one pull (see ``devices.wire.pull_request_spec``). The force is
limited to what a person's finger or hand would use, and damping is critical for the lightest
direction the pulled point has when the pull begins, so that no pull can make the physics explode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.rig import MAX_PULLS, PULL_FIELDS
from devices.sim.scene import HandMap

FINGER_FORCE_MAX_N = 8.0  # a fingertip pulling a fingertip
PALM_FORCE_MAX_N = 40.0  # a hand guiding an arm
FINGER_STIFFNESS_N_M = 600.0
PALM_STIFFNESS_N_M = 1500.0
OMEGA_MAX_RAD_S = 100.0  # a fifth of the sampling rate at 2 ms, so the explicit spring is stable
PALM = -1


@dataclass(slots=True)
class _Pull:
    hand: int
    link: int
    body: int
    local: NDArray[np.float64]
    target: NDArray[np.float64]
    stiffness: float = 0.0
    damping: float = 0.0


class Pulls:
    """The pulls that act on the world now.

    Parameters
    ----------
    hands : sequence of HandMap
        Where the hands live in the model.
    """

    def __init__(self, hands: Sequence[HandMap]) -> None:
        self._hands = tuple(hands)
        self._active: dict[int, _Pull] = {}
        self._touched: set[int] = set()

    def update(
        self, model: mujoco.MjModel, data: mujoco.MjData, rows: NDArray[np.float64] | None
    ) -> None:
        """Take the newest rows ``(MAX_PULLS, PULL_FIELDS)`` float64, or None to release all.

        Rows that name a hand or link that does not exist, or are not finite, are ignored.
        """
        fresh: dict[int, _Pull] = {}
        if rows is not None and rows.shape == (MAX_PULLS, PULL_FIELDS):
            for slot in np.flatnonzero(rows[:, 0] > 0.5):
                pull = self._read(rows[slot])
                if pull is None:
                    continue
                old = self._active.get(int(slot))
                if old is not None and old.body == pull.body:
                    pull.stiffness, pull.damping = old.stiffness, old.damping
                else:
                    self._tune(model, data, pull)
                fresh[int(slot)] = pull
        self._active = fresh

    def palm_pulls(self, hand: int) -> int:
        """Number of pulls on the palm of hand ``hand`` (index in the rig)."""
        return sum(p.hand == hand and p.link == PALM for p in self._active.values())

    def apply(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Write the forces of this step into ``data.xfrc_applied``."""
        for body in self._touched:
            data.xfrc_applied[body] = 0.0
        self._touched.clear()
        velocity, turned = (
            np.zeros(6),
            np.zeros(3),
        )  # np.cross is ten times slower
        for pull in self._active.values():
            rotation = data.xmat[pull.body].reshape(3, 3)
            point = data.xpos[pull.body] + rotation @ pull.local
            mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, pull.body, velocity, 0)
            mujoco.mju_cross(turned, velocity[:3], point - data.xpos[pull.body])
            speed = velocity[3:] + turned
            force = pull.stiffness * (pull.target - point) - pull.damping * speed
            limit = PALM_FORCE_MAX_N if pull.link == PALM else FINGER_FORCE_MAX_N
            size = math.sqrt(float(force @ force))
            if size > limit:
                force *= limit / size
            data.xfrc_applied[pull.body, :3] += force
            mujoco.mju_cross(turned, point - data.xipos[pull.body], force)
            data.xfrc_applied[pull.body, 3:] += turned
            self._touched.add(pull.body)

    def _read(self, row: NDArray[np.float64]) -> _Pull | None:
        if not np.isfinite(row[:10]).all():
            return None
        hand, link = int(row[2]), int(row[3])
        if not 0 <= hand < len(self._hands):
            return None
        links = self._hands[hand].links
        if not PALM <= link < len(links) - 1:
            return None
        return _Pull(hand, link, int(links[link]), row[4:7].copy(), row[7:10].copy())

    def _tune(self, model: mujoco.MjModel, data: mujoco.MjData, pull: _Pull) -> None:
        """Choose stiffness and critical damping from the point's lightest direction."""
        point = data.xpos[pull.body] + data.xmat[pull.body].reshape(3, 3) @ pull.local
        jacobian = np.zeros((3, model.nv))
        mujoco.mj_jac(model, data, jacobian, cast(Any, None), point, pull.body)
        solved = np.zeros((3, model.nv))
        mujoco.mj_solveM(model, data, solved, jacobian)
        lightest_kg = 1.0 / max(float(np.linalg.eigvalsh(jacobian @ solved.T)[-1]), 1e-6)
        wanted = PALM_STIFFNESS_N_M if pull.link == PALM else FINGER_STIFFNESS_N_M
        pull.stiffness = min(wanted, lightest_kg * OMEGA_MAX_RAD_S**2)
        pull.damping = 2.0 * float(np.sqrt(pull.stiffness * lightest_kg))
