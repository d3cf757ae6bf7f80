"""Review with the keyboard alone: library, labels, restart, blind review, conflict."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.review_window import ReviewWindow, make_dataset

from app.key_book import KeyBook
from app.settings import Settings, load_settings, save_settings
from recorder.dataset import open_dataset
from recorder.review.adjudication import ADJUDICATOR
from recorder.review.assignment import assign, save_assignment
from recorder.review.schema import load_label_schemas
from recorder.review.state import Change, Edit
from recorder.review.store import ReviewStore, read_state
from recorder.synthetic import SyntheticTake, write_take

S = 1_000_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("review") / "dataset", 3)


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "dataset"))


@pytest.fixture
def open_window(qapp) -> Iterator[Callable[..., ReviewWindow]]:
    opened: list[ReviewWindow] = []

    def build(
        root: Path,
        reviewer: str = "R1",
        station: str = "desk",
        settings: Settings | None = None,
    ) -> ReviewWindow:
        opened.append(ReviewWindow(root, reviewer, station, settings))
        return opened[-1]

    yield build
    for window in opened:
        if not window.closed:
            window.close()


def open_first(window: ReviewWindow) -> str:
    """Open the first episode from the library with Return; its identity."""
    window.wait(lambda: window.review.library.rows, "rows in the library")
    window.press("Home", "Return")
    window.wait(lambda: window.review.page == "Episode", "an episode on the screen")
    window.wait(lambda: window.review.episode.player.episode.overview, "its overview")
    window.review.refresh()
    return window.review.uuid


def seek(window: ReviewWindow, seconds: float) -> None:
    window.review.episode.player.seek(round(seconds * S))


def test_return_on_a_fresh_episode_takes_the_operators_verdict_and_opens_the_next(
    open_window, root: Path
):
    window = open_window(root)
    first = open_first(window)
    assert window.review.episode.panel.outcome.prefilled.text().startswith("operator: success")
    window.press("Return")
    assert window.review.uuid != first
    assert window.review.episode.panel.place.text() == "2 of 3"
    state = read_state(open_dataset(root), "R1", first)
    assert (state.outcome, state.accepted) == ("success", True)
    window.press("Alt+1")
    assert window.review.desk.library.row(first).review.reviewers == ("R1",)


def test_an_episode_is_labelled_completely_by_keys_and_is_there_after_a_restart(
    open_window, root: Path
):
    window = open_window(root)
    uuid = open_first(window)
    window.press("A")
    for at_s, keys in ((1.45, ["S", "C", "C"]), (2.9, ["D"]), (3.4, ["F"])):
        seek(window, at_s)
        window.press(*keys)
    seek(window, 3.8)
    window.press("]", "Y", "4", "T", "1", "W", "O")
    window.type("gripped late")
    window.press("Return")
    labelled = window.state
    window.press("Return")
    window.close()
    again = open_window(root)
    again.review.open_episode(uuid)
    state = again.state
    assert state.accepted
    assert state.phases == labelled.phases
    names = [(phase.label, phase.start_ns, phase.stop_ns) for phase in state.phases.values()]
    assert names == [
        ("reach", 0, 1_450_000_000),
        ("grasp", 1_450_000_000, 2_900_000_000),
        ("manipulate", 2_900_000_000, 3_400_000_000),
        ("release", 3_400_000_000, 3_800_000_000),
    ]
    assert len(state.contacts) == 2
    assert (state.outcome, state.quality) == ("success", 4)
    assert (state.instruction, state.note) == ("pick up the ball", "gripped late")
    assert state.trim is not None
    assert [mark.label for mark in state.events.values()] == ["slip"]


def test_undo_goes_on_after_a_restart_and_redo_brings_back(open_window, root: Path):
    window = open_window(root)
    uuid = open_first(window)
    window.press("Y", "3", "5")
    window.close()
    again = open_window(root)
    again.review.open_episode(uuid)
    again.review.show_page("Episode")
    again.press("Ctrl+Z", "Ctrl+Z")
    assert (again.state.outcome, again.state.quality) == ("success", None)
    again.press("Ctrl+Z")
    assert again.state.outcome is None
    again.press("Ctrl+Shift+Z", "Ctrl+Shift+Z")
    assert (again.state.outcome, again.state.quality) == ("success", 3)


def test_failure_asks_for_its_mode_and_the_next_digit_is_the_quality(open_window, root: Path):
    window = open_window(root)
    open_first(window)
    window.press("N", "2", "1")
    assert (window.state.failure_mode, window.state.quality) == ("dropped", 1)
    window.press("K", "2")
    assert window.state.rejected == "bad_data"
    assert "rejected: bad data" in window.review.episode.panel.banner.text()


def test_a_live_phase_key_means_the_reaction_time_earlier(open_window, root: Path):
    window = open_window(root)
    open_first(window)
    seek(window, 0.8)
    window.press("Space")
    player = window.review.episode.player
    window.wait(lambda: player.time_ns > 850_000_000, "playing")
    before = player.time_ns
    window.press("A")
    after = player.time_ns
    (phase,) = window.state.phases.values()
    assert before - 251_000_000 - 150_000_000 <= phase.start_ns <= after - 249_000_000 + 150_000_000
    assert phase.start_ns < before


def test_search_and_filter_by_keys_set_the_queue(open_window, tmp_path: Path):
    root = make_dataset(tmp_path / "two", 1, 2.0)
    take = SyntheticTake(number=1, seconds=2.0, seed=1, task="turn-the-key")
    write_take(open_dataset(root), take)
    window = open_window(root)
    window.wait(lambda: window.review.library.rows, "rows in the library")
    window.press("/")
    window.type("turn")
    window.wait(lambda: len(window.review.library.view.shown()) == 1, "one row left")
    window.press("Return")
    if window.review.page != "Episode":
        window.press("Return")
    window.wait(lambda: window.review.page == "Episode", "the episode")
    assert window.review.episode.panel.place.text() == "1 of 1"


def test_the_arrows_walk_the_library_from_the_start_and_after_coming_back(open_window, root: Path):
    window = open_window(root)
    window.wait(lambda: window.review.library.rows, "rows in the library")
    table = window.review.library.view.table
    window.press("Down", "Down")
    assert table.currentIndex().row() == 2
    window.press("Alt+2", "Alt+1", "Up")
    assert (table.currentIndex().row(), table.hasFocus()) == (1, True)
    window.review.bar.setFocus()
    window.review.bar.reviewer.clearFocus()
    table.clearFocus()
    window.press("Down")
    assert (table.currentIndex().row(), table.hasFocus()) == (2, True)


def test_work_that_was_begun_can_be_told_from_none_in_the_library(open_window, root: Path):
    window = open_window(root)
    uuid = open_first(window)
    window.press("A", "Alt+1")
    (row,) = [row for row in window.review.library.rows if row.episode.uuid == uuid]
    assert (row.review.begun, row.review.reviewers) == (("R1",), ())
    model = window.review.library.view.table.model()
    texts = [str(model.index(0, place).data()) for place in range(model.columnCount())]
    assert "begun by R1" in texts


def test_the_filters_are_there_at_the_next_start_until_escape(open_window, root: Path, tmp_path):
    window = open_window(root)
    window.wait(lambda: window.review.library.rows, "rows in the library")
    window.press("/")
    window.type("000001")
    window.wait(lambda: len(window.review.library.view.shown()) == 1, "one row left")
    window.close()
    save_settings(window.settings, tmp_path / "settings.json")
    kept, problems = load_settings(tmp_path / "settings.json")
    assert (kept.library_filters, problems) == ({"text": "000001"}, [])
    again = open_window(root, settings=kept)
    again.wait(lambda: len(again.review.library.view.shown()) == 1, "the filter of before")
    again.press("Escape")
    assert len(again.review.library.view.shown()) == 3


def test_a_blind_reviewer_sees_neither_verdict_nor_operator_nor_other_labels(
    open_window, root: Path
):
    dataset = open_dataset(root)
    uuids = [row.episode.uuid for row in open_window(root).review.library.rows]
    schema = load_label_schemas()["*"]
    other = ReviewStore(dataset, "R2", "there").open(uuids[0], schema)
    other.apply(Change("x", (Edit("outcome", None, "failure"), Edit("accepted", None, True))))
    save_assignment(dataset, assign(uuids, ["R1", "R2"], 2, seed=3))
    window = open_window(root, "R1")
    open_first(window)
    rows = window.review.library.rows
    assert {row.episode.outcome for row in rows} == {"hidden"}
    assert {row.episode.operator_code for row in rows} == {""}
    assert all("R2" not in row.review.reviewers for row in rows)
    assert window.review.episode.panel.outcome.prefilled.text() == ""
    assert window.review.queue.order == window.review.desk.assignment.queue("R1")
    uuid = window.review.uuid
    window.press("Return")
    assert window.review.uuid == uuid, "nothing to accept without a verdict of one's own"
    assert "Say the outcome first" in window.said
    window.press("Y", "Return")
    assert window.review.uuid != uuid


def test_a_contact_by_hand_has_a_key_like_any_other_that_can_be_changed(open_window, root: Path):
    window = open_window(root)
    open_first(window)
    window.press("M")
    assert window.review.episode.panel.choices.isVisible()
    window.press("2")
    assert len(window.state.contacts) == 1
    book = KeyBook(window.settings, window.window.apply_keys)
    book.set_key("review.contact_by_hand", "Shift+M")
    window.press("M")
    assert not window.review.episode.panel.choices.isVisible()
    window.press("Shift+M", "1")
    assert len(window.state.contacts) == 2


def test_two_stations_never_overwrite_each_other_silently(open_window, root: Path):
    window = open_window(root)
    uuid = open_first(window)
    schema = load_label_schemas()["*"]
    there = ReviewStore(open_dataset(root), "R1", "lab").open(uuid, schema)
    there.apply(Change("quality 2", (Edit("quality", None, 2),)))
    window.press("4")
    bar = window.review.episode.bar
    assert bar.isVisible()
    assert "R1 on station lab changed this episode: quality 2" in bar.text.text()
    window.press("Z")
    assert window.state.quality == 2
    assert not bar.isVisible()
    there.reload()
    there.apply(Change("quality 1", (Edit("quality", None, 1),)))
    window.press("5", "X")
    assert window.state.quality == 5
    assert read_state(open_dataset(root), "R1", uuid).quality == 5


def test_two_reviewers_are_settled_by_one_key_per_disagreement(open_window, root: Path):
    window = open_window(root, "R1")
    uuid = open_first(window)
    window.press("Y", "4", "Return")
    window.review.set_reviewer("R2")
    window.review.show_page("Episode")
    window.review.open_episode(uuid)
    window.press("N", "2", "4", "Return")
    window.press("Alt+3")
    page = window.review.adjudicate
    window.wait(lambda: page.open is not None, "the disputed episode")
    assert [one.lane for one in page.open.differences] == ["outcome", "failure_mode"]
    window.press("Return")
    assert "2 disagreements are not settled yet" in window.said
    window.press("X", "X", "Return")
    settled = read_state(open_dataset(root), ADJUDICATOR, uuid)
    assert (settled.outcome, settled.failure_mode, settled.quality) == ("failure", "dropped", 4)
    assert settled.accepted
    assert read_state(open_dataset(root), "R1", uuid).outcome == "success"
    assert window.review.desk.library.row(uuid).review.outcome_by == "adjudicated"
