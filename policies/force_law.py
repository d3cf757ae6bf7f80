"""How wanted normal forces become joint targets: off, open loop, or closed over the pads.

A hand told to go to the recorded pose presses with nothing. Open loop, after KineDex (arXiv
2505.01974): the target of a pad is pushed ``K f_d`` along the pad's normal, K a gain of the hand
that is the same for all tasks. Closed loop adds a PI term on the force the pad measures::

    shift = K f_d + P (f_d - f) + I,   dI/dt = G (f_d - f)

within ``[-back_max_m, shift_max_m]``. The integral stands still while the shift or a joint is at
its limit and the error pushes further (conditional integration: K. Astrom, T. Hagglund, "PID
Controllers", 1995, section 3.5), and is small at most (``integral_max_m``).

Ladder: no fresh measured force -> open loop, and the integral fades; a pad that should press and
feels nothing for ``grace_s`` -> open loop for that pad until it touches, so that it does not dig
after an object that is gone; wanted force below ``FELT_N`` -> no shift at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from devices.kinematics import HandKinematics
from policies.replay_forces import FELT_N, SHIFT_MAX_M

ForceMode = Literal["off", "open", "closed"]
FADE_S = 0.2  # time constant with which an integral without a measurement is forgotten


class ForceSettings(BaseModel):
    """How forces are controlled; recorded with every run.

    Attributes
    ----------
    mode : {"off", "open", "closed"}
    gain_m_per_n : float
        K of the hand (``force_gain_m_per_n`` of its model), metres per newton.
    p_m_per_n, i_m_per_n_s : float
        Proportional and integral gain of the closed loop.
    shift_max_m, back_max_m, integral_max_m : float
        Limits of the shift into the object, out of it, and of the integral alone, metres.
    slew_m_per_s : float
        The shift changes no faster.
    grace_s : float
        For how long a pad that should press may feel nothing.
    stale_s : float
        A measured force older than this is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: ForceMode = "open"
    gain_m_per_n: float = Field(ge=0, le=0.005)
    p_m_per_n: float = Field(default=0.0004, ge=0, le=0.005)
    i_m_per_n_s: float = Field(default=0.004, ge=0, le=0.05)
    shift_max_m: float = Field(default=SHIFT_MAX_M, gt=0, le=0.02)
    back_max_m: float = Field(default=0.002, ge=0, le=0.01)
    integral_max_m: float = Field(default=0.006, ge=0, le=0.02)
    slew_m_per_s: float = Field(default=0.1, gt=0, le=1.0)
    grace_s: float = Field(default=0.3, gt=0)
    stale_s: float = Field(default=0.1, gt=0)


@dataclass(frozen=True)
class ForceStep:
    """One step of the law.

    Attributes
    ----------
    targets : (J,) float64 array
        Joint targets inside the limits, in ``HandSpec`` order.
    shift_m : (P,) float64 array
        Shift of every pad along its normal, metres, into the object.
    closed : (P,) bool array
        Pads whose measured force was used.
    """

    targets: NDArray[np.float64]
    shift_m: NDArray[np.float64]
    closed: NDArray[np.bool_]


