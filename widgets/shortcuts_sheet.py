"""The cheat sheet: every action with its keys, from the action table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from widgets.theme import color, font

ROOM_PX = 640  # lines that fit on a screen of 800 px, with title bar and button
LINE_PX = 19
COLUMNS_LEAST = 2


class ShortcutsSheet(QDialog):
    """Keys by group.

    Parameters
    ----------
    actions : sequence of (str, str, str)
        Title, keys and group of each action, in the order to be shown.
    note : str
        A line under the table.
    """

    def __init__(
        self,
        actions: Sequence[tuple[str, str, str]],
        parent: QWidget | None = None,
        note: str = "",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        groups: dict[str, list[tuple[str, str]]] = {}
        for title, keys, group in actions:
            groups.setdefault(group, []).append((title, keys))
        columns = QHBoxLayout()
        columns.setSpacing(32)
        for held in _columns(groups):
            column = QVBoxLayout()
            column.setSpacing(12)
            for name in held:
                column.addLayout(_group(name, groups[name]))
            column.addStretch(1)
            columns.addLayout(column)
        self.close_button = QPushButton("Close")
        self.close_button.clicked.connect(self.reject)
        under = QHBoxLayout()
        self.note = QLabel(note)
        self.note.setProperty("role", "dim")
        under.addWidget(self.note, 1)
        under.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 12)
        layout.setSpacing(12)
        layout.addLayout(columns, 1)
        layout.addLayout(under)


def _columns(groups: dict[str, list[tuple[str, str]]]) -> list[list[str]]:
    """Groups in columns of like height, in order: the fewest columns whose lines fit."""
    lines = {name: len(rows) + 2 for name, rows in groups.items()}
    room = max(ROOM_PX // LINE_PX, *lines.values()) if lines else 1
    count = max(COLUMNS_LEAST, -(-sum(lines.values()) // room))
    while True:
        placed = _placed(lines, count)
        if max((sum(lines[name] for name in column) for column in placed), default=0) <= room:
            return placed
        count += 1


def _placed(lines: dict[str, int], count: int) -> list[list[str]]:
    goal = sum(lines.values()) / count
    placed: list[list[str]] = [[]]
    height = 0
    for name, wanted in lines.items():
        if placed[-1] and height + wanted / 2 > goal and len(placed) < count:
            placed.append([])
            height = 0
        placed[-1].append(name)
        height += wanted
    return placed


def _group(name: str, rows: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(1)
    caption = QLabel(name)
    caption.setFont(font(14, bold=True))
    grid.addWidget(caption, 0, 0, 1, 2)
    for row, (title, keys) in enumerate(rows, start=1):
        said = QLabel(title)
        said.setFont(font(12))
        grid.addWidget(said, row, 0)
        shown = QLabel(keys or "no key")
        shown.setFont(font(12, bold=bool(keys)))
        shade = color("accent" if keys else "dim").name()
        shown.setStyleSheet(f"color: {shade}")
        grid.addWidget(shown, row, 1, Qt.AlignmentFlag.AlignRight)
    grid.setColumnStretch(0, 1)
    return grid
