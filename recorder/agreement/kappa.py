"""Agreement on categories beyond chance: raw share, Cohen's and Fleiss' kappa.

The kappas come from ``statsmodels.stats.inter_rater``; here stands only what it leaves open: a
table without variation, where kappa is 0/0, gives None instead of a number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def raw_agreement(table: ArrayLike) -> float | None:
    """Share on the diagonal of a (K, K) table of counts; None for an empty one."""
    counts = np.asarray(table, np.float64)
    total = counts.sum()
    return float(np.trace(counts) / total) if total else None


def cohen_kappa(table: ArrayLike) -> float | None:
    """Cohen's kappa (1960) of two reviewers.

    Parameters
    ----------
    table : (K, K) array
        Counts: first reviewer's category by the second's.

    Returns
    -------
    float or None
        None when both use one and the same category throughout.
    """
    from statsmodels.stats.inter_rater import cohens_kappa

    counts = np.asarray(table, np.float64)
    total = counts.sum()
    if not total or _agree_by_chance(counts / total) >= 1.0:
        return None
    return np.asarray(cohens_kappa(counts, return_results=False)).item()


def fleiss_kappa(counts: ArrayLike) -> float | None:
    """Fleiss' kappa (1971) of any number of reviewers, the same number for every subject.

    Parameters
    ----------
    counts : (N, K) array
        How many reviewers put subject n into category k.

    Returns
    -------
    float or None
        None when only one category occurs, or nothing was counted.

    Raises
    ------
    ValueError
        When subjects differ in their number of reviewers.
    """
    from statsmodels.stats.inter_rater import fleiss_kappa as fleiss

    table = np.asarray(counts, np.float64)
    if not table.size or not table.sum():
        return None
    raters = table.sum(axis=1)
    if np.ptp(raters) > 0 or raters[0] < 2:
        raise ValueError(
            f"Fleiss' kappa needs the same number of reviewers (at least 2) for every episode; "
            f"got {int(raters.min())} to {int(raters.max())}; use Krippendorff's alpha instead"
        )
    if np.count_nonzero(table.sum(axis=0)) < 2:
        return None
    return np.asarray(fleiss(table, method="fleiss")).item()


def table_of(first: NDArray[np.int64], second: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """(size, size) counts of two reviewers' category numbers."""
    table = np.zeros((size, size), np.int64)
    np.add.at(table, (first, second), 1)
    return table


def _agree_by_chance(shares: NDArray[np.float64]) -> float:
    return float(shares.sum(axis=1) @ shares.sum(axis=0))
