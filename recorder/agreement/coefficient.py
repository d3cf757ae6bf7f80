"""A coefficient of agreement that may be undefined, and its bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_VARIATION = "undefined, no variation"
TOO_FEW = "undefined, fewer than two reviewers said something of the same episode"
RESAMPLES = 1000
LEVEL = 0.95
RELY_FROM = 0.80  # Krippendorff, Content Analysis (2004), ch. 11: rely on it from .800,
TENTATIVE_FROM = 0.667  # tentative conclusions only from .667


@dataclass(frozen=True)
class Coefficient:
    """One figure of agreement.

    Attributes
    ----------
    value : float or None
        None when it is undefined.
    reason : str
        Why it is undefined; empty otherwise.
    low, high : float or None
        Bootstrap interval over episodes; None when it cannot be had.
    """

    value: float | None
    reason: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def reading(self) -> str:
        """``reliable``, ``tentative``, ``not reliable`` or why there is no value."""
        if self.value is None:
            return self.reason
        if self.value >= RELY_FROM:
            return "reliable"
        return "tentative" if self.value >= TENTATIVE_FROM else "not reliable"

    def text(self) -> str:
        """The figure as people read it: ``0.74 (0.61 to 0.85)``."""
        if self.value is None:
            return self.reason
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def with_interval(
    statistic: Callable[[NDArray[np.int64]], float | None],
    episodes: int,
    undefined: str = NO_VARIATION,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Coefficient:
    """Value of a statistic with its percentile bootstrap interval over episodes.

    Parameters
    ----------
    statistic : callable
        Takes how often each episode counts, (episodes,) int64, and gives the value, or None where
        it is undefined.
    episodes : int
        Number of episodes.
    undefined : str
        What to say when the value itself is undefined.
    seed : int
        Of the resampling.
    resamples : int
        Number of resamples; those with an undefined value are left out of the interval, and with
        more than half of them undefined there is no interval.
    """
    value = statistic(np.ones(episodes, np.int64)) if episodes else None
    if value is None:
        return Coefficient(None, undefined)
    random = np.random.default_rng(seed)
    shares = np.full(episodes, 1.0 / episodes)
    found = [statistic(random.multinomial(episodes, shares)) for _ in range(resamples)]
    known = [one for one in found if one is not None]
    if episodes < 2 or len(known) <= resamples / 2:
        return Coefficient(float(value))
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return Coefficient(float(value), "", float(low), float(high))
