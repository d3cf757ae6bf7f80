"""Intents of a reviewer become the changes that are meant."""

from __future__ import annotations

import itertools

import pytest

from recorder.overview.model import ContactCandidate
from recorder.review.contact_edits import candidate_id
from recorder.review.folding import fold
from recorder.review.labelling import Labeller
from recorder.review.refusal import LabelRefused
from recorder.review.schema import load_label_schemas
from recorder.review.snapping import Playhead
from recorder.review.state import Change, LabelState

MS = 1_000_000
S = 1_000 * MS
SCHEMA = load_label_schemas()["*"]
THUMB = ContactCandidate("right", "thumb", 3 * S, 8 * S, 2.0)
INDEX = ContactCandidate("right", "index", 4 * S, 7 * S, 1.5)


def labeller(**fields) -> Labeller:
    ids = (f"id{n}" for n in itertools.count())
    return Labeller(SCHEMA, 10 * S, (THUMB, INDEX), (1 * S,), new_id=lambda: next(ids), **fields)


def after(state: LabelState, *changes: Change | None) -> LabelState:
    for change in changes:
        assert change is not None
        state = fold(state, change.edits)[0]
    return state


def still(seconds: float) -> Playhead:
    return Playhead(round(seconds * S))


def phases(state: LabelState) -> list[tuple[str, float, float]]:
    return [(p.label, p.start_ns / S, p.stop_ns / S) for p in state.phases.values()]


def pressed(hand: Labeller, *presses: tuple[str, float]) -> LabelState:
    state = LabelState()
    for name, at_s in presses:
        state = after(state, hand.phase(state, name, still(at_s)))
    return state


def test_a_phase_runs_to_the_end_until_the_next_one_begins():
    state = pressed(labeller(), ("reach", 0.5), ("grasp", 3.2))
    assert phases(state) == [("reach", 0.5, 3.2), ("grasp", 3.2, 10.0)]


def test_the_same_key_again_ends_the_phase_and_once_more_lets_it_go_on():
    hand = labeller()
    state = pressed(hand, ("reach", 1.0), ("reach", 2.5))
    assert phases(state) == [("reach", 1.0, 2.5)]
    state = after(state, hand.phase(state, "reach", still(2.5)))
    assert phases(state) == [("reach", 1.0, 10.0)]


def test_the_same_key_at_the_same_instant_takes_the_phase_away():
    assert phases(pressed(labeller(), ("reach", 1.0), ("reach", 1.0))) == []


def test_another_key_at_the_start_of_a_phase_renames_it():
    assert phases(pressed(labeller(), ("reach", 1.0), ("grasp", 1.0))) == [("grasp", 1.0, 10.0)]


def test_a_phase_set_later_in_front_ends_where_the_next_begins():
    state = pressed(labeller(), ("grasp", 4.0), ("reach", 1.0))
    assert phases(state) == [("reach", 1.0, 4.0), ("grasp", 4.0, 10.0)]


def test_a_phase_in_the_middle_of_another_takes_what_was_left_of_it():
    state = pressed(labeller(), ("reach", 1.0), ("release", 6.0), ("grasp", 3.5))
    assert phases(state) == [("reach", 1.0, 3.5), ("grasp", 3.5, 6.0), ("release", 6.0, 10.0)]


def test_no_phase_begins_at_the_very_end():
    with pytest.raises(LabelRefused, match="very end"):
        labeller().phase(LabelState(), "reach", still(10.0))


def test_a_key_while_playing_means_the_reaction_time_earlier_at_every_speed():
    hand = labeller(reaction_ns=250 * MS)
    at = {
        speed: hand.phase(LabelState(), "reach", Playhead(6 * S, True, speed)).edits[0].new
        for speed in (0.5, 1.0, 2.0)
    }
    starts = {speed: value["start_ns"] for speed, value in at.items()}
    assert starts == {0.5: 5_875 * MS, 1.0: 5_750 * MS, 2.0: 5_500 * MS}


def test_playing_backwards_the_instant_meant_lies_ahead():
    hand = labeller(reaction_ns=250 * MS)
    change = hand.phase(LabelState(), "reach", Playhead(6 * S, True, 1.0, -1))
    assert change.edits[0].new["start_ns"] == 6_250 * MS


def test_a_key_while_playing_is_drawn_to_the_touch_within_150_ms():
    hand = labeller(reaction_ns=250 * MS)
    change = hand.phase(LabelState(), "grasp", Playhead(3 * S + 400 * MS, True))
    assert change.edits[0].new["start_ns"] == 3 * S
    beyond = hand.phase(LabelState(), "grasp", Playhead(3 * S + 401 * MS, True))
    assert beyond.edits[0].new["start_ns"] == 3 * S + 151 * MS


