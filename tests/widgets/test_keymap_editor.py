"""The editor of keys, used with the keyboard alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from widgets.keymap_editor import KeymapEditor, KeyRow


class Book:
    """Three actions; ``B`` is taken."""

    def __init__(self) -> None:
        self.mode = "letter"
        self.keys = {"take": "A", "stop": "B", "help": "C"}
        self.controls: dict[str, str] = {}
        self.calls: list[tuple] = []

    def rows(self) -> list[KeyRow]:
        return [
            KeyRow(name, name.title(), "Record", key, False, self.controls.get(name, ""),
                   name != "help")
            for name, key in self.keys.items()
        ]  # fmt: skip

    def set_mode(self, mode: str) -> None:
        self.mode = mode

    def set_key(self, name: str, key: str) -> tuple[str, bool]:
        if key == "B":
            return "'Stop' uses 'B' already.", True
        self.keys[name] = key
        return "", False

    def swap_key(self, name: str, key: str) -> str:
        self.calls.append(("swap", name, key))
        return ""

    def set_control(self, name: str, control: str) -> str:
        self.controls[name] = control
        return ""

    def reset(self, name: str) -> str:
        self.calls.append(("reset", name))
        return ""

    def reset_all(self) -> None:
        self.calls.append(("reset all",))


def named(event: QKeyEvent) -> str:
    if event.key() == Qt.Key.Key_Control:
        return ""
    return QKeySequence(event.keyCombination()).toString()


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def editor(book, shown) -> KeymapEditor:
    made = shown(KeymapEditor(book, named, devices=["FootSwitch"]), 760, 620)
    made.choose("take")
    made.tree.setFocus()
    return made


def test_return_and_a_key_change_the_chosen_action(editor, book, qtbot):
    qtbot.keyClick(editor.tree, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "'Take'" in editor.message.text())
    qtbot.keyClick(editor, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    assert book.keys["take"] == "Ctrl+X"
    assert editor.tree.currentItem().text(1) == "Ctrl+X"
    assert editor.focusWidget() is editor.tree


def test_escape_while_waiting_changes_nothing_and_leaves_the_dialog_open(editor, book, qtbot):
    editor.wait_for_key()
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert book.keys["take"] == "A"
    assert editor.isVisible()
    qtbot.keyClick(editor, Qt.Key.Key_X)
    assert book.keys["take"] == "A"


def test_a_taken_key_names_the_other_action_and_offers_a_swap(editor, book, qtbot):
    editor.wait_for_key()
    qtbot.keyClick(editor, Qt.Key.Key_B)
    assert "'Stop' uses 'B'" in editor.message.text()
    assert editor.message.property("role") == "warn"
    assert editor.swap_button.isVisible()
    assert editor.focusWidget() is editor.swap_button
    qtbot.keyClick(editor.swap_button, Qt.Key.Key_Space)
    assert book.calls == [("swap", "take", "B")]
    assert not editor.swap_button.isVisible()


def test_a_pedal_is_bound_only_while_it_is_asked_for(editor, book):
    editor.take_control("pedal:KEY_A")
    assert book.controls == {}
    editor.wait_for_control()
    editor.take_control("pedal:KEY_A")
    assert book.controls == {"take": "pedal:KEY_A"}
    assert editor.tree.currentItem().text(2) == "pedal:KEY_A"


def test_an_action_that_needs_the_keyboard_takes_no_pedal(editor, book):
    editor.choose("help")
    assert not editor.pedal_button.isEnabled()
    editor.wait_for_control()
    editor.take_control("pedal:KEY_A")
    assert book.controls == {}


def test_the_search_finds_titles_and_keys(editor, qtbot):
    qtbot.keyClicks(editor.search, "sto")
    group = editor.tree.topLevelItem(0)
    assert [group.child(i).text(0) for i in range(3) if not group.child(i).isHidden()] == ["Stop"]


def test_the_way_keys_are_read_can_be_changed(editor, book):
    editor.mode.setCurrentIndex(1)
    assert book.mode == "position"


def test_reset_and_reset_all_reach_the_book(editor, book):
    editor.reset_button.click()
    editor.reset_all_button.click()
    assert book.calls == [("reset", "take"), ("reset all",)]


def test_down_goes_from_the_search_to_the_first_action_found(editor, qtbot):
    editor.search.setFocus()
    editor.search.setText("help")
    qtbot.keyClick(editor.search, Qt.Key.Key_Down)
    assert editor.focusWidget() is editor.tree
    assert editor.chosen.name == "help"


def test_a_group_without_a_hit_goes_with_its_heading(editor):
    editor.search.setText("nothing like that")
    assert editor.tree.topLevelItem(0).isHidden()
    editor.search.setText("")
    assert not editor.tree.topLevelItem(0).isHidden()
