"""Keys on their way to the window: who gets them, before Qt's shortcuts do.

1. A field that is typed into keeps what typing needs; a list keeps its arrow keys; a button that
   was reached with Tab keeps Space and Return.
2. By position, the action at that place of the keyboard is performed, whatever the letter.
3. By letter, Qt's own shortcuts perform the action (the menu entries carry them).
4. A key that no action has is offered to the shown workspace, then goes to the focused widget.

The filter watches the native window, where real keys arrive first, and the window widget, where
keys arrive that nobody below has used. It sees no other events of the program.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from app.actions import REPEATING, ActionId
from app.keymap import Keymap, key_of_event

TYPED_INTO = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)
MOVED_IN = (QComboBox, QAbstractSlider, QTabBar)
PRESS_KEYS = {"Space", "Return"}
MOVE_KEYS = {"Left", "Right", "Up", "Down", "Home", "End", "PgUp", "PgDown"} | PRESS_KEYS
EDIT_KEYS = {"A", "C", "V", "X", "Z", "Y", "Left", "Right", "Home", "End", "Backspace", "Del"}
KEEPS_KEYS = "keeps_keys"  # a widget's property: False gives its arrow keys to the actions
TAB_KEYS = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)


class KeyFilter(QObject):
    """Sorts the keys of one window.

    Parameters
    ----------
    window : QMainWindow
        The window; call ``watch`` once its native window exists.
    keymap : Keymap
        The keys in force.
    place : callable
        Name of the workspace that is shown.
    perform : callable
        Performs an action.
    press_key : callable
        Offers a key without action to the shown workspace; True when it was used.
    """

    def __init__(
        self,
        window: QMainWindow,
        keymap: Keymap,
        place: Callable[[], str],
        perform: Callable[[ActionId], None],
        press_key: Callable[[str], bool],
    ) -> None:
        super().__init__(window)
        self._window, self._keymap, self._place = window, keymap, place
        self._perform, self._press_key = perform, press_key
        self._watched: QWindow | None = None
        self._tab_pressed = False
        self._by_keyboard = False
        window.installEventFilter(self)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus_changed)

    def watch(self) -> None:
        """Watch the window's native window as well; once it is shown."""
        handle = self._window.windowHandle()
        if handle is not None and handle is not self._watched:
            self._watched = handle
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride:
            return self._on_override(event)  # type: ignore[arg-type]
        if kind == QEvent.Type.KeyPress:
            return self._on_press(event)  # type: ignore[arg-type]
        return False

    def _on_override(self, event: QKeyEvent) -> bool:
        self._tab_pressed = event.key() in TAB_KEYS
        key = key_of_event(event, self._keymap.mode)
        if not key:
            return False
        if self.keeps(self._window.focusWidget(), key) or self._keymap.mode == "position":
            event.accept()
            return True
        return False

    def _on_press(self, event: QKeyEvent) -> bool:
        self._tab_pressed = event.key() in TAB_KEYS
        key = key_of_event(event, self._keymap.mode)
        if not key or self.keeps(self._window.focusWidget(), key):
            return False
        chosen = self._keymap.find(key, self._place())
        if chosen is not None:
            if self._keymap.mode == "letter":
                return False
            if chosen in REPEATING or not event.isAutoRepeat():
                self._perform(chosen)
            return True
        return not event.isAutoRepeat() and self._press_key(key)

    def keeps(self, widget: QWidget | None, key: str) -> bool:
        """Whether the focused ``widget`` uses ``key`` itself."""
        if widget is None or widget.property(KEEPS_KEYS) is False:
            return False
        *modifiers, last = key.split("+") if len(key) > 1 else [key]
        if isinstance(widget, TYPED_INTO):
            if "Ctrl" in modifiers:
                return last in EDIT_KEYS
            named = len(last) > 1 and last[0] == "F" and last[1:].isdigit()
            return not named and not {"Alt", "Meta"} & set(modifiers)
        if {"Ctrl", "Alt", "Meta"} & set(modifiers):
            return False
        if isinstance(widget, QAbstractItemView):
            return last in MOVE_KEYS
        if isinstance(widget, QAbstractButton):
            return self._by_keyboard and last in PRESS_KEYS
        return self._by_keyboard and isinstance(widget, MOVED_IN) and last in MOVE_KEYS

    def _on_focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        self._by_keyboard = self._tab_pressed
        self._tab_pressed = False
