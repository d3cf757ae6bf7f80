"""One reviewer's session on one episode: nothing said is lost, nothing is overwritten silently."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from app.workspaces.review.label_session import LabelSession
from recorder.dataset import Dataset, open_dataset
from recorder.overview.model import ContactCandidate
from recorder.review.labelling import Labeller
from recorder.review.schema import load_label_schemas
from recorder.review.snapping import Playhead
from recorder.review.state import Change, Edit
from recorder.review.store import EpisodeReview, ReviewStore

S = 1_000_000_000
SCHEMA = load_label_schemas()["*"]
UUID = "0" * 31 + "1"
AT = Playhead(2 * S)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset(tmp_path / "dataset", create=True)


def review(dataset: Dataset, station: str = "desk") -> EpisodeReview:
    return ReviewStore(dataset, "R1", station).open(UUID, SCHEMA)


def session(dataset: Dataset, **fields) -> LabelSession:
    touch = ContactCandidate("right", "thumb", 3 * S, 4 * S, 1.0)
    hand = Labeller(SCHEMA, 10 * S, (touch,), instructions=["a", "b"], fingers=["thumb", "index"])
    now = datetime(2026, 1, 2, 12, 3, 4)
    return LabelSession(review(dataset), hand, now=lambda: now, **fields)


def test_the_line_says_when_and_how_many(dataset: Dataset):
    one = session(dataset)
    assert one.saved == "nothing said yet"
    one.outcome("success")
    one.digit(4)
    assert one.saved == "saved 12:03:04, edit 2"
    assert session(dataset).saved == "2 edits from before"


def test_a_full_disk_keeps_the_edit_on_the_screen_and_tries_again(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
):
    one = session(dataset)
    with monkeypatch.context() as broken:
        broken.setattr(one.review, "apply", _raise(OSError(28, "No space left on device")))
        one.outcome("success")
        assert one.state.outcome == "success"
        assert one.unsaved
        assert "NOT SAVED: No space left on device" in one.view(AT).saved
        assert one.view(AT).save_failed
        assert "NOT SAVED" in one.digit(3), "nothing further is written before the first"
    assert one.retry()
    assert (one.state.outcome, one.unsaved) == ("success", False)
    assert session(dataset).state.outcome == "success"


def test_an_edit_that_was_not_stored_can_be_undone(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
):
    one = session(dataset)
    monkeypatch.setattr(one.review, "apply", _raise(OSError(28, "No space left on device")))
    one.outcome("success")
    assert one.undo() == ""
    assert one.state.is_empty
    assert not one.unsaved


def test_an_edit_elsewhere_stops_everything_until_it_is_decided(dataset: Dataset):
    one, there = session(dataset), review(dataset, "lab")
    there.apply(Change("quality 2", (Edit("quality", None, 2),)))
    one.outcome("success")
    assert one.conflict is not None
    assert one.conflict.sentence == "R1 on station lab changed this episode: quality 2."
    assert one.state.outcome is None
    assert "First decide" in one.digit(5)
    assert one.apply_mine() == ""
    assert (one.state.outcome, one.state.quality) == ("success", 2)


def test_taking_theirs_lets_go_of_ones_own(dataset: Dataset):
    one, there = session(dataset), review(dataset, "lab")
    there.apply(Change("quality 2", (Edit("quality", None, 2),)))
    one.outcome("success")
    one.take_theirs()
    assert (one.state.outcome, one.state.quality) == (None, 2)
    assert one.conflict is None


def test_an_intent_applied_again_is_meant_for_the_labels_as_they_are_then(dataset: Dataset):
    one, there = session(dataset), review(dataset, "lab")
    labeller = one.labeller
    theirs = Labeller(SCHEMA, 10 * S).phase(there.state, "reach", Playhead(1 * S))
    there.apply(theirs)
    one.do(lambda state: labeller.phase(state, "grasp", Playhead(4 * S)))
    one.apply_mine()
    spans = [(p.label, p.start_ns // S, p.stop_ns // S) for p in one.state.phases.values()]
    assert spans == [("reach", 1, 4), ("grasp", 4, 10)]


def test_failure_asks_for_its_mode_and_asking_twice_asks_no_more(dataset: Dataset):
    one = session(dataset)
    one.outcome("failure")
    assert one.view(AT).question.kind == "failure_mode"
    assert one.digit(9).startswith("there is no failure mode 9")
    assert one.asking == "failure_mode"
    one.digit(1)
    assert (one.state.failure_mode, one.asking) == ("missed", "")
    one.ask("reject", AT)
    one.ask("reject", AT)
    assert one.asking == ""


def test_a_contact_by_hand_begins_where_its_key_was_pressed(dataset: Dataset):
    one = session(dataset)
    one.ask("contact", Playhead(5 * S))
    assert [title for title, _ in one.view(AT).question.entries] == ["thumb", "index"]
    one.digit(2)
    (contact,) = one.state.contacts.values()
    assert (contact.finger, contact.start_ns) == ("index", 5 * S)


def test_the_operators_verdict_is_unknown_to_a_blind_session(dataset: Dataset):
    one = session(dataset, operator_outcome="success", blind=True)
    assert one.view(AT).operator_outcome == ""
    assert one.accept([]).startswith("Say the outcome first")
    assert one.state.is_empty


def test_accepting_publishes(dataset: Dataset):
    one = session(dataset, operator_outcome="success")
    assert one.accept(["front/rgb"]) == ""
    assert list((dataset.root / "reviews" / "R1").glob("*.labels.json"))
    assert (one.state.accepted, one.state.outcome) == (True, "success")


def test_the_history_tells_what_was_undone(dataset: Dataset):
    one = session(dataset)
    one.outcome("success")
    one.digit(4)
    one.undo()
    assert one.view(AT).history == ("undid quality 4", "quality 4", "outcome success")
    one.redo()
    assert one.view(AT).history[0] == "again quality 4"
    assert one.redo() == "There is nothing to do again."


def _raise(error: Exception):
    def act(*_):
        raise error

    return act


def test_a_refused_candidate_is_undone_and_survives_a_restart(dataset: Dataset):
    one = session(dataset)
    one.do(lambda state: one.labeller.contacts.reject(state, AT))
    again = session(dataset)
    assert again.view(AT).contacts_open == one.view(AT).contacts_open
    assert len(again.state.refused) == 1
    before = again.view(AT).contacts_open
    again.undo()
    assert again.view(AT).contacts_open == before + 1


def test_a_failure_without_its_mode_is_asked_for_once_before_it_is_accepted(dataset: Dataset):
    one = session(dataset)
    one.outcome("failure")
    one.ask("contact", AT)
    assert one.accept(()).startswith("Say how it failed")
    assert (one.asking, one.state.accepted) == ("failure_mode", False)
    assert one.accept(()) == ""
    assert (one.state.accepted, one.state.failure_mode) == (True, None)
