"""Phases or events of a task: key, title, where they lie, and their definitions.

The definition that counts now is shown whole under the list: of the row under the mouse or with the
focus, else of the term that runs, else of the one that comes next. The others end in an ellipsis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from recorder.review.schema import Term
from widgets.review.elided import Elided
from widgets.theme import font


class TermList(QWidget):
    """Terms that a key or a press sets at the playhead.

    Parameters
    ----------
    caption : str
        Heading, e.g. ``phases``.
    """

    pressed = Signal(str)

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption = QLabel(caption)
        self.caption.setProperty("role", "title")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.definition = QLabel()
        self.definition.setFont(font(11))
        self.definition.setWordWrap(True)
        self.definition.setTextFormat(Qt.TextFormat.PlainText)
        self.definition.setContentsMargins(8, 0, 4, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.caption)
        layout.addLayout(self._rows)
        layout.addWidget(self.definition)
        self.rows: dict[str, Elided] = {}
        self._terms: dict[str, Term] = {}
        self._hovered = ""
        self._wanted = ""

    def set_terms(self, terms: Sequence[Term]) -> None:
        """Show the terms of a schema."""
        if tuple(terms) == tuple(self._terms.values()):
            return
        self._terms = {term.name: term for term in terms}
        for row in self.rows.values():
            row.hide()
            row.deleteLater()
        self.rows = {}
        for term in terms:
            row = Elided(_title(term), term.definition)
            row.setCheckable(True)
            row.clicked.connect(lambda _=False, name=term.name: self._on_clicked(name))
            row.installEventFilter(self)
            self._rows.addWidget(row)
            self.rows[term.name] = row
        self.setVisible(bool(terms))
        self._wanted = ""
        self._explain()

    def set_spans(self, spans: Mapping[str, str]) -> None:
        """Say where each term lies, e.g. ``0.50 - 3.20``; absent ones lie nowhere."""
        for name, row in self.rows.items():
            row.set_texts(
                _title(self._terms[name]), self._terms[name].definition, spans.get(name, "")
            )

    def set_now(self, running: str, following: str = "") -> None:
        """Mark the term that runs; explain it, else the one that comes next."""
        for name, row in self.rows.items():
            row.setChecked(name == running)
        if self._wanted != (running or following):
            self._wanted = running or following
            self._explain()

    def _explain(self) -> None:
        term = self._terms.get(self._hovered or self._wanted)
        text = f"{term.title}: {term.definition}" if term else ""
        self.definition.setText(text)
        self.definition.setVisible(bool(text))

    def _on_clicked(self, name: str) -> None:
        self.rows[name].setChecked(name == self._wanted)
        self.pressed.emit(name)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        name = next((name for name, row in self.rows.items() if row is watched), "")
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn):
            self._hovered = name
            self._explain()
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.FocusOut) and self._hovered == name:
            self._hovered = ""
            self._explain()
        return super().eventFilter(watched, event)


def _title(term: Term) -> str:
    return f"{term.key or ' '}  {term.title}"
