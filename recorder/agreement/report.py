"""The agreement report of a dataset: every lane, every measure, with what cannot be said.

Only episodes that at least two reviewers accepted count; the adjudicator is not a reviewer. All
intervals are 95 % percentile bootstrap intervals over episodes, because what is said within one
episode is not independent. Raw agreement always stands beside a coefficient: with rare categories a
coefficient can be near zero while reviewers agree nearly always.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.agreement.alpha import alpha_of, coincidences
from recorder.agreement.coefficient import NO_VARIATION, TOO_FEW, Coefficient, with_interval
from recorder.agreement.readings import (
    Ratings,
    States,
    alpha_with_interval,
    categories,
    cohen_with_interval,
    fleiss_with_interval,
    numbers,
    raw_share,
)
from recorder.agreement.segments import (
    CONTACT_TOLERANCE_NS,
    IOU_LEVELS,
    NOTHING,
    boundary_errors_ms,
    contact_f1,
    edit_score,
    framewise,
    segment_f1,
)
from recorder.catalogue import Catalogue
from recorder.dataset import Dataset
from recorder.review.adjudication import ADJUDICATOR
from recorder.review.state import LabelState
from recorder.review.store import DamagedJournalError, read_state, reviewers_of

log = logging.getLogger(__name__)

FRAME_HZ = 30.0
NOMINAL_LANES = {
    "outcome": "Outcome",
    "failure_mode": "Failure mode",
    "rejected": "Rejected, with reason",
}


@dataclass(frozen=True)
class Measure:
    """One figure of one lane.

    Attributes
    ----------
    name : str
        What it is.
    figure : Coefficient
        Its value, or why there is none.
    """

    name: str
    figure: Coefficient


@dataclass(frozen=True)
class LaneAgreement:
    """Agreement on one lane.

    Attributes
    ----------
    title : str
    episodes : int
        Episodes that count.
    measures : tuple of Measure
    names : tuple of str
        Categories of ``table``; empty for lanes without one.
    table : tuple of tuple of int
        Pairs of reviewers: first one's category by the second's.
    """

    title: str
    episodes: int
    measures: tuple[Measure, ...]
    names: tuple[str, ...] = ()
    table: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class AgreementReport:
    """What ``agreement_report`` found.

    Attributes
    ----------
    reviewers : tuple of str
    episodes : int
        Episodes that at least two of them accepted.
    seed : int
        Of the bootstrap.
    lanes : tuple of LaneAgreement
    boundary_ms : dict of str to float
        Median distance of phase boundaries, by phase and side, ms.
    disagreements : tuple of (str, str)
        Episode uuid and lane, for every difference in outcome.
    """

    reviewers: tuple[str, ...]
    episodes: int
    seed: int
    lanes: tuple[LaneAgreement, ...]
    boundary_ms: dict[str, float]
    disagreements: tuple[tuple[str, str], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def agreement_report(
    dataset: Dataset,
    reviewers: Sequence[str] | None = None,
    uuids: Sequence[str] | None = None,
    seed: int = 0,
) -> AgreementReport:
    """Compare what the reviewers of a dataset said.

    Parameters
    ----------
    dataset : Dataset
    reviewers : sequence of str, optional
        Whom to compare; all but the adjudicator by default.
    uuids : sequence of str, optional
        Which episodes; all published ones by default.
    seed : int
        Of the bootstrap.
    """
    who = [name for name in reviewers or reviewers_of(dataset) if name != ADJUDICATOR]
    lengths_ns = {row.uuid: round(row.duration_s * 1e9) for row in Catalogue(dataset).rows()}
    chosen = [uuid for uuid in (uuids or lengths_ns) if uuid in lengths_ns]
    states = _accepted(dataset, who, chosen)
    return report_of(states, who, {uuid: lengths_ns[uuid] for uuid in states}, seed)


def report_of(
    states: States, reviewers: Sequence[str], lengths_ns: dict[str, int], seed: int = 0
) -> AgreementReport:
    """The report of states already read; ``lengths_ns`` gives each episode's length."""
    lanes = [
        _nominal(title, categories(states, reviewers, lane), len(reviewers), seed)
        for lane, title in NOMINAL_LANES.items()
    ]
    lanes.append(_quality(numbers(states, reviewers, "quality"), seed))
    lanes.append(_phases(states, reviewers, lengths_ns, seed))
    lanes.append(_contacts(states, reviewers, seed))
    return AgreementReport(
        tuple(reviewers), len(states), seed, tuple(lanes), _boundaries(states), _disputes(states)
    )


def _accepted(dataset: Dataset, reviewers: Sequence[str], uuids: Sequence[str]) -> States:
    states: dict[str, dict[str, LabelState]] = {}
    for uuid in uuids:
        said = {name: _said(dataset, name, uuid) for name in reviewers}
        finished = {name: one for name, one in said.items() if one is not None and one.accepted}
        if len(finished) >= 2:
            states[uuid] = finished
    return states


def _said(dataset: Dataset, reviewer: str, uuid: str) -> LabelState | None:
    """What a reviewer said; a damaged journal does not count, as in the final labels."""
    try:
        return read_state(dataset, reviewer, uuid)
    except DamagedJournalError as error:
        log.warning("%s; it does not count", error)
        return None