class ForceLaw:
    """Turns positions and wanted forces into joint targets, step by step.

    Parameters
    ----------
    kinematics : HandKinematics
        The hand; its pads' third axis points out of the pad, into what it presses.
    settings : ForceSettings
    """

    def __init__(self, kinematics: HandKinematics, settings: ForceSettings) -> None:
        self.settings = settings
        self._kinematics = kinematics
        pads = len(kinematics.pad_fingers)
        self._integral_m = np.zeros(pads)
        self._shift_m = np.zeros(pads)
        self._untouched_s = np.zeros(pads)
        self._stuck = np.zeros(pads, np.bool_)

    def reset(self) -> None:
        """Forget integral and shift, e.g. after another source had the hand."""
        for state in (self._integral_m, self._shift_m, self._untouched_s):
            state[:] = 0
        self._stuck[:] = False

    def step(
        self,
        joints: NDArray[np.float64],
        wanted_n: NDArray[np.float64],
        felt_n: NDArray[np.float64] | None,
        felt_age_s: float,
        dt_s: float,
    ) -> ForceStep:
        """Advance by ``dt_s`` seconds.

        Parameters
        ----------
        joints : (J,) float64 array
            Wanted positions in ``HandSpec`` order.
        wanted_n : (P,) float64 array
            Wanted normal force of every pad, N; NaN and negative values count as none.
        felt_n : (P,) float64 array or None
            Measured normal force of every pad, N; None when the hand has no touch.
        felt_age_s : float
            Age of ``felt_n``.
        """
        settings = self.settings
        wanted = np.where(np.isfinite(wanted_n), np.maximum(wanted_n, 0.0), 0.0)
        pressing = wanted > FELT_N
        if settings.mode == "off":
            pressing = np.zeros_like(pressing)
        closed = self._measured(pressing, felt_n, felt_age_s, dt_s)
        error_n = np.where(closed, wanted - (felt_n if felt_n is not None else 0.0), 0.0)
        self._integrate(error_n, closed, pressing, dt_s)
        asked = settings.gain_m_per_n * wanted + settings.p_m_per_n * error_n + self._integral_m
        asked = np.where(pressing, asked, 0.0)
        asked = np.clip(asked, -settings.back_max_m, settings.shift_max_m)
        most = settings.slew_m_per_s * dt_s
        self._shift_m = self._shift_m + np.clip(asked - self._shift_m, -most, most)
        targets = self._pushed(joints)
        return ForceStep(targets, self._shift_m.copy(), closed)

    def _measured(
        self,
        pressing: NDArray[np.bool_],
        felt_n: NDArray[np.float64] | None,
        felt_age_s: float,
        dt_s: float,
    ) -> NDArray[np.bool_]:
        """Pads whose force closes the loop now."""
        fresh = self.settings.mode == "closed" and felt_n is not None
        if not fresh or felt_age_s > self.settings.stale_s or felt_n is None:
            return np.zeros_like(pressing)
        finite = np.isfinite(felt_n)
        touching = finite & (felt_n > FELT_N)
        self._untouched_s = np.where(pressing & ~touching, self._untouched_s + dt_s, 0.0)
        return pressing & finite & (self._untouched_s <= self.settings.grace_s)

    def _integrate(
        self,
        error_n: NDArray[np.float64],
        closed: NDArray[np.bool_],
        pressing: NDArray[np.bool_],
        dt_s: float,
    ) -> None:
        settings = self.settings
        full = (self._shift_m >= settings.shift_max_m - 1e-9) | self._stuck
        empty = self._shift_m <= -settings.back_max_m + 1e-9
        further = (full & (error_n > 0)) | (empty & (error_n < 0))
        step = np.where(closed & ~further, settings.i_m_per_n_s * error_n * dt_s, 0.0)
        limit = settings.integral_max_m
        grown = np.clip(self._integral_m + step, -limit, limit)
        faded = self._integral_m * np.exp(-dt_s / FADE_S)
        self._integral_m = np.where(closed, grown, np.where(pressing, faded, 0.0))

    def _pushed(self, joints: NDArray[np.float64]) -> NDArray[np.float64]:
        spec = self._kinematics.spec
        inside = np.clip(joints, spec.lower, spec.upper)
        self._stuck[:] = False
        if not np.abs(self._shift_m).max(initial=0.0) > 0:
            return inside
        pads = self._kinematics.pad_poses(inside)
        wanted_m = pads[:, :3, 3] + self._shift_m[:, None] * pads[:, :3, 2]
        targets = self._kinematics.solve_pads(inside, wanted_m)
        reached = self._kinematics.pad_poses(targets)[:, :3, 3]
        along = ((reached - pads[:, :3, 3]) * pads[:, :3, 2]).sum(axis=1)
        # a pad that gets nowhere although it is pushed has a joint at its limit
        self._stuck = (self._shift_m > 1e-4) & (along < 0.5 * self._shift_m)
        return targets
