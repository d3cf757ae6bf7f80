"""The episode bar: what a person presses is what is asked for."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from support.activation import activate

from widgets.episode_bar import EpisodeBar, EpisodeState
from widgets.task_list import Task, TaskList

TASKS = (
    Task("plug", "plug the charger into the socket"),
    Task("open", "turn the cap off the bottle"),
)
READY = EpisodeState("idle", None, 4)
RECORDING = EpisodeState("recording", 4, 4, 8.43, "unlabelled", 3)
AFTER = EpisodeState("idle", 4, 5, 0.0, "success", 4)


@pytest.fixture
def bar(shown):
    made = shown(EpisodeBar(TASKS, {"record": "R", "discard": "Del"}), 1264, 96)
    made.set_operator_code("P01")
    return made


def _click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_record_button_asks_for_a_take_and_shows_its_key(bar, qtbot):
    bar.set_state(READY)
    assert bar.record_button.text() == "Record  R"
    with qtbot.waitSignal(bar.record_requested):
        _click(qtbot, bar.record_button)


def test_buttons_that_make_no_sense_are_off_and_say_why(bar, qtbot):
    assert not bar.record_button.isEnabled()
    assert bar.record_button.toolTip() == "Not now: the recorder does not answer"
    bar.set_state(READY)
    assert bar.stop_button.toolTip() == "Not now: nothing is being recorded"
    assert bar.redo_button.toolTip() == "Not now: no take yet"
    bar.set_state(RECORDING)
    assert bar.record_button.toolTip() == "Not now: a take is being recorded"
    assert bar.stop_button.isEnabled()
    with qtbot.assertNotEmitted(bar.record_requested, wait=20):
        bar.press_record()
        _click(qtbot, bar.record_button)


def test_lamp_number_and_timer_follow_the_recorder(bar):
    bar.set_state(RECORDING)
    assert bar.lamp.lit
    image = bar.lamp.grab().toImage()
    assert image.pixelColor(8, 12).red() > 200
    assert bar.episode_label.text() == "episode 4"
    assert bar.timer_label.text() == "00:08.4"
    bar.set_state(AFTER)
    assert not bar.lamp.lit
    assert bar.episode_label.text() == "episode 5"


def test_discard_takes_two_presses(bar, qtbot):
    bar.set_state(AFTER)
    with qtbot.assertNotEmitted(bar.discard_requested, wait=20):
        _click(qtbot, bar.discard_button)
    assert bar.discard_armed
    assert bar.discard_button.text() == "Discard 4? again"
    assert bar.discard_button.property("armed")
    with qtbot.waitSignal(bar.discard_requested) as asked:
        _click(qtbot, bar.discard_button)
    assert asked.args == [4]
    assert not bar.discard_armed
    assert bar.discard_button.text() == "Discard  Del"


def test_armed_discard_is_forgotten_after_a_while(bar, qtbot):
    bar.set_state(AFTER)
    bar._armed_timer.setInterval(30)
    _click(qtbot, bar.discard_button)
    qtbot.waitUntil(lambda: not bar.discard_armed)
    assert bar.discard_button.text() == "Discard  Del"
    with qtbot.assertNotEmitted(bar.discard_requested, wait=20):
        _click(qtbot, bar.discard_button)


def test_second_press_never_discards_another_take(bar, qtbot):
    bar.set_state(AFTER)
    _click(qtbot, bar.discard_button)
    bar.set_state(EpisodeState("idle", 5, 6, 0.0, "unlabelled", 5))
    with qtbot.assertNotEmitted(bar.discard_requested, wait=20):
        _click(qtbot, bar.discard_button)


def test_discard_while_recording_means_the_running_take(bar, qtbot):
    bar.set_state(RECORDING)
    bar.press_discard()
    with qtbot.waitSignal(bar.discard_requested) as asked:
        bar.press_discard()
    assert asked.args == [4]


def test_undo_is_offered_only_when_something_was_discarded(bar, qtbot):
    bar.set_state(AFTER)
    assert not bar.undo_button.isEnabled()
    bar.set_state(EpisodeState("idle", 4, 5, discarded=4))
    assert bar.undo_button.toolTip() == "Bring back episode 4"
    with qtbot.waitSignal(bar.undo_discard_requested):
        _click(qtbot, bar.undo_button)


@pytest.mark.parametrize(("name", "outcome"), [("success", "success"), ("fail", "failure")])
def test_outcome_buttons_say_which(bar, qtbot, name, outcome):
    bar.set_state(EpisodeState("idle", 4, 5, 0.0, "unlabelled", 4))
    button = getattr(bar, f"{name}_button")
    with qtbot.waitSignal(bar.outcome_requested) as asked:
        _click(qtbot, button)
    assert asked.args == [outcome]
    assert not button.isChecked()  # lit by the recorder's answer, not by the press
    bar.set_state(EpisodeState("idle", 4, 5, 0.0, outcome, 4))
    assert button.isChecked()


def test_redo_asks_for_the_same_number(bar, qtbot):
    bar.set_state(AFTER)
    with qtbot.waitSignal(bar.redo_requested) as asked:
        _click(qtbot, bar.redo_button)
    assert asked.args == [4]


def test_countdown_runs_before_the_take_and_can_be_cancelled(bar, qtbot):
    bar.set_state(READY)
    bar._countdown_timer.setInterval(15)
    _click(qtbot, bar.countdown_button)
    with qtbot.waitSignal(bar.record_requested):
        _click(qtbot, bar.record_button)
        assert bar.counting_down
        assert bar.record_button.text() == "Cancel 3  R"
    assert bar.record_button.text() == "Record  R"
    bar._countdown_timer.setInterval(10_000)
    with qtbot.assertNotEmitted(bar.record_requested, wait=20):
        _click(qtbot, bar.record_button)
        _click(qtbot, bar.record_button)
    assert not bar.counting_down


def test_sound_cues_come_only_when_sound_is_on(bar, qtbot):
    bar.set_state(READY)
    with qtbot.assertNotEmitted(bar.cue, wait=20):
        bar.press_record()
    _click(qtbot, bar.sound_button)
    with qtbot.waitSignal(bar.cue) as cue:
        bar.press_record()
    assert cue.args == ["start"]


def test_operator_code_is_a_pseudonym_and_names_are_refused(bar, qtbot):
    codes = []
    bar.operator_code_changed.connect(codes.append)
    bar.code_edit.clear()
    qtbot.keyClicks(bar.code_edit, "p07")
    assert bar.operator_code == "P07"
    assert codes == ["", "P0", "P07"]
    bar.code_edit.clear()
    qtbot.keyClicks(bar.code_edit, "Anna")
    assert bar.operator_code == ""
    assert bar.code_edit.property("invalid")
    assert codes == ["", "P0", "P07", ""]


def test_no_take_without_a_valid_operator_code(bar, qtbot):
    bar.set_state(AFTER)
    bar.set_operator_code("p07x")
    reason = (
        "operator code 'p07x' is not valid: "
        "it is one to three capital letters and one to four digits"
    )
    assert bar._why_not_record().startswith(reason)
    assert not bar.record_button.isEnabled()
    assert bar.record_button.toolTip().startswith(f"Not now: {reason}")
    assert bar.note.text().startswith(reason)
    assert not bar.redo_button.isEnabled()
    with qtbot.assertNotEmitted(bar.record_requested, wait=20):
        bar.press_record()
    bar.set_operator_code("")
    assert "code is empty" in bar.record_button.toolTip()
    bar.set_operator_code("p07")
    assert bar.record_button.isEnabled()


def test_countdown_with_a_code_that_became_invalid_starts_no_take(bar, qtbot):
    bar.set_state(READY)
    bar._countdown_timer.setInterval(10)
    bar.countdown_button.setChecked(True)
    bar.press_record()
    bar.set_operator_code("")
    with qtbot.assertNotEmitted(bar.record_requested):
        qtbot.waitUntil(lambda: not bar.counting_down)


@pytest.fixture
def window(shown, qtbot):
    """A bar in a window where R makes a take, Esc stops, and a click elsewhere is possible."""
    page = QWidget()
    page.bar = EpisodeBar(TASKS, {"record": "R"})
    page.bar.set_operator_code("P07")
    page.bar.set_state(READY)
    page.elsewhere = QLabel("elsewhere")
    layout = QVBoxLayout(page)
    layout.addWidget(page.bar)
    layout.addWidget(page.elsewhere)
    page.pressed = []
    for key in ("R", "Esc"):
        QShortcut(QKeySequence(key), page, activated=lambda key=key: page.pressed.append(key))
    shown(page, 1264, 160)
    activate(page)
    qtbot.mouseClick(page.bar.code_edit, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.bar.code_edit.hasFocus)
    return page


def _key(page, key):
    QTest.keyClick(page.windowHandle(), key)


def test_letters_typed_into_the_code_are_no_take_keys(window, qtbot):
    _key(window, Qt.Key.Key_R)
    assert window.pressed == []
    assert window.bar.code_edit.text() == "P07r"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape])
def test_enter_and_esc_give_the_take_keys_back_and_esc_still_stops(window, qtbot, key):
    _key(window, key)
    _key(window, Qt.Key.Key_R)
    assert window.bar.code_edit.text() == "P07"
    assert window.pressed == (["Esc", "R"] if key == Qt.Key.Key_Escape else ["R"])


@pytest.mark.parametrize("name", ["elsewhere", "bar"])
def test_click_anywhere_else_gives_the_take_keys_back(window, qtbot, name):
    place = getattr(window, name).geometry().topLeft() + QPoint(3, 3)
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=place)
    assert not window.bar.code_edit.hasFocus()
    _key(window, Qt.Key.Key_R)
    assert window.pressed == ["R"]


def test_click_into_the_code_keeps_the_keyboard_there(window, qtbot):
    code = window.bar.code_edit
    place = code.mapTo(window, code.rect().center())
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=place)
    assert code.hasFocus()


def test_reason_that_blocks_recording_is_written_out(bar):
    bar.set_state(EpisodeState("idle", blocked="only 1 minute left on this disk"))
    assert bar.note.text() == "only 1 minute left on this disk"
    assert not bar.record_button.isEnabled()


def test_choosing_a_task_shows_its_instruction(shown, qtbot):
    tasks = shown(TaskList(TASKS), 600, 40)
    with qtbot.waitSignal(tasks.task_changed) as chosen:
        tasks.combo.setFocus()
        qtbot.keyClick(tasks.combo, Qt.Key.Key_Down)
    assert chosen.args == ["open"]
    assert tasks.task == TASKS[1]
    assert "turn the cap off the bottle" in tasks.instruction.text()
    tasks.set_tasks(TASKS[::-1])
    assert tasks.task == TASKS[1]
    assert not tasks.select("dance")


def test_empty_task_list_says_what_to_do(shown):
    tasks = shown(TaskList(), 600, 40)
    assert tasks.task is None
    assert "tasks file" in tasks.instruction.text()
