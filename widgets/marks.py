"""Marks: the shape and the word that go with every state colour.

========  ==========  =====================
level     shape       word
========  ==========  =====================
ok        disc        ok
late      triangle    late
stale     diamond     stale
gone      cross       gone
off       ring        waiting
========  ==========  =====================
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from widgets.theme import color

Level = Literal["ok", "late", "stale", "gone", "off"]
WORDS: dict[Level, str] = {
    "ok": "ok",
    "late": "late",
    "stale": "stale",
    "gone": "gone",
    "off": "waiting",
}
SEVERITY: dict[Level, int] = {"ok": 0, "off": 1, "late": 2, "stale": 3, "gone": 4}
_COLORS: dict[Level, str] = {
    "ok": "ok",
    "late": "warn",
    "stale": "bad",
    "gone": "bad",
    "off": "dim",
}


def level_color(level: Level) -> QColor:
    """Theme colour of ``level``."""
    return color(_COLORS[level])


def paint_mark(painter: QPainter, box: QRectF, level: Level) -> None:
    """Draw the shape of ``level`` centred in ``box``."""
    radius = min(box.width(), box.height()) / 2
    centre = box.center()
    shade = level_color(level)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shade)
    if level == "ok":
        painter.drawEllipse(centre, radius * 0.85, radius * 0.85)
    elif level in ("late", "stale"):
        up = QPointF(0, -radius)
        if level == "late":
            corners = [up, QPointF(radius, radius * 0.8), QPointF(-radius, radius * 0.8)]
        else:
            corners = [up, QPointF(radius, 0), QPointF(0, radius), QPointF(-radius, 0)]
        painter.drawPolygon(QPolygonF([centre + corner for corner in corners]))
    else:
        pen = QPen(shade, max(1.5, radius * 0.4))
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        reach = radius * 0.7
        if level == "gone":
            painter.drawLine(centre + QPointF(-reach, -reach), centre + QPointF(reach, reach))
            painter.drawLine(centre + QPointF(-reach, reach), centre + QPointF(reach, -reach))
        else:
            painter.drawEllipse(centre, reach, reach)
    painter.restore()
