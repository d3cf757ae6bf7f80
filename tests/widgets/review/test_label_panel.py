"""The label panel shows what was said, what can be said, and with which key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from support.activation import activate

from recorder.review.schema import load_label_schemas
from recorder.review.state import Contact, Interval, LabelState, Phase
from widgets.review.label_panel import LabelPanel
from widgets.review.label_view import LabelView, Question

S = 1_000_000_000
SCHEMA = load_label_schemas()["*"]
KEYS = {
    "success": "Y", "qualified_success": "Q", "failure": "N", "cannot_judge": "J",
    "accept": "Return", "contact": "C", "trim_start": "[", "trim_stop": "]", "recovery": "R",
    "instruction": "T", "note": "O", "reject": "K", **{f"quality_{n}": str(n) for n in range(1, 6)},
}  # fmt: skip
PHASES = {
    "a": Phase(label="reach", start_ns=0, stop_ns=2 * S),
    "b": Phase(label="grasp", start_ns=2 * S, stop_ns=12 * S),
}
MODES = tuple((term.title, term.definition) for term in SCHEMA.failure_modes)


@pytest.fixture
def panel(shown) -> LabelPanel:
    return shown(LabelPanel(KEYS), 344, 660)


def view(state: LabelState | None = None, **fields) -> LabelView:
    return LabelView(SCHEMA, state or LabelState(), **fields)


def test_the_operators_verdict_is_marked_but_not_chosen(panel: LabelPanel):
    panel.set_view(view(operator_outcome="success", operator_counts=True), 0)
    assert panel.outcome.prefilled.text() == "operator: success  \N{EN DASH}  Return takes it over"
    assert not any(button.isChecked() for button in panel.outcome.buttons.values())
    assert "dashed" in panel.outcome.buttons["success"].styleSheet()


def test_nothing_of_a_verdict_is_shown_to_a_blind_reviewer(panel: LabelPanel):
    panel.set_view(view(blind=True, reviewer="R1"), 0)
    assert not panel.outcome.prefilled.isVisible()
    assert panel.reviewer.text() == "R1  blind"
    assert not any("dashed" in button.styleSheet() for button in panel.outcome.buttons.values())


def test_a_verdict_of_ones_own_is_chosen_and_no_longer_offered(panel: LabelPanel):
    panel.set_view(view(LabelState(outcome="failure"), operator_outcome="success"), 0)
    assert panel.outcome.buttons["failure"].isChecked()
    assert panel.outcome.prefilled.text() == "operator: success"
    assert "dashed" not in panel.outcome.buttons["success"].styleSheet()


def test_every_outcome_carries_its_key_and_presses_are_told(panel: LabelPanel, qtbot):
    panel.set_view(view(), 0)
    assert panel.outcome.buttons["success"].text() == "Success  Y"
    with qtbot.waitSignal(panel.outcome_chosen) as told:
        panel.outcome.buttons["cannot_judge"].click()
    assert told.args == ["cannot_judge"]
    assert not panel.outcome.buttons["cannot_judge"].isChecked(), "the labels decide, not the press"


def test_the_definition_of_the_running_phase_is_whole(panel: LabelPanel):
    panel.set_view(view(LabelState(phases=PHASES)), 3 * S)
    assert panel.phases.definition.text() == f"Grasp: {SCHEMA.phases[1].definition}"
    assert panel.phases.rows["grasp"].isChecked()
    panel.set_time(1 * S)
    assert panel.phases.definition.text().startswith("Reach: ")
    assert [name for name, row in panel.phases.rows.items() if row.isChecked()] == ["reach"]


def test_before_any_phase_the_first_one_is_explained(panel: LabelPanel):
    panel.set_view(view(), 0)
    assert panel.phases.definition.text().startswith("Reach: ")


def test_a_row_with_the_focus_is_explained_instead(panel: LabelPanel):
    panel.set_view(view(LabelState(phases=PHASES)), 3 * S)
    activate(panel)
    panel.phases.rows["release"].setFocus(Qt.FocusReason.TabFocusReason)
    assert panel.phases.definition.text().startswith("Release: ")
    panel.phases.rows["release"].clearFocus()
    assert panel.phases.definition.text().startswith("Grasp: ")


def test_rows_tell_where_phases_lie_and_how_contacts_stand(panel: LabelPanel):
    state = LabelState(
        phases=PHASES,
        contacts={"c": Contact(finger="thumb", start_ns=S)},
        trim=Interval(start_ns=S, stop_ns=9 * S),
    )
    panel.set_view(view(state, contacts_open=2, next_contact="index from 4.00 s"), 0)
    assert "2.00 - 12.00" in panel.phases.rows["grasp"].accessibleDescription()
    assert panel.rows["contact"].accessibleDescription() == "1 of 3 next: index from 4.00 s"
    assert panel.rows["trim"].accessibleDescription() == "1.00 - 9.00"


def test_a_question_lists_its_entries_and_takes_a_press(panel: LabelPanel, qtbot):
    question = Question("failure_mode", "How did it fail?", MODES, 2)
    panel.set_view(view(LabelState(outcome="failure"), question=question), 0)
    assert panel.choices.isVisible()
    assert [b.accessibleName() for b in panel.choices.buttons][:2] == ["1  Missed", "2  Dropped"]
    assert panel.choices.buttons[1].isChecked()
    with qtbot.waitSignal(panel.number_chosen) as told:
        panel.choices.buttons[3].click()
    assert told.args == [4]
    panel.set_view(view(), 0)
    assert not panel.choices.isVisible()


def test_a_long_question_does_not_push_the_panel_out_of_its_column(panel: LabelPanel):
    text = "Which finger touches, or lets go, here? Press a digit, or the key again to type one."
    panel.set_view(view(question=Question("contact", text, MODES)), 0)
    assert panel.body.minimumSizeHint().width() <= panel.area.viewport().width()
    assert panel.choices.question.height() > panel.choices.question.fontMetrics().height()


def test_the_way_it_failed_stands_under_the_outcome(panel: LabelPanel):
    panel.set_view(view(LabelState(outcome="failure", failure_mode="too_much_force")), 0)
    assert panel.outcome.mode.text() == "how it failed: too much force"
    assert panel.outcome.mode.isVisible()
    panel.set_view(view(LabelState(outcome="success")), 0)
    assert not panel.outcome.mode.isVisible()


def test_a_failed_save_is_red_and_a_rejected_episode_has_a_banner(panel: LabelPanel):
    state = LabelState(rejected="bad_data")
    panel.set_view(view(state, saved="NOT SAVED: no space left", save_failed=True), 0)
    assert panel.saved.property("role") == "bad"
    assert panel.banner.text() == "rejected: bad data"
    panel.set_view(view(saved="saved 12:03:04, edit 17"), 0)
    assert panel.saved.property("role") == "dim"
    assert not panel.banner.isVisible()


def test_a_note_is_written_by_return_and_thrown_away_by_escape(panel: LabelPanel, qtbot):
    panel.set_view(view(LabelState(note="old")), 0)
    activate(panel)
    panel.edit_note()
    panel.note.setPlainText("new")
    QTest.keyClick(panel.note, Qt.Key.Key_Escape)
    assert panel.note.toPlainText() == "old"
    panel.note.setPlainText("newer")
    with qtbot.waitSignals([panel.note_typed, panel.keyboard_returned]):
        QTest.keyClick(panel.note, Qt.Key.Key_Return)


def test_what_is_being_typed_is_not_replaced_by_a_redraw(panel: LabelPanel):
    panel.set_view(view(), 0)
    activate(panel)
    panel.edit_note()
    QTest.keyClicks(panel.note, "half a")
    panel.set_view(view(LabelState(quality=3)), 0)
    assert panel.note.toPlainText() == "half a"


def test_outcome_quality_and_phases_are_on_the_screen_together(panel: LabelPanel):
    question = Question("failure_mode", "How did it fail?", MODES)
    panel.set_view(view(LabelState(outcome="failure", phases=PHASES), question=question), 0)
    QTest.qWait(1)
    area = panel.area.viewport().rect()
    for widget in (panel.outcome, panel.quality, panel.phases):
        corner = widget.mapTo(panel.area.viewport(), widget.rect().bottomRight())
        assert area.contains(corner), widget


def test_every_button_has_a_name_for_screen_readers(panel: LabelPanel):
    question = Question("reject", "Why?", MODES)
    panel.set_view(view(LabelState(phases=PHASES), question=question), 0)
    buttons = panel.findChildren(QAbstractButton)
    assert len(buttons) > 20
    assert all(button.accessibleName() or button.text() for button in buttons)


def test_other_keys_are_shown_everywhere(panel: LabelPanel):
    panel.set_keys({**KEYS, "success": "F1", "contact": "F2"})
    panel.set_view(replace(view(), contacts_open=1), 0)
    assert panel.outcome.buttons["success"].text() == "Success  F1"
    assert panel.rows["contact"].accessibleName() == "F2  Contacts"
