"""Whatever a reviewer presses: phases stay ordered, apart and within the episode."""

from __future__ import annotations

import contextlib
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.overview.model import ContactCandidate
from recorder.review.folding import fold
from recorder.review.labelling import Labeller
from recorder.review.refusal import LabelRefused
from recorder.review.schema import load_label_schemas
from recorder.review.snapping import Playhead
from recorder.review.state import LabelState

SCHEMA = load_label_schemas()["*"]
DURATION_NS = 10_000_000_000
NAMES = [term.name for term in SCHEMA.phases]

playheads = st.builds(
    Playhead,
    st.one_of(st.integers(0, DURATION_NS), st.sampled_from([0, 1, DURATION_NS - 1, DURATION_NS])),
    st.booleans(),
    st.sampled_from([0.1, 1.0, 8.0]),
    st.sampled_from([1, -1]),
)
numbers = st.integers(1, 6)
intents = st.one_of(
    st.tuples(st.just("phase"), st.sampled_from(NAMES), playheads, st.sampled_from([None, True])),
    st.tuples(st.sampled_from(["phase_end", "trim_start", "trim_stop", "recovery"]), playheads),
    st.tuples(st.sampled_from(["confirm", "reject_contact", "delete_at"]), playheads),
    st.tuples(st.just("by_hand"), st.sampled_from(["right/thumb", "right/index"]), playheads),
    st.tuples(st.just("event"), st.sampled_from(["slip", "drop"]), playheads),
    st.tuples(st.just("nudge"), playheads, st.sampled_from([-40, -1, 1, 40])),
    st.tuples(st.sampled_from(["failure_mode", "reject", "quality"]), numbers),
    st.tuples(st.just("outcome"), st.sampled_from(["success", "failure", "cannot_judge"])),
    st.tuples(st.sampled_from(["trim_clear", "keep", "accept"])),
)


def made_labeller() -> Labeller:
    ids = (f"id{n}" for n in itertools.count())
    touches = (
        ContactCandidate("right", "thumb", 3_000_000_000, 8_000_000_000, 2.0),
        ContactCandidate("right", "index", 4_000_000_000, DURATION_NS + 5, 2.0),
    )
    return Labeller(SCHEMA, DURATION_NS, touches, (1_000_000_000,), new_id=lambda: next(ids))


def done(hand: Labeller, state: LabelState, intent: tuple) -> LabelState:
    name, *arguments = intent
    contact_names = {"confirm": "confirm", "reject_contact": "reject", "by_hand": "by_hand"}
    if name in contact_names:
        change = getattr(hand.contacts, contact_names[name])(state, *arguments)
    else:
        change = getattr(hand, name)(state, *arguments)
    if name == "nudge":
        change, at_ns = change
        assert 0 <= at_ns <= DURATION_NS
    return state if change is None else fold(state, change.edits)[0]


def check(state: LabelState) -> None:
    phases = list(state.phases.values())
    for before, following in itertools.pairwise(phases):
        assert before.stop_ns <= following.start_ns
    for phase in phases:
        assert 0 <= phase.start_ns < phase.stop_ns <= DURATION_NS
    for contact in state.contacts.values():
        assert 0 <= contact.start_ns <= DURATION_NS
        assert contact.stop_ns is None or contact.start_ns < contact.stop_ns <= DURATION_NS
    for mark in state.events.values():
        assert 0 <= mark.at_ns <= DURATION_NS
    for pair in state.recoveries.values():
        assert pair.failure.stop_ns <= pair.recovery.start_ns < pair.recovery.stop_ns <= DURATION_NS
    if state.trim is not None:
        assert 0 <= state.trim.start_ns < state.trim.stop_ns <= DURATION_NS
    assert state.failure_mode is None or state.outcome == "failure"


@settings(max_examples=300, deadline=None)
@given(st.lists(intents, max_size=25))
def test_any_sequence_of_intents_leaves_valid_labels(sequence: list[tuple]):
    hand, state = made_labeller(), LabelState()
    for intent in sequence:
        with contextlib.suppress(LabelRefused):
            state = done(hand, state, intent)
        check(state)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, DURATION_NS - 1)), min_size=1))
def test_the_phase_pressed_last_holds_its_instant_unless_it_was_switched_off(presses: list):
    hand, state = made_labeller(), LabelState()
    for name, time_ns in presses:
        before = next((p for p in state.phases.values() if p.contains(time_ns)), None)
        change = hand.phase(state, name, Playhead(time_ns))
        assert change is not None
        state = fold(state, change.edits)[0]
        now = next((p for p in state.phases.values() if p.contains(time_ns)), None)
        if before is not None and before.label == name:
            assert now is None or now.label != name
        else:
            assert now is not None
            assert now.label == name
            assert now.start_ns == time_ns or before is None
