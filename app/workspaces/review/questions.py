"""Lists that a digit answers: what they ask, what they offer, what the answer does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recorder.review.labelling import Labeller
from recorder.review.refusal import LabelRefused
from recorder.review.snapping import Playhead
from recorder.review.state import Change, LabelState
from widgets.review.label_view import Question

Entries = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """One kind of question.

    Attributes
    ----------
    text : str
    entries : callable
        Titles and definitions offered.
    held : callable
        Title of the entry that holds now, or None.
    answer : callable
        The change of an answer, at the playhead at which the question was asked.
    """

    text: str
    entries: Callable[[Labeller], Entries]
    held: Callable[[Labeller, LabelState], int | None]
    answer: Callable[[Labeller, LabelState, int, Playhead], Change | None]


def question_of(kind: str, labeller: Labeller, state: LabelState) -> Question:
    """The question as the panel shows it."""
    asked = QUESTIONS[kind]
    return Question(kind, asked.text, asked.entries(labeller), asked.held(labeller, state))


def _contact(hand: Labeller, state: LabelState, number: int, playhead: Playhead) -> Change:
    if not 1 <= number <= len(hand.fingers):
        raise LabelRefused(f"there is no finger {number}; the hand has {len(hand.fingers)}")
    return hand.contacts.by_hand(state, hand.fingers[number - 1], playhead)


def _number(names: Sequence[str], name: str | None) -> int | None:
    return names.index(name) + 1 if name in names else None


QUESTIONS: dict[str, Asked] = {
    "failure_mode": Asked(
        "How did it fail? Press a digit.",
        lambda hand: tuple((term.title, term.definition) for term in hand.schema.failure_modes),
        lambda hand, state: _number(
            [term.name for term in hand.schema.failure_modes], state.failure_mode
        ),
        lambda hand, state, number, _: hand.failure_mode(state, number),
    ),
    "reject": Asked(
        "Why leave it out? Press a digit.",
        lambda hand: tuple((term.title, term.definition) for term in hand.schema.reject_reasons),
        lambda hand, state: _number(
            [term.name for term in hand.schema.reject_reasons], state.rejected
        ),
        lambda hand, state, number, _: hand.reject(state, number),
    ),
    "instruction": Asked(
        "Which instruction? Press a digit, or the key again to type one.",
        lambda hand: tuple((text, "") for text in hand.instructions),
        lambda hand, state: _number(list(hand.instructions), state.instruction),
        lambda hand, state, number, _: hand.instruction(state, number),
    ),
    "contact": Asked(
        "Which finger touches, or lets go, here? Press a digit.",
        lambda hand: tuple((finger, "") for finger in hand.fingers),
        lambda hand, state: None,
        lambda hand, state, number, playhead: _contact(hand, state, number, playhead),
    ),
}
