"""Every action of Review does something; the pages keep up with the dataset."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.review_window import ReviewWindow, make_dataset

from app.review_actions import REVIEW_ACTIONS
from app.workspaces.review import insight_page
from recorder.dataset import open_dataset
from recorder.review.assignment import assign, save_assignment
from recorder.review.schema import key_conflicts, load_label_schemas
from recorder.review.store import read_state, reviewers_of
from recorder.synthetic import SyntheticTake, write_take

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("actions") / "dataset", 2, 2.0)


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "dataset"))


@pytest.fixture
def window(qapp, root: Path) -> Iterator[ReviewWindow]:
    made = ReviewWindow(root)
    made.wait(lambda: made.review.library.rows, "rows in the library")
    yield made
    made.close()


def test_every_action_of_the_table_is_handled(window: ReviewWindow, monkeypatch):
    review = window.review
    monkeypatch.setattr(review.transfer, "ask_import", lambda when_done: None)
    adjudicating = {
        f"review.{name}" for name in ("pick_a", "pick_b", "next_disagreement", "next_pair")
    }
    for action in REVIEW_ACTIONS:
        review.show_page("Episode")
        assert action.id in adjudicating or review.perform(action.id), action.id


def test_keys_of_the_built_in_labels_are_free_in_review(window: ReviewWindow):
    taken = [window.window.keymap.keys[action.id] for action in REVIEW_ACTIONS]
    for schema in load_label_schemas().values():
        assert key_conflicts(schema, taken) == []


def test_labelling_actions_do_nothing_while_another_page_is_shown(window: ReviewWindow, root: Path):
    window.press("Alt+2", "Alt+4", "Y", "4", "Return")
    assert window.review.page == "Statistics"
    assert "Open an episode first" in window.said
    assert reviewers_of(open_dataset(root)) == []


def test_a_newly_recorded_episode_appears_by_itself(window: ReviewWindow, root: Path):
    write_take(open_dataset(root), SyntheticTake(number=2, seconds=1.0, seed=2))
    window.wait(lambda: len(window.review.library.rows) == 3, "the third row")


def test_statistics_are_counted_while_the_window_goes_on(window: ReviewWindow, monkeypatch):
    allowed = threading.Event()
    count = insight_page.make_statistics

    def slowly(rows):
        assert allowed.wait(20.0)
        return count(rows)

    monkeypatch.setattr(insight_page, "make_statistics", slowly)
    window.press("Alt+4")
    assert window.review.page == "Statistics"
    assert window.review.insight.is_busy
    assert window.review.insight.statistics.summary.text().startswith("Counting")
    allowed.set()
    window.wait(lambda: not window.review.insight.is_busy, "the statistics")
    assert window.review.insight.statistics.summary.text().startswith("2 episodes")


def test_statistics_of_a_blind_reviewer_tell_no_outcome(qapp, root: Path):
    dataset = open_dataset(root)
    first = ReviewWindow(root)
    first.wait(lambda: first.review.library.rows, "rows")
    uuids = [row.episode.uuid for row in first.review.library.rows]
    first.close()
    save_assignment(dataset, assign(uuids, ["R1", "R2"], 2, seed=1))
    blind = ReviewWindow(root)
    blind.press("Alt+4")
    blind.review.insight.tabs.setCurrentIndex(1)
    assert blind.review.insight.agreement.summary.text().startswith("You review blind")
    blind.press("Alt+3")
    assert blind.review.adjudicate.empty.isVisible()
    blind.close()


def test_two_episodes_are_shown_side_by_side_and_one_again(window: ReviewWindow):
    review = window.review
    review.library.view.table.selectAll()
    window.press("Alt+2", "P")
    player = review.episode.player
    assert player.other_pictures.isVisible()
    window.press("P")
    assert not player.other_pictures.isVisible()


def test_an_export_is_made_from_the_window_while_one_goes_on_labelling(
    window: ReviewWindow, root: Path
):
    window.press("Ctrl+E")
    panel = window.review.transfer.panel
    panel.format.setCurrentIndex(panel.format.findData("csv"))
    out = root.with_name("labels-csv")
    panel.out.setText(str(out))
    window.wait(lambda: "episodes" in panel.summary.text(), "the preview")
    panel.start.click()
    window.press("Alt+2", "Y")
    window.wait(out.exists, "the export")
    assert window.state.outcome == "success"


def test_without_a_hand_replay_says_what_is_missing(window: ReviewWindow):
    window.press("Shift+P")
    assert window.review.page == "Replay"
    assert not window.review.replay.panel.isVisible()
    assert not window.review.replay.running


def test_one_marked_episode_is_exported_alone_and_none_means_all(window: ReviewWindow):
    panel = window.review.transfer.panel
    window.press("Ctrl+E")
    assert panel.plan().episodes == ()
    window.press("Alt+1", "Space", "Ctrl+E")
    assert panel.plan().episodes == (0,)


def test_what_an_export_cannot_be_is_said_on_its_page_alone(window: ReviewWindow, root: Path):
    take = SyntheticTake(number=2, seconds=1.0, source="exoskeleton")
    write_take(open_dataset(root), take)
    window.wait(lambda: len(window.review.library.rows) == 3, "the third row")
    window.press("Ctrl+E")
    panel = window.review.transfer.panel
    window.wait(lambda: panel.says.text().startswith("Cannot start"), "the refusal")
    assert "episode 2 (exoskeleton)" in panel.says.text()
    assert "episode 2 (exoskeleton)" not in window.said


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from PySide6.QtWidgets import QApplication
application = QApplication([])
from support.review_window import ReviewWindow
window = ReviewWindow(Path({root!r}))
window.wait(lambda: window.review.library.rows, "rows")
window.press("Alt+2", "A", "Y", "4")
print(window.review.uuid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_said_is_there_after_the_program_was_killed(root: Path):
    script = textwrap.dedent(KILLED.format(paths=[str(ROOT), str(ROOT / "tests")], root=str(root)))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, env=os.environ
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    state = read_state(open_dataset(root), "R1", done.stdout.strip())
    assert state is not None
    assert (state.outcome, state.quality) == ("success", 4)
    assert [phase.label for phase in state.phases.values()] == ["reach"]


def test_a_label_key_that_an_action_has_is_told_on_opening(qapp, root: Path):
    folder = root / "label_schemas"
    folder.mkdir()
    (folder / "turn.yaml").write_text(
        "schema: thenar.labels/1\ntask: turn\nphases:\n"
        "  - {name: rest, title: Rest, definition: Nothing moves., key: R}\n"
    )
    window = ReviewWindow(root)
    assert "key R of 'rest' is a key of the window; give it another one" in window.said
    window.close()
