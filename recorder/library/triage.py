"""What to look at first: episodes ranked by how unusual they are, each with its reasons.

Within a task every figure is compared with the task's own episodes by a robust z-score

    z = (x - median) / (1.4826 MAD),   MAD = median |x - median|

(Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993; 1.4826 makes the MAD of a normal
distribution its standard deviation). Where more than half of the episodes share one value the MAD
is 0, so that the spread counts as at least what nobody would notice (``noise``). Their limit for an
outlier is 3.5; a reason is given from ``NOTABLE_Z`` on, because a queue may show what is only odd.

===============  ==================  ============================================================
sign             figure              unusual when
===============  ==================  ============================================================
jerk             ``jerk``            high
idle time        ``idle_share``      high
length           ``duration_s``      high or low
contact loss     ``contact_losses``  high
gaps             ``gap_rate``        from ``GAP_RATE_NOTABLE`` on, whatever the task
disagreement     ``disagreement``    any, unless adjudicated
===============  ==================  ============================================================

The score is the largest of an episode's strengths plus a tenth of the others, so that the strongest
reason decides and further ones break ties. Strengths are z-scores, at most ``STRENGTH_MAX``. Lost
samples are a fault in every task: they count ``GAP_STRENGTH`` at ``GAP_RATE_NOTABLE`` and as much
again for every tenfold. A disputed outcome counts ``DISPUTE_STRENGTH``, other disagreement that
times its share, so that what only a person can settle stands beside clear outliers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recorder.library.query import is_disputed
from recorder.library.rows import LibraryRow

MAD_TO_SIGMA = 1.4826  # of a normal distribution
NOTABLE_Z = 2.5
STRENGTH_MAX = 10.0
DISPUTE_STRENGTH = 8.0
FURTHER_REASONS_SHARE = 0.1
GAP_RATE_NOTABLE = 0.001  # a thousandth of the samples lost
GAP_STRENGTH = 3.5
EPISODES_LEAST = 5  # of a task, before its episodes can be compared


@dataclass(frozen=True)
class TriageItem:
    """One place in the queue.

    Attributes
    ----------
    row : LibraryRow
        The episode.
    rank : int
        1 for what to look at first.
    score : float
        See the module; 0 where nothing is unusual.
    reasons : tuple of str
        For people, strongest first; never empty for a score above 0.
    """

    row: LibraryRow
    rank: int
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Reason:
    strength: float
    text: str


@dataclass(frozen=True)
class _Sign:
    """A figure that can be unusual.

    Attributes
    ----------
    value : callable
        The figure of a row; NaN where it is not known.
    words : callable
        The reason from value, median, share of the task's episodes below it, and task.
    noise : float
        Smallest spread that counts, in the figure's unit.
    low_counts : bool
        Whether small values are unusual too.
    """

    value: Callable[[LibraryRow], float]
    words: Callable[[float, float, float, str], str]
    noise: float
    low_counts: bool = False


def triage(rows: Sequence[LibraryRow]) -> list[TriageItem]:
    """Rank episodes that deserve a look; those without any reason are left out.

    Parameters
    ----------
    rows : sequence of LibraryRow
        All that should be compared with each other, usually the whole library.

    Returns
    -------
    list of TriageItem
        Highest score first, then by number.
    """
    reasons: dict[str, list[_Reason]] = defaultdict(list)
    by_task: dict[str, list[LibraryRow]] = defaultdict(list)
    for row in rows:
        by_task[row.episode.task].append(row)
    for task, group in by_task.items():
        for sign in SIGNS:
            for row, reason in _unusual(sign, task, group):
                reasons[row.episode.uuid].append(reason)
    for row in rows:
        for reason in (*_gaps(row), *_disagreement(row)):
            reasons[row.episode.uuid].append(reason)
    scored = [
        (_score(found), row, found) for row in rows if (found := reasons.get(row.episode.uuid))
    ]
    scored.sort(key=lambda item: (-item[0], item[1].episode.number))
    return [
        TriageItem(row, rank, score, tuple(reason.text for reason in _strongest_first(found)))
        for rank, (score, row, found) in enumerate(scored, 1)
    ]


def robust_z(values: NDArray[np.float64], noise: float) -> NDArray[np.float64]:
    """Robust z-scores; see the module.

    Parameters
    ----------
    values : (N,) float64 array
        Finite figures of episodes that are compared.
    noise : float
        Smallest spread that counts, above 0.
    """
    away = values - np.median(values)
    return away / max(noise, MAD_TO_SIGMA * float(np.median(np.abs(away))))


def _unusual(
    sign: _Sign, task: str, rows: Sequence[LibraryRow]
) -> list[tuple[LibraryRow, _Reason]]:
    values = np.array([sign.value(row) for row in rows], dtype=np.float64)
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < EPISODES_LEAST:
        return []
    ordered = np.sort(values[known])
    scores = np.zeros_like(values)
    scores[known] = robust_z(values[known], sign.noise)
    strengths = np.abs(scores) if sign.low_counts else scores
    found = []
    for at in np.flatnonzero(strengths >= NOTABLE_Z).tolist():
        below = float(np.searchsorted(ordered, values[at], side="left")) / len(ordered)
        text = sign.words(float(values[at]), float(np.median(ordered)), below, task)
        found.append((rows[at], _Reason(min(float(strengths[at]), STRENGTH_MAX), text)))
    return found


def _figure(name: str) -> Callable[[LibraryRow], float]:
    return lambda row: math.nan if row.figures is None else getattr(row.figures, name)


def _jerk_words(value: float, median: float, share: float, task: str) -> str:
    return f"jerkier than {_percent(share)} of '{task}'"


def _idle_words(value: float, median: float, share: float, task: str) -> str:
    return f"idle {100 * value:.0f} % (median {100 * median:.0f} %)"


def _length_words(value: float, median: float, share: float, task: str) -> str:
    return f"{'long' if value > median else 'short'}: {value:.1f} s (median {median:.1f} s)"


def _loss_words(value: float, median: float, share: float, task: str) -> str:
    times = "once" if value == 1 else f"{value:.0f} times"
    return f"contact lost {times} (median {median:g})"


SIGNS = (
    _Sign(_figure("jerk"), _jerk_words, noise=0.1),
    _Sign(_figure("idle_share"), _idle_words, noise=0.02),
    _Sign(lambda row: row.episode.duration_s, _length_words, noise=0.25, low_counts=True),
    _Sign(_figure("contact_losses"), _loss_words, noise=0.4),
)


def _gaps(row: LibraryRow) -> list[_Reason]:
    rate, worst = _gap_rate(row), ""
    if rate < GAP_RATE_NOTABLE:
        return []
    if row.figures is not None and row.figures.worst_gap_s > 0:
        worst = f", worst gap {row.figures.worst_gap_s:.2g} s"
    strength = GAP_STRENGTH * (1.0 + math.log10(rate / GAP_RATE_NOTABLE))
    return [_Reason(min(strength, STRENGTH_MAX), f"{100 * rate:.2g} % of the samples lost{worst}")]


def _gap_rate(row: LibraryRow) -> float:
    """Share of the samples that are missing, of the overview or else of the catalogue."""
    if row.figures is not None and math.isfinite(row.figures.gap_rate):
        return row.figures.gap_rate
    due = row.episode.samples + row.episode.gaps
    return row.episode.gaps / due if due else 0.0


def _disagreement(row: LibraryRow) -> list[_Reason]:
    if not is_disputed(row):
        return []
    review = row.review
    who = f"{len(review.reviewers)} reviewers disagree on"
    if review.outcome == "disputed":
        return [_Reason(DISPUTE_STRENGTH, f"{who} outcome")]
    share = f"{100 * review.disagreement:.0f} % of the lanes"
    return [_Reason(DISPUTE_STRENGTH * review.disagreement, f"{who} {share}")]


def _score(reasons: Sequence[_Reason]) -> float:
    strengths = [reason.strength for reason in _strongest_first(reasons)]
    return strengths[0] + FURTHER_REASONS_SHARE * sum(strengths[1:])


def _strongest_first(reasons: Sequence[_Reason]) -> list[_Reason]:
    return sorted(reasons, key=lambda reason: -reason.strength)


def _percent(share: float) -> str:
    return f"{min(99, int(100 * share))} %"
