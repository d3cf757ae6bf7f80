"""Progress of long work: how far, how long still, and how to stop it.

Long functions take ``progress: Report`` and call it often; whoever wants them to end raises
``Cancelled`` from it. The same function so serves a window, a command line and a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

SMOOTHING = 0.2  # share of the newest pace in the running mean
LEAST_SHARE = 1e-6  # of the whole; less work than that says nothing about the pace


class Cancelled(Exception):
    """The person asked for the work to end; what was made so far has been put away."""


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes
    ----------
    done, total : float
        In the job's own measure (bytes, frames, episodes).
    what : str
        What is being worked on now, e.g. ``episode 12``.
    left_s : float or None
        Expected time left, seconds; None while nothing can be said.
    """

    done: float
    total: float
    what: str = ""
    left_s: float | None = None


Report = Callable[[Progress], None]


def quiet(progress: Progress) -> None:
    """A report nobody reads."""


class ProgressMeter:
    """Counts work done and estimates the time left from the pace so far.

    Parameters
    ----------
    total : float
        Amount of work.
    report : callable
        Receives every ``Progress``; may raise ``Cancelled``.
    clock : callable
        Seconds, monotonic.
    """

    def __init__(
        self, total: float, report: Report, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = total
        self.done = 0.0
        self._report = report
        self._clock = clock
        self._at_s = clock()
        self._pace: float | None = None
        self._unpaced, self._unpaced_s = 0.0, 0.0

    def advance(self, amount: float, what: str = "") -> None:
        """Note that ``amount`` more is done and report it."""
        now_s = self._clock()
        spent_s, self._at_s = now_s - self._at_s, now_s
        if amount > 0:
            self._unpaced += amount
            self._unpaced_s += spent_s
        if self._unpaced > LEAST_SHARE * self.total:
            pace = self._unpaced_s / self._unpaced
            old = self._pace
            self._pace = pace if old is None else old + SMOOTHING * (pace - old)
            self._unpaced, self._unpaced_s = 0.0, 0.0
        self.done = min(self.total, self.done + amount)
        left_s = None if self._pace is None else self._pace * (self.total - self.done)
        self._report(Progress(self.done, self.total, what, left_s))
