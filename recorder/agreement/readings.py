"""What several reviewers said of the same episodes, arranged for the coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from recorder.agreement.alpha import Level, alpha_of, coincidences
from recorder.agreement.coefficient import NO_VARIATION, TOO_FEW, Coefficient, with_interval
from recorder.agreement.kappa import cohen_kappa, fleiss_kappa
from recorder.review.state import LabelState

States = Mapping[str, Mapping[str, LabelState]]  # uuid -> reviewer -> what was said


@dataclass(frozen=True)
class Ratings:
    """One scalar lane of many episodes.

    Attributes
    ----------
    values : (reviewers, episodes) float array
        Number of the category, or the value itself; NaN where nothing was said.
    scale : (V,) float array
        Values that occur, increasing.
    names : tuple of str
        What each value of ``scale`` means.
    """

    values: NDArray[np.float64]
    scale: NDArray[np.float64]
    names: tuple[str, ...]

    @property
    def shared(self) -> int:
        """Episodes of which at least two reviewers said something."""
        return int((np.isfinite(self.values).sum(axis=0) >= 2).sum())

    def pair_tables(self) -> NDArray[np.float64]:
        """(episodes, V, V) counts of all pairs of reviewers, first by second."""
        size = len(self.scale)
        tables = np.zeros((self.values.shape[1], size, size))
        for first, second in combinations(self.values, 2):
            both = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
            rows = np.searchsorted(self.scale, first[both])
            columns = np.searchsorted(self.scale, second[both])
            np.add.at(tables, (both, rows, columns), 1.0)
        return tables


def categories(states: States, reviewers: Sequence[str], lane: str) -> Ratings:
    """Ratings of a nominal lane; what was said of accepted episodes only, absent as ``none``."""
    said = [[_word(states[uuid].get(name), lane) for uuid in states] for name in reviewers]
    names = sorted({word for row in said for word in row if word is not None})
    number = {name: float(at) for at, name in enumerate(names)}
    table = [[np.nan if word is None else number[word] for word in row] for row in said]
    return Ratings(_array(table), np.arange(len(names), dtype=float), tuple(names))


def numbers(states: States, reviewers: Sequence[str], lane: str) -> Ratings:
    """Ratings of a lane of numbers; NaN where nothing was said."""
    table = [
        [
            np.nan if (state := states[uuid].get(name)) is None or getattr(state, lane) is None
            else float(getattr(state, lane))
            for uuid in states
        ]
        for name in reviewers
    ]  # fmt: skip
    values = _array(table)
    scale = np.unique(values[np.isfinite(values)])
    return Ratings(values, scale, tuple(f"{value:g}" for value in scale))


def raw_share(ratings: Ratings, seed: int = 0) -> Coefficient:
    """Share of pairs of reviewers that say the same."""
    tables = ratings.pair_tables()
    same = np.trace(tables, axis1=1, axis2=2)
    total = tables.sum(axis=(1, 2))

    def share(weights: NDArray[np.int64]) -> float | None:
        pairs = float(weights @ total)
        return float(weights @ same) / pairs if pairs else None

    return with_interval(share, len(total), TOO_FEW, seed)


def alpha_with_interval(ratings: Ratings, level: Level, seed: int = 0) -> Coefficient:
    """Krippendorff's alpha with its interval over episodes."""
    if not ratings.shared:
        return Coefficient(None, TOO_FEW)
    units = coincidences(ratings.values, ratings.scale)
    return with_interval(
        lambda weights: alpha_of(
            np.tensordot(weights.astype(float), units, 1), ratings.scale, level
        ),
        units.shape[0],
        NO_VARIATION,
        seed,
    )


def cohen_with_interval(ratings: Ratings, seed: int = 0) -> Coefficient:
    """Cohen's kappa of exactly two reviewers."""
    if not ratings.shared:
        return Coefficient(None, TOO_FEW)
    tables = ratings.pair_tables()
    return with_interval(
        lambda weights: cohen_kappa(np.tensordot(weights.astype(float), tables, 1)),
        len(tables),
        NO_VARIATION,
        seed,
    )


def fleiss_with_interval(ratings: Ratings, seed: int = 0) -> Coefficient:
    """Fleiss' kappa over the episodes that all reviewers labelled."""
    full = np.isfinite(ratings.values).all(axis=0)
    if not full.any() or len(ratings.values) < 2:
        return Coefficient(None, "undefined, no episode was labelled by all reviewers")
    place = np.searchsorted(ratings.scale, ratings.values[:, full])
    counts = np.stack([(place == at).sum(axis=0) for at in range(len(ratings.scale))], axis=1)
    return with_interval(
        lambda weights: fleiss_kappa(np.repeat(counts, weights, axis=0)),
        len(counts),
        NO_VARIATION,
        seed,
    )


def _word(state: LabelState | None, lane: str) -> str | None:
    if state is None:
        return None
    value = getattr(state, lane)
    return "none" if value is None else str(value)


def _array(table: list[list[float]]) -> NDArray[np.float64]:
    return np.array(table, np.float64).reshape(len(table), -1)
