"""The cheat sheet: every action with its keys, from the action table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from widgets.theme import color, font

COLUMNS = 2


class ShortcutsSheet(QDialog):
    """Keys by group.

    Parameters
    ----------
    actions : sequence of (str, str, str)
        Title, keys and group of each action, in the order to be shown.
    """

    def __init__(
        self, actions: Sequence[tuple[str, str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        groups: dict[str, list[tuple[str, str]]] = {}
        for title, keys, group in actions:
            groups.setdefault(group, []).append((title, keys))
        columns = QGridLayout()
        columns.setHorizontalSpacing(48)
        columns.setVerticalSpacing(24)
        for place, (group, rows) in enumerate(groups.items()):
            columns.addLayout(_group(group, rows), place // COLUMNS, place % COLUMNS)
        self.close_button = QPushButton("Close")
        self.close_button.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(24)
        layout.addLayout(columns)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)


def _group(name: str, rows: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(4)
    caption = QLabel(name)
    caption.setFont(font(14, bold=True))
    grid.addWidget(caption, 0, 0, 1, 2)
    for row, (title, keys) in enumerate(rows, start=1):
        grid.addWidget(QLabel(title), row, 0)
        shown = QLabel(keys or "no key")
        shown.setFont(font(12, bold=bool(keys)))
        shade = color("accent" if keys else "dim").name()
        shown.setStyleSheet(f"color: {shade}")
        grid.addWidget(shown, row, 1, Qt.AlignmentFlag.AlignRight)
    grid.setColumnStretch(0, 1)
    grid.setRowStretch(len(rows) + 1, 1)
    return grid
