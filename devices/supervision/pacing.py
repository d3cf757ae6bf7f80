"""Absolute deadlines for a control loop, and how well they were met."""

from __future__ import annotations

import time

import numpy as np

from devices.clock import now_ns

WINDOW_S = 10.0


class Pacer:
    """Sleeps to absolute deadlines; never catches up by running ticks back to back.

    Parameters
    ----------
    rate_hz : float
        Ticks per second.

    Attributes
    ----------
    ticks, missed_ticks : int
        Ticks begun, and deadlines that passed by more than one whole period, since start.
    late_max_ms : float
        Worst lateness since start.
    """

    def __init__(self, rate_hz: float) -> None:
        self.period_ns = round(1e9 / rate_hz)
        self.ticks = 0
        self.missed_ticks = 0
        self.late_max_ms = 0.0
        self._late_ns = np.zeros(max(1, int(rate_hz * WINDOW_S)), np.int64)
        self._deadline_ns = 0

    def wait(self) -> int:
        """Sleep until the next deadline and return the time at which the tick begins, ns."""
        at_ns = now_ns()
        if self._deadline_ns == 0:
            self._deadline_ns = at_ns
        while at_ns < self._deadline_ns:
            time.sleep((self._deadline_ns - at_ns) / 1e9)
            at_ns = now_ns()
        late_ns = at_ns - self._deadline_ns
        self._late_ns[self.ticks % len(self._late_ns)] = late_ns
        self.late_max_ms = max(self.late_max_ms, late_ns / 1e6)
        self.ticks += 1
        skipped = late_ns // self.period_ns
        self.missed_ticks += skipped
        self._deadline_ns += (1 + skipped) * self.period_ns
        return at_ns

    @property
    def slack_ns(self) -> int:
        """Time left until the next deadline."""
        return self._deadline_ns - now_ns()

    def late_p99_ms(self) -> float:
        """99th percentile of the lateness over the last 10 s, in milliseconds."""
        count = min(self.ticks, len(self._late_ns))
        return float(np.percentile(self._late_ns[:count], 99)) / 1e6 if count else 0.0
