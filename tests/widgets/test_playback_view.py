"""Playback of a take: play, pause, scrub, speed."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from devices.rig import load_rig
from widgets.playback_view import SPEEDS, PlaybackView
from widgets.take_curves import ALL
from widgets.theme import color, font

RIG = load_rig("sim-xhand")
BOTH = load_rig("sim-bimanual")


class _Take:
    """Grey level of the picture and every joint rise with time."""

    duration_s = 2.0

    def __init__(self, rig=RIG):
        self._rig = rig
        self.streams = rig.streams()

    def frame_at(self, stream, t_s):
        spec = self._rig.stream(stream)
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
    assert view.curves.cursor.value() == pytest.approx(1.5)
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


def _drawn(view):
    """(x, y) of every curve that has points."""
    found = [curve.getData() for curve in view.curves.curves]
    return [(x, y) for x, y in found if x is not None and len(x)]


def test_joints_are_drawn_for_the_whole_take_without_holding_up_the_window(view, qtbot):
    assert _drawn(view) == []
    qtbot.waitUntil(lambda: not view.curves.loading)
    for x, y in _drawn(view):
        assert x.max() == pytest.approx(2.0)
        assert np.isfinite(y).all()


def test_fingers_differ_in_colour_and_the_axis_has_the_unit(view, qtbot):
    qtbot.waitUntil(lambda: not view.curves.loading)
    assert len(_drawn(view)) == 6  # the wrist and five fingers
    pens = {curve.opts["pen"].color().name() for curve in view.curves.curves}
    assert len(pens) == 6
    assert color("accent").name() in pens
    axis = view.curves.plot.getPlotItem().getAxis("left")
    assert axis.labelText == "rad | m"
    for word in ("wrist", "thumb", "index", "middle", "ring", "pinky"):
        assert word in view.curves.legend.text()
    view.curves.joint_combo.setCurrentText("wrist, m")
    assert axis.labelText == "m"
    assert len(_drawn(view)) == 3
    view.curves.joint_combo.setCurrentText("thumb")
    assert axis.labelText == "rad"
    assert "joint2" in view.curves.legend.text()
    view.curves.joint_combo.setCurrentText(ALL)
    assert len(_drawn(view)) == 6


@pytest.fixture
def both(shown):
    def make(width, height):
        view = shown(
            PlaybackView({hand.side: hand.spec.pads for hand in BOTH.hands}), width, height
        )
        view.set_take(_Take(BOTH), "episode 4")
        return view

    return make


def test_touch_of_both_hands_is_shown_where_there_is_room(both):
    view = both(760, 600)
    left, right = view._heatmaps["left"], view._heatmaps["right"]
    assert left.isVisible()
    assert right.isVisible()
    assert left.x() < right.x()


def test_narrow_view_shows_the_chosen_hand(both, qtbot):
    view = both(370, 440)
    left, right = view._heatmaps["left"], view._heatmaps["right"]
    assert (left.isVisible(), right.isVisible()) == (False, True)
    view.curves.hand_combo.setCurrentText("left")
    assert (left.isVisible(), right.isVisible()) == (True, False)
    qtbot.waitUntil(lambda: not view.curves.loading)
    assert len(_drawn(view)) == 6
    assert view.width() == 370


def test_picture_is_the_largest_part_of_a_tall_view(both, qtbot):
    view = both(600, 900)
    qtbot.waitUntil(lambda: not view.curves.loading)
    assert view.camera.height() > view.curves.height() > 150
    assert view.camera.height() > view._heatmaps["right"].height() > 150


def test_totals_of_neighbouring_fingers_do_not_run_together(both, qtbot):
    view = both(370, 440)
    heatmap = view._heatmaps["right"]
    column = heatmap.pad_rect(1).center().x() - heatmap.pad_rect(0).center().x()
    qtbot.waitUntil(lambda: heatmap.width() >= 300)
    assert column >= QFontMetrics(font(11, bold=True)).horizontalAdvance("0.0 N") + 4


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
