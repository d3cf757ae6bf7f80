"""The replay panel: what may be pressed when, and what it asks for."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from widgets.replay_panel import ReplayPanel


@pytest.fixture
def panel(qtbot):
    made = ReplayPanel()
    qtbot.addWidget(made)
    made.set_episode("episode 3", ["thumb_joint0", "index_joint1"], has_forces=True)
    made.show()
    return made


def test_nothing_starts_before_the_guard_allows_it(panel):
    assert not panel.start_button.isEnabled()
    panel.set_check("Enable the hand first.", startable=False)
    assert not panel.start_button.isEnabled()
    panel.set_check("The hand is 0.20 rad away.", startable=True)
    assert panel.start_button.isEnabled()


def test_start_asks_for_the_chosen_speed_and_kind(panel, qtbot):
    panel.set_check("ready", startable=True)
    panel.speed.setValue(3)
    qtbot.keyClick(panel.with_forces, Qt.Key.Key_Space)
    with qtbot.waitSignal(panel.start_requested) as asked:
        qtbot.mouseClick(panel.start_button, Qt.MouseButton.LeftButton)
    assert asked.args == [0.3, True]


def test_while_it_runs_it_can_be_paused_and_ended_but_not_started(panel, qtbot):
    panel.set_check("ready", startable=True)
    panel.set_state("running", 0.25)
    assert panel.state_label.text() == "Replaying. 25%"
    assert not panel.start_button.isEnabled()
    with qtbot.waitSignal(panel.pause_toggled) as asked:
        qtbot.mouseClick(panel.pause_button, Qt.MouseButton.LeftButton)
    assert asked.args == [True]
    with qtbot.waitSignal(panel.end_requested):
        qtbot.mouseClick(panel.end_button, Qt.MouseButton.LeftButton)


def test_without_forces_only_the_position_can_be_replayed(panel):
    panel.with_forces.setChecked(True)
    panel.set_episode("episode 4", ["a"], has_forces=False)
    assert panel.by_position.isChecked()
    assert not panel.with_forces.isEnabled()


def test_a_far_start_is_marked_by_more_than_colour(panel):
    panel.set_check("The hand is 1.20 rad away.", startable=True, careful=True)
    assert panel.guard.text().startswith("\N{WARNING SIGN}")
    assert panel.start_button.isEnabled()


def test_both_curves_are_drawn(panel):
    times = np.linspace(0.0, 1.0, 5)
    panel.set_curves((times, times), (times[:3], times[:3] + 0.1), "rad")
    assert panel.recorded_curve.getData()[0].size == 5
    assert panel.measured_curve.getData()[1][2] == pytest.approx(0.6)


def test_noise_of_a_still_joint_does_not_fill_the_chart(panel):
    times_s = np.linspace(0.0, 2.0, 50)
    nothing = np.zeros(0)
    panel.set_curves((times_s, 1e-22 * np.sin(9 * times_s)), (nothing, nothing), "m")
    low, high = panel.plot.getPlotItem().getViewBox().viewRange()[1]
    assert high - low >= 0.002
