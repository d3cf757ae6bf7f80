"""Play, pause, where, how fast."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from widgets.theme import font, icon

LONGEST = "picture 00000 of 00000, 000.00 s"
TIMES = "\N{MULTIPLICATION SIGN}"


class PlayRow(QWidget):
    """Shows where the player is.

    Signals
    -------
    pressed(str)
        ``play``, ``slower``, ``faster``, ``back`` or ``forward``.
    """

    pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.play = self._button("", "play", "Play")
        self.play.setIcon(icon("play"))
        self.back = self._button("\N{LEFTWARDS ARROW}", "back", "One picture back")
        self.forward = self._button("\N{RIGHTWARDS ARROW}", "forward", "One picture forward")
        self.slower = self._button("\N{MINUS SIGN}", "slower", "Slower")
        self.faster = self._button("+", "faster", "Faster")
        self.place = QLabel()
        self.place.setFont(font(13, bold=True))
        self.place.setAccessibleName("Picture and time")
        wide = QFontMetrics(font(13, bold=True)).horizontalAdvance(LONGEST)
        self.place.setMinimumWidth(wide)
        self.speed = QLabel()
        self.speed.setAccessibleName("Speed")
        self.title = QLabel()
        self.title.setProperty("role", "dim")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self.play, self.back, self.forward, self.place, self.slower, self.speed,
                       self.faster):  # fmt: skip
            layout.addWidget(widget)
        layout.addWidget(self.title, 1)

    def _button(self, text: str, name: str, title: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAccessibleName(title)
        button.setToolTip(title)
        button.setProperty("compact", True)
        button.clicked.connect(lambda: self.pressed.emit(name))
        return button

    def show_place(
        self, index: int, count: int, time_s: float, speed: float, playing: bool
    ) -> None:
        """Show picture, time, speed, and whether it plays."""
        text = f"picture {index} of {count}, {time_s:.2f} s" if count else "no picture"
        if text != self.place.text():
            self.place.setText(text)
        self.speed.setText(f"{TIMES}{speed:g}")
        name = "Pause" if playing else "Play"
        if name != self.play.accessibleName():
            self.play.setIcon(icon("pause" if playing else "play"))
            self.play.setAccessibleName(name)
