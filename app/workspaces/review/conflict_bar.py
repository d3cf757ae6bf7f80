"""Somebody else changed this episode meanwhile: what they did, and the two ways on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget


class ConflictBar(QFrame):
    """A line above the episode; hidden while nothing is to decide."""

    take_theirs = Signal()
    apply_mine = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.text = QLabel()
        self.text.setProperty("role", "warn")
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.take_button = QPushButton()
        self.take_button.clicked.connect(self.take_theirs)
        self.apply_button = QPushButton()
        self.apply_button.clicked.connect(self.apply_mine)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.addWidget(self.text, 1)
        for button in (self.take_button, self.apply_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(button)
        self.hide()

    def set_keys(self, take: str, apply: str) -> None:
        """Show the key of either way on its button."""
        self.take_button.setText(f"Take theirs  {take}")
        self.apply_button.setText(f"Apply mine again  {apply}")

    def show_conflict(self, sentence: str) -> None:
        """Show what happened; an empty sentence hides the bar."""
        self.text.setText(sentence)
        self.setVisible(bool(sentence))
