"""The field for the operator's pseudonym.

It holds the keyboard only while somebody types in it: Enter, Esc and a click on anything else give
the keyboard back to the window, whose single-letter keys make the takes.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from recorder.pseudonym import CODE, CODE_FORM
from widgets.theme import restyle

CODE_HELP = f"A pseudonym, never a name: {CODE_FORM}"


class OperatorCode(QLineEdit):
    """Line for a pseudonym, which says why what is typed is none."""

    code_changed = Signal(str)  # the pseudonym, or "" when the text became empty or invalid

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._told = ""
        self.setPlaceholderText("P07")
        self.setFixedWidth(72)
        self.setMaxLength(7)
        self.textChanged.connect(self._on_text)
        self.returnPressed.connect(self.clearFocus)
        self._on_text("")

    @property
    def code(self) -> str:
        """The pseudonym, or an empty string while the text is empty or not valid."""
        text = self.text().upper()
        return text if CODE.fullmatch(text) else ""

    @property
    def problem(self) -> str:
        """Why the text is no pseudonym, or an empty string."""
        if self.code:
            return ""
        if not self.text():
            return f"the operator code is empty: type {CODE_FORM}"
        return f"operator code '{self.text()}' is not valid: it is {CODE_FORM}"

    def _on_text(self, text: str) -> None:
        restyle(self, "invalid", bool(self.problem))
        self.setToolTip(self.problem or CODE_HELP)
        if self.code != self._told:
            self._told = self.code
            self.code_changed.emit(self.code)

    def event(self, event: QEvent) -> bool:
        # Esc may be a key of the window (STOP): it is seen here first and still passed on.
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        return super().event(event)

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        QApplication.instance().installEventFilter(self)

    def focusOutEvent(self, event) -> None:
        QApplication.instance().removeEventFilter(self)
        super().focusOutEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        elsewhere = (
            event.type() == QEvent.Type.MouseButtonPress
            and isinstance(watched, QWidget)
            and watched is not self
            and QApplication.activePopupWidget() is None  # the field's own menu is no elsewhere
        )
        if elsewhere:
            self.clearFocus()
        return False
