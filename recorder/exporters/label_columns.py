"""Final labels of an episode, and the same as columns: what holds at each row.

Intervals are half-open, so a row exactly at a boundary belongs to what begins there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.dataset import Dataset
from recorder.exporters.rows import Column
from recorder.review.state import Contact, Interval, LabelState

NO_PHASE = -1


@dataclass(frozen=True)
class EpisodeLabels:
    """What holds of an episode once everybody has been heard.

    Attributes
    ----------
    state : LabelState
        Final labels.
    outcome : str
        Final outcome; ``disputed`` while reviewers differ, the operator's own when nobody reviewed.
    by : str
        ``adjudicated``, ``reviewers``, ``operator`` or ``nobody``.
    reviewers : tuple of str
    problems : tuple of str
        Journals that are damaged and so were not heard.
    rejection_disputed : bool
        Whether reviewers differ on rejecting the episode, or on why.
    """

    state: LabelState = field(default_factory=LabelState)
    outcome: str = "unlabelled"
    by: str = "nobody"
    reviewers: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    rejection_disputed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As JSON; equal labels give equal JSON."""
        return {
            "state": state_as_dict(self.state),
            "outcome": self.outcome,
            "by": self.by,
            "reviewers": list(self.reviewers),
        }


def episode_labels(dataset: Dataset, uuid: str, operator_outcome: str) -> EpisodeLabels:
    """Read the final labels of an episode from the reviews beside the dataset."""
    from recorder.review.final import final_labels

    final = final_labels(dataset, uuid, operator_outcome)
    if "outcome" in final.disputed:
        outcome = "disputed"
    else:
        outcome = final.state.outcome or operator_outcome
    return EpisodeLabels(
        final.state,
        outcome,
        final.by,
        tuple(final.reviewers),
        final.problems,
        rejection_disputed="rejected" in final.disputed,
    )


def without_people(labels: EpisodeLabels) -> EpisodeLabels:
    """Leave out reviewer names and free notes."""
    return replace(labels, state=replace(labels.state, note=None), reviewers=())


def state_as_dict(state: LabelState) -> dict[str, Any]:
    """Return the lanes of a state as JSON, items in the order of their times without their ids."""
    return {
        "outcome": state.outcome,
        "failure_mode": state.failure_mode,
        "quality": state.quality,
        "instruction": state.instruction,
        "note": state.note,
        "trim": None if state.trim is None else state.trim.model_dump(),
        "rejected": state.rejected,
        "phases": [item.model_dump() for item in state.phases.values()],
        "events": [item.model_dump() for item in state.events.values()],
        "contacts": [item.model_dump() for item in state.contacts.values()],
        "recoveries": [item.model_dump() for item in state.recoveries.values()],
    }


def segments_of(state: LabelState, start_ns: int, length: int, rate_hz: int) -> dict[str, Any]:
    """Return phases, events, contacts and recoveries in seconds of the export.

    Parameters
    ----------
    state : LabelState
        Times after the episode's first sample.
    start_ns : int
        Of the first row, after the episode's first sample.
    length, rate_hz : int
        Rows and rows per second; what lies outside is left out, what crosses an end is cut.
    """
    stop_ns = start_ns + round(length * 1_000_000_000 / rate_hz)

    def cut(first: int, last: int | None) -> dict[str, float] | None:
        low, high = max(first, start_ns), stop_ns if last is None else min(last, stop_ns)
        if high <= low:
            return None
        return {"start_s": (low - start_ns) / 1e9, "stop_s": (high - start_ns) / 1e9}

    phases = [(phase.label, cut(phase.start_ns, phase.stop_ns)) for phase in state.phases.values()]
    contacts = [(one.finger, cut(one.start_ns, one.stop_ns)) for one in state.contacts.values()]
    recoveries = [
        (one.mode, cut(one.failure.start_ns, one.failure.stop_ns),
         cut(one.recovery.start_ns, one.recovery.stop_ns))
        for one in state.recoveries.values()
    ]  # fmt: skip
    return {
        "phases": [{"label": name} | span for name, span in phases if span],
        "events": [
            {"label": mark.label, "at_s": (mark.at_ns - start_ns) / 1e9}
            for mark in state.events.values()
            if start_ns <= mark.at_ns < stop_ns
        ],
        "contacts": [{"finger": name} | span for name, span in contacts if span],
        "recoveries": [
            {"mode": mode, "failure": failure, "recovery": recovery}
            for mode, failure, recovery in recoveries
            if failure or recovery
        ],
    }


def label_columns(
    state: LabelState,
    at_ns: NDArray[np.int64],
    phases: Sequence[str],
    pads: Sequence[str],
) -> list[Column]:
    """Return the labels that hold at the rows.

    Parameters
    ----------
    state : LabelState
        Final labels.
    at_ns : (N,) int64 array
        Row times after the episode's first sample.
    phases : sequence of str
        Names the phase column counts within.
    pads : sequence of str
        ``<side>_<finger>`` of every pad.

    Returns
    -------
    list of Column
        ``label.phase`` int64, -1 where none; ``label.contact`` bool per pad; ``label.failure`` and
        ``label.recovery`` bool: inside a failure, or inside what puts it right.
    """
    phase = np.full(len(at_ns), NO_PHASE, np.int64)
    for item in state.phases.values():
        if item.label in phases:
            phase[_inside(item, at_ns)] = phases.index(item.label)
    columns = [_column("label.phase", phase[:, None], ("phase",))]
    if pads:
        touch = np.zeros((len(at_ns), len(pads)), bool)
        for contact in state.contacts.values():
            for place in _pads_of(contact, pads):
                touch[_inside(contact, at_ns), place] = True
        columns.append(_column("label.contact", touch, tuple(pads)))
    for name in ("failure", "recovery"):
        flag = np.zeros((len(at_ns), 1), bool)
        for recovery in state.recoveries.values():
            flag[_inside(getattr(recovery, name), at_ns)] = True
        columns.append(_column(f"label.{name}", flag, (name,)))
    return columns


def phase_names(schema_names: Iterable[Iterable[str]], states: Iterable[LabelState]) -> list[str]:
    """Return the phases of all schemas in their order, then those only labels know, by name."""
    names = list(dict.fromkeys(name for schema in schema_names for name in schema))
    used = {phase.label for state in states for phase in state.phases.values()}
    return names + sorted(used - set(names))


def _pads_of(contact: Contact, pads: Sequence[str]) -> list[int]:
    """Places of the pads a contact names: ``right_thumb``, ``right/thumb`` or just ``thumb``."""
    wanted = contact.finger.replace("/", "_").replace(" ", "_")
    exact = [place for place, pad in enumerate(pads) if pad == wanted]
    return exact or [place for place, pad in enumerate(pads) if pad.partition("_")[2] == wanted]


def _inside(span: Interval | Contact, at_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    inside = at_ns >= span.start_ns
    return inside if span.stop_ns is None else inside & (at_ns < span.stop_ns)


def _column(name: str, data: NDArray, names: tuple[str, ...]) -> Column:
    count = len(data)
    return Column(
        name=name,
        data=data,
        names=names,
        unit="1",
        shape=(data.shape[1],),
        valid=np.ones(count, bool),
        stamp_ns=np.full(count, -1, np.int64),
    )
