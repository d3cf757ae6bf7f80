"""Figures of a whole library, ready to draw or print: counts, lengths, outcomes, gaps, forces.

The share of successes counts ``success`` among the episodes that were judged (``success``,
``qualified_success``, ``failure``); a qualified success is shown on its own and is none here. Its
interval is Wilson's at 95 % (Wilson, JASA 22, 1927, through statsmodels): descriptive only, because
episodes of one operator are not independent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recorder.library.rows import LibraryRow
from recorder.overview.model import FORCE_BIN_EDGES_N

CONFIDENCE = 0.95
LENGTH_BINS_MOST = 24
LENGTH_STEPS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
GAP_EDGES = (0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
JUDGED = ("success", "qualified_success", "failure")
OUTCOMES = (*JUDGED, "cannot_judge", "disputed", "unlabelled")


@dataclass(frozen=True)
class Histogram:
    """Counts between edges.

    Attributes
    ----------
    edges : tuple of float
        Half-open bins ``[edges[i], edges[i + 1])``; one more than ``counts``.
    counts : tuple of int
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class OutcomeGroup:
    """Outcomes of one task or operator.

    Attributes
    ----------
    name : str
        Of the task or the operator.
    counts : dict of str to int
        Episodes by outcome, in the order of ``OUTCOMES``; absent ones are left out.
    judged, successes : int
        See the module.
    share, low, high : float or None
        Share of successes with its interval; None while nothing was judged.
    """

    name: str
    counts: dict[str, int]
    judged: int
    successes: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class LibraryStatistics:
    """Figures of a set of rows.

    Attributes
    ----------
    episodes : int
    hours : float
        Length of all of them together, h.
    reviewed, rejected, without_overview : int
        Episodes a reviewer finished, rejected ones, ones whose figures are not known yet.
    per_day : tuple of (str, int)
        Episodes by ISO date (UTC); days without any are left out.
    lengths_s : Histogram
        Episodes by length, s.
    by_task, by_operator : tuple of OutcomeGroup
        By name.
    gap_rates : Histogram
        Episodes by share of samples lost; the first bin holds those that lost none.
    gap_rate_by_task : tuple of (str, float)
        Samples lost of all that were due, per task.
    force_n : Histogram
        Samples with force of all pads by normal force, N; the last bin is open (edge infinite).
    """

    episodes: int
    hours: float
    reviewed: int
    rejected: int
    without_overview: int
    per_day: tuple[tuple[str, int], ...]
    lengths_s: Histogram
    by_task: tuple[OutcomeGroup, ...]
    by_operator: tuple[OutcomeGroup, ...]
    gap_rates: Histogram
    gap_rate_by_task: tuple[tuple[str, float], ...]
    force_n: Histogram

    def as_dict(self) -> dict[str, Any]:
        """JSON values; an infinite edge becomes None."""
        values = asdict(self)
        values["force_n"]["edges"] = [
            edge if np.isfinite(edge) else None for edge in values["force_n"]["edges"]
        ]
        return values


def make_statistics(rows: Sequence[LibraryRow]) -> LibraryStatistics:
    """Sum up rows of a library; an empty one gives zeros and empty tuples."""
    days = Counter(row.episode.wall_time[:10] for row in rows if row.episode.wall_time)
    return LibraryStatistics(
        episodes=len(rows),
        hours=sum(row.episode.duration_s for row in rows) / 3600.0,
        reviewed=sum(bool(row.review.reviewers) for row in rows),
        rejected=sum(bool(row.review.rejected) for row in rows),
        without_overview=sum(row.figures is None for row in rows),
        per_day=tuple(sorted(days.items())),
        lengths_s=_lengths([row.episode.duration_s for row in rows]),
        by_task=_groups(rows, lambda row: row.episode.task),
        by_operator=_groups(rows, lambda row: row.episode.operator_code),
        gap_rates=_gap_rates(rows),
        gap_rate_by_task=_gap_rate_by_task(rows),
        force_n=_forces(rows),
    )


def _lengths(lengths_s: Sequence[float]) -> Histogram:
    """Bins of a round width, from 0 to the longest."""
    if not lengths_s:
        return Histogram((), ())
    longest_s = max(lengths_s)
    fitting = [step for step in LENGTH_STEPS_S if longest_s < step * LENGTH_BINS_MOST]
    step_s = fitting[0] if fitting else longest_s / (LENGTH_BINS_MOST - 1)
    edges = np.arange(0, int(longest_s // step_s) + 2) * step_s
    return _histogram(lengths_s, edges)


def wilson_interval(
    successes: int, judged: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Wilson's interval (JASA 22, 1927) of a share, without continuity correction, both 0 to 1."""
    from statsmodels.stats.proportion import proportion_confint  # takes a second to import

    interval = proportion_confint(successes, judged, 1.0 - confidence, method="wilson")
    low, high = np.asarray(interval, dtype=np.float64).tolist()
    return low, high


def _groups(
    rows: Sequence[LibraryRow], name_of: Callable[[LibraryRow], str]
) -> tuple[OutcomeGroup, ...]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[name_of(row)][row.review.outcome] += 1
    groups = []
    for name in sorted(found):
        counts = found[name]
        ordered = [*OUTCOMES, *sorted(set(counts) - set(OUTCOMES))]
        judged, successes = sum(counts[word] for word in JUDGED), counts["success"]
        share = low = high = None
        if judged:
            share = successes / judged
            low, high = wilson_interval(successes, judged)
        shown = {word: counts[word] for word in ordered if counts[word]}
        groups.append(OutcomeGroup(name, shown, judged, successes, share, low, high))
    return tuple(groups)


def _gap_rates(rows: Sequence[LibraryRow]) -> Histogram:
    rates = []
    for row in rows:
        due = row.episode.samples + row.episode.gaps
        rates.append(row.episode.gaps / due if due else 0.0)
    return _histogram(rates, np.array(GAP_EDGES))


def _gap_rate_by_task(rows: Sequence[LibraryRow]) -> tuple[tuple[str, float], ...]:
    lost: Counter[str] = Counter()
    due: Counter[str] = Counter()
    for row in rows:
        lost[row.episode.task] += row.episode.gaps
        due[row.episode.task] += row.episode.gaps + row.episode.samples
    return tuple((task, lost[task] / due[task]) for task in sorted(due) if due[task])


def _forces(rows: Sequence[LibraryRow]) -> Histogram:
    """Sum of the episodes' histograms; one with other bins than today's is passed over."""
    edges = (*FORCE_BIN_EDGES_N, float("inf"))
    total = np.zeros(len(FORCE_BIN_EDGES_N), dtype=np.int64)
    for row in rows:
        counts = () if row.figures is None else row.figures.force_histogram
        total[: len(counts)] += np.asarray(counts[: len(total)], dtype=np.int64)
    return Histogram(edges, tuple(int(count) for count in total))


def _histogram(values: Sequence[float], edges: np.ndarray) -> Histogram:
    counts, _ = np.histogram(np.asarray(values, dtype=np.float64), edges)
    return Histogram(tuple(float(edge) for edge in edges), tuple(int(count) for count in counts))
