"""All lanes of one episode over one time axis, with the cursor on top.

Each lane draws itself once per view into a picture that is kept; moving the cursor repaints two
narrow strips and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from recorder.review.state import Interval
from widgets.player.lane import Lane
from widgets.player.time_axis import TimeAxis
from widgets.theme import color, font

GUTTER_PX = 120
GAP_PX = 3  # between lanes
CURSOR_REACH_PX = 4
SMALLEST_TEXT_PX = 8
NOTE_FROM_PX = 34  # of a lane's height
DRAG_PX = 4  # a press that moves less is a click
IDLE_ALPHA, OUT_ALPHA = 26, 170
WIDEST_PICTURE_PX = 8192


class LaneStack(QWidget):
    """Draws lanes and says where somebody clicked.

    All times are the episode's own: ns after its first sample.
    """

    time_picked = Signal(object)  # int, ns
    item_picked = Signal(str, str)  # lane, item id
    zoom_turned = Signal(float, object)  # factor of the view's length, int ns it keeps in place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes: list[Lane] = []
        self._pictures: dict[Lane, QPixmap] = {}
        self._window = (0, 1)
        self._duration_ns = 1
        self._time_ns = 0
        self._trim: Interval | None = None
        self._idle: tuple[tuple[int, int], ...] = ()
        self._room_px = 0
        self._pressed = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Lanes of the episode")

    # ---- what is shown ---------------------------------------------------------------------

    @property
    def axis(self) -> TimeAxis:
        """The view, on the pixels right of the names."""
        return TimeAxis(*self._window, max(1, min(self.width() - GUTTER_PX, WIDEST_PICTURE_PX)))

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Lanes that are shown, top to bottom."""
        return tuple(self._lanes)

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Show these; lanes that were shown before keep their pictures."""
        self._lanes = list(lanes)
        self._pictures = {lane: p for lane, p in self._pictures.items() if lane in self._lanes}
        self._fit()
        self.update()

    def set_view(self, start_ns: int, stop_ns: int, duration_ns: int) -> None:
        """Show ``[start_ns, stop_ns)`` of an episode of ``duration_ns``."""
        if (start_ns, stop_ns) != self._window or duration_ns != self._duration_ns:
            self._window = (start_ns, max(start_ns + 1, stop_ns))
            self._duration_ns = duration_ns
            self._pictures.clear()
            self.update()

    def set_shades(self, trim: Interval | None, idle: Sequence[tuple[int, int]]) -> None:
        """Darken what ``trim`` leaves out, tint what is idle."""
        self._trim, self._idle = trim, tuple(idle)
        self.update()

    def set_time(self, time_ns: int) -> None:
        """Move the cursor; repaints only where it was and where it is."""
        if time_ns == self._time_ns:
            return
        self.update(self._cursor_rect())
        self._time_ns = time_ns
        self.update(self._cursor_rect())

    def cursor_x(self) -> float:
        """Pixel of the cursor in this widget."""
        return GUTTER_PX + self.axis.x(self._time_ns)

    def _cursor_rect(self) -> QRect:
        x = int(max(-100, min(self.width() + 100, self.cursor_x())))
        return QRect(x - CURSOR_REACH_PX, 0, 2 * CURSOR_REACH_PX + 1, self.height())

    # ---- geometry --------------------------------------------------------------------------

    def set_room(self, room_px: int) -> None:
        """Say how much height there is without scrolling; lanes grow and shrink to fill it."""
        if room_px != self._room_px:
            self._room_px = room_px
            self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(max(1, self._bottom(), self._room_px))
        self.updateGeometry()

    @property
    def best_height_px(self) -> int:
        """Height at which every lane is best read."""
        return sum(lane.best_px + GAP_PX for lane in self._lanes) + GAP_PX

    def sizeHint(self) -> QSize:
        return QSize(600, self._bottom())

    def _bottom(self) -> int:
        rects = self._rects()
        return rects[-1].bottom() + GAP_PX if rects else 0

    def _rects(self) -> list[QRect]:
        """Place of each lane, names included."""
        least = sum(lane.least_px for lane in self._lanes)
        spare = max(0, self._room_px - least - GAP_PX * (len(self._lanes) + 1))
        wish = sum(lane.best_px - lane.least_px for lane in self._lanes)
        share = 0.0 if wish == 0 else min(2.5, spare / wish)
        rects, top = [], GAP_PX
        for lane in self._lanes:
            tall = lane.least_px + int((lane.best_px - lane.least_px) * share)
            rects.append(QRect(0, top, self.width(), tall))
            top += tall + GAP_PX
        return rects

    def lane_rect(self, name: str) -> QRect | None:
        """Where the lane ``name`` is drawn, right of its name; None when it is not shown."""
        for lane, rect in zip(self._lanes, self._rects(), strict=True):
            if lane.name == name:
                return rect.adjusted(GUTTER_PX, 0, 0, 0)
        return None

    # ---- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.fillRect(event.rect(), color("panel"))
        axis = self.axis
        for lane, rect in zip(self._lanes, self._rects(), strict=True):
            if not rect.intersects(event.rect()):
                continue
            painter.fillRect(rect.adjusted(GUTTER_PX, 0, 0, 0), color("background"))
            painter.drawPixmap(GUTTER_PX, rect.top(), self._picture(lane, axis, rect.height()))
            if event.rect().left() < GUTTER_PX:
                self._paint_names(painter, lane, rect)
        painter.setClipRect(event.rect() & self.rect().adjusted(GUTTER_PX, 0, 0, 0))
        self._paint_shades(painter, axis)
        x = self.cursor_x()
        painter.setPen(QPen(color("text"), 1))
        painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        painter.end()

    def _picture(self, lane: Lane, axis: TimeAxis, height_px: int) -> QPixmap:
        ratio = self.devicePixelRatioF()
        width_px, lane_px = (max(1, round(px * ratio)) for px in (axis.width_px, height_px))
        size = QSize(width_px, lane_px)
        kept = self._pictures.get(lane)
        if kept is not None and kept.size() == size:
            return kept
        made = QPixmap(size)
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        lane.paint(painter, axis, height_px)
        painter.end()
        self._pictures[lane] = made
        return made

    def _paint_names(self, painter: QPainter, lane: Lane, rect: QRect) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        right = middle | Qt.AlignmentFlag.AlignRight
        painter.setPen(color("text"))
        painter.setFont(font(11))
        rows_px = 0
        if lane.rows and rect.height() / len(lane.rows) >= SMALLEST_TEXT_PX:
            tall = rect.height() / len(lane.rows)
            painter.setFont(font(max(SMALLEST_TEXT_PX, min(11, int(tall) - 1))))
            painter.setPen(color("dim"))
            metrics = painter.fontMetrics()
            rows_px = max(metrics.horizontalAdvance(name) for name in lane.rows) + 8
            rows_px = min(rows_px, GUTTER_PX // 2)
            for row, name in enumerate(lane.rows):
                box = QRectF(GUTTER_PX - rows_px, rect.top() + row * tall, rows_px - 6, tall)
                shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, rows_px - 6)
                painter.drawText(box, right, shown)
            painter.setPen(color("text"))
            painter.setFont(font(11))
        space = QRect(8, rect.top(), GUTTER_PX - 12 - rows_px, min(rect.height(), 18))
        if not rows_px:
            space.setHeight(rect.height())
        shown = painter.fontMetrics().elidedText(
            lane.title, Qt.TextElideMode.ElideRight, space.width()
        )
        painter.drawText(space, middle, shown)
        if lane.note and rect.height() >= NOTE_FROM_PX:
            painter.setPen(color("dim"))
            painter.setFont(font(10))
            painter.drawText(space.translated(0, 15), middle, lane.note)

    def _paint_shades(self, painter: QPainter, axis: TimeAxis) -> None:
        tall = self.height()
        tint = QColor(color("text"))
        tint.setAlpha(IDLE_ALPHA)
        for start_ns, stop_ns in self._idle:
            if axis.shows(start_ns, stop_ns):
                painter.fillRect(self._strip(axis, start_ns, stop_ns, tall), tint)
        dark = QColor(color("background"))
        dark.setAlpha(OUT_ALPHA)
        for start_ns, stop_ns in self._left_out(axis):
            box = self._strip(axis, start_ns, stop_ns, tall)
            painter.fillRect(box, dark)
            painter.fillRect(box, QBrush(color("line"), Qt.BrushStyle.FDiagPattern))

    def _left_out(self, axis: TimeAxis) -> list[tuple[int, int]]:
        """Stretches of the view that the trim or the ends of the episode leave out."""
        inside = (0, self._duration_ns)
        if self._trim is not None:
            inside = (self._trim.start_ns, self._trim.stop_ns)
        found = [(axis.start_ns, inside[0]), (inside[1], axis.stop_ns)]
        return [(start, stop) for start, stop in found if start < stop and axis.shows(start, stop)]

    @staticmethod
    def _strip(axis: TimeAxis, start_ns: int, stop_ns: int, tall: int) -> QRectF:
        left = round(max(0.0, axis.x(start_ns)))
        right = round(min(float(axis.width_px), axis.x(stop_ns)))
        return QRectF(GUTTER_PX + left, 0, max(1, right - left), tall)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._pictures.clear()

    # ---- mouse -----------------------------------------------------------------------------

    def _under(self, y: float) -> tuple[Lane, QRect] | None:
        for lane, rect in zip(self._lanes, self._rects(), strict=True):
            if rect.top() <= y <= rect.bottom():
                return lane, rect
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if event.button() != Qt.MouseButton.LeftButton or at.x() < GUTTER_PX:
            event.ignore()
            return
        self._pressed = True
        self.time_picked.emit(self.axis.time_ns(at.x() - GUTTER_PX))
        under = self._under(at.y())
        if under is None:
            return
        lane, rect = under
        picked = lane.item_at(at.x() - GUTTER_PX, at.y() - rect.top(), self.axis, rect.height())
        if picked is not None:
            self.item_picked.emit(picked.lane, picked.item)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed:
            self.time_picked.emit(self.axis.time_ns(event.position().x() - GUTTER_PX))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = False

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()  # scrolls the lanes
            return
        around_ns = self.axis.time_ns(event.position().x() - GUTTER_PX)
        self.zoom_turned.emit(0.8 ** (event.angleDelta().y() / 120.0), around_ns)
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            under = self._under(event.pos().y())
            text = ""
            if under is not None:
                lane, rect = under
                text = lane.title
                x, y = event.pos().x() - GUTTER_PX, event.pos().y() - rect.top()
                if x >= 0:
                    text = lane.text_at(x, y, self.axis, rect.height())
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)
