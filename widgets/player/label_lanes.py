"""Lanes of what a reviewer says: phases, events, contacts with their candidates, recoveries.

Half-open: an item covers the pixels from that of its start up to, not including, that of its stop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from recorder.overview.model import ContactCandidate
from recorder.review.contact_edits import candidate_id
from recorder.review.schema import LabelSchema, Term
from recorder.review.state import Contact, Interval, Mark, Phase, Recovery
from widgets.player.lane import Lane, Picked
from widgets.player.time_axis import TimeAxis, clock_text
from widgets.theme import color, font

PHASE_PX = 24
EVENT_PX = 20
FINGER_LEAST_PX = 9
FINGER_BEST_PX = 12
REACH_PX = 6.0
OPEN_PX = 14.0  # how far a contact without an end is drawn
PHASE_COLORS = ("accent", "ok", "warn", "dim")
CANDIDATES = "candidates"  # stands for the lane in ``Picked`` when a proposal is picked


def interval_rect(axis: TimeAxis, start_ns: int, stop_ns: int, top: float, tall: float) -> QRectF:
    """Where a half-open stretch is drawn: whole pixels, at least one."""
    left, right = round(axis.x(start_ns)), round(axis.x(stop_ns))
    return QRectF(left, top, max(1, right - left), tall)


class PhaseLane(Lane):
    """Phases as blocks with their names."""

    def __init__(
        self, phases: Mapping[str, Phase], schema: LabelSchema | None, selected: str | None
    ) -> None:
        super().__init__("phases", "phases", PHASE_PX, PHASE_PX)
        self._phases = phases
        self._terms = {term.name: term for term in schema.phases} if schema else {}
        self._selected = selected

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        painter.setFont(font(11, bold=True))
        order = list(self._terms)
        for item, phase in self._phases.items():
            if not axis.shows(phase.start_ns, phase.stop_ns):
                continue
            box = interval_rect(axis, phase.start_ns, phase.stop_ns, 1, height_px - 2)
            place = order.index(phase.label) if phase.label in order else len(order)
            shade = QColor(color(PHASE_COLORS[place % len(PHASE_COLORS)]))
            shade.setAlpha(255 if item == self._selected else 190)
            painter.fillRect(box, shade)
            painter.setPen(QPen(color("background"), 1))
            painter.drawLine(box.topLeft(), box.bottomLeft())
            if item == self._selected:
                _paint_frame(painter, box)
            _paint_name(painter, box, title_of(self._terms, phase.label), color("on_accent"))

    def item_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> Picked | None:
        time_ns = axis.time_ns(x)
        for item, phase in self._phases.items():
            if phase.contains(time_ns):
                return Picked("phases", item)
        return None

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        picked = self.item_at(x, y, axis, height_px)
        if picked is None:
            return ""
        phase = self._phases[picked.item]
        term = self._terms.get(phase.label)
        text = f"{title_of(self._terms, phase.label)} {span_text(phase)}"
        return f"{text}\n{term.definition}" if term else text


class EventLane(Lane):
    """Events as flags at their instants."""

    def __init__(
        self, events: Mapping[str, Mark], schema: LabelSchema | None, selected: str | None
    ) -> None:
        super().__init__("events", "events", EVENT_PX, EVENT_PX)
        self._events = events
        self._terms = {term.name: term for term in schema.events} if schema else {}
        self._selected = selected

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        painter.setFont(font(11))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        placed = [(axis.x(mark.at_ns), item, mark) for item, mark in self._events.items()]
        placed.sort(key=lambda one: one[0])
        for at, (x, item, mark) in enumerate(placed):
            if not -200 <= x <= axis.width_px:
                continue
            chosen = item == self._selected
            shade = color("accent" if chosen else "text")
            painter.setPen(QPen(shade, 2 if chosen else 1))
            painter.drawLine(QPointF(x, 1), QPointF(x, height_px - 1))
            painter.setBrush(shade)
            flag = [QPointF(x, 2), QPointF(x + 7, 6), QPointF(x, 10)]
            painter.drawPolygon(QPolygonF(flag))
            until = placed[at + 1][0] if at + 1 < len(placed) else axis.width_px
            box = QRectF(x + 9, 0, max(0.0, min(until - x - 11, 160)), height_px)
            _paint_name(painter, box, title_of(self._terms, mark.label), color("text"), 0)

    def item_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> Picked | None:
        near = [(abs(axis.x(mark.at_ns) - x), item) for item, mark in self._events.items()]
        distance, item = min(near, default=(REACH_PX + 1, ""))
        return Picked("events", item) if distance <= REACH_PX else None

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        picked = self.item_at(x, y, axis, height_px)
        if picked is None:
            return ""
        mark = self._events[picked.item]
        term = self._terms.get(mark.label)
        text = f"{title_of(self._terms, mark.label)} at {clock_text(mark.at_ns)}"
        return f"{text}\n{term.definition}" if term else text


class ContactLane(Lane):
    """Contacts by finger: confirmed ones solid, proposed ones outlined, refused ones a dotted line.

    Parameters
    ----------
    contacts : mapping of str to Contact
        Confirmed, by id.
    candidates : sequence of ContactCandidate
        Proposed from the forces; those that a contact of the same finger overlaps are not drawn.
    refused : collection of str
        Ids of the proposals that the reviewer refused.
    """

    def __init__(
        self,
        contacts: Mapping[str, Contact],
        candidates: Sequence[ContactCandidate],
        fingers: Sequence[str],
        selected: tuple[str, str] | None,
        refused: Collection[str] = (),
    ) -> None:
        named = [*(c.finger for c in candidates), *(c.finger for c in contacts.values())]
        rows = tuple(dict.fromkeys([*fingers, *named]))
        count = max(1, len(rows))
        super().__init__(
            "contacts", "contacts", FINGER_LEAST_PX * count, FINGER_BEST_PX * count, rows
        )
        self._contacts = contacts
        self._candidates = candidates
        self._refused = {
            str(number)
            for number, candidate in enumerate(candidates)
            if candidate_id(candidate) in refused
        }
        self._selected = selected

    def _boxes(self, axis: TimeAxis, height_px: int) -> list[tuple[Picked, QRectF]]:
        """Proposals first, so that what is confirmed lies above them."""
        found = []
        for number, candidate in enumerate(self._candidates):
            if not any(_overlap(contact, candidate) for contact in self._contacts.values()):
                row = self.row_rect(self.rows.index(candidate.finger), axis, height_px)
                box = interval_rect(axis, candidate.start_ns, candidate.stop_ns, row.top() + 1,
                                    row.height() - 2)  # fmt: skip
                found.append((Picked(CANDIDATES, str(number)), box))
        for item, contact in self._contacts.items():
            row = self.row_rect(self.rows.index(contact.finger), axis, height_px)
            stop_ns = contact.stop_ns
            box = interval_rect(axis, contact.start_ns, stop_ns or contact.start_ns,
                                row.top() + 1, row.height() - 2)  # fmt: skip
            if stop_ns is None:
                box.setWidth(OPEN_PX)
            found.append((Picked("contacts", item), box))
        return found

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        for row in range(1, len(self.rows)):
            top = self.row_rect(row, axis, height_px).top()
            painter.setPen(color("raised"))
            painter.drawLine(QPointF(0, top), QPointF(axis.width_px, top))
        for picked, box in self._boxes(axis, height_px):
            if box.right() < 0 or box.left() > axis.width_px:
                continue
            if picked.lane == CANDIDATES and picked.item in self._refused:
                painter.setPen(QPen(color("dim"), 1, Qt.PenStyle.DotLine))
                middle = box.center().y()
                painter.drawLine(QPointF(box.left(), middle), QPointF(box.right(), middle))
            elif picked.lane == CANDIDATES:
                painter.setPen(QPen(color("dim"), 1, Qt.PenStyle.DashLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
            elif self._contacts[picked.item].stop_ns is None:
                tip = QPointF(box.right(), box.center().y())
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(color("ok"))
                painter.drawPolygon(QPolygonF([box.topLeft(), tip, box.bottomLeft()]))
            else:
                painter.fillRect(box, color("ok"))
            if self._selected == (picked.lane, picked.item):
                _paint_frame(painter, box)

    def item_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> Picked | None:
        for picked, box in reversed(self._boxes(axis, height_px)):
            if box.left() <= x < box.right() and box.top() - 1 <= y <= box.bottom() + 1:
                return picked
        return None

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        picked = self.item_at(x, y, axis, height_px)
        if picked is None:
            return ""
        if picked.lane == CANDIDATES:
            found = self._candidates[int(picked.item)]
            how = "refused" if picked.item in self._refused else "proposed from the forces"
            return (
                f"{found.finger}: {how}, {clock_text(found.start_ns)} to "
                f"{clock_text(found.stop_ns)}, at most {found.peak_n:.1f} N"
            )
        contact = self._contacts[picked.item]
        if contact.stop_ns is None:
            return f"{contact.finger}: touches from {clock_text(contact.start_ns)} on"
        stop = clock_text(contact.stop_ns)
        return f"{contact.finger}: touches {clock_text(contact.start_ns)} to {stop}"


class RecoveryLane(Lane):
    """Failures and the recoveries they belong to, as pairs."""

    def __init__(self, recoveries: Mapping[str, Recovery], selected: str | None) -> None:
        super().__init__("recoveries", "recoveries", EVENT_PX, EVENT_PX)
        self._recoveries = recoveries
        self._selected = selected

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        painter.setFont(font(10, bold=True))
        for item, pair in self._recoveries.items():
            for part, name, word in ((pair.failure, "bad", pair.mode or "failure"),
                                     (pair.recovery, "ok", "recovery")):  # fmt: skip
                if not axis.shows(part.start_ns, part.stop_ns):
                    continue
                box = interval_rect(axis, part.start_ns, part.stop_ns, 2, height_px - 4)
                painter.fillRect(box, color(name))
                if name == "bad":
                    hatch = QColor(color("background"))
                    hatch.setAlpha(90)
                    painter.fillRect(box, QBrush(hatch, Qt.BrushStyle.FDiagPattern))
                if item == self._selected:
                    _paint_frame(painter, box)
                _paint_name(painter, box, word.replace("_", " "), color("on_accent"))

    def item_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> Picked | None:
        time_ns = axis.time_ns(x)
        for item, pair in self._recoveries.items():
            if pair.failure.contains(time_ns) or pair.recovery.contains(time_ns):
                return Picked("recoveries", item)
        return None

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        picked = self.item_at(x, y, axis, height_px)
        if picked is None:
            return ""
        pair = self._recoveries[picked.item]
        mode = pair.mode.replace("_", " ") or "failure"
        return f"{mode} {span_text(pair.failure)}, recovery {span_text(pair.recovery)}"


def title_of(terms: Mapping[str, Term], name: str) -> str:
    """What the window shows for a name; the name itself where the schema has none."""
    term = terms.get(name)
    return term.title if term else name.replace("_", " ")


def span_text(interval: Interval) -> str:
    """Start, stop and length of a stretch for people."""
    length_s = (interval.stop_ns - interval.start_ns) / 1e9
    start, stop = clock_text(interval.start_ns), clock_text(interval.stop_ns)
    return f"{start} to {stop} ({length_s:.2f} s)"


def _overlap(contact: Contact, candidate: ContactCandidate) -> bool:
    if contact.finger != candidate.finger:
        return False
    stop_ns = contact.start_ns + 1 if contact.stop_ns is None else contact.stop_ns
    return contact.start_ns < candidate.stop_ns and candidate.start_ns < stop_ns


def _paint_frame(painter: QPainter, box: QRectF) -> None:
    painter.setPen(QPen(color("text"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box.adjusted(1, 1, -1, -1))


def _paint_name(
    painter: QPainter, box: QRectF, text: str, shade: QColor, margin_px: int = 5
) -> None:
    """Write ``text`` into ``box``, shortened; nothing where hardly a letter fits."""
    seen = box.adjusted(margin_px, 0, -margin_px, 0)
    seen.setLeft(max(seen.left(), margin_px))
    if seen.width() < painter.fontMetrics().horizontalAdvance("mm"):
        return
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(seen.width()))
    painter.setPen(shade)
    painter.drawText(seen, Qt.AlignmentFlag.AlignVCenter, shown)
