"""Two episodes side by side: the second's labels, and lining both up at a phase."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.review_window import ReviewWindow, make_dataset

from recorder.dataset import open_dataset
from recorder.review.assignment import assign, save_assignment
from recorder.review.schema import load_label_schemas
from recorder.review.state import Change, Edit
from recorder.review.store import ReviewStore

S = 1_000_000_000
SCHEMA = load_label_schemas()["*"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_dataset(tmp_path / "dataset", 2, 2.0)


@pytest.fixture
def window(qapp, root: Path) -> Iterator[ReviewWindow]:
    window = ReviewWindow(root, "R1")
    window.wait(lambda: len(window.review.library.rows) == 2, "rows")
    yield window
    window.close()


def say_phases(root: Path, reviewer: str, uuid: str, **starts_s: float) -> None:
    edits = [Edit("accepted", None, True)]
    for label, start_s in starts_s.items():
        start_ns = round(start_s * S)
        phase = {"label": label, "start_ns": start_ns, "stop_ns": start_ns + S // 10}
        edits.append(Edit("phases", label, phase))
    ReviewStore(open_dataset(root), reviewer).open(uuid, SCHEMA).apply(Change("x", tuple(edits)))


def compare(window: ReviewWindow) -> tuple[str, str]:
    """Open the first episode with the second beside it; their identities."""
    rows = [row.episode.uuid for row in window.review.library.rows]
    window.review.open_episode(rows[0])
    window.review.show_page("Episode")
    window.review.comparison.toggle(rows[0], rows)
    return rows[0], rows[1]


def test_both_start_at_the_next_phase_that_both_have_and_then_from_the_first_sample(
    window: ReviewWindow, root: Path
):
    one, two = (row.episode.uuid for row in window.review.library.rows)
    say_phases(root, "R1", one, reach=0.2, grasp=0.6, release=1.5)
    say_phases(root, "R1", two, grasp=1.1, release=1.6)
    compare(window)
    player = window.review.episode.player
    window.press("Ctrl+P")
    assert player.time_ns == 600_000_000
    beside = player.other_pictures.shown("front/rgb")
    assert beside is not None
    other = player._other
    assert beside.index == other.index_at("front/rgb", 1_100_000_000)
    assert "where grasp begins" in window.said
    window.press("Ctrl+P")
    assert player.time_ns == 1_500_000_000
    assert player.other_pictures.shown("front/rgb").index == other.index_at(
        "front/rgb", 1_600_000_000
    )
    window.press("Ctrl+P")
    assert player.other_pictures.shown("front/rgb").index == other.index_at(
        "front/rgb", 1_500_000_000
    )


def test_without_a_second_episode_or_a_common_phase_lining_up_says_why(
    window: ReviewWindow, root: Path
):
    one, two = (row.episode.uuid for row in window.review.library.rows)
    say_phases(root, "R1", one, reach=0.2)
    say_phases(root, "R1", two, grasp=1.1)
    window.review.open_episode(one)
    window.review.show_page("Episode")
    window.press("Ctrl+P")
    assert "Compare two episodes first" in window.said
    compare(window)
    window.press("Ctrl+P")
    assert "no labelled phase in common" in window.said


def test_the_second_shows_its_own_labels(window: ReviewWindow, root: Path, monkeypatch):
    _, two = (row.episode.uuid for row in window.review.library.rows)
    say_phases(root, "R2", two, grasp=1.1)
    shown = []
    player = window.review.episode.player
    monkeypatch.setattr(player.other_timeline, "set_labels", lambda state, _: shown.append(state))
    compare(window)
    assert [phase.label for phase in shown[-1].phases.values()] == ["grasp"]
    say_phases(root, "R1", two, reach=0.3)
    window.review.comparison.toggle("", [])
    compare(window)
    assert [phase.label for phase in shown[-1].phases.values()] == ["reach"], "one's own first"


def test_in_a_blind_review_the_second_shows_nothing_of_the_others(qapp, root: Path):
    window = ReviewWindow(root, "R1")
    window.wait(lambda: len(window.review.library.rows) == 2, "rows")
    one, two = (row.episode.uuid for row in window.review.library.rows)
    window.close()
    say_phases(root, "R2", two, grasp=1.1)
    save_assignment(open_dataset(root), assign([one, two], ["R1", "R2"], 2))
    blind = ReviewWindow(root, "R1")
    blind.wait(lambda: len(blind.review.library.rows) == 2, "rows")
    assert blind.review.desk.labels_beside(two).is_empty
    blind.close()
