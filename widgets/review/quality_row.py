"""Quality 1 to 5 as five keys, with words at both ends."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from widgets.theme import font

WORDS = ("poor", "weak", "fair", "good", "excellent")


class QualityRow(QWidget):
    """The rating."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        caption = QLabel("quality")
        caption.setProperty("role", "dim")
        layout.addWidget(caption)
        layout.addStretch(1)
        self.buttons: dict[int, QPushButton] = {}
        for value, word in enumerate(WORDS, start=1):
            button = QPushButton(str(value))
            button.setCheckable(True)
            button.setFixedWidth(34)
            button.setStyleSheet("QPushButton { padding: 4px 0; }")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(f"Quality {value}, {word}")
            button.clicked.connect(lambda _=False, chosen=value: self._on_clicked(chosen))
            layout.addWidget(button)
            self.buttons[value] = button
        self.word = QLabel()
        self.word.setProperty("role", "dim")
        self.word.setFont(font(11))
        self.word.setFixedWidth(52)
        layout.addWidget(self.word)
        self._value: int | None = None

    def set_keys(self, keys: Mapping[int, str]) -> None:
        """Name the key of each rating in its tooltip."""
        for value, word in enumerate(WORDS, start=1):
            key = keys.get(value, "")
            self.buttons[value].setToolTip(f"{value}: {word}" + (f"  ({key})" if key else ""))

    def set_value(self, value: int | None) -> None:
        """Show the rating; None shows none."""
        self._value = value
        for number, button in self.buttons.items():
            button.setChecked(number == value)
        self.word.setText(WORDS[value - 1] if value else "")

    def _on_clicked(self, value: int) -> None:
        self.buttons[value].setChecked(value == self._value)
        self.chosen.emit(value)
