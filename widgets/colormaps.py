"""Perceptual colour maps as tables, round numbers for their legends, and what is only noise."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

FORCE_MAP = "inferno"
DEPTH_MAP = "viridis"
#: A finger's total force below this is not shown. The noise of a taxel, 0.002 N, adds up over the
#: 120 taxels of a pad to 0.022 N per axis; this is 4.5 times as much, passed by one sample in 9000.
LEAST_FORCE_N = 0.1


@cache
def table(name: str, steps: int = 256) -> NDArray[np.uint8]:
    """(steps, 3) uint8 RGB table of the perceptually uniform map ``name``."""
    found = pg.colormap.get(name)
    assert found is not None
    return np.ascontiguousarray(found.getLookupTable(0.0, 1.0, steps, alpha=False), dtype=np.uint8)


def nice_ceiling(value: float) -> float:
    """The next number of the series 1, 2, 5, 10 at or above ``value`` (> 0)."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    for step in (1.0, 2.0, 5.0, 10.0):
        if value <= step * power * (1 + 1e-9):
            return float(step * power)
    return float(10 * power)
