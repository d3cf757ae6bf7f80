"""What is written on the 3-D view: which hand, how fresh, the legend, forces, hints."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from widgets.freshness import age_text
from widgets.marks import Level, paint_mark
from widgets.theme import color, font

HINT = "drag a link: pull    Shift-drag: pin    drag outside: orbit    wheel: zoom"
LEGEND = (("measured", "#c5cbd4"), ("sent", "#4fb8f0"))
LEGEND_STEP_PX = 88
LEGEND_PX = 136
OLD: tuple[Level, ...] = ("stale", "gone")


def paint_frame(
    painter: QPainter, rect: QRect, hands: Sequence[tuple[str, Level, float | None]]
) -> None:
    """Write names, marks and legend; say STALE across a picture that is old.

    Parameters
    ----------
    painter : QPainter
        On the view.
    rect : QRect
        The whole view.
    hands : sequence of (str, Level, float or None)
        Name, level and age in seconds of each hand's joints.
    """
    levels = [level for _, level, _ in hands]
    if any(level in OLD for level in levels):
        painter.fillRect(rect, QColor(10, 12, 15, 130))
    x = _paint_hands(painter, rect, hands)
    if x + LEGEND_PX < rect.width():
        _paint_legend(painter, rect)
    if any(level in OLD for level in levels):
        painter.setFont(font(24, bold=True))
        box = painter.fontMetrics().boundingRect("STALE").adjusted(-12, -4, 12, 4)
        box.moveCenter(rect.center())
        painter.fillRect(box, color("background"))
        painter.setPen(color("bad"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "STALE")
    elif all(level == "off" for level in levels):
        painter.setPen(color("text"))
        painter.setFont(font(13, bold=True))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
        text = "Waiting for the hand's joints; this is its rest pose"
        painter.drawText(rect.adjusted(8, 0, -8, -32), flags | Qt.TextFlag.TextWordWrap, text)


def _paint_hands(
    painter: QPainter, rect: QRect, hands: Sequence[tuple[str, Level, float | None]]
) -> int:
    painter.setFont(font(12))
    x = 8
    for name, level, age_s in hands:
        old = level in OLD
        text = f"{name}  STALE {age_text(age_s)}" if old else name
        paint_mark(painter, QRectF(x, 8, 10, 10), level)
        painter.setPen(color("bad" if old else "text"))
        painter.drawText(x + 16, 17, text)
        x += 32 + painter.fontMetrics().horizontalAdvance(text)
    return x


def _paint_legend(painter: QPainter, rect: QRect) -> None:
    painter.setFont(font(12))
    for place, (word, shade) in enumerate(LEGEND):
        box = QRect(rect.width() - LEGEND_PX + place * LEGEND_STEP_PX, 8, 10, 10)
        if word == "sent":
            glass = QColor(shade)
            glass.setAlpha(90)
            painter.setPen(QColor(shade))
            painter.setBrush(glass)
            painter.drawRect(box)
        else:
            painter.fillRect(box, QColor(shade))
        painter.setPen(color("dim"))
        painter.drawText(box.right() + 6, 18, word)


def paint_stretch(painter: QPainter, middle: QPoint, stretch_m: float) -> None:
    """Write how far a pull is stretched beside its target."""
    painter.setFont(font(12, bold=True))
    text = f"{stretch_m * 1000:.0f} mm"
    box = painter.fontMetrics().boundingRect(text).adjusted(-4, -2, 4, 2)
    box.moveCenter(middle)
    painter.fillRect(box, QColor(10, 12, 15, 190))
    painter.setPen(color("text"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def paint_hint(painter: QPainter, rect: QRect) -> None:
    """Say what the mouse does, where there is room."""
    painter.setFont(font(11))
    if painter.fontMetrics().horizontalAdvance(HINT) < rect.width() - 16:
        painter.setPen(color("dim"))
        painter.drawText(8, rect.height() - 8, HINT)


def paint_no_gl(painter: QPainter, rect: QRect, why: str) -> None:
    """Say that there is no 3-D view and why."""
    painter.fillRect(rect, color("panel"))
    painter.setPen(color("text"))
    painter.setFont(font(13))
    painter.drawText(
        rect.adjusted(24, 24, -24, -24),
        Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
        f"No 3-D view: {why}. Everything else works.",
    )
