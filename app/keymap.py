"""Which key an event means, by letter or by position, and which action has it.

By letter, a key is what the keyboard layout prints. By position, it is the place on the keyboard:
the key where a US layout has ``A`` is ``A`` on AZERTY, Dvorak and Cyrillic layouts too. Places come
from the scan code: X11 and Wayland (xkb) count evdev's key codes plus 8
(``linux/input-event-codes.h``, the MIN_KEYCODE of the X protocol).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from app.actions import ACTIONS, ActionId

KeyMode = Literal["letter", "position"]
XKB_OFFSET = 8


def _row(first: int, keys: str) -> dict[int, str]:
    return dict(enumerate(keys, start=first))


POSITIONS: dict[int, str] = (
    _row(2, "1234567890-=")
    | _row(16, "QWERTYUIOP[]")
    | _row(30, "ASDFGHJKL;'`")
    | _row(43, "\\ZXCVBNM,./")
)
SHIFTED = dict(zip("1234567890-=[];'`\\,./", '!@#$%^&*()_+{}:"~|<>?', strict=True))
MODIFIERS = (
    (Qt.KeyboardModifier.MetaModifier, "Meta"),
    (Qt.KeyboardModifier.ControlModifier, "Ctrl"),
    (Qt.KeyboardModifier.AltModifier, "Alt"),
    (Qt.KeyboardModifier.ShiftModifier, "Shift"),
)
ALONE = {
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock,
    Qt.Key.Key_unknown,
    0,
}
SAME = {"Enter": "Return", "Backtab": "Tab"}


def key_of_event(event: QKeyEvent, mode: KeyMode = "letter") -> str:
    """The key of ``event`` in Qt's portable text form, e.g. ``A``, ``Shift+A``, ``?``, ``Ctrl+=``.

    Parameters
    ----------
    event : QKeyEvent
        A press, release or shortcut override.
    mode : str
        ``letter`` or ``position``. A letter of an alphabet that is not Latin counts by position in
        either mode, since no action is written in it.

    Returns
    -------
    str
        Empty for a modifier alone and for keys without a name.
    """
    place = _place(event)
    if mode == "position" and place:
        return _with_modifiers(event, place, place in SHIFTED)
    key = event.key()
    if key in ALONE:
        return ""
    name = QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
    name = SAME.get(name, name)
    if place and len(name) == 1 and not name.isascii():
        return _with_modifiers(event, place, place in SHIFTED)
    sign = len(name) == 1 and not name.isalpha()  # Shift is how the sign is typed, not part of it
    modifiers = event.modifiers()
    if sign:
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return _joined(modifiers, name)


def _place(event: QKeyEvent) -> str:
    if sys.platform != "linux":
        return ""
    return POSITIONS.get(event.nativeScanCode() - XKB_OFFSET, "")


def _with_modifiers(event: QKeyEvent, place: str, has_sign: bool) -> str:
    modifiers = event.modifiers()
    if has_sign and modifiers & Qt.KeyboardModifier.ShiftModifier:
        return _joined(modifiers & ~Qt.KeyboardModifier.ShiftModifier, SHIFTED[place])
    return _joined(modifiers, place)


def _joined(modifiers: Qt.KeyboardModifier, name: str) -> str:
    return "+".join([*(word for flag, word in MODIFIERS if modifiers & flag), name])


@dataclass
class Keymap:
    """The keys in force.

    Attributes
    ----------
    keys : dict of ActionId to str
        From ``resolve_keys``.
    mode : str
        ``letter`` or ``position``.
    """

    keys: dict[ActionId, str]
    mode: KeyMode = "letter"
    _found: dict[tuple[str, str], ActionId] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.change(self.keys, self.mode)

    def change(self, keys: Mapping[ActionId, str], mode: KeyMode) -> None:
        """Put other keys in force."""
        self.keys, self.mode = dict(keys), mode
        self._found = {(item.workspace, self.keys[item.id]): item.id for item in ACTIONS}
        self._found["", "Pause"] = ActionId.STOP

    def find(self, key: str, workspace: str) -> ActionId | None:
        """The action that ``key`` means in ``workspace``, or None."""
        return self._found.get((workspace, key)) or self._found.get(("", key))
