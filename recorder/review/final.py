"""What all reviewers of an episode say together.

The adjudicator's labels win; without them, each lane on which everyone who accepted the episode
agrees; a lane on which they differ is disputed and holds nothing. Where nobody said an outcome,
the operator's own stands. Labels that were not accepted do not count.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Literal, cast

from recorder.dataset import Dataset
from recorder.library.rows import ReviewSummary
from recorder.review.adjudication import ADJUDICATOR, COMPARED, TOLERANCE_NS, disagreements
from recorder.review.journal import DamagedJournalError
from recorder.review.state import LabelState, Lane, ReviewOutcome
from recorder.review.store import read_state, reviewers_of

log = logging.getLogger(__name__)

OPERATOR_OUTCOMES = ("success", "failure")  # what is a verdict; "unlabelled" is none
By = Literal["adjudicated", "reviewers", "operator", "nobody"]


@dataclass(frozen=True)
class FinalLabels:
    """The labels an export or a statistic uses.

    Attributes
    ----------
    state : LabelState
        Labels; a disputed lane holds nothing.
    by : str
        Whose they are: ``adjudicated``, ``reviewers``, ``operator`` (an outcome only), ``nobody``.
    reviewers : tuple of str
        Who accepted the episode, the adjudicator left out.
    disputed : tuple of str
        Lanes on which they differ; none once adjudicated.
    problems : tuple of str
        One sentence per journal that is damaged and could not count.
    """

    state: LabelState
    by: By
    reviewers: tuple[str, ...] = ()
    disputed: tuple[Lane, ...] = ()
    problems: tuple[str, ...] = ()


def final_labels(
    dataset: Dataset,
    uuid: str,
    operator_outcome: str = "unlabelled",
    tolerance_ns: int = TOLERANCE_NS,
) -> FinalLabels:
    """Fold everyone's labels of an episode.

    Parameters
    ----------
    operator_outcome : str
        ``success``, ``failure`` or ``unlabelled``: what was said at the station.
    tolerance_ns : int
        Boundaries this far apart, or less, are the same; the first reviewer's are taken.
    """
    return _fold(_accepted(dataset, uuid), operator_outcome, tolerance_ns)


def review_summary(
    dataset: Dataset, uuid: str, operator_outcome: str = "unlabelled"
) -> ReviewSummary:
    """What reviewers said, in one row of the library; see ``ReviewSummary``."""
    accepted = _accepted(dataset, uuid)
    final = _fold(accepted, operator_outcome, TOLERANCE_NS)
    states = [accepted.states[name] for name in final.reviewers]
    outcome, outcome_by = final.state.outcome or "unlabelled", final.by
    if "outcome" in final.disputed:
        outcome = "disputed"
    elif not any(state.outcome for state in accepted.states.values()):
        outcome_by = "operator" if final.state.outcome else "nobody"
    qualities = [state.quality for state in states if state.quality is not None]
    quality = final.state.quality
    if quality is None and qualities:
        quality = int(median(qualities))
    said = [final.state, *states]
    texts = dict.fromkeys(text for state in said for text in (state.instruction, state.note))
    return ReviewSummary(
        outcome=outcome,
        outcome_by=outcome_by,
        quality=quality,
        reviewers=final.reviewers,
        rejected=final.state.rejected or "",
        trimmed=final.state.trim is not None,
        phases=len(final.state.phases),
        events=len(final.state.events),
        contacts=len(final.state.contacts),
        disagreement=_disagreement(states),
        text="\n".join(text for text in texts if text),
        failure_mode=final.state.failure_mode or "",
        begun=accepted.begun,
    )


@dataclass(frozen=True)
class _Accepted:
    states: dict[str, LabelState]
    problems: tuple[str, ...]
    begun: tuple[str, ...] = ()


def _accepted(dataset: Dataset, uuid: str) -> _Accepted:
    states: dict[str, LabelState] = {}
    problems: list[str] = []
    begun: list[str] = []
    for reviewer in reviewers_of(dataset):
        try:
            state = read_state(dataset, reviewer, uuid)
        except DamagedJournalError as error:
            log.warning("%s", error)
            problems.append(str(error))
            continue
        if state is not None and state.accepted:
            states[reviewer] = state
        elif state is not None and not state.is_empty and reviewer != ADJUDICATOR:
            begun.append(reviewer)
    return _Accepted(states, tuple(problems), tuple(begun))


def _fold(accepted: _Accepted, operator_outcome: str, tolerance_ns: int) -> FinalLabels:
    reviewers = tuple(name for name in accepted.states if name != ADJUDICATOR)
    verdict = (
        cast(ReviewOutcome, operator_outcome) if operator_outcome in OPERATOR_OUTCOMES else None
    )
    disputed: tuple[Lane, ...] = ()
    if ADJUDICATOR in accepted.states:
        state, by = accepted.states[ADJUDICATOR], "adjudicated"
    elif reviewers:
        states = [accepted.states[name] for name in reviewers]
        disputed = _disputed(states, tolerance_ns)
        state, by = _common(states, disputed), "reviewers"
    else:
        state, by = LabelState(), "operator" if verdict else "nobody"
    if state.outcome is None and "outcome" not in disputed:
        state = replace(state, outcome=verdict)
    return FinalLabels(state, cast(By, by), reviewers, disputed, accepted.problems)


def _disputed(states: list[LabelState], tolerance_ns: int) -> tuple[Lane, ...]:
    """Lanes on which any two differ."""
    lanes = {
        each.lane
        for number, one in enumerate(states)
        for two in states[number + 1 :]
        for each in disagreements(one, two, tolerance_ns)
    }
    return tuple(lane for lane in COMPARED if lane in lanes)


def _common(states: list[LabelState], disputed: tuple[Lane, ...]) -> LabelState:
    nothing = LabelState()
    values: dict[str, Any] = {lane: getattr(nothing, lane) for lane in disputed}
    notes = dict.fromkeys(state.note for state in states if state.note)
    views = dict.fromkeys(view for state in states for view in state.views)
    return replace(
        states[0],
        note="\n".join(notes) or None,
        views=tuple(views),
        accepted=True,
        refused=tuple(each for each in states[0].refused if all(each in s.refused for s in states)),
        **values,
    )


def _disagreement(states: list[LabelState]) -> float:
    """Share of the lanes anybody used on which the reviewers differ; 0 with fewer than two."""
    if len(states) < 2:
        return 0.0
    used = [lane for lane in COMPARED if any(getattr(state, lane) for state in states)]
    return len(_disputed(states, TOLERANCE_NS)) / len(used) if used else 0.0
