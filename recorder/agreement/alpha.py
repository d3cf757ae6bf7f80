"""Krippendorff's alpha: any number of reviewers, any level of measurement, gaps allowed.

Source: K. Krippendorff, Content Analysis (2004), ch. 11. A unit with m values adds every ordered
pair of them to the coincidence matrix with weight 1 / (m - 1); units with fewer than two values
say nothing. ``alpha = 1 - observed / expected disagreement`` with a squared distance per level:

========  =======================================================================
nominal   0 or 1
ordinal   (sum of n_g for g from c to k, less half of n_c and n_k) squared
interval  (c - k) squared
ratio     ((c - k) / (c + k)) squared
========  =======================================================================
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Level = Literal["nominal", "ordinal", "interval", "ratio"]


def alpha(values: ArrayLike, level: Level = "nominal") -> float | None:
    """Krippendorff's alpha.

    Parameters
    ----------
    values : (reviewers, units) array of float
        NaN where a reviewer said nothing. Nominal categories as numbers.
    level : str
        Level of measurement.

    Returns
    -------
    float or None
        None when the paired values do not vary, or none are paired.
    """
    table = np.asarray(values, np.float64)
    scale = np.unique(table[np.isfinite(table)])
    if not scale.size:
        return None
    return alpha_of(coincidences(table, scale).sum(axis=0), scale, level)


def coincidences(values: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coincidence matrix of every unit, to be summed (or resampled) over units.

    Parameters
    ----------
    values : (reviewers, units) float array
        NaN where missing.
    scale : (V,) float array
        The values that occur, increasing.

    Returns
    -------
    (units, V, V) float64 array
    """
    known = np.isfinite(values)
    place = np.searchsorted(scale, np.where(known, values, scale[0]))
    counts = np.zeros((values.shape[1], len(scale)))
    units = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    np.add.at(counts, (units[known], place[known]), 1.0)
    paired = np.einsum("ui,uj->uij", counts, counts)
    diagonal = np.arange(len(scale))
    paired[:, diagonal, diagonal] -= counts
    raters = counts.sum(axis=1)
    weight = np.divide(1.0, raters - 1.0, out=np.zeros_like(raters), where=raters > 1)
    return paired * weight[:, None, None]


def alpha_of(matrix: NDArray[np.float64], scale: NDArray[np.float64], level: Level) -> float | None:
    """Alpha of a summed (V, V) coincidence matrix; None when it does not vary."""
    margins = matrix.sum(axis=1)
    total = margins.sum()
    if total <= 1 or np.count_nonzero(margins) < 2:
        return None
    distance = _squared_distance(margins, scale, level)
    observed = (matrix * distance).sum() / total
    expected = (np.outer(margins, margins) * distance).sum() / (total * (total - 1.0))
    return float(1.0 - observed / expected) if expected > 0 else None


def _squared_distance(
    margins: NDArray[np.float64], scale: NDArray[np.float64], level: Level
) -> NDArray[np.float64]:
    first, second = np.meshgrid(scale, scale, indexing="ij")
    if level == "nominal":
        return (first != second).astype(np.float64)
    if level == "interval":
        return (first - second) ** 2
    if level == "ratio":
        total = first + second
        share = np.divide(first - second, total, out=np.zeros_like(total), where=total != 0)
        return share**2
    upto = np.cumsum(margins)
    between = np.abs(upto[:, None] - upto[None, :])  # n of the values above the lower one
    lower = np.minimum.outer(np.arange(len(scale)), np.arange(len(scale)))
    upper = np.maximum.outer(np.arange(len(scale)), np.arange(len(scale)))
    inclusive = between + margins[lower]
    return (inclusive - (margins[lower] + margins[upper]) / 2.0) ** 2
