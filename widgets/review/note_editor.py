"""A text of several lines that is written when one leaves it, and thrown away with Esc."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

LONGEST = 10_000  # characters; what one label may hold
LINES = 3


class NoteEditor(QPlainTextEdit):
    """Return writes the text (Shift+Return is a new line), Esc puts the old one back."""

    committed = Signal(str)
    left = Signal()  # the keyboard belongs to the labels again

    def __init__(self, name: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * LINES + 12)
        self._stored = ""

    def set_stored(self, text: str) -> None:
        """Show what is stored, unless something else is being typed."""
        dirty = self.hasFocus() and self.toPlainText() != self._stored
        self._stored = text
        if not dirty and self.toPlainText() != text:
            self.setPlainText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        new_line = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not new_line:
            self.commit()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.setPlainText(self._stored)
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.commit()

    def commit(self) -> None:
        """Write the text if it differs from what is stored."""
        text = self.toPlainText()[:LONGEST]
        if text != self._stored:
            self._stored = text
            self.committed.emit(text)
