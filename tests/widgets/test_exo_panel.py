"""Sliders and synergies become intents in rad and m."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from devices.rig import EXO_JOINTS
from widgets.exo_panel import ExoPanel


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
