"""What was said last, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from widgets.theme import font

SHOWN = 6


class HistoryList(QWidget):
    """The newest edits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = [QLabel() for _ in range(SHOWN)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 4, 0)
        layout.setSpacing(0)
        for line in self.lines:
            line.setFont(font(11))
            line.setProperty("role", "dim")
            line.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(line)
        self.set_entries(())

    def set_entries(self, entries: Sequence[str]) -> None:
        """Show the newest of ``entries``, which come newest first."""
        for line, text in zip(self.lines, [*entries[:SHOWN], *[""] * SHOWN], strict=False):
            line.setText(text)
            line.setVisible(bool(text))
