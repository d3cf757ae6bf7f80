"""Playback of a take: play, pause, scrub, speed."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from devices.rig import load_rig
from widgets.playback_view import SPEEDS, PlaybackView

RIG = load_rig("sim-xhand")


class _Take:
    """Grey level of the picture and every joint rise with time."""

    duration_s = 2.0
    streams = RIG.streams()

    def frame_at(self, stream, t_s):
        spec = RIG.stream(stream)
        if spec.kind == "image":
            return np.full(spec.shape, int(50 + 100 * t_s), np.uint8)
        if spec.kind == "joints":
            return None if t_s < 0.1 else np.full(spec.shape, t_s)
        return np.zeros(spec.shape, spec.dtype)


@pytest.fixture
def view(shown):
    made = shown(PlaybackView(RIG.hands[0].spec.pads), 800, 600)
    made.set_take(_Take(), "episode 4")
    return made


def _grey(view):
    tile = view.camera
    return tile.grab().toImage().pixelColor(tile.width() // 2, tile.height() // 2).red()


def test_empty_view_says_what_to_do(shown):
    empty = shown(PlaybackView(), 800, 600)
    assert empty.empty.isVisible()
    assert "Record one" in empty.empty.text()
    assert not empty.play_button.isVisible()


def test_scrubbing_shows_the_picture_of_that_moment(view, qtbot):
    assert _grey(view) == 50
    view.slider.setFocus()
    view.slider.setValue(1500)
    assert view.time_s == pytest.approx(1.5)
    assert _grey(view) == 200
    assert view.cursor.value() == pytest.approx(1.5)
    assert view.time_label.text() == "1.5 / 2.0 s"


def test_play_moves_pause_stops_and_the_end_is_the_end(view, qtbot):
    qtbot.mouseClick(view.play_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.time_s > 0.1)
    qtbot.mouseClick(view.play_button, Qt.MouseButton.LeftButton)
    assert not view.playing
    stands = view.time_s
    qtbot.wait(80)
    assert view.time_s == stands
    view.seek(1.95)
    view.speed_combo.setCurrentIndex(SPEEDS.index(2.0))
    view.toggle_play()
    qtbot.waitUntil(lambda: not view.playing)
    assert view.time_s == pytest.approx(2.0)


def test_joints_are_drawn_for_the_whole_take_without_holding_up_the_window(view, qtbot):
    assert view._curves.getData()[0] is None or len(view._curves.getData()[0]) == 0
    qtbot.waitUntil(lambda: not view._reading.isActive())
    x, y = view._curves.getData()
    assert x.max() == pytest.approx(2.0)
    assert np.isfinite(y).all()


def test_another_camera_can_be_chosen(view, qtbot):
    view.stream_combo.setCurrentText("wrist/rgb")
    assert view.camera.spec.name == "wrist/rgb"
    view.seek(0.5)
    assert _grey(view) == 100


def test_closing_pauses_and_says_so(view, qtbot):
    view.toggle_play()
    with qtbot.waitSignal(view.closed):
        qtbot.mouseClick(view.close_button, Qt.MouseButton.LeftButton)
    assert not view.playing
