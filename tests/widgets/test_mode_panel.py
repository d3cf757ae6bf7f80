"""The mode panel offers what the supervisor would accept, and says why not."""

import pytest
from PySide6.QtCore import Qt

from widgets.mode_panel import ModePanel


@pytest.fixture
def panel(shown):
    return shown(ModePanel(keys={"enable": "F5"}), 380, 150)


def _click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_nothing_can_be_pressed_before_the_supervisor_answers(panel):
    for button in (panel.enable_button, panel.hold_button, panel.reset_button,
                   *panel.arm_buttons.values()):  # fmt: skip
        assert not button.isEnabled()
        assert button.toolTip().startswith("Not now: ")


@pytest.mark.parametrize(
    ("state", "enabled"),
    [
        ("OFF", {"enable"}),
        ("HOLD", {"arm"}),
        ("ACTIVE", {"hold", "arm"}),
        ("FAULT", {"reset"}),
        ("STOPPED", {"reset"}),
    ],
)
def test_each_state_offers_its_way_out_only(panel, state, enabled):
    panel.set_supervisor(state, "kinesthetic" if state == "ACTIVE" else "none")
    found = {
        name
        for name, button in (
            ("enable", panel.enable_button),
            ("hold", panel.hold_button),
            ("reset", panel.reset_button),
            ("arm", panel.arm_buttons["exoskeleton"]),
        )
        if button.isEnabled()
    }
    assert found == enabled


def test_pressing_a_source_asks_and_lights_up_only_when_the_supervisor_agrees(panel, qtbot):
    panel.set_supervisor("HOLD")
    button = panel.arm_buttons["exoskeleton"]
    with qtbot.waitSignal(panel.arm_requested) as asked:
        _click(qtbot, button)
    assert asked.args == ["exoskeleton"]
    assert not button.isChecked()
    panel.set_supervisor("ACTIVE", "exoskeleton")
    assert button.isChecked()


def test_active_panel_says_how_the_hand_is_moved(panel):
    panel.set_supervisor("ACTIVE", "kinesthetic")
    assert "drag a link" in panel.says.text()
    assert "Hold takes it back" in panel.says.text()


def test_enable_hold_and_reset_ask(panel, qtbot):
    for state, button, signal in (
        ("OFF", panel.enable_button, panel.enable_requested),
        ("ACTIVE", panel.hold_button, panel.hold_requested),
        ("FAULT", panel.reset_button, panel.reset_requested),
    ):
        panel.set_supervisor(state)
        with qtbot.waitSignal(signal):
            _click(qtbot, button)


def test_latched_cause_is_said_in_words(panel):
    panel.set_supervisor("FAULT", "none", "feedback of the right hand is 120 ms old")
    assert "feedback of the right hand is 120 ms old." in panel.says.text()
    assert "Reset leads to HOLD" in panel.says.text()


def test_source_that_is_missing_says_what_it_needs(panel):
    panel.set_supervisor("HOLD", "none", "", {"exoskeleton": "no exoskeleton answers"})
    assert panel.arm_buttons["exoskeleton"].toolTip() == "Not now: no exoskeleton answers"
    assert panel.arm_buttons["kinesthetic"].isEnabled()


def test_what_the_gate_refused_and_shaped_is_counted_by_reason(shown):
    panel = shown(ModePanel(), 400, 200)
    panel.set_counts({}, {})
    assert "nothing refused" in panel.counts.text()
    panel.set_counts({"epoch": 2}, {"velocity": 14, "range": 3})
    assert "refused: epoch 2" in panel.counts.text()
    assert "shaped: range 3, velocity 14" in panel.counts.text()
