"""Two reviewers side by side: what differs, where, and one key to take a side."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from support.reviewing import UUID, new_dataset, open_review

from recorder.review.adjudication import (
    ADJUDICATOR,
    TOLERANCE_NS,
    agreed,
    disagreements,
    pick,
    tiou,
)
from recorder.review.folding import fold, state_as_json, state_from_json
from recorder.review.state import Change, Edit, Interval, LabelState
from recorder.review.store import read_state

S = 1_000_000_000


def _state(**lanes: Any) -> LabelState:
    raw = {}
    for lane, value in lanes.items():
        raw[lane] = value
    return state_from_json(raw)


def _phases(**items: tuple[str, float, float]) -> dict[str, Any]:
    return {
        name: {"label": label, "start_ns": round(start * S), "stop_ns": round(stop * S)}
        for name, (label, start, stop) in items.items()
    }


def _found(a: LabelState, b: LabelState) -> list[tuple]:
    return [(d.lane, d.at_ns / S, d.item_a, d.item_b) for d in disagreements(a, b)]


@pytest.mark.parametrize(
    ("a", "b", "expected"), [((2, 6), (4, 8), 1 / 3), ((0, 100), (10, 110), 9 / 11)]
)
def test_tiou_equals_the_published_values(a: tuple, b: tuple, expected: float) -> None:
    one, two = (Interval(start_ns=x[0], stop_ns=x[1]) for x in (a, b))
    assert tiou(one, two) == pytest.approx(expected)
    assert tiou(one, Interval(start_ns=one.stop_ns, stop_ns=one.stop_ns + 1)) == 0.0


def test_equal_states_have_no_disagreement_and_their_own_lanes_do_not_count() -> None:
    a = _state(outcome="success", note="mine", views=["front/rgb"], accepted=True)
    b = _state(outcome="success", note="yours")
    assert disagreements(a, b) == ()
    assert disagreements(LabelState(), LabelState()) == ()
    assert disagreements(_state(instruction=""), LabelState()) == ()


def test_scalars_differ_for_the_whole_episode_and_come_first() -> None:
    a = _state(outcome="success", quality=4, phases=_phases(p=("grasp", 1, 2)))
    b = _state(outcome="failure", failure_mode="dropped", instruction="x", rejected="bad_data")
    assert [each.lane for each in disagreements(a, b)] == [
        "outcome",
        "failure_mode",
        "quality",
        "rejected",
        "instruction",
        "phases",
    ]
    assert disagreements(a, b)[0].reason == "success against failure"


def test_boundaries_within_the_tolerance_are_the_same() -> None:
    a = _state(phases=_phases(p=("grasp", 1, 4)))
    assert _found(a, _state(phases=_phases(q=("grasp", 1.1, 4.1)))) == []
    assert _found(a, _state(phases=_phases(q=("grasp", 1.0, 4.2)))) == [("phases", 4, "p", "q")]
    assert _found(a, _state(phases=_phases(q=("grasp", 1.5, 4.2)))) == [("phases", 1, "p", "q")]
    wide = disagreements(a, _state(phases=_phases(q=("grasp", 1.5, 4.2))), 600_000_000)
    assert wide == ()


def test_phases_are_paired_by_label_and_half_their_union() -> None:
    a = _state(phases=_phases(p=("grasp", 0, 4)))
    assert _found(a, _state(phases=_phases(q=("grasp", 2, 4)))) == [("phases", 0, "p", "q")]
    (other,) = disagreements(a, _state(phases=_phases(q=("release", 0, 4))))
    assert (other.item_a, other.item_b, other.reason) == ("p", "q", "grasp against release")
    apart = _state(phases=_phases(q=("release", 2.1, 4)))
    assert _found(a, apart) == [("phases", 0, "p", None), ("phases", 2.1, None, "q")]


def test_a_phase_said_elsewhere_is_one_difference_and_a_further_one_is_its_own() -> None:
    a = _state(phases=_phases(p=("reach", 1.76, 3.55)))
    assert _found(a, _state(phases=_phases(q=("reach", 1.15, 1.76)))) == [
        ("phases", 1.15, "p", "q")
    ]
    twice = _state(phases=_phases(q=("reach", 1.15, 1.8), r=("reach", 6, 8)))
    assert _found(a, twice) == [("phases", 1.15, "p", "q"), ("phases", 6, None, "r")]


def test_settling_phases_that_lie_apart_makes_nothing_that_nobody_said() -> None:
    a = _state(phases=_phases(p=("reach", 1.76, 3.55), g=("grasp", 3.55, 5)))
    b = _state(phases=_phases(q=("reach", 1.15, 1.76), h=("grasp", 1.76, 3)))
    for sides in ("aa", "bb", "ba"):
        state = LabelState()
        for side, each in zip(sides, disagreements(a, b), strict=True):
            state, _ = fold(state, pick(state, each, "a" if side == "a" else "b").edits)
        assert sorted(phase.label for phase in state.phases.values()) == ["grasp", "reach"]


def test_trims_within_the_tolerance_are_the_same() -> None:
    a = _state(trim={"start_ns": S, "stop_ns": 9 * S})
    assert _found(a, _state(trim={"start_ns": S + TOLERANCE_NS, "stop_ns": 9 * S})) == []
    assert _found(a, _state(trim={"start_ns": S, "stop_ns": 8 * S})) == [("trim", 8, None, None)]
    assert _found(a, LabelState()) == [("trim", 0, None, None)]


def test_events_are_one_when_near_and_two_when_far() -> None:
    def at(time_s: float, label: str = "slip", name: str = "e") -> LabelState:
        return _state(events={name: {"label": label, "at_ns": round(time_s * S)}})

    assert _found(at(2), at(2.1, name="f")) == []
    assert _found(at(2), at(2.3, name="f")) == [("events", 2, "e", "f")]
    assert _found(at(2), at(4, name="f")) == [("events", 2, "e", None), ("events", 4, None, "f")]
    assert len(_found(at(2), at(2, "drop", "f"))) == 2


def test_contacts_are_compared_by_finger_start_and_end() -> None:
    def contact(start_s: float, stop_s: float | None, finger: str = "index") -> LabelState:
        stop_ns = None if stop_s is None else round(stop_s * S)
        item = {"finger": finger, "start_ns": round(start_s * S), "stop_ns": stop_ns}
        return _state(contacts={f"{finger}{start_s}": item})

    assert _found(contact(1, 3), contact(1.1, 3.1)) == []
    assert _found(contact(1, 3), contact(1, 3.2)) == [("contacts", 3, "index1", "index1")]
    assert _found(contact(1, 3), contact(1, None)) == [("contacts", 3, "index1", "index1")]
    assert _found(contact(1, None), contact(1, None)) == []
    assert len(_found(contact(1, 3), contact(1, 3, "thumb"))) == 2


def test_recoveries_are_pairs_with_a_mode() -> None:
    def pair(start_s: float, mode: str = "missed") -> LabelState:
        failure = {"start_ns": round(start_s * S), "stop_ns": 5 * S}
        recovery = {"start_ns": 5 * S, "stop_ns": 7 * S}
        return _state(recoveries={"r": {"failure": failure, "recovery": recovery, "mode": mode}})

    assert _found(pair(1), pair(1.1)) == []
    assert _found(pair(1), pair(1.5)) == [("recoveries", 1, "r", "r")]
    assert _found(pair(1), pair(1, "dropped")) == [("recoveries", 1, "r", "r")]


A = _state(
    outcome="success",
    quality=4,
    phases=_phases(a1=("reach", 0, 2), a2=("grasp", 2, 4), a3=("release", 4, 6)),
    events={"e1": {"label": "slip", "at_ns": 3 * S}},
)
B = _state(
    outcome="success",
    quality=2,
    phases=_phases(b1=("reach", 0, 2), b2=("grasp", 2, 5), b3=("release", 5, 6)),
)


@pytest.mark.parametrize("side", ["a", "b"])
def test_picking_one_side_everywhere_gives_that_sides_labels(side: str) -> None:
    wanted = A if side == "a" else B
    state, _ = fold(LabelState(), agreed(A, B).edits)
    assert state.outcome == "success"
    assert list(state.phases) == ["a1"]
    for each in disagreements(A, B):
        state, _ = fold(state, pick(state, each, "a" if side == "a" else "b").edits)
    assert disagreements(state, wanted) == ()
    assert state.quality == wanted.quality


def test_a_side_can_be_changed_after_it_was_picked() -> None:
    state, _ = fold(LabelState(), agreed(A, B).edits)
    for each in disagreements(A, B):
        for side in ("a", "b", "a"):
            state, _ = fold(state, pick(state, each, side).edits)
    for each in disagreements(A, B):
        state, _ = fold(state, pick(state, each, "b").edits)
    assert disagreements(state, B) == ()


def _picked(*picks: tuple[tuple[str, Any], LabelState, LabelState]) -> LabelState:
    """What comes out when the phases are settled one after the other; label and side each."""
    state, one, two = LabelState(), *picks[0][1:]
    state, _ = fold(state, agreed(one, two).edits)
    for (label, side), one, two in picks:
        (each,) = [d for d in disagreements(one, two) if (d.a or d.b).label == label]
        state, _ = fold(state, pick(state, each, side, one if side == "a" else two).edits)
    return state


def test_a_phase_that_a_picked_one_overlaps_goes_whole_and_is_never_cut() -> None:
    a = _state(phases=_phases(p=("reach", 1.76, 3.55), g=("grasp", 3.55, 5)))
    b = _state(phases=_phases(q=("reach", 1.15, 1.76), h=("grasp", 1.76, 3)))
    state = _picked((("reach", "a"), a, b), (("grasp", "b"), a, b))
    assert dict(state.phases) == {"h": b.phases["h"]}
    state = _picked((("reach", "a"), a, b), (("grasp", "b"), a, b), (("reach", "b"), a, b))
    assert dict(state.phases) == dict(b.phases)


def test_what_both_agree_on_gives_way_in_the_words_of_the_one_who_was_picked() -> None:
    a = _state(phases=_phases(p=("reach", 0, 2.05), g=("grasp", 2.05, 5)))
    b = _state(phases=_phases(q=("reach", 0, 2), h=("grasp", 2, 4)))
    state = _picked((("grasp", "b"), a, b))
    assert list(state.phases.values()) == list(b.phases.values())
    state = _picked((("grasp", "b"), a, b), (("grasp", "a"), a, b))
    assert [p.label for p in state.phases.values()] == ["reach", "grasp"]
    assert set(state.phases.values()) <= {*a.phases.values(), *b.phases.values()}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_no_order_of_picks_makes_a_phase_that_nobody_gave(order: tuple[int, ...]) -> None:
    a = _state(phases=_phases(a1=("reach", 0, 2), a2=("grasp", 2, 4), a3=("release", 4, 6)))
    b = _state(phases=_phases(b1=("reach", 0, 3), b2=("grasp", 3, 5), b3=("release", 5, 7)))
    found = disagreements(a, b)
    assert len(found) == 3
    picks = [(found[0], "a"), (found[1], "b"), (found[2], "a"), (found[0], "b")]
    state = LabelState()
    for at in order:
        each, side = picks[at]
        state, _ = fold(state, pick(state, each, side, a if side == "a" else b).edits)
        assert set(state.phases.values()) <= {*a.phases.values(), *b.phases.values()}
        labels = [phase.label for phase in state.phases.values()]
        assert len(set(labels)) == len(labels)


def test_adjudication_leaves_the_originals_and_can_be_undone(tmp_path: Path) -> None:
    dataset = new_dataset(tmp_path)
    for name, state in (("R1", A), ("R2", B)):
        raw = state_as_json(state)
        edits = [Edit("quality", None, raw["quality"])]
        edits += [Edit("phases", item, value) for item, value in raw["phases"].items()]
        open_review(dataset, name).apply(Change("all", tuple(edits)))
    one, two = (read_state(dataset, name, UUID) for name in ("R1", "R2"))
    assert one is not None
    assert two is not None
    review = open_review(dataset, ADJUDICATOR)
    first = next(each for each in disagreements(one, two) if each.lane == "quality")
    review.apply(pick(review.state, first, "b"))
    assert review.state.quality == 2
    assert review.history[-1].title == "quality as B"
    assert (read_state(dataset, "R1", UUID), read_state(dataset, "R2", UUID)) == (one, two)
    review.undo()
    assert review.state.quality is None
