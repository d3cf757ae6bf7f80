"""Keys by letter and by position, from the scan codes that real keyboards send."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from app.actions import ActionId, resolve_keys
from app.keymap import XKB_OFFSET, Keymap, key_of_event

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
EVDEV = {"A": 30, "Q": 16, "/": 53, "1": 2, "Z": 44, "`": 41}


def key_event(key: int, place: str = "", modifiers=NONE) -> QKeyEvent:
    """A press of ``key`` on the key where a US keyboard has ``place``."""
    code = EVDEV[place] + XKB_OFFSET if place else 0
    return QKeyEvent(QEvent.Type.KeyPress, int(key), modifiers, code, 0, 0)


@pytest.mark.parametrize(
    ("key", "place", "modifiers", "letter", "position"),
    [
        (Qt.Key.Key_A, "A", NONE, "A", "A"),
        (Qt.Key.Key_Q, "A", NONE, "Q", "A"),  # AZERTY
        (0x0424, "A", NONE, "A", "A"),  # Cyrillic: no action is written in it
        (Qt.Key.Key_A, "Q", SHIFT, "Shift+A", "Shift+Q"),
        (Qt.Key.Key_Ampersand, "1", NONE, "&", "1"),  # AZERTY digits need Shift
        (Qt.Key.Key_1, "1", SHIFT, "1", "!"),
        (Qt.Key.Key_Question, "/", SHIFT, "?", "?"),
        (Qt.Key.Key_W, "Z", CTRL, "Ctrl+W", "Ctrl+Z"),
        (Qt.Key.Key_Z, "Z", CTRL | SHIFT, "Ctrl+Shift+Z", "Ctrl+Shift+Z"),
        (Qt.Key.Key_F12, "", NONE, "F12", "F12"),
        (Qt.Key.Key_Left, "", SHIFT, "Shift+Left", "Shift+Left"),
        (Qt.Key.Key_Enter, "", NONE, "Return", "Return"),
        (Qt.Key.Key_Shift, "", SHIFT, "", ""),
    ],
)
def test_a_key_is_named_by_its_letter_or_by_its_place(key, place, modifiers, letter, position):
    event = key_event(key, place, modifiers)
    assert key_of_event(event) == letter
    assert key_of_event(event, "position") == position


def test_a_key_means_what_the_shown_workspace_says():
    keymap = Keymap(resolve_keys({})[0])
    assert keymap.find("R", "Record") is ActionId.RECORD
    assert keymap.find("R", "Review") is ActionId.REVIEW_RECOVERY
    assert keymap.find("F12", "Review") is keymap.find("Pause", "Record") is ActionId.STOP
    assert keymap.find("A", "Review") is None


def test_changed_keys_are_found_at_once():
    keymap = Keymap(resolve_keys({})[0])
    keymap.change(resolve_keys({"take.record": "M"})[0], "letter")
    assert keymap.find("M", "Record") is ActionId.RECORD
    assert keymap.find("R", "Record") is None
