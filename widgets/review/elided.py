"""A flat row to press: what it is, and as much of its explanation as there is room for."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from widgets.theme import color, font

ROW_PX = 22
PAD_PX = 6
GAP_PX = 8


class Elided(QPushButton):
    """One line: title, then a dim explanation that ends in an ellipsis.

    Parameters
    ----------
    title : str
        Always whole.
    more : str
        Explanation; whole in the tooltip and for screen readers.
    """

    def __init__(self, title: str, more: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._more, self._right = "", "", ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setStyleSheet("QPushButton { min-height: 0; padding: 0; border: none; }")
        self.setFixedHeight(ROW_PX)
        self.set_texts(title, more)

    def set_texts(self, title: str, more: str, right: str = "") -> None:
        """Show other texts; ``right`` stands at the right edge, whole."""
        if (title, more, right) == (self._title, self._more, self._right):
            return
        self._title, self._more, self._right = title, more, right
        self.setAccessibleName(title)
        self.setAccessibleDescription(" ".join(part for part in (right, more) if part))
        self.setToolTip(f"{title}: {more}" if more else title)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, ROW_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, ROW_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self.rect()
        if self.isChecked():
            painter.fillRect(box, color("pressed"))
            painter.fillRect(QRect(0, 2, 3, box.height() - 4), color("accent"))
        elif self.underMouse():
            painter.fillRect(box, color("raised"))
        if self.hasFocus():
            painter.setPen(color("accent"))
            painter.drawRect(box.adjusted(0, 0, -1, -1))
        inner = box.adjusted(PAD_PX + 2, 0, -PAD_PX, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font(12, bold=self.isChecked()))
        painter.setPen(color("text"))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, self._title)
        used = painter.fontMetrics().horizontalAdvance(self._title) + GAP_PX
        painter.setFont(font(11))
        metrics = painter.fontMetrics()
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, self._right)
        right_px = metrics.horizontalAdvance(self._right) + (GAP_PX if self._right else 0)
        room = inner.adjusted(used, 0, -right_px, 0)
        painter.setPen(color("dim"))
        text = metrics.elidedText(self._more, Qt.TextElideMode.ElideRight, max(0, room.width()))
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, text)
