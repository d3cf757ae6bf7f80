"""What the label panel shows, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from recorder.review.schema import LabelSchema
from recorder.review.state import LabelState


@dataclass(frozen=True)
class Question:
    """A list that waits for a digit.

    Attributes
    ----------
    kind : str
        ``failure_mode``, ``reject``, ``instruction``; empty while nothing is asked.
    text : str
        The question.
    entries : tuple of (str, str)
        Title and definition.
    chosen : int or None
        Number of the entry that holds now.
    """

    kind: str = ""
    text: str = ""
    entries: tuple[tuple[str, str], ...] = ()
    chosen: int | None = None


@dataclass(frozen=True)
class LabelView:
    """One episode's labels as the reviewer sees them.

    Attributes
    ----------
    schema : LabelSchema
    state : LabelState
    operator_outcome : str
        Empty where the reviewer must not know it.
    operator_counts : bool
        Whether accepting would take it over.
    reviewer : str
        Code of the reviewer.
    place : str
        E.g. ``8 of 200``.
    reason : str
        Why it stands there, e.g. ``jerkier than 97 %``; empty in blind mode.
    saved : str
        ``saved 12:03:04, edit 17``, or the sentence that says why not.
    save_failed : bool
    question : Question
    contacts_open : int
        Candidates neither confirmed nor refused.
    next_contact : str
        The candidate that the key would confirm now.
    failure_from : str
        Where a failure was marked whose recovery is still to come.
    history : tuple of str
        Newest first.
    blind : bool
    """

    schema: LabelSchema
    state: LabelState
    operator_outcome: str = ""
    operator_counts: bool = False
    reviewer: str = ""
    place: str = ""
    reason: str = ""
    saved: str = ""
    save_failed: bool = False
    question: Question = field(default_factory=Question)
    contacts_open: int = 0
    next_contact: str = ""
    failure_from: str = ""
    history: tuple[str, ...] = ()
    blind: bool = False
