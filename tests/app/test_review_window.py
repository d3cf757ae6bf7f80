"""A window that was opened for review only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from support.activation import activate
from support.control_names import unnamed_controls
from support.review_page import ReviewPage

from app.actions import ActionId
from app.settings import Settings
from app.window import MainWindow
from recorder.dataset import open_dataset
from recorder.synthetic import SyntheticTake, write_take


@pytest.fixture
def window(qtbot, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(
        None, Settings(), tmp_path / "s.json", review_dataset=tmp_path, review=ReviewPage
    )
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def test_review_comes_first_and_has_the_dataset(window, tmp_path):
    assert window.strip.tabs.count() == 2
    assert window.active.dataset == tmp_path
    assert window.active.session is None


def test_the_strip_says_that_no_hand_is_connected_and_stop_says_why_it_is_off(window):
    assert window.strip.state.text == "no hand connected"
    assert not window.strip.stop_button.isEnabled()
    assert "No hand" in window.strip.stop_button.toolTip()


@pytest.mark.parametrize("action", [ActionId.STOP, ActionId.ENABLE, ActionId.SHOW_RECORD])
def test_actions_of_a_hand_are_refused_with_a_sentence(window, action):
    window.perform(action)
    assert "No hand is connected" in window.strip.history[-1]


def test_keys_reach_the_workspace(window, qtbot):
    activate(window)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.keyClick(window, Qt.Key.Key_D)
    assert window.active.performed == [ActionId.REVIEW_PLAY]
    assert window.active.pressed == ["D"]


def test_a_rig_can_be_opened_from_here(window):
    window._open_rig("sim-leap")
    assert window.next_rig == "sim-leap"
    assert not window.isVisible()


def test_a_review_that_cannot_open_ends_the_start(qtbot, tmp_path):
    def broken(*_: object):
        raise ValueError("dataset is damaged")

    with pytest.raises(ValueError, match="damaged"):
        MainWindow(None, Settings(), None, review_dataset=tmp_path, review=broken)


def test_a_job_is_shown_and_closing_ends_it(window, qtbot):
    code = (
        "import json, threading\n"
        "print(json.dumps({'progress': {'done': 1, 'total': 4}}), flush=True)\n"
        "threading.Event().wait(60)"
    )
    job = window.jobs.start("Export 4 episodes", ["-c", code])
    qtbot.waitUntil(lambda: window._job_display._bar.figures.text() == "25 %", timeout=20_000)
    assert job.pid


def test_everything_that_takes_the_focus_in_review_has_a_name(qtbot, tmp_path):
    dataset = open_dataset(tmp_path / "d", create=True)
    write_take(dataset, SyntheticTake(number=0, seconds=0.5))
    window = MainWindow(None, Settings(), None, review_dataset=dataset.root)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    for page in (ActionId.REVIEW_PLAYER, ActionId.REVIEW_ADJUDICATE, ActionId.REVIEW_STATISTICS):
        window.perform(page)
    unnamed = unnamed_controls(window)
    window.close()
    assert unnamed == []
