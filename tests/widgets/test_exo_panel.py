"""Sliders and synergies become intents in rad and m."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from devices.rig import EXO_JOINTS
from policies.synergies import SYNERGIES
from widgets.exo_panel import GROUPS, SLIDER_PX, ExoPanel


@pytest.fixture
def panel(shown):
    return shown(ExoPanel(), 1200, 320)


def test_rest_is_zero_everywhere(panel):
    assert panel.intents.shape == (23,)
    assert np.abs(panel.intents).max() < 0.002


def test_moving_a_slider_by_key_emits_that_joint_in_radians(panel, qtbot):
    index = EXO_JOINTS.index("index_pip")
    slider = panel.sliders[index]
    with qtbot.waitSignal(panel.intents_changed) as changed:
        slider.setFocus()
        qtbot.keyClick(slider, Qt.Key.Key_End)
    intents = changed.args[0]
    assert intents[index] == pytest.approx(1.7)
    assert np.abs(np.delete(intents, index)).max() < 0.002


def test_dragging_the_wrist_emits_metres(panel, qtbot):
    slider = panel.sliders[len(EXO_JOINTS)]
    slider.setValue(1000)
    assert panel.intents[len(EXO_JOINTS)] == pytest.approx(0.2)


def test_intents_are_rate_limited_and_the_newest_always_comes(panel, qtbot):
    heard = []
    panel.intents_changed.connect(heard.append)
    for value in range(0, 1000, 10):
        panel.sliders[1].setValue(value)
    panel.sliders[1].setValue(900)
    assert len(heard) == 1
    qtbot.waitUntil(lambda: bool(np.isclose(heard[-1][1], -0.6 + 0.9 * 1.8)))
    assert len(heard) <= 3


def test_double_click_brings_a_slider_back_to_rest(panel, qtbot):
    slider = panel.sliders[3]
    slider.setValue(1000)
    qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(20, 8))
    assert abs(panel.intents[3]) < 0.002


def test_synergy_closes_its_fingers_and_leaves_the_wrist(panel, qtbot):
    panel.sliders[-1].setValue(900)
    qtbot.mouseClick(panel.synergy_buttons["power"], Qt.MouseButton.LeftButton)
    intents = panel.intents
    assert intents[EXO_JOINTS.index("middle_pip")] == pytest.approx(1.4, abs=0.01)
    assert abs(intents[EXO_JOINTS.index("ring_mcp_side")]) < 0.002
    assert intents[-1] > 0.5
    qtbot.mouseClick(panel.reset_button, Qt.MouseButton.LeftButton)
    assert np.abs(panel.intents).max() < 0.002


def test_a_synergy_pressed_again_is_said_again(panel, qtbot):
    panel.press_synergy("power")
    with qtbot.waitSignal(panel.intents_changed, timeout=1000):
        panel.press_synergy("power")


KEYS = {name: str(place) for place, name in enumerate(SYNERGIES, start=1)}


@pytest.mark.parametrize(("width", "height"), [(520, 140), (540, 170), (900, 210), (900, 300)])
def test_nothing_is_cut_off_at_any_size(shown, qtbot, width, height):
    panel = shown(ExoPanel(KEYS), width, height)
    for group in GROUPS:
        panel.group_combo.setCurrentText(group)
        panel.layout().activate()
        QApplication.sendPostedEvents()
        seen = [w for w in panel.findChildren(QLabel) if w.isVisible()]
        seen += [w for w in panel.findChildren(QAbstractButton) if w.isVisible()]
        seen += [w for w in (*panel.sliders, panel.group_combo) if w.isVisible()]
        for widget in seen:
            if widget not in panel.sliders:
                least = widget.minimumSizeHint().width()
                if isinstance(widget, QAbstractButton):
                    least = widget.fontMetrics().horizontalAdvance(widget.text()) + 18
                assert widget.width() >= least, widget
            place = widget.rect().translated(widget.mapTo(panel, QPoint(0, 0)))
            assert panel.rect().contains(place), (group, widget, place)
        assert all(s.width() >= SLIDER_PX for s in panel.sliders if s.isVisible())


def test_narrow_panel_shows_one_group_and_a_wide_one_all(shown):
    panel = shown(ExoPanel(KEYS), 540, 170)
    assert sum(slider.isVisible() for slider in panel.sliders) == 5
    panel.group_combo.setCurrentText("wrist")
    assert [slider.isVisible() for slider in panel.sliders] == [False] * 17 + [True] * 6
    panel.resize(900, 300)
    assert all(slider.isVisible() for slider in panel.sliders)
    assert not panel.group_combo.isVisible()
    panel.resize(540, 170)
    assert [slider.isVisible() for slider in panel.sliders] == [False] * 17 + [True] * 6


def test_values_have_units(panel):
    panel.sliders[0].setValue(1000)
    panel.sliders[17].setValue(0)
    texts = [label.text() for label in panel._figures]
    assert texts[0] == "+1.80 rad"
    assert texts[17] == "-0.200 m"
    assert texts[20] == "+0.00 rad"
