"""A numbered list that waits for a digit: failure modes, reject reasons, instructions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from widgets.review.elided import Elided
from widgets.theme import font


class ChoiceList(QFrame):
    """Entries 1 to 9; the list is hidden while nothing is asked."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.question = QLabel()
        self.question.setProperty("role", "title")
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.question.setWordWrap(True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.question)
        layout.addLayout(self._rows)
        self.buttons: list[QPushButton] = []
        self._shown: tuple[object, ...] = ()
        self.hide()

    def ask(
        self, question: str, entries: Sequence[tuple[str, str]], chosen: int | None = None
    ) -> None:
        """Show ``entries`` (title, definition); an empty question hides the list.

        Parameters
        ----------
        question : str
            What the digit answers.
        entries : sequence of (str, str)
        chosen : int or None
            Number of the entry that holds now.
        """
        shown = (question, tuple(entries), chosen)
        self.setVisible(bool(question))
        if shown == self._shown:
            return
        self._shown = shown
        self.question.setText(question)
        while self._rows.count():
            old = self._rows.takeAt(0).widget()
            old.hide()
            old.deleteLater()
        self.buttons = []
        for number, (title, definition) in enumerate(entries, start=1):
            self._rows.addWidget(self._row(number, title, definition, number == chosen))

    def _row(self, number: int, title: str, definition: str, chosen: bool) -> QPushButton:
        button = Elided(f"{number}  {title}", definition)
        button.setCheckable(True)
        button.setChecked(chosen)
        button.setFont(font(12, bold=chosen))
        button.clicked.connect(lambda _=False, value=number: self.chosen.emit(value))
        self.buttons.append(button)
        return button
