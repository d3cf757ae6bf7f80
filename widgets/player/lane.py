"""What every strip of the timeline can do; the kinds of lanes build on it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from widgets.marks import paint_mark
from widgets.player.time_axis import TimeAxis
from widgets.theme import color

MARK_PX = 9


@dataclass(frozen=True)
class Picked:
    """An item of a lane under the mouse: the lane of the labels it belongs to, and its id."""

    lane: str
    item: str


class Lane:
    """One named strip over the time axis.

    A lane draws itself once per view into a picture that the timeline keeps; the cursor is drawn
    over it. ``x`` counts from the left end of the axis, ``y`` from the lane's own top.

    Attributes
    ----------
    name : str
        Key of the lane: a stream's name, or a lane of the labels.
    title : str
        What stands beside it.
    rows : tuple of str
        Names of the rows within it, top to bottom; empty for a lane of one row.
    least_px, best_px : int
        Height it needs, and height it is best read at.
    note : str
        A few words below the title, where there is room: the scale.
    """

    def __init__(
        self, name: str, title: str, least_px: int, best_px: int, rows: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self.title = title
        self.rows = rows
        self.least_px = least_px
        self.best_px = max(least_px, best_px)
        self.note = ""

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        """Draw the lane on ``axis.width_px`` by ``height_px`` pixels."""
        raise NotImplementedError

    def item_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> Picked | None:
        """The item under a point, if it can be picked."""
        return None

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        """What a tooltip says of a point; empty when there is nothing to say."""
        return ""

    def row_rect(self, row: int, axis: TimeAxis, height_px: int) -> QRectF:
        """Where row ``row`` of the lane is drawn."""
        tall = height_px / max(1, len(self.rows))
        return QRectF(0, row * tall, axis.width_px, tall)


def paint_hatched(painter: QPainter, box: QRectF, name: str) -> None:
    """Hatch ``box`` in the theme colour ``name`` and put a triangle into it."""
    shade = QColor(color(name))
    shade.setAlpha(50)
    painter.fillRect(box, shade)
    painter.fillRect(box, QBrush(color(name), Qt.BrushStyle.BDiagPattern))
    painter.setPen(QPen(color(name), 1))
    painter.drawLine(box.topLeft(), box.bottomLeft())
    painter.drawLine(box.topRight(), box.bottomRight())
    mark = QRectF(0, 0, MARK_PX, MARK_PX)
    mark.moveCenter(box.center())
    paint_mark(painter, mark, "late")
