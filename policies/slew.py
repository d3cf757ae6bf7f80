"""A follower with bounded speed and acceleration: what turns a step into a smooth motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Slew:
    """Follows a target vector without exceeding a speed or an acceleration.

    Parameters
    ----------
    velocity_max : (N,) array_like
        Largest speed per axis, unit per second.
    acceleration_max : (N,) array_like
        Largest acceleration per axis, unit per second squared.
    """

    def __init__(self, velocity_max: ArrayLike, acceleration_max: ArrayLike) -> None:
        self._velocity_max = np.asarray(velocity_max, np.float64)
        self._acceleration_max = np.asarray(acceleration_max, np.float64)
        self.position = np.zeros_like(self._velocity_max)
        self._velocity = np.zeros_like(self._velocity_max)

    def reset(self, position: NDArray[np.float64]) -> None:
        """Stand still at ``position (N,)``."""
        self.position = np.array(position, np.float64)
        self._velocity = np.zeros_like(self._velocity_max)

    def step(self, target: NDArray[np.float64], dt_s: float) -> NDArray[np.float64]:
        """Advance ``dt_s`` seconds towards ``target (N,)`` and return the new position ``(N,)``.

        The speed never exceeds what can still be braked before the target.
        """
        if dt_s <= 0:
            return self.position.copy()
        error = target - self.position
        distance = np.abs(error)
        gain = self._acceleration_max * dt_s
        braking = np.sqrt(2 * self._acceleration_max * distance + (gain / 2) ** 2) - gain / 2
        wanted = np.sign(error) * np.minimum(
            np.minimum(braking, distance / dt_s), self._velocity_max
        )
        self._velocity += np.clip(wanted - self._velocity, -gain, gain)
        self.position = self.position + self._velocity * dt_s
        return self.position.copy()
