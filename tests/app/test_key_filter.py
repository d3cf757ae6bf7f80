"""Who gets a key: the field, the list, the action or the workspace."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from support.activation import activate
from Xlib import X, display
from Xlib.ext import xtest

from app.actions import ActionId, resolve_keys
from app.key_filter import KEEPS_KEYS, KeyFilter
from app.keymap import XKB_OFFSET, Keymap

US_A, US_Q, US_R = 30, 16, 19


class Page(QMainWindow):
    """A window in Review with a field, a list and a button, and the shortcut of one action."""

    def __init__(self) -> None:
        super().__init__()
        self.performed: list[ActionId] = []
        self.pressed: list[str] = []
        self.clicks: list[bool] = []
        page = QWidget()
        layout = QVBoxLayout(page)
        self.first, self.field, self.list = QPushButton("first"), QLineEdit(), QListWidget()
        self.button = QPushButton("button")
        self.button.clicked.connect(lambda: self.clicks.append(True))
        self.list.addItems(["one", "two", "three"])
        for widget in (self.first, self.field, self.list, self.button):
            layout.addWidget(widget)
        self.setCentralWidget(page)
        self.keymap = Keymap(resolve_keys({})[0])
        for action_id in (ActionId.REVIEW_PLAY, ActionId.REVIEW_ACCEPT, ActionId.REVIEW_QUALIFIED,
                          ActionId.REVIEW_NEXT_EPISODE, ActionId.REVIEW_UNDO):  # fmt: skip
            entry = QAction(self)
            entry.setShortcut(QKeySequence(self.keymap.keys[action_id]))
            entry.triggered.connect(lambda _=False, chosen=action_id: self.performed.append(chosen))
            self.addAction(entry)
        self.filter = KeyFilter(
            self, self.keymap, lambda: "Review", self.performed.append, self.take_key
        )

    def take_key(self, key: str) -> bool:
        self.pressed.append(key)
        return key == "A"


@pytest.fixture
def page(qtbot) -> Iterator[Page]:
    made = Page()
    qtbot.addWidget(made)
    made.show()
    activate(made)
    made.filter.watch()
    made.setFocus()
    return made


def press_place(page: Page, key: Qt.Key, code: int, modifiers=Qt.KeyboardModifier.NoModifier):
    """As the platform does: first the override, then the press, to the native window."""
    handle = page.windowHandle()
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
        event = QKeyEvent(kind, int(key), modifiers, code + XKB_OFFSET, 0, 0)
        event.setAccepted(False)
        QCoreApplication.sendEvent(handle, event)


def test_by_letter_the_shortcut_performs_the_action(page, qtbot):
    qtbot.keyClick(page, Qt.Key.Key_Q)
    assert page.performed == [ActionId.REVIEW_QUALIFIED]


def test_by_position_the_place_counts_and_the_letter_does_not(page):
    page.keymap.change(page.keymap.keys, "position")
    press_place(page, Qt.Key.Key_A, US_Q)
    assert page.performed == [ActionId.REVIEW_QUALIFIED]
    press_place(page, Qt.Key.Key_Q, US_A)
    assert page.performed == [ActionId.REVIEW_QUALIFIED]
    assert page.pressed == ["A"]


def test_a_key_without_action_is_offered_to_the_workspace(page, qtbot):
    qtbot.keyClick(page, Qt.Key.Key_A)
    assert page.pressed == ["A"]
    press_place(page, Qt.Key.Key_A, US_A)
    assert page.pressed == ["A", "A"]


def test_what_is_typed_into_a_field_is_no_action(page, qtbot):
    page.field.setFocus()
    qtbot.keyClicks(page.field, "qa y")
    qtbot.keyClick(page.field, Qt.Key.Key_Return)
    qtbot.keyClick(page.field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.performed == []
    assert page.pressed == []


def test_by_position_a_field_is_typed_into_as_well(page):
    page.keymap.change(page.keymap.keys, "position")
    page.field.setFocus()
    press_place(page, Qt.Key.Key_Q, US_A)
    assert page.performed == page.pressed == []


def test_a_list_keeps_its_arrows_and_gives_the_letters_to_the_actions(page, qtbot):
    page.list.setFocus()
    page.list.setCurrentRow(0)
    qtbot.keyClick(page.list, Qt.Key.Key_Down)
    assert page.list.currentRow() == 1
    assert page.performed == []
    qtbot.keyClick(page.list, Qt.Key.Key_Q)
    assert page.performed == [ActionId.REVIEW_QUALIFIED]


def test_a_list_may_leave_its_arrows_to_the_actions(page, qtbot):
    page.list.setProperty(KEEPS_KEYS, False)
    page.list.setFocus()
    qtbot.keyClick(page.list, Qt.Key.Key_Down)
    assert page.performed == [ActionId.REVIEW_NEXT_EPISODE]


def test_a_button_reached_with_tab_is_pressed_by_space(page, qtbot):
    page.list.setFocus()
    qtbot.keyClick(page.list, Qt.Key.Key_Tab)
    assert page.button.hasFocus()
    qtbot.keyClick(page.button, Qt.Key.Key_Space)
    assert page.clicks == [True]
    assert page.performed == []


def test_a_button_that_was_clicked_leaves_space_to_the_player(page, qtbot):
    page.button.setFocus()
    qtbot.keyClick(page.button, Qt.Key.Key_Space)
    assert page.performed == [ActionId.REVIEW_PLAY]
    assert page.clicks == []


@pytest.fixture
def french(qapp) -> Iterator[display.Display]:
    """The X server's keyboard in the French layout, where the key of a US ``A`` prints ``Q``."""
    subprocess.run(["setxkbmap", "fr"], check=True)
    connection = display.Display()
    yield connection
    connection.close()
    subprocess.run(["setxkbmap", "us"], check=True)


def strike(connection: display.Display, code: int) -> None:
    """A real key press at the X server."""
    xtest.fake_input(connection, X.KeyPress, code + XKB_OFFSET)
    xtest.fake_input(connection, X.KeyRelease, code + XKB_OFFSET)
    connection.sync()


@pytest.mark.skipif(shutil.which("setxkbmap") is None, reason="needs setxkbmap")
def test_on_a_french_keyboard_the_mode_decides(page, qtbot, french):
    qtbot.waitUntil(page.isActiveWindow)
    strike(french, US_A)
    qtbot.waitUntil(lambda: page.performed == [ActionId.REVIEW_QUALIFIED])
    page.keymap.change(page.keymap.keys, "position")
    strike(french, US_A)
    qtbot.waitUntil(lambda: page.pressed == ["A"])
    strike(french, US_Q)
    qtbot.waitUntil(lambda: page.performed == [ActionId.REVIEW_QUALIFIED] * 2)
