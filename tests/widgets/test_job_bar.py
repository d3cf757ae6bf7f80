"""The running job on one line."""

import pytest
from PySide6.QtCore import Qt

from widgets.job_bar import JobBar, time_text


def test_a_job_shows_title_percent_time_left_and_what_waits(shown):
    bar = shown(JobBar(), 600, 30)
    bar.show_job("Export 12 episodes", 0.426, 75.2, 2, "episode 5")
    assert bar.title.text() == "Export 12 episodes"
    assert bar.figures.text() == "43 %, 75 s left, 2 waiting"
    assert "episode 5" in bar.title.toolTip()


def test_nothing_is_shown_without_a_job(shown):
    bar = shown(JobBar(), 600, 30)
    bar.clear()
    assert not bar.isVisible()


def test_a_job_that_has_said_nothing_is_starting(shown):
    bar = shown(JobBar(), 600, 30)
    bar.show_job("Rebuild library", None, None)
    assert bar.figures.text() == "starting"
    assert (bar.bar.minimum(), bar.bar.maximum()) == (0, 0)


def test_cancel_is_reached_with_the_keyboard(shown, qtbot):
    bar = shown(JobBar(), 600, 30)
    bar.show_job("Export", 0.5, 10)
    bar.cancel_button.setFocus()
    with qtbot.waitSignal(bar.cancel_requested):
        qtbot.keyClick(bar.cancel_button, Qt.Key.Key_Space)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (89, "89 s"), (95, "2 min"), (5399, "1.5 h"), (9000, "2.5 h")],
)
def test_time_is_said_as_people_say_it(seconds, text):
    assert time_text(seconds) == text
