"""The strips: a press goes to the picture under the mouse, doubt is drawn differently."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from widgets.clean.clean_timeline import NAME_PX, CleanTimeline


@pytest.fixture
def strips(qtbot) -> CleanTimeline:
    made = CleanTimeline()
    qtbot.addWidget(made)
    made.resize(NAME_PX + 4 + 500, made.height())
    made.set_clip(50)
    made.show()
    return made


def pixels(widget) -> np.ndarray:
    image = widget.grab().toImage()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows.copy()


@pytest.mark.parametrize(("x", "index"), [(0, 0), (5, 0), (255, 25), (499, 49), (503, 49)])
def test_a_press_asks_for_the_picture_under_it(strips, qtbot, x, index):
    with qtbot.waitSignal(strips.picture_asked) as asked:
        qtbot.mouseClick(strips, Qt.MouseButton.LeftButton, pos=QPoint(NAME_PX + x, 10))
    assert asked.args == [index]


def test_unsure_and_guessed_pictures_look_different(strips):
    sure, guessed = np.ones(50, np.float32), np.zeros(50, np.float32)
    strips.set_figures(sure, guessed, 0.6)
    calm = pixels(strips)
    doubt = sure.copy()
    doubt[20:25] = 0.3
    strips.set_figures(doubt, guessed, 0.6)
    unsure = pixels(strips)
    assert (calm != unsure).any()
    strips.set_figures(doubt, np.full(50, 0.05, np.float32), 0.6)
    assert (unsure != pixels(strips)).any()


def test_drawn_and_suggested_pictures_are_marked(strips):
    plain = pixels(strips)
    strips.set_marks((3,), ())
    drawn = pixels(strips)
    strips.set_marks((), (3,))
    suggested = pixels(strips)
    assert (plain != drawn).any()
    assert (drawn != suggested).any()


def test_the_cursor_moves(strips):
    plain = pixels(strips)
    strips.set_index(30)
    assert (plain != pixels(strips)).any()


def test_the_strips_are_reached_and_read_without_the_mouse(strips, qtbot):
    assert strips.focusPolicy() & Qt.FocusPolicy.TabFocus
    sure, guessed = np.full(50, 0.9, np.float32), np.zeros(50, np.float32)
    sure[5], guessed[5] = 0.3, 0.05
    strips.set_figures(sure, guessed, 0.6)
    with qtbot.waitSignal(strips.picture_asked) as asked:
        qtbot.keyClick(strips, Qt.Key.Key_PageDown)
    assert asked.args == [5]
    strips.set_index(5)
    assert strips.accessibleDescription() == (
        "picture 5 of 50, mask sure 30 %, draw again, guessed 5.0 %"
    )
