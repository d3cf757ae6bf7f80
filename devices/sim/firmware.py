"""The firmware inside a simulated hand: modes, goals, and the watchdog that outlives the driver.

Degradation ladder:

- a goal with a value that is not finite is refused; the last good goal stays;
- no goal for ``watchdog_s`` -> ``Firmware.WATCHDOG``: stiff at the pose of that moment, and every
  goal is refused until one comes with the clear flag;
- the physics diverged -> ``Firmware.FAULT``: likewise, because the hand is not where it was.

The wrist stands for an arm with brakes: without torque it holds. While the fingers are compliant
it holds as well, until somebody pulls the palm: one pull moves it, a second one also turns it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.hands.spec import HandSpec
from devices.wire import Firmware, HandMode

_MODES = frozenset(float(mode) for mode in HandMode)


@dataclass(frozen=True, slots=True)
class Drive:
    """What the motors get: ``goal`` ``(J,)`` and whether each joint is ``stiff`` ``(J,)`` bool."""

    goal: NDArray[np.float64]
    stiff: NDArray[np.bool_]


class HandFirmware:
    """Firmware of one hand.

    Parameters
    ----------
    spec : HandSpec
        The hand.
    watchdog_s : float
        Longest silence of the driver, seconds of host time.
    position : (J,) float64 array
        Measured pose at power-on.
    """

    def __init__(self, spec: HandSpec, watchdog_s: float, position: NDArray[np.float64]) -> None:
        self._spec = spec
        self._watchdog_ns = int(watchdog_s * 1e9)
        self._wrist = np.arange(spec.size) < spec.wrist_size
        self._turning = self._wrist & (np.arange(spec.size) >= 3)
        self._last_goal_ns: int | None = None
        self._wrist_free = np.zeros(spec.size, bool)
        self._goal = position.copy()
        self.state = Firmware.READY
        self.mode = HandMode.OFF

    def receive(self, fields: NDArray[np.float64], stamp_ns: int, position: NDArray) -> None:
        """Take one goal sample of the wire.

        Parameters
        ----------
        fields : (2 + J,) float64 array
            Mode, clear flag, joint goals (``devices.wire.goal_spec``).
        stamp_ns : int
            Host monotonic time at which the driver sent it.
        position : (J,) float64 array
            Measured pose now.
        """
        self._last_goal_ns = stamp_ns
        if fields[1] == 1.0 and self.state is not Firmware.READY:
            self.state = Firmware.READY
            self._hold(position)
        if self.state is not Firmware.READY or fields[0] not in _MODES:
            return
        mode, goal = HandMode(int(fields[0])), fields[2:]
        if mode is not self.mode:
            self._hold(position)
            self.mode = mode
        if mode is HandMode.POSITION and np.isfinite(goal).all():
            self._goal = np.clip(goal, self._spec.lower, self._spec.upper)

    def drive(self, at_ns: int, position: NDArray[np.float64], palm_pulls: int) -> Drive:
        """Return what the motors get at ``at_ns`` (host), with ``palm_pulls`` pulls on the palm."""
        silent = self._last_goal_ns is not None and at_ns - self._last_goal_ns > self._watchdog_ns
        if silent and self.state is Firmware.READY:
            self._enter(Firmware.WATCHDOG, position)
        compliant = self.mode is HandMode.COMPLIANT and self.state is Firmware.READY
        self._free_wrist(palm_pulls if compliant else 0, position)
        limp = self.mode in (HandMode.OFF, HandMode.COMPLIANT)
        stiff = ~self._wrist_free & (self._wrist | (not limp))
        return Drive(self._goal, stiff)

    def fault(self, position: NDArray[np.float64]) -> None:
        """Latch ``Firmware.FAULT`` and hold ``position``."""
        self._enter(Firmware.FAULT, position)

    def restart_at(self, position: NDArray[np.float64]) -> None:
        """The world put the hand to ``position``: hold there, keep state and mode."""
        self._hold(position)

    def _enter(self, state: Firmware, position: NDArray[np.float64]) -> None:
        self.state = state
        self.mode = HandMode.HOLD
        self._hold(position)

    def _hold(self, position: NDArray[np.float64]) -> None:
        self._goal = np.clip(position, self._spec.lower, self._spec.upper)

    def _free_wrist(self, palm_pulls: int, position: NDArray[np.float64]) -> None:
        free = np.zeros_like(self._wrist)
        if palm_pulls:
            free = self._wrist if palm_pulls > 1 else self._wrist & ~self._turning
        caught = self._wrist_free & ~free
        if caught.any():
            self._goal = np.where(caught, position, self._goal)
        self._wrist_free = free
