"""Labels of two reviewers and what was settled, one above the other on one time axis.

Phases are blocks with their names, contacts thin bars below them, events ticks. The disagreement
that is looked at is framed in all three.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from recorder.review.schema import LabelSchema
from recorder.review.state import LabelState
from widgets.theme import color, font

CAPTION_PX = 122  # as wide as the names of the timeline above
MARGIN_PX = 12  # the timeline's scroll bar
STRIP_PX = 52
PHASE_PX = 22
CONTACT_PX = 4
CONTACTS_SHOWN = 5
SHADES = ("accent", "ok", "warn", "dim")
FOCUS_NS = 150_000_000


class LabelStrips(QWidget):
    """Three strips; a click goes to an instant."""

    time_picked = Signal(object)  # int, ns

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strips: list[tuple[str, LabelState]] = []
        self._order: list[str] = []
        self._titles: dict[str, str] = {}
        self._duration_ns = 1
        self._time_ns = 0
        self._focus_ns: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Labels of both reviewers and what was settled")

    def set_strips(
        self, strips: Sequence[tuple[str, LabelState]], schema: LabelSchema, duration_ns: int
    ) -> None:
        """Show (caption, labels) from top to bottom."""
        self._strips = list(strips)
        self._order = [term.name for term in schema.phases]
        self._titles = {term.name: term.title for term in (*schema.phases, *schema.events)}
        self._duration_ns = max(1, duration_ns)
        self.updateGeometry()
        self.update()

    def set_time(self, time_ns: int) -> None:
        """Move the cursor."""
        self._time_ns = time_ns
        self.update()

    def set_focus_at(self, time_ns: int | None) -> None:
        """Frame an instant; None frames nothing."""
        self._focus_ns = time_ns
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, STRIP_PX * max(1, len(self._strips)))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _x(self, time_ns: int) -> float:
        room = self.width() - CAPTION_PX - MARGIN_PX
        return CAPTION_PX + room * time_ns / self._duration_ns

    def mousePressEvent(self, event: QMouseEvent) -> None:
        share = (event.position().x() - CAPTION_PX) / max(1, self.width() - CAPTION_PX - MARGIN_PX)
        self.time_picked.emit(round(min(max(share, 0.0), 1.0) * self._duration_ns))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("panel"))
        for row, (caption, state) in enumerate(self._strips):
            top = row * STRIP_PX
            painter.setPen(color("line"))
            painter.drawLine(0, top, self.width(), top)
            painter.setPen(color("text"))
            painter.setFont(font(12, bold=True))
            box = QRectF(8, top, CAPTION_PX - 12, STRIP_PX)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, caption)
            self._paint_state(painter, state, top + 4)
        if self._focus_ns is not None:
            left, right = self._x(self._focus_ns - FOCUS_NS), self._x(self._focus_ns + FOCUS_NS)
            painter.setPen(QPen(color("bad"), 2))
            wide = max(8.0, right - left)
            middle = self._x(self._focus_ns)
            painter.drawRect(QRectF(middle - wide / 2, 1, wide, self.height() - 3))
        painter.setPen(QPen(color("text"), 1))
        x = round(self._x(self._time_ns))
        painter.drawLine(x, 0, x, self.height())

    def _paint_state(self, painter: QPainter, state: LabelState, top: float) -> None:
        painter.setFont(font(11))
        for phase in state.phases.values():
            left, right = round(self._x(phase.start_ns)), round(self._x(phase.stop_ns))
            box = QRectF(left, top, max(1, right - left), PHASE_PX)
            place = self._order.index(phase.label) if phase.label in self._order else -1
            painter.fillRect(box, color(SHADES[place % len(SHADES)]))
            painter.setPen(QColor(color("on_accent")))
            painter.drawText(
                box.adjusted(4, 0, -2, 0),
                Qt.AlignmentFlag.AlignVCenter,
                painter.fontMetrics().elidedText(
                    self._titles.get(phase.label, phase.label),
                    Qt.TextElideMode.ElideRight,
                    max(0, round(box.width()) - 6),
                ),
            )
        fingers = list(dict.fromkeys(contact.finger for contact in state.contacts.values()))
        for contact in state.contacts.values():
            row = min(fingers.index(contact.finger), CONTACTS_SHOWN - 1)
            left = self._x(contact.start_ns)
            right = self._x(contact.stop_ns or min(contact.start_ns + FOCUS_NS, self._duration_ns))
            y = top + PHASE_PX + 2 + row * (CONTACT_PX + 1)
            painter.fillRect(QRectF(left, y, max(2.0, right - left), CONTACT_PX - 1), color("text"))
        painter.setPen(QPen(color("text"), 2))
        for mark in state.events.values():
            x = round(self._x(mark.at_ns))
            painter.drawLine(x, round(top) - 3, x, round(top) + PHASE_PX + 3)
