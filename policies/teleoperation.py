"""Teleoperation: the wearer's intent through the exoskeleton to joint targets of one hand.

One step, in the order in which the data flows::

    wanted intent -> slew (a wearer's speed) -> exoskeleton encoders -> calibration -> low-pass
    -> joint map -> targets inside the hand's limits

It begins at the measured pose: ``begin`` moves the exoskeleton to where the hand is, and what the
map cannot express of that pose (a joint without exoskeleton counterpart, two hand joints on one
exoskeleton joint) fades out over ``BLEND_S`` seconds, so that arming never makes the hand jump.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from devices.wire import INTENT_FIELDS
from policies.exo_map import ExoMap
from policies.slew import Slew

BLEND_S = 1.0
# One step of a 12-bit encoder within one 5 ms tick is 61 rad/s^2, more than a hand may do (40);
# 8 Hz leaves a fifth of it and follows a finger with a lag of 20 ms.
CUTOFF_HZ = 8.0
# Calm human motion; half of what the gate allows a hand (3 rad/s, 40 rad/s^2, wrist 0.4 m/s).
INTENT_VELOCITY_MAX = np.array([2.5] * INTENT_FIELDS + [0.25] * 3 + [1.0] * 3)
INTENT_ACCELERATION_MAX = np.array([20.0] * INTENT_FIELDS + [2.0] * 3 + [8.0] * 3)


class Teleoperation:
    """Follows an intent from the measured pose on.

    Parameters
    ----------
    exo_map : ExoMap
        Joint map of the hand that is moved.
    """

    def __init__(self, exo_map: ExoMap) -> None:
        self._map = exo_map
        self._slew = Slew(INTENT_VELOCITY_MAX, INTENT_ACCELERATION_MAX)
        self._residual = np.zeros(exo_map.spec.size)
        self._since_s = 0.0
        self._share = 1.0  # of a new reading in the low-pass
        self._smooth: NDArray[np.float64] | None = None

    def begin(self, measured: NDArray[np.float64]) -> None:
        """Start at the hand's measured pose ``(J,)``."""
        intent = self._map.intent(measured)
        self._slew.reset(intent)
        self._residual = measured - self._map.targets(intent)
        self._since_s = 0.0
        self._smooth = None

    @property
    def intent(self) -> NDArray[np.float64]:
        """Where the wearer is now: ``(23,)``, 17 angles in rad and six wrist axes."""
        return self._slew.position.copy()

    def follow(self, wanted: NDArray[np.float64] | None, dt_s: float) -> NDArray[np.float64]:
        """Move the wearer ``dt_s`` s towards ``wanted (23,)`` (None: stay); return where it is."""
        self._since_s += dt_s
        self._share = 1.0 - math.exp(-2.0 * math.pi * CUTOFF_HZ * dt_s)
        return self._slew.step(self.intent if wanted is None else wanted, dt_s)

    def targets(self, exo_joints_rad: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map calibrated angles ``(17,)``, rad, and the wearer's wrist to targets ``(J,)``."""
        if self._smooth is None:
            self._smooth = exo_joints_rad.copy()
        self._smooth += self._share * (exo_joints_rad - self._smooth)
        intent = np.concatenate([self._smooth, self._slew.position[INTENT_FIELDS:]])
        fade = max(0.0, 1.0 - self._since_s / BLEND_S)
        targets = self._map.targets(intent) + fade * self._residual
        return np.clip(targets, self._map.spec.lower, self._map.spec.upper)
