"""The recording lamp."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from widgets.theme import color, font


class RecordingLamp(QWidget):
    """Recording lamp: a filled disc with REC, or a ring."""

    def __init__(self) -> None:
        super().__init__()
        self.lit = False
        self.setFixedSize(56, 24)

    def set_lit(self, lit: bool) -> None:
        """Light the lamp, or put it out."""
        if lit != self.lit:
            self.lit = lit
            self.update()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade = color("bad" if self.lit else "faint")
        painter.setPen(shade)
        painter.setBrush(shade if self.lit else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(2, 6, 12, 12))
        painter.setPen(color("bad" if self.lit else "dim"))
        painter.setFont(font(13, bold=self.lit))
        painter.drawText(
            QRectF(20, 0, 36, 24), Qt.AlignmentFlag.AlignVCenter, "REC" if self.lit else "idle"
        )
