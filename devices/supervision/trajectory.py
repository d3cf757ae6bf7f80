"""From chunks of timed targets to one target per tick.

``Trajectory`` keeps the admitted targets of one source and evaluates them at the tick's time:
linear between two due times, held after the last one until it expires. ``Ramp`` eases the first
targets of a new authority in from where the hand is. Pure: time comes in as an argument.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.requests import MAX_CHUNK


class Trajectory:
    """Admitted targets of the source in authority, in due order.

    Parameters
    ----------
    joints : int
        Number of joints J.
    expiry_ns : int
        A target that was due longer ago than this is void.
    """

    def __init__(self, joints: int, expiry_ns: int) -> None:
        self._due_ns: list[int] = []
        self._targets = np.zeros((2 * MAX_CHUNK, joints))
        self._expiry_ns = expiry_ns

    def clear(self) -> None:
        """Forget all targets."""
        self._due_ns.clear()

    def merge(self, due_ns: NDArray[np.int64], targets: NDArray[np.float64], now_ns: int) -> None:
        """Add a chunk ``(N,)``, ``(N, J)``; it replaces every target due at or after its first.

        Of the older targets only those stay that are needed to interpolate from now on.
        """
        first = int(due_ns[0])
        end = 0
        while end < len(self._due_ns) and self._due_ns[end] < first:
            end += 1
        begin = 0
        while begin + 1 < end and self._due_ns[begin + 1] <= now_ns:
            begin += 1
        begin = max(begin, end - MAX_CHUNK)
        kept = end - begin
        if begin:
            self._targets[:kept] = self._targets[begin:end].copy()
        self._targets[kept : kept + len(due_ns)] = targets
        self._due_ns = self._due_ns[begin:end] + due_ns.tolist()

    def evaluate(self, now_ns: int, out: NDArray[np.float64]) -> bool:
        """Write the target for ``now_ns`` into ``out`` (J,); False when there is none."""
        due = self._due_ns
        while len(due) > 1 and due[1] <= now_ns:
            due.pop(0)
            self._targets[: len(due)] = self._targets[1 : len(due) + 1]
        if not due or due[0] > now_ns:
            return False
        if len(due) == 1:
            if now_ns - due[0] > self._expiry_ns:
                due.clear()
                return False
            out[:] = self._targets[0]
            return True
        share = (now_ns - due[0]) / (due[1] - due[0])
        np.subtract(self._targets[1], self._targets[0], out=out)
        out *= share
        out += self._targets[0]
        return True


class Ramp:
    """Eases the targets of a new authority in from the pose where the hand is.

    For ``ramp_s`` after the first target the goal moves along a smooth step from the start pose to
    the requested one. A first target further away than the start window takes proportionally
    longer, so that it is approached at the pace of the window and never jumped to.

    Parameters
    ----------
    ramp_s : float
        Duration of the ramp for a start inside the start window; 0 switches easing off.
    start_window : (J,) array
        Distance per joint that one ``ramp_s`` is meant for.
    """

    def __init__(self, ramp_s: float, start_window: NDArray[np.float64]) -> None:
        self._ramp_s = ramp_s
        self._window = start_window
        self._start = np.zeros_like(start_window)
        self._begin_ns: int | None = None
        self._length_ns = 0
        self.progress = 0.0

    def restart(self) -> None:
        """Forget the last ramp: the next target begins a new one."""
        self._begin_ns = None
        self.progress = 0.0

    def apply(
        self, target: NDArray[np.float64], sent: NDArray[np.float64], now_ns: int
    ) -> NDArray[np.float64]:
        """Return the eased target ``(J,)``; the first call starts the ramp at ``sent``."""
        if self.progress >= 1.0:
            return target
        if self._begin_ns is None:
            self._begin_ns = now_ns
            self._start[:] = sent
            reach = float(np.max(np.abs(target - sent) / self._window))
            self._length_ns = int(self._ramp_s * max(1.0, reach) * 1e9)
        elapsed_ns = now_ns - self._begin_ns
        if elapsed_ns >= self._length_ns:
            self.progress = 1.0
            return target
        share = elapsed_ns / self._length_ns
        self.progress = share
        return self._start + (share * share * (3.0 - 2.0 * share)) * (target - self._start)
