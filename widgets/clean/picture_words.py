"""Sentences on the picture area: a note at its foot, and what to do while there is no picture."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter

from widgets.theme import color, font


def paint_note(painter: QPainter, area: QRect, note: str) -> None:
    """A sentence at the foot of ``area``."""
    painter.setFont(font(12))
    metrics = QFontMetrics(font(12))
    room = QRect(0, 0, area.width() - 32, 200)
    bounds = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, note)
    box = QRectF(0, 0, bounds.width() + 16, bounds.height() + 8)
    box.moveCenter(area.center())
    box.moveBottom(area.bottom() - 6)
    shade = QColor(color("background"))
    shade.setAlpha(225)
    painter.fillRect(box, shade)
    painter.setPen(color("text"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, note)


def paint_empty(painter: QPainter, area: QRect, title: str, way_out: str) -> None:
    """What is missing, and the way out of it."""
    middle = area.height() // 2
    centred = Qt.AlignmentFlag.AlignHCenter
    painter.setPen(color("text"))
    painter.setFont(font(15, bold=True))
    painter.drawText(QRect(24, middle - 34, area.width() - 48, 26), centred, title)
    painter.setPen(color("dim"))
    painter.setFont(font(13))
    painter.drawText(
        QRect(24, middle, area.width() - 48, area.height() - middle),
        centred | Qt.TextFlag.TextWordWrap,
        way_out,
    )
