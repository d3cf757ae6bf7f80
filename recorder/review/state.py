"""What one reviewer says about one episode, as values.

Times are integer nanoseconds after the episode's first sample (``Episode.start_stamp_ns``), on the
recording host's monotonic clock. Every interval is half-open: ``[start_ns, stop_ns)`` contains its
start and not its stop, so two neighbouring phases share a boundary and no instant.

A state is a set of *lanes*. Scalar lanes hold one value or None; list lanes hold items by an id of
their own. An edit replaces the value of one lane (or of one item of a list lane) by another, so
that undo, audit and adjudication need to know nothing else.

==============  ==========================================================================
lane            value
==============  ==========================================================================
outcome         ``success``, ``qualified_success``, ``failure``, ``cannot_judge``
failure_mode    name from the label schema
quality         1 (poor) to 5 (excellent)
instruction     text
note            text
trim            ``{"start_ns": int, "stop_ns": int}``: what training should see
rejected        reason from the label schema; None keeps the episode
views           list of stream names that were watched
accepted        True once the reviewer has finished with the episode
refused         ids of the proposed contacts that are none
phases          items ``Phase``: contiguous or not, never overlapping
events          items ``Mark``
contacts        items ``Contact``
recoveries      items ``Recovery``: a failure and its recovery as a pair
==============  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ReviewOutcome = Literal["success", "qualified_success", "failure", "cannot_judge"]
ScalarLane = Literal[
    "outcome",
    "failure_mode",
    "quality",
    "instruction",
    "note",
    "trim",
    "rejected",
    "views",
    "accepted",
    "refused",
]
ListLane = Literal["phases", "events", "contacts", "recoveries"]
Lane = ScalarLane | ListLane
SCALAR_LANES: tuple[ScalarLane, ...] = (
    "outcome",
    "failure_mode",
    "quality",
    "instruction",
    "note",
    "trim",
    "rejected",
    "views",
    "accepted",
    "refused",
)
LIST_LANES: tuple[ListLane, ...] = ("phases", "events", "contacts", "recoveries")


class Interval(BaseModel):
    """A half-open stretch of time ``[start_ns, stop_ns)`` after the episode's first sample."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_ns: int = Field(ge=0)
    stop_ns: int

    @model_validator(mode="after")
    def _is_not_empty(self) -> Interval:
        if self.stop_ns <= self.start_ns:
            raise ValueError(f"interval [{self.start_ns}, {self.stop_ns}) ns holds no instant")
        return self

    def contains(self, time_ns: int) -> bool:
        """Whether the instant lies inside."""
        return self.start_ns <= time_ns < self.stop_ns


class Phase(Interval):
    """A named stretch; ``label`` is the name of a phase in the label schema."""

    label: str


class Mark(BaseModel):
    """A named instant; ``label`` is the name of an event in the label schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    at_ns: int = Field(ge=0)


class Contact(BaseModel):
    """A finger touches: from ``start_ns`` on, until ``stop_ns`` when that is known.

    ``proposed`` says whether it was a candidate from the forces that the reviewer confirmed
    (True), or set by hand (False).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    finger: str
    start_ns: int = Field(ge=0)
    stop_ns: int | None = None
    proposed: bool = False


class Recovery(BaseModel):
    """Something went wrong and was put right: both stretches, as a pair."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failure: Interval
    recovery: Interval
    mode: str = ""


ITEMS: dict[ListLane, type[BaseModel]] = {
    "phases": Phase,
    "events": Mark,
    "contacts": Contact,
    "recoveries": Recovery,
}


@dataclass(frozen=True)
class LabelState:
    """Everything one reviewer has said about one episode; see the table of lanes above.

    Attributes
    ----------
    phases, events, contacts, recoveries : mapping of str to item
        Items by their id, in the order of their times.
    """

    outcome: ReviewOutcome | None = None
    failure_mode: str | None = None
    quality: int | None = None
    instruction: str | None = None
    note: str | None = None
    trim: Interval | None = None
    rejected: str | None = None
    views: tuple[str, ...] = ()
    accepted: bool = False
    refused: tuple[str, ...] = ()
    phases: Mapping[str, Phase] = field(default_factory=dict)
    events: Mapping[str, Mark] = field(default_factory=dict)
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    recoveries: Mapping[str, Recovery] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said yet."""
        return self == LabelState()


@dataclass(frozen=True)
class Edit:
    """Replace one value.

    Attributes
    ----------
    lane : str
        Lane to write.
    item : str or None
        Id of the item of a list lane; None for a scalar lane.
    new : JSON value
        The new value (an item as ``model_dump()``), or None to take it away.
    """

    lane: Lane
    item: str | None
    new: Any


@dataclass(frozen=True)
class Change:
    """Edits that are done and undone together: what one key press means.

    Attributes
    ----------
    title : str
        What the history shows, e.g. ``phase grasp from 2.40 s``.
    edits : tuple of Edit
        In the order they apply.
    """

    title: str
    edits: tuple[Edit, ...]
