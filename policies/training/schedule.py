"""How fast a network learns, and how its running mean follows."""

from __future__ import annotations

import math

MEAN_MOST = 0.9999


def rate_factor(step: int, warmup_steps: int, share: float) -> float:
    """Share of the highest learning rate: linear over the warm-up, then half a cosine to zero.

    Parameters
    ----------
    step : int
        Steps done.
    warmup_steps : int
    share : float
        How much of the training is over, 0 to 1, by steps or by time.
    """
    warm = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    return warm * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))


def mean_decay(step: int, power: float) -> float:
    """Share of the old running mean that is kept: ``1 - (1 + step) ** -power``.

    As Diffusion Policy (arXiv 2303.04137) with power 0.75; early means forget quickly.
    """
    if power == 0:
        return 0.0
    return min(MEAN_MOST, 1.0 - (1.0 + step) ** -power)