def _nominal(title: str, ratings: Ratings, reviewers: int, seed: int) -> LaneAgreement:
    measures = [Measure("raw agreement", raw_share(ratings, seed))]
    if reviewers == 2:
        measures.append(Measure("Cohen kappa", cohen_with_interval(ratings, seed)))
    if reviewers > 2:
        measures.append(Measure("Fleiss kappa", fleiss_with_interval(ratings, seed)))
    measures.append(
        Measure("Krippendorff alpha, nominal", alpha_with_interval(ratings, "nominal", seed))
    )
    return _with_table(title, ratings, measures)


def _quality(ratings: Ratings, seed: int) -> LaneAgreement:
    measures = [Measure("raw agreement", raw_share(ratings, seed))]
    for level in ("ordinal", "interval", "ratio"):
        found = alpha_with_interval(ratings, level, seed)
        measures.append(Measure(f"Krippendorff alpha, {level}", found))
    return _with_table("Quality", ratings, measures)


def _with_table(title: str, ratings: Ratings, measures: list[Measure]) -> LaneAgreement:
    counts = ratings.pair_tables().sum(axis=0).astype(int)
    table = tuple(tuple(int(n) for n in row) for row in counts)
    return LaneAgreement(title, ratings.shared, tuple(measures), ratings.names, table)


def _phases(
    states: States, reviewers: Sequence[str], lengths_ns: dict[str, int], seed: int
) -> LaneAgreement:
    used = {uuid: said for uuid, said in states.items() if any(one.phases for one in said.values())}
    measures = [
        Measure(f"framewise alpha, {FRAME_HZ:g} Hz", _framewise(used, reviewers, lengths_ns, seed))
    ]
    for iou in IOU_LEVELS:
        figure = _mean_of_pairs(
            used,
            lambda a, b, iou=iou: segment_f1([*a.phases.values()], [*b.phases.values()], iou),
            seed,
        )
        measures.append(Measure(f"segment F1 at IoU {iou:.2f}", figure))
    edits = _mean_of_pairs(
        used, lambda a, b: edit_score([*a.phases.values()], [*b.phases.values()]), seed
    )
    measures.append(Measure("edit score", edits))
    return LaneAgreement("Phases", len(used), tuple(measures))


def _framewise(
    states: States, reviewers: Sequence[str], lengths_ns: dict[str, int], seed: int
) -> Coefficient:
    labels = sorted(
        {p.label for said in states.values() for one in said.values() for p in one.phases.values()}
    )
    scale = np.array([NOTHING, *range(len(labels))], np.float64)
    units = []
    for uuid, said in states.items():
        rows = [
            framewise([*said[name].phases.values()], labels, lengths_ns[uuid], FRAME_HZ)
            if name in said
            else None
            for name in reviewers
        ]
        count = max(len(row) for row in rows if row is not None)
        blank = np.full(count, np.nan)
        table = np.stack([blank if row is None else row for row in rows])
        units.append(coincidences(table, scale).sum(axis=0))
    if not units:
        return Coefficient(None, TOO_FEW)
    stacked = np.stack(units)
    return with_interval(
        lambda weights: alpha_of(np.tensordot(weights.astype(float), stacked, 1), scale, "nominal"),
        len(stacked),
        NO_VARIATION,
        seed,
    )


def _contacts(states: States, reviewers: Sequence[str], seed: int) -> LaneAgreement:
    used = {
        uuid: said for uuid, said in states.items() if any(one.contacts for one in said.values())
    }
    found = _mean_of_pairs(
        used, lambda a, b: contact_f1([*a.contacts.values()], [*b.contacts.values()]), seed
    )
    name = f"matched within {CONTACT_TOLERANCE_NS / 1e6:g} ms, F1"
    return LaneAgreement("Contacts", len(used), (Measure(name, found),))


def _mean_of_pairs(
    states: States,
    measure: Callable[[LabelState, LabelState], float | None],
    seed: int,
) -> Coefficient:
    """Mean over episodes of the mean over their pairs of reviewers."""
    means = []
    for said in states.values():
        pairs = [measure(a, b) for a, b in combinations(said.values(), 2)]
        known = [one for one in pairs if one is not None]
        means.append(float(np.mean(known)) if known else math.nan)
    values = np.array(means)

    def mean(weights: NDArray[np.int64]) -> float | None:
        known = np.isfinite(values) & (weights > 0)
        if not known.any():
            return None
        return float(np.average(values[known], weights=weights[known]))

    return with_interval(mean, len(values), TOO_FEW, seed)


def _boundaries(states: States) -> dict[str, float]:
    errors: dict[str, list[float]] = {}
    for said in states.values():
        for a, b in combinations(said.values(), 2):
            found = boundary_errors_ms([*a.phases.values()], [*b.phases.values()])
            for name, values in found.items():
                errors.setdefault(name, []).extend(values)
    return {name: float(np.median(values)) for name, values in sorted(errors.items())}


def _disputes(states: States) -> tuple[tuple[str, str], ...]:
    return tuple(
        (uuid, lane)
        for uuid, said in states.items()
        for lane in ("outcome", "quality", "rejected")
        if len({getattr(one, lane) for one in said.values()}) > 1
    )
