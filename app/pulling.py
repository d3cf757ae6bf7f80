"""The mouse's pulls: one that follows the mouse, and the pins it left behind. Free of Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus
from devices.rig import MAX_PULLS, PULL_FIELDS
from devices.wire import pull_request_spec

ACTIVE, PINNED, HAND, LINK = 0, 1, 2, 3
LOCAL, TARGET = slice(4, 7), slice(7, 10)


class MousePulls:
    """Keeps the rows of ``operator/pull_requests`` and publishes them.

    A pin stays until it is released or until ``clear``; the operator process lets go of
    everything by itself when the window stops publishing for half a second.

    Parameters
    ----------
    bus : Bus
        Connection to the session.
    """

    def __init__(self, bus: Bus) -> None:
        self._publisher = bus.publisher(pull_request_spec())
        self.rows: NDArray[np.float64] = np.zeros((MAX_PULLS, PULL_FIELDS))
        self._dragged: int | None = None
        self._idle_sent = False

    def begin(self, hand: int, link: int, local_m: NDArray) -> bool:
        """Start to pull ``link`` (-1: palm) of ``hand`` at ``local_m``; False when all are used."""
        free = np.flatnonzero(self.rows[:, ACTIVE] == 0)
        if free.size == 0:
            return False
        self._dragged = row = int(free[0])
        self.rows[row] = 0.0
        self.rows[row, HAND], self.rows[row, LINK] = hand, link
        self.rows[row, LOCAL] = local_m
        return True

    def move(self, target_m: NDArray) -> None:
        """Let the dragged pull point at ``target_m`` in the world; it acts from here on."""
        if self._dragged is not None:
            self.rows[self._dragged, TARGET] = target_m
            self.rows[self._dragged, ACTIVE] = 1.0
            self.publish()

    def pin(self, target_m: NDArray) -> None:
        """Leave the dragged pull where it is and free the mouse."""
        if self._dragged is not None:
            self.move(target_m)
            self.rows[self._dragged, PINNED] = 1.0
            self._dragged = None
            self.publish()

    def release(self) -> None:
        """Let go of the dragged pull."""
        if self._dragged is not None:
            self.rows[self._dragged] = 0.0
            self._dragged = None
            self.publish()

    def unpin(self, row: int) -> None:
        """Release the pin in ``row``."""
        self.rows[row] = 0.0
        self.publish()

    def clear(self) -> None:
        """Let go of everything."""
        self._dragged = None
        self.rows[:] = 0.0
        self.publish()

    def publish(self) -> None:
        """Publish the rows; call it at least every half second while anything is pulled."""
        active = bool(self.rows[:, ACTIVE].any())
        if active or not self._idle_sent:
            self._publisher.send(self.rows)
        self._idle_sent = not active
