"""Strips under the picture: how sure the masks are, how much was guessed, where one drew.

Confidence below the limit and residue above it are hatched as well as coloured.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from recorder.cleaning.layers import RESIDUE_WARNS
from widgets.theme import color, font

NAME_PX = 108
STRIP_PX = 26
MARKS_PX = 18
GAP_PX = 4
RESIDUE_FULL = 5 * RESIDUE_WARNS  # top of the residue strip


class CleanTimeline(QWidget):
    """Every picture of the clip from left to right; a press goes there."""

    picture_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.count = 0
        self.index = 0
        self._confidence: NDArray[np.float32] | None = None
        self._residue: NDArray[np.float32] | None = None
        self._limit = 0.6
        self._keys: tuple[int, ...] = ()
        self._suggested: tuple[int, ...] = ()
        self.setFixedHeight(2 * STRIP_PX + MARKS_PX + 3 * GAP_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Pictures: confidence of the masks and share that was guessed")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(
            "sure: how sure the mask is; guessed: share seen in no other picture; "
            "filled diamond: drawn here; open diamond: worth drawing here"
        )

    def set_clip(self, count: int) -> None:
        """Show a clip of ``count`` pictures without any figures."""
        self.count, self.index = count, 0
        self.set_figures(None, None, self._limit)

    def set_figures(
        self,
        confidence: NDArray[np.float32] | None,
        residue: NDArray[np.float32] | None,
        limit: float,
    ) -> None:
        """Show confidence and residue, 0 to 1, of every picture; ``limit`` is the least sure."""
        self._confidence, self._residue, self._limit = confidence, residue, limit
        self.update()

    def set_marks(self, keys: Sequence[int], suggested: Sequence[int]) -> None:
        """Mark pictures that were drawn on, and those that are worth it."""
        self._keys, self._suggested = tuple(keys), tuple(suggested)
        self.update()

    def set_index(self, index: int) -> None:
        """Move the cursor."""
        if index != self.index:
            self.index = index
            self.update()
        self.setAccessibleDescription(self.words())

    def words(self) -> str:
        """The shown picture in words, for those who do not see the strips."""
        if not self.count:
            return ""
        said = [f"picture {self.index} of {self.count}"]
        if self._confidence is not None and len(self._confidence):
            sure = float(self._confidence[self.index])
            said.append(f"mask sure {_percent(sure)}{', draw again' * (sure < self._limit)}")
        if self._residue is not None and len(self._residue):
            said.append(f"guessed {_percent(float(self._residue[self.index]))}")
        if self.index in self._keys:
            said.append("drawn")
        return ", ".join(said)

    def _x(self, index: float) -> float:
        room = max(1, self.width() - NAME_PX - 4)
        return NAME_PX + room * (index + 0.5) / max(1, self.count)

    def index_at(self, x: float) -> int:
        """Picture at a place of the widget."""
        room = max(1, self.width() - NAME_PX - 4)
        return min(max(int((x - NAME_PX) * self.count / room), 0), max(0, self.count - 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.count:
            self.picture_asked.emit(self.index_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.count and event.buttons():
            self.picture_asked.emit(self.index_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """PgUp and PgDown move by a tenth of the clip; all other keys are actions."""
        by = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}.get(Qt.Key(event.key()))
        if by is None or not self.count:
            super().keyPressEvent(event)
            return
        index = self.index + by * max(1, self.count // 10)
        self.picture_asked.emit(min(max(index, 0), self.count - 1))

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("panel"))
        first = QRect(NAME_PX, GAP_PX, self.width() - NAME_PX - 4, STRIP_PX)
        second = first.translated(0, STRIP_PX + GAP_PX)
        low = None if self._confidence is None else self._confidence < self._limit
        high = None if self._residue is None else self._residue > RESIDUE_WARNS
        self._paint_strip(painter, first, "sure", self._confidence, 1.0, low, "accent")
        residue = self._residue
        self._paint_strip(painter, second, "guessed", residue, RESIDUE_FULL, high, "warn")
        self._paint_marks(painter, second.bottom() + GAP_PX)
        if self.count:
            x = self._x(self.index)
            painter.setPen(QPen(color("text"), 2))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        if self.hasFocus():
            painter.setPen(QPen(color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_strip(
        self,
        painter: QPainter,
        place: QRect,
        name: str,
        values: NDArray[np.float32] | None,
        full: float,
        bad: NDArray[np.bool_] | None,
        shade: str,
    ) -> None:
        painter.fillRect(place, color("background"))
        painter.setPen(color("dim"))
        painter.setFont(font(11))
        middle = Qt.AlignmentFlag.AlignVCenter
        named = QRect(6, place.top(), NAME_PX - 10, place.height())
        now = "" if values is None or not len(values) else _percent(float(values[self.index]))
        painter.drawText(named, middle | Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(color("text"))
        painter.drawText(named, middle | Qt.AlignmentFlag.AlignRight, now)
        if values is None or bad is None or not len(values):
            return
        hatch = QColor(color("bad"))
        for column in range(place.width()):
            low = column * len(values) // place.width()
            high = max(low + 1, (column + 1) * len(values) // place.width())
            part = values[low:high]
            worst = float(part.min() if shade == "accent" else part.max())
            tall = round(min(1.0, worst / full) * place.height())
            wrong = bool(bad[low:high].any())
            x = place.left() + column
            painter.setPen(color("bad") if wrong else color(shade))
            painter.drawLine(x, place.bottom() - tall + 1, x, place.bottom())
            if wrong:
                column_rect = QRect(x, place.top(), 1, place.height())
                painter.fillRect(column_rect, QBrush(hatch, Qt.BrushStyle.Dense6Pattern))

    def _paint_marks(self, painter: QPainter, top: int) -> None:
        painter.setPen(color("dim"))
        painter.setFont(font(11))
        painter.drawText(
            QRect(6, top, NAME_PX - 10, MARKS_PX), Qt.AlignmentFlag.AlignVCenter, "drawn"
        )
        for index in self._suggested:
            if index not in self._keys:
                self._diamond(painter, index, top, filled=False)
        for index in self._keys:
            self._diamond(painter, index, top, filled=True)

    def _diamond(self, painter: QPainter, index: int, top: int, filled: bool) -> None:
        x, y, r = self._x(index), top + MARKS_PX / 2, 6
        shape = QPolygonF(
            [QPointF(x, y - r), QPointF(x + r, y), QPointF(x, y + r), QPointF(x - r, y)]
        )
        painter.setPen(QPen(color("accent") if filled else color("warn"), 1.5))
        painter.setBrush(color("accent") if filled else Qt.BrushStyle.NoBrush)
        painter.drawPolygon(shape)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0 else f"{100 * share:.1f} %"
