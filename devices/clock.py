"""The one clock of a rig: the host's monotonic clock in nanoseconds.

Wall time is read once per take, as metadata, and never used to order or to time anything.
"""

from __future__ import annotations

import time
from typing import Protocol

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Clock(Protocol):
    """Source of host monotonic time."""

    def now_ns(self) -> int:
        """Return host monotonic time in nanoseconds. Callable from any thread."""
        ...


class MonotonicClock:
    """The real clock: ``time.monotonic_ns``, shared by all processes of the host."""

    def now_ns(self) -> int:
        return time.monotonic_ns()


class VirtualClock:
    """A clock that moves only when told to, for property tests.

    Parameters
    ----------
    start_ns : int
        First value of the clock, in nanoseconds.
    """

    def __init__(self, start_ns: int = NS_PER_S) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        return self._now_ns

    def advance_ns(self, step_ns: int) -> int:
        """Move the clock forward by ``step_ns`` (>= 0) nanoseconds and return the new time."""
        if step_ns < 0:
            raise ValueError(
                f"clock step {step_ns} ns is negative; a monotonic clock cannot go back"
            )
        self._now_ns += step_ns
        return self._now_ns


now_ns = time.monotonic_ns