def test_a_key_while_paused_means_the_playhead_exactly_unless_asked():
    hand = labeller()
    near = still(3.1)
    assert hand.phase(LabelState(), "grasp", near).edits[0].new["start_ns"] == 3_100 * MS
    drawn = hand.phase(LabelState(), "grasp", near, snap=True)
    assert drawn.edits[0].new["start_ns"] == 3 * S


def test_the_last_phase_follows_the_end_of_the_trim_whichever_came_first():
    hand = labeller()
    state = pressed(hand, ("reach", 1.0))
    state = after(state, hand.trim_stop(state, still(9.0)))
    assert phases(state) == [("reach", 1.0, 9.0)]
    state = after(state, hand.phase(state, "grasp", still(4.0)))
    assert phases(state)[-1] == ("grasp", 4.0, 9.0)
    state = after(state, hand.trim_clear(state))
    assert phases(state)[-1] == ("grasp", 4.0, 10.0)
    assert state.trim is None


def test_trim_start_and_stop_make_one_interval():
    hand = labeller()
    state = after(LabelState(), hand.trim_start(LabelState(), still(1.5)))
    assert (state.trim.start_ns, state.trim.stop_ns) == (1_500 * MS, 10 * S)
    state = after(state, hand.trim_stop(state, still(9.0)))
    assert (state.trim.start_ns, state.trim.stop_ns) == (1_500 * MS, 9 * S)
    with pytest.raises(LabelRefused, match="some of the episode"):
        hand.trim_stop(state, still(0.0))


def test_contacts_are_confirmed_nearest_first_and_stay_confirmed_when_moved():
    hand = labeller()
    state = after(LabelState(), hand.contacts.confirm(LabelState(), still(3.8)))
    (contact,) = state.contacts.values()
    assert (contact.finger, contact.start_ns, contact.proposed) == ("index", 4 * S, True)
    change, _ = hand.nudge(state, still(4.0), -1)
    state = after(state, change)
    state = after(state, hand.contacts.confirm(state, still(3.8)))
    assert [c.finger for c in state.contacts.values()] == ["thumb", "index"]
    with pytest.raises(LabelRefused, match="no contact candidate left"):
        hand.contacts.confirm(state, still(3.8))


def test_fingers_carry_their_hand_where_two_hands_touch():
    left = ContactCandidate("left", "thumb", 5 * S, 6 * S, 1.0)
    hand = Labeller(SCHEMA, 10 * S, (THUMB, left))
    state = after(LabelState(), hand.contacts.confirm(LabelState(), still(5.0)))
    assert [c.finger for c in state.contacts.values()] == ["left/thumb"]


def test_a_refused_candidate_is_an_edit_and_is_not_offered_again():
    hand = labeller()
    state = after(LabelState(), hand.contacts.reject(LabelState(), still(0.0)))
    assert state.refused == (candidate_id(THUMB),)
    assert hand.contacts.open(state) == (INDEX,)
    assert hand.contacts.open(LabelState()) == (THUMB, INDEX), "known by the labels alone"


def test_refusing_takes_the_candidate_that_is_named_and_no_confirmed_contact():
    hand = labeller()
    state = after(LabelState(), hand.contacts.confirm(LabelState(), still(4.5)))
    state = after(state, hand.contacts.reject(state, still(4.5)))
    assert [contact.finger for contact in state.contacts.values()] == ["index"]
    assert hand.contacts.open(state) == ()
    with pytest.raises(LabelRefused, match="left to refuse"):
        hand.contacts.reject(state, still(4.5))


def test_a_refused_candidate_that_is_confirmed_after_all_is_no_longer_refused():
    hand = labeller()
    state = after(LabelState(), hand.contacts.reject(LabelState(), still(0.0)))
    state = after(state, hand.contacts.confirm_one(state, THUMB))
    assert (state.refused, list(state.contacts)) == ((), [candidate_id(THUMB)])


def test_a_contact_by_hand_ends_with_the_second_press():
    hand = labeller()
    state = after(LabelState(), hand.contacts.by_hand(LabelState(), "thumb", still(1.2)))
    state = after(state, hand.contacts.by_hand(state, "thumb", still(2.2)))
    (contact,) = state.contacts.values()
    assert (contact.start_ns, contact.stop_ns, contact.proposed) == (1_200 * MS, 2_200 * MS, False)


def test_a_recovery_takes_two_presses_and_a_third_ends_it():
    hand = labeller()
    assert hand.recovery(LabelState(), still(2.0)) is None
    state = after(LabelState(), hand.recovery(LabelState(), still(3.0)))
    state = after(state, hand.recovery(state, still(5.0)))
    (pair,) = state.recoveries.values()
    assert (pair.failure.start_ns, pair.failure.stop_ns) == (2 * S, 3 * S)
    assert (pair.recovery.start_ns, pair.recovery.stop_ns) == (3 * S, 5 * S)


