"""Pixel by pixel: magnified pixels are squares, stay under the mouse, and can be moved."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from widgets.clean.clean_picture import CAPTION_PX, CleanPicture

BEFORE = np.random.default_rng(1).integers(0, 255, (300, 400, 3)).astype(np.uint8)
AFTER = (255 - BEFORE).astype(np.uint8)


@pytest.fixture
def picture(qapp, qtbot) -> CleanPicture:
    made = CleanPicture()
    qtbot.addWidget(made)
    made.resize(360, 240 + CAPTION_PX)
    made.set_pictures(BEFORE, AFTER)
    made.set_view("cleaned")
    made.show()
    return made


def shot(picture: CleanPicture) -> np.ndarray:
    """RGB of the picture area on the screen."""
    QApplication.processEvents()
    image = picture.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def turn(picture: CleanPicture, at: QPointF, up: bool) -> None:
    event = QWheelEvent(
        at, picture.mapToGlobal(at), QPoint(), QPoint(0, 120 if up else -120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(picture, event)


@pytest.mark.parametrize("pixels", [1, 2, 4])
def test_every_pixel_of_the_picture_is_a_square_of_the_screen(picture, pixels):
    picture.set_zoom(pixels)
    pane = picture._panes()[0]
    shown = shot(picture)
    column = round(-pane.place.left()) // pixels + 9
    row = round(CAPTION_PX - pane.place.top()) // pixels + 9
    x, y = round(pane.place.left()) + column * pixels, round(pane.place.top()) + row * pixels
    part = shown[y : y + 8 * pixels, x : x + 8 * pixels]
    wanted = AFTER[row : row + 8, column : column + 8]
    assert np.array_equal(part, np.repeat(np.repeat(wanted, pixels, axis=0), pixels, axis=1))


def test_the_wheel_magnifies_what_is_under_the_mouse_and_goes_back(picture):
    at = QPointF(100.0, 90.0)
    pane = picture._panes()[0]
    told: list[int | None] = []
    picture.zoomed.connect(lambda: told.append(picture.zoom.pixels))
    pixel = pane.pixel(at)
    turn(picture, at, up=True)
    turn(picture, at, up=True)
    assert told == [1, 2]
    assert picture._panes()[0].pixel(at) == pytest.approx(pixel, abs=2.0)
    turn(picture, at, up=False)
    turn(picture, at, up=False)
    assert told[-1] is None
    assert picture._panes()[0].place == pane.place


def test_the_middle_button_and_the_keys_move_it_and_the_edge_stops_it(picture):
    picture.set_zoom(4)
    before = picture._panes()[0].pixel(QPointF(180, 140))
    start = QPoint(180, 140)
    QTest.mousePress(picture, Qt.MouseButton.MiddleButton, pos=start)
    QTest.mouseMove(picture, start + QPoint(40, 20))
    QTest.mouseRelease(picture, Qt.MouseButton.MiddleButton, pos=start + QPoint(40, 20))
    after = picture._panes()[0].pixel(QPointF(180, 140))
    assert after == pytest.approx((before[0] - 10, before[1] - 5), abs=1.0)
    for _ in range(40):
        picture.pan(1, 1)
    pane = picture._panes()[0]
    assert pane.place.right() == pytest.approx(pane.space.x() + pane.space.width())
    picture.pan(-1, 0)
    assert picture._panes()[0].place.left() > pane.place.left()


def test_both_sides_show_the_same_place(picture):
    picture.set_view("side")
    picture.set_zoom(2)
    picture.pan(1, 0)
    left, right = picture._panes()
    corner = QPointF(left.space.topLeft()), QPointF(right.space.topLeft())
    assert left.pixel(corner[0]) == right.pixel(corner[1])


def test_the_wipe_stays_in_sight_when_magnified(picture):
    picture.set_view("wipe")
    picture.set_zoom(4)
    for _ in range(10):
        picture.pan(-1, -1)
    shown = shot(picture)
    assert np.array_equal(shown[CAPTION_PX + 8, 8], BEFORE[2, 2])
    assert np.array_equal(shown[CAPTION_PX + 8, 352], AFTER[2, 88])
    QTest.mousePress(picture, Qt.MouseButton.LeftButton, pos=QPoint(90, 100))
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=QPoint(90, 100))
    assert picture.wipe == pytest.approx(0.25, abs=0.01)
