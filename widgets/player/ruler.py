"""The ruler over the lanes: seconds, the cursor's head, the loop range.

A click seeks; dragging across it chooses the range that is looped.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from devices.clock import NS_PER_S
from recorder.review.state import Interval
from widgets.player.lane_stack import DRAG_PX, GUTTER_PX
from widgets.player.time_axis import TimeAxis
from widgets.theme import color, font

RULER_PX = 24
HEAD_PX = 5


class Ruler(QWidget):
    """Seconds of one episode, aligned with the lanes below."""

    time_picked = Signal(object)  # int, ns
    range_dragged = Signal(object, object)  # int ns start, int ns stop
    zoom_turned = Signal(float, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._window = (0, 1)
        self._duration_ns = 1
        self._time_ns = 0
        self._loop: Interval | None = None
        self._dragged: tuple[int, int] | None = None
        self._pressed_x: float | None = None
        self._right_px = 0
        self.note = ""
        self.setFixedHeight(RULER_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Ruler in seconds")
        self.setToolTip("Click: go there. Drag: loop this range. Ctrl and wheel: zoom")

    def sizeHint(self) -> QSize:
        return QSize(600, RULER_PX)

    @property
    def axis(self) -> TimeAxis:
        """The view, on the pixels right of the names."""
        return TimeAxis(*self._window, max(1, self.width() - GUTTER_PX - self._right_px))

    def set_view(self, start_ns: int, stop_ns: int, duration_ns: int) -> None:
        """Show ``[start_ns, stop_ns)``."""
        self._window = (start_ns, max(start_ns + 1, stop_ns))
        self._duration_ns = duration_ns
        self.update()

    def set_right_margin(self, pixels: int) -> None:
        """Leave room where the lanes have their scroll bar."""
        if pixels != self._right_px:
            self._right_px = pixels
            self.update()

    def set_time(self, time_ns: int) -> None:
        """Move the cursor's head."""
        if time_ns != self._time_ns:
            self._time_ns = time_ns
            self.update()

    def set_loop(self, loop: Interval | None) -> None:
        """Mark the range that is looped."""
        if loop != self._loop:
            self._loop = loop
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("raised"))
        painter.setFont(font(11))
        painter.setPen(color("dim"))
        middle = Qt.AlignmentFlag.AlignVCenter
        name = painter.fontMetrics().elidedText(
            self.note or "seconds", Qt.TextElideMode.ElideRight, GUTTER_PX - 12
        )
        painter.drawText(QRectF(8, 0, GUTTER_PX - 12, RULER_PX), middle, name)
        painter.setClipRect(GUTTER_PX, 0, self.width() - GUTTER_PX, RULER_PX)
        painter.translate(GUTTER_PX, 0)
        axis = self.axis
        self._paint_loop(painter, axis)
        step_s, ticks = axis.ticks()
        digits = 0 if step_s >= 1 else 1 if step_s >= 0.1 else 2
        painter.setPen(color("dim"))
        for tick_ns in ticks:
            if not 0 <= tick_ns <= self._duration_ns:
                continue
            x = int(axis.x(tick_ns))
            painter.drawLine(x, RULER_PX - 7, x, RULER_PX)
            text = f"{tick_ns / NS_PER_S:.{digits}f} s"
            if x + 4 + painter.fontMetrics().horizontalAdvance(text) <= axis.width_px:
                painter.drawText(QRectF(x + 4, 0, 80, RULER_PX - 3), middle, text)
        x = axis.x(self._time_ns)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color("text"), 1))
        painter.setBrush(color("text"))
        head = [QPointF(x - HEAD_PX, 0), QPointF(x + HEAD_PX, 0), QPointF(x, 1.6 * HEAD_PX)]
        painter.drawPolygon(QPolygonF(head))
        painter.drawLine(QPointF(x, 0), QPointF(x, RULER_PX))
        painter.end()

    def _paint_loop(self, painter: QPainter, axis: TimeAxis) -> None:
        shown = self._dragged or (
            (self._loop.start_ns, self._loop.stop_ns) if self._loop is not None else None
        )
        if shown is None:
            return
        left, right = axis.x(shown[0]), axis.x(shown[1])
        shade = QColor(color("accent"))
        shade.setAlpha(90)
        painter.fillRect(QRectF(left, 0, right - left, RULER_PX), shade)
        painter.setPen(QPen(color("accent"), 2))
        for x, turn in ((left, 1), (right, -1)):
            painter.drawLine(QPointF(x, 1), QPointF(x, RULER_PX - 1))
            painter.drawLine(QPointF(x, 1), QPointF(x + 5 * turn, 1))
            painter.drawLine(QPointF(x, RULER_PX - 1), QPointF(x + 5 * turn, RULER_PX - 1))

    def _time_at(self, x: float) -> int:
        return min(self._duration_ns, max(0, self.axis.time_ns(x - GUTTER_PX)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and event.position().x() >= GUTTER_PX:
            self._pressed_x = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_x is None:
            return
        ends = sorted((self._time_at(self._pressed_x), self._time_at(event.position().x())))
        moved = abs(event.position().x() - self._pressed_x) > DRAG_PX
        self._dragged = (ends[0], ends[1]) if moved else None
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed_x is None:
            return
        dragged, self._dragged, self._pressed_x = self._dragged, None, None
        self.update()
        if dragged is None:
            self.time_picked.emit(self._time_at(event.position().x()))
        elif dragged[0] < dragged[1]:
            self.range_dragged.emit(*dragged)

    def wheelEvent(self, event: QWheelEvent) -> None:
        around_ns = self.axis.time_ns(event.position().x() - GUTTER_PX)
        self.zoom_turned.emit(0.8 ** (event.angleDelta().y() / 120.0), around_ns)
        event.accept()
