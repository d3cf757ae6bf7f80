"""How it went: four choices with their keys; the operator's own verdict is marked, not chosen."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from widgets.theme import color, font, icon

CHOICES: tuple[tuple[str, str, str], ...] = (
    ("success", "Success", "success"),
    ("qualified_success", "Qualified", "qualified"),
    ("failure", "Failure", "fail"),
    ("cannot_judge", "Cannot judge", "unsure"),
)


class OutcomeRow(QWidget):
    """The verdict."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setSpacing(4)
        for place, (name, title, picture) in enumerate(CHOICES):
            button = QPushButton(icon(picture), title)
            button.setIconSize(QSize(14, 14))
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(f"Outcome {title}")
            button.clicked.connect(lambda _=False, value=name: self._on_clicked(value))
            grid.addWidget(button, place // 2, place % 2)
            self.buttons[name] = button
        self.prefilled = QLabel()
        self.prefilled.setFont(font(11))
        self.prefilled.setProperty("role", "dim")
        self.prefilled.setTextFormat(Qt.TextFormat.PlainText)
        self.mode = QLabel()
        self.mode.setFont(font(12, bold=True))
        self.mode.setTextFormat(Qt.TextFormat.PlainText)
        self.mode.setAccessibleName("Failure mode")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(grid)
        layout.addWidget(self.mode)
        layout.addWidget(self.prefilled)
        self._outcome: str | None = None
        self.set_outcome(None)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Show the key of each outcome on its button."""
        for name, title, _ in CHOICES:
            self.buttons[name].setText(f"{title}  {keys.get(name, '')}".rstrip())

    def set_outcome(
        self, outcome: str | None, operator: str = "", accept_key: str = "", mode: str = ""
    ) -> None:
        """Show the reviewer's outcome, and the operator's while it counts.

        Parameters
        ----------
        outcome : str or None
            What the reviewer said.
        operator : str
            The operator's verdict; empty hides that there is one.
        accept_key : str
            Key that takes it over.
        mode : str
            Title of the way it failed; empty when none was said.
        """
        self._outcome = outcome
        for name, title, picture in CHOICES:
            button = self.buttons[name]
            button.setChecked(name == outcome)
            offered = outcome is None and name == operator
            dashes = f"QPushButton {{ border: 1px dashed {color('accent').name()}; }}"
            button.setStyleSheet(dashes if offered else "")
            button.setIcon(icon(picture, "on_accent" if name == outcome else "text"))
            state = "chosen" if name == outcome else "the operator's" if name == operator else ""
            button.setAccessibleDescription(state)
            button.setToolTip(f"{title}: {state}" if state else title)
        self.mode.setText(f"how it failed: {mode.lower()}" if mode else "")
        self.mode.setVisible(bool(mode))
        self.prefilled.setText(_prefilled(outcome, operator, accept_key))
        self.prefilled.setVisible(bool(self.prefilled.text()))

    def _on_clicked(self, value: str) -> None:
        self.buttons[value].setChecked(value == self._outcome)
        self.chosen.emit(value)


def _prefilled(outcome: str | None, operator: str, accept_key: str) -> str:
    if not operator:
        return ""
    words = {name: title.lower() for name, title, _ in CHOICES}
    said = f"operator: {words.get(operator, 'said nothing')}"
    if outcome is None and operator in words and accept_key:
        return f"{said}  \N{EN DASH}  {accept_key} takes it over"
    return said
