"""A third opinion, one key per difference, known after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.workspaces.review.adjudicator import Adjudicator, told
from recorder.dataset import Dataset, open_dataset
from recorder.review.labelling import Labeller
from recorder.review.schema import load_label_schemas
from recorder.review.snapping import Playhead
from recorder.review.store import ReviewStore, read_state

S = 1_000_000_000
SCHEMA = load_label_schemas()["*"]
UUID = "0" * 31 + "1"


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    dataset = open_dataset(tmp_path / "dataset", create=True)
    for reviewer, outcome, grasp_s in (("R1", "success", 3), ("R2", "failure", 5)):
        review = ReviewStore(dataset, reviewer).open(UUID, SCHEMA)
        hand = Labeller(SCHEMA, 10 * S)
        review.apply(hand.outcome(review.state, outcome))
        review.apply(hand.quality(review.state, 4))
        review.apply(hand.phase(review.state, "reach", Playhead(0)))
        review.apply(hand.phase(review.state, "grasp", Playhead(grasp_s * S)))
        review.apply(hand.accept(review.state))
    return dataset


def case(dataset: Dataset) -> Adjudicator:
    return Adjudicator(dataset, UUID, ("R1", "R2"), SCHEMA)


def test_what_both_say_is_taken_over_and_the_rest_is_open(dataset: Dataset):
    one = case(dataset)
    assert one.state.quality == 4
    assert one.state.outcome is None
    assert {told(each) for each in one.differences} == {
        ("outcome", "success", "failure"),
        ("phase reach", "0.00 - 3.00", "0.00 - 5.00"),
        ("phase grasp", "3.00 - 10.00", "5.00 - 10.00"),
    }
    assert one.left == 3


def test_picks_are_known_after_a_restart_with_their_reasons(dataset: Dataset):
    one = case(dataset)
    one.take("a", "seen on the wrist camera")
    one.take("b")
    again = case(dataset)
    assert again.settled() == {0: "R1 (seen on the wrist camera)", 1: "R2"}
    assert again.current == 2
    again.take("b")
    again.accept()
    spans = [(p.label, p.start_ns // S, p.stop_ns // S) for p in again.state.phases.values()]
    assert spans == [("reach", 0, 5), ("grasp", 5, 10)]
    assert again.state.accepted


def test_a_phase_that_had_to_give_way_is_open_again(dataset: Dataset):
    one = case(dataset)
    one.take("a")
    one.take("a")  # grasp from 3 s
    one.take("b")  # reach to 5 s: the two cannot both stand
    assert one.settled() == {0: "R1", 2: "R2"}
    assert (one.left, one.current) == (1, 1)
    assert [phase.label for phase in one.state.phases.values()] == ["reach"]
    one.take("b")
    assert one.left == 0
    spans = [(p.label, p.start_ns // S, p.stop_ns // S) for p in one.state.phases.values()]
    assert spans == [("reach", 0, 5), ("grasp", 5, 10)]


def test_undo_opens_a_difference_again(dataset: Dataset):
    one = case(dataset)
    one.take("a")
    one.review.undo()
    assert one.settled() == {}
    one.review.redo()
    assert one.settled() == {0: "R1"}


def test_the_originals_stay_as_they_are(dataset: Dataset):
    before = [read_state(dataset, name, UUID) for name in ("R1", "R2")]
    one = case(dataset)
    while one.left:
        one.take("b")
    one.accept()
    assert [read_state(dataset, name, UUID) for name in ("R1", "R2")] == before


def test_agreeing_that_there_is_nothing_is_a_decision_too(dataset: Dataset):
    review = ReviewStore(dataset, "R2").open(UUID, SCHEMA)
    review.apply(Labeller(SCHEMA, 10 * S).event(review.state, "slip", Playhead(7 * S)))
    one = case(dataset)
    (slip,) = [at for at, each in enumerate(one.differences) if each.lane == "events"]
    one.current = slip
    one.take("a")
    assert one.settled() == {slip: "R1"}
    assert not one.state.events


def third(dataset: Dataset, *intents) -> Adjudicator:
    """A third reviewer says as R1, but for ``intents``."""
    review = ReviewStore(dataset, "R3").open(UUID, SCHEMA)
    hand = Labeller(SCHEMA, 10 * S)
    review.apply(hand.outcome(review.state, "success"))
    review.apply(hand.quality(review.state, 4))
    review.apply(hand.phase(review.state, "reach", Playhead(0)))
    review.apply(hand.phase(review.state, "grasp", Playhead(3 * S)))
    for intent in intents:
        review.apply(intent(hand, review.state))
    review.apply(hand.accept(review.state))
    return Adjudicator(dataset, UUID, ("R1", "R3", "R2"), SCHEMA)


def test_with_three_the_first_pair_that_differs_is_shown(dataset: Dataset):
    one = third(dataset)
    assert one.pair == ("R1", "R2"), "R1 and R3 say the same"
    assert one.left == 6, "R2 against either of them"
    assert one.show_next_pair()
    assert one.pair == ("R3", "R2")
    assert not case(dataset).show_next_pair()


def test_what_was_taken_in_one_pair_is_settled_in_the_others(dataset: Dataset):
    one = third(dataset)
    for _ in range(3):
        one.take("b")
    assert one.left == 0
    assert one.state.outcome == "failure"
    one.accept()
    assert one.state.accepted


def test_what_only_the_third_says_differently_is_neither_taken_over_nor_lost(dataset: Dataset):
    one = third(dataset, lambda hand, state: hand.quality(state, 1))
    assert one.state.quality is None
    while one.pair == ("R1", "R3"):
        one.take("b")
    assert one.pair == ("R1", "R2"), "the next pair comes by itself"
    while one.left:
        one.take("a")
    assert (one.state.quality, one.state.outcome) == (1, "success")
