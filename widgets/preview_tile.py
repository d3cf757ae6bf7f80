"""The preview without operator: a camera tile that says what it is not sure of."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from devices.stream import StreamSpec
from widgets.camera_tile import CameraTile
from widgets.theme import color, font

STARTING = (
    "The preview is starting",
    "It begins with the scene as it is now; keep your hands out for a moment.",
)
LINE_PX = 22


class PreviewTile(CameraTile):
    """Shows the preview, and a sentence on it when it should not be trusted."""

    def __init__(self, spec: StreamSpec, title: str, parent: QWidget | None = None) -> None:
        super().__init__(spec, title, parent=parent)
        self.waiting = STARTING
        self.doubt = ""

    def set_doubt(self, doubt: str) -> None:
        """Why the picture should not be trusted; empty when it may be."""
        if doubt != self.doubt:
            self.doubt = doubt
            self.setAccessibleDescription(doubt)
            self.update()

    def _paint_over(self, painter: QPainter, rect: QRect) -> None:
        super()._paint_over(painter, rect)
        if not self.doubt:
            return
        line = QRect(rect.left(), rect.bottom() - LINE_PX + 1, rect.width(), LINE_PX)
        painter.fillRect(line, color("background"))
        painter.setPen(color("warn"))
        painter.setFont(font(12))
        words = painter.fontMetrics().elidedText(
            self.doubt, Qt.TextElideMode.ElideRight, line.width() - 12
        )
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)
