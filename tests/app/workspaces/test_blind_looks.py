"""Who reviewed blind and then saw the others: written down, and told apart from what was blind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.review_window import ReviewWindow, make_dataset

from recorder.dataset import open_dataset
from recorder.review.adjudication import ADJUDICATOR
from recorder.review.assignment import assign, save_assignment, visible_facts
from recorder.review.audit import audit_trail
from recorder.review.schema import load_label_schemas
from recorder.review.state import Change, Edit
from recorder.review.store import EpisodeReview, ReviewStore

SCHEMA = load_label_schemas()["*"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_dataset(tmp_path / "dataset", 1, 1.0)


@pytest.fixture
def window(qapp, root: Path) -> Iterator[ReviewWindow]:
    """As R1, who reviews blind together with R2."""
    first = ReviewWindow(root, "R1")
    first.wait(lambda: first.review.library.rows, "rows")
    (row,) = first.review.library.rows
    first.close()
    save_assignment(open_dataset(root), assign([row.episode.uuid], ["R1", "R2"], 2))
    window = ReviewWindow(root, "R1")
    window.wait(lambda: window.review.library.rows, "rows")
    yield window
    if not window.closed:
        window.close()


def said(root: Path, reviewer: str, outcome: str, uuid: str) -> None:
    review = ReviewStore(open_dataset(root), reviewer).open(uuid, SCHEMA)
    review.apply(Change("all", (Edit("outcome", None, outcome), Edit("accepted", None, True))))


def looks(root: Path, uuid: str) -> list[tuple[str, str]]:
    rows = audit_trail(open_dataset(root), uuid)
    return [(row.who, row.title) for row in rows if row.kind == "access"]


def test_seeing_the_others_when_all_are_done_is_written_down_once(window: ReviewWindow, root: Path):
    uuid = window.review.library.rows[0].episode.uuid
    said(root, "R1", "success", uuid)
    said(root, "R2", "failure", uuid)
    window.review.desk.library.refresh(uuid)
    for _ in range(2):
        window.review.adjudicate.open = None
        window.press("Alt+1", "Alt+3")
        window.wait(lambda: window.review.adjudicate.open is not None, "the disputed episode")
    assert looks(root, uuid) == [("R1", "saw the others' labels in Adjudicate")]


def test_whoever_settles_an_own_case_is_told_so_on_the_page_and_named(
    window: ReviewWindow, root: Path
):
    uuid = window.review.library.rows[0].episode.uuid
    said(root, "R1", "success", uuid)
    said(root, "R2", "failure", uuid)
    window.review.desk.library.refresh(uuid)
    window.press("Alt+3")
    page = window.review.adjudicate
    window.wait(lambda: page.open is not None, "the disputed episode")
    assert "R1 reviewed this episode" in page.view.hint.text()
    window.press("X")
    settled = [r for r in audit_trail(open_dataset(root), uuid) if r.who == ADJUDICATOR]
    assert settled
    assert settled[-1].station == "R1@desk"
    who = {page.view.audit.item(row, 1).text() for row in range(page.view.audit.rowCount())}
    assert who == {"R1", "R2"}
    window.review.set_reviewer("R9")
    page.draw()
    assert "reviewed this episode" not in page.view.hint.text()


def test_going_on_under_a_code_that_sees_everything_is_written_down(
    window: ReviewWindow, root: Path
):
    window.press("Home", "Return")
    window.wait(lambda: window.review.page == "Episode", "an episode")
    uuid = window.review.uuid
    window.review.set_reviewer("R2")
    assert looks(root, uuid) == [], "R2 is blind too"
    window.review.set_reviewer("R9")
    assert looks(root, uuid) == [("R2", "saw everything as R9")]


def test_without_the_note_nothing_is_shown(window: ReviewWindow, monkeypatch: pytest.MonkeyPatch):
    window.press("Home", "Return")
    window.wait(lambda: window.review.page == "Episode", "an episode")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(EpisodeReview, "note_access", full)
    window.review.set_reviewer("R9")
    assert window.review.desk.reviewer == "R1"
    assert "You stay R1" in window.said


def test_what_a_blind_reviewer_sees_of_an_episode_is_what_the_assignment_lets(
    window: ReviewWindow,
):
    desk = window.review.desk
    (shown,) = (row.episode for row in desk.rows())
    (whole,) = (row.episode for row in desk.library.rows())
    differing = {name for name in vars(whole) if getattr(whole, name) != getattr(shown, name)}
    assert differing == {"outcome", "operator_code"}
    assert set(vars(whole)) - set(visible_facts(vars(whole), desk.assignment, "R1")) >= differing
