"""Paints what a person drew on a picture: strokes, outline, box, or that nobody is there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF

from recorder.cleaning.masks.keyframes import KeyFrame, Polyline
from widgets.theme import color, font

OPERATOR = QColor(255, 92, 168)
OTHERS = QColor(79, 184, 240)  # dotted as well, so that colour is not all
SEE_THROUGH = 150


class DrawnMarks:
    """Paints on one pane.

    Parameters
    ----------
    painter : QPainter
    place : QRectF
        Where the whole picture is.
    scale : float
        Screen pixels per pixel of the picture.
    """

    def __init__(self, painter: QPainter, place: QRectF, scale: float) -> None:
        self._painter, self._place, self._scale = painter, place, scale

    def key_frame(self, key: KeyFrame, seen: QRectF) -> None:
        """Everything that was drawn on the picture, of which ``seen`` is on the screen."""
        for line in key.foreground:
            self.stroke(line, True, key.brush_px)
        for line in key.background:
            self.stroke(line, False, key.brush_px)
        if len(key.polygon) >= 3:
            self.outline(key.polygon, closed=True)
        if key.box is not None:
            x0, y0, x1, y1 = key.box
            self.outline(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), closed=True)
        if key.is_empty:
            self._nobody(seen)

    def stroke(self, line: Polyline, operator: bool, brush_px: float) -> None:
        """A stroke on the operator, or on what is not the operator."""
        shade = QColor(OPERATOR if operator else OTHERS)
        shade.setAlpha(SEE_THROUGH)
        pen = QPen(shade, max(2.0, brush_px * self._scale))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if not operator:
            pen.setStyle(Qt.PenStyle.DotLine)
        self._painter.setPen(pen)
        points = [self._at(point) for point in line]
        if len(points) == 1:
            self._painter.drawPoint(points[0])
        else:
            self._painter.drawPolyline(QPolygonF(points))

    def outline(self, corners: Polyline, closed: bool) -> None:
        """A polygon, or as much of it as there is."""
        self._painter.setPen(QPen(OPERATOR, 2, Qt.PenStyle.DashLine))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        points = QPolygonF([self._at(corner) for corner in corners])
        if closed:
            self._painter.drawPolygon(points)
        else:
            self._painter.drawPolyline(points)
        for at in range(points.count()):
            self._painter.drawEllipse(points.at(at), 3, 3)

    def _nobody(self, seen: QRectF) -> None:
        words = "nobody in this picture"
        wide = QFontMetrics(font(12, bold=True)).horizontalAdvance(words) + 20
        box = QRectF(seen.left() + 8, seen.top() + 8, wide, 24)
        self._painter.fillRect(box, color("background"))
        self._painter.setPen(color("text"))
        self._painter.setFont(font(12, bold=True))
        self._painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _at(self, point: tuple[float, float]) -> QPointF:
        return QPointF(
            self._place.left() + point[0] * self._scale, self._place.top() + point[1] * self._scale
        )
