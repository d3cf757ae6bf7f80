"""The cheat sheet lists every action of the table."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from widgets.shortcuts_sheet import ShortcutsSheet


def test_every_action_stands_with_its_keys_under_its_group(shown, qtbot):
    sheet = shown(
        ShortcutsSheet([("Record", "R", "Episode"), ("Stop", "Esc, Space", "Safety"),
                        ("Reset layout", "", "Window")]), 600, 400,
    )  # fmt: skip
    texts = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"Record", "R", "Episode", "Esc, Space", "Safety", "no key"} <= texts
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
