"""What the colours and letters of the layers mean."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from recorder.cleaning.layers import Layer
from widgets.clean.overlays import LOOKS
from widgets.theme import color, font

LINE_PX = 22


class LayerLegend(QWidget):
    """One entry per layer: colour, letter, word, and its share of the filled pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: dict[Layer, float] = {}
        self.setFixedHeight(LINE_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        meanings = [f"{look.letter} {look.word}: {look.meaning}" for look in LOOKS.values()]
        self.setToolTip("\n".join(meanings))
        self.setAccessibleName("Where filled pixels come from")

    def sizeHint(self) -> QSize:
        return QSize(480, LINE_PX)

    def set_shares(self, shares: Mapping[Layer, float]) -> None:
        """Show the share of the filled pixels that each layer gave, 0 to 1."""
        self._shares = dict(shares)
        words = [f"{LOOKS[one].word} {100 * share:.1f} %" for one, share in self._shares.items()]
        self.setAccessibleDescription(", ".join(words))
        self.update()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setFont(font(12))
        metrics = QFontMetrics(font(12))
        x = 4
        for layer, look in LOOKS.items():
            share = self._shares.get(layer)
            if self._shares and not share:
                continue
            words = look.word if share is None else f"{look.word} {100 * share:.1f} %"
            box = QRect(x, 3, LINE_PX - 6, LINE_PX - 6)
            painter.fillRect(box, QColor(*look.colour))
            painter.setPen(color("on_accent"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, look.letter)
            painter.setPen(color("text"))
            wide = metrics.horizontalAdvance(words)
            painter.drawText(
                QRect(box.right() + 5, 0, wide + 2, LINE_PX), Qt.AlignmentFlag.AlignVCenter, words
            )
            x = box.right() + wide + 18
        painter.end()