def test_a_recovery_before_its_failure_is_refused_and_forgotten():
    hand = labeller()
    hand.recovery(LabelState(), still(4.0))
    with pytest.raises(LabelRefused, match="cannot begin at"):
        hand.recovery(LabelState(), still(3.0))
    assert hand.failure_from_ns is None


def test_a_failure_mode_says_failure_and_goes_with_it():
    hand = labeller()
    state = after(LabelState(), hand.failure_mode(LabelState(), 2))
    assert (state.outcome, state.failure_mode) == ("failure", "dropped")
    state = after(state, hand.outcome(state, "success"))
    assert (state.outcome, state.failure_mode) == ("success", None)
    with pytest.raises(LabelRefused, match="no failure mode 9; the list has 6"):
        hand.failure_mode(state, 9)


def test_accepting_takes_the_operators_verdict_over_only_where_nothing_was_said():
    hand = labeller()
    state = after(LabelState(), hand.accept(LabelState(), "success", ["front/rgb"]))
    assert (state.outcome, state.accepted, state.views) == ("success", True, ("front/rgb",))
    assert hand.accept(state, "success", ["front/rgb"]) is None
    said = after(LabelState(), hand.outcome(LabelState(), "failure"))
    assert after(said, hand.accept(said, "success")).outcome == "failure"


def test_accepting_without_any_verdict_is_refused_unless_the_episode_is_rejected():
    hand = labeller()
    with pytest.raises(LabelRefused, match="Say the outcome first"):
        hand.accept(LabelState(), "unlabelled")
    state = after(LabelState(), hand.reject(LabelState(), 1))
    assert after(state, hand.accept(state, "unlabelled")).accepted


def test_the_same_reject_reason_again_keeps_the_episode():
    hand = labeller()
    state = after(LabelState(), hand.reject(LabelState(), 2))
    assert state.rejected == "bad_data"
    assert after(state, hand.reject(state, 2)).rejected is None


def test_saying_the_same_again_changes_nothing():
    hand = labeller(instructions=["pick up the ball"])
    state = LabelState()
    for intent, value in (
        (hand.outcome, "success"),
        (hand.quality, 4),
        (hand.instruction, 1),
        (hand.note, "well done"),
    ):
        state = after(state, intent(state, value))
        assert intent(state, value) is None
    assert (state.quality, state.instruction, state.note) == (4, "pick up the ball", "well done")


def test_a_nudge_moves_a_shared_boundary_of_both_phases_by_one_picture():
    hand = labeller(step_ns=33 * MS)
    state = pressed(hand, ("reach", 1.0), ("grasp", 3.0))
    change, at_ns = hand.nudge(state, still(2.9), 1)
    assert at_ns == 3_033 * MS
    assert phases(after(state, change)) == [("reach", 1.0, 3.033), ("grasp", 3.033, 10.0)]


def test_a_nudge_never_passes_the_neighbour():
    hand = labeller(step_ns=1 * S)
    state = pressed(hand, ("reach", 1.0), ("reach", 2.0), ("grasp", 2.4))
    change, at_ns = hand.nudge(state, still(2.0), 1)
    state = after(state, change)
    assert at_ns == 2_400 * MS
    assert phases(state)[0] == ("reach", 1.0, 2.4)


def test_a_nudge_back_ends_at_the_phase_before():
    hand = labeller(step_ns=1 * S)
    state = pressed(hand, ("reach", 1.0), ("reach", 2.0), ("grasp", 2.4))
    change, at_ns = hand.nudge(state, still(2.4), -1)
    assert at_ns == 2 * S
    assert phases(after(state, change))[1] == ("grasp", 2.0, 10.0)
    with pytest.raises(LabelRefused, match="no room to move"):
        hand.nudge(pressed(labeller(step_ns=1), ("reach", 0.0)), still(0.0), -1)


def test_delete_takes_the_event_before_the_contact_before_the_phase():
    hand = labeller()
    state = pressed(hand, ("reach", 1.0))
    state = after(state, hand.contacts.confirm(state, still(3.0)))
    state = after(state, hand.event(state, "slip", still(3.5)))
    for lane in ("events", "contacts", "phases"):
        assert getattr(state, lane)
        state = after(state, hand.delete_at(state, still(3.5)))
        assert not getattr(state, lane)
    with pytest.raises(LabelRefused, match="no label at 3.50 s"):
        hand.delete_at(state, still(3.5))
