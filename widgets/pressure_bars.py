"""Fingertip pressures as bars: one scalar per finger."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from devices.clock import now_ns
from devices.stream import Sample, StreamSpec
from widgets.colormaps import nice_ceiling
from widgets.freshness import Freshness, age_text
from widgets.marks import paint_mark
from widgets.theme import color, font

HEADER_PX = 28
LEAST_RANGE_KPA = 10.0


class PressureBars(QWidget):
    """Bars of a ``(finger,)`` stream in pascals, shown in kilopascals.

    The range grows to the next round number above the strongest press seen and stays there;
    a double-click starts it afresh.
    """

    def __init__(self, spec: StreamSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.range_kpa = LEAST_RANGE_KPA
        self._freshness = Freshness(spec)
        self._sample: Sample | None = None
        self.setMinimumSize(200, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setToolTip("Fingertip pressure; double-click: fit the range afresh")

    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    def show_sample(self, sample: Sample) -> None:
        """Show ``sample``; one shown before costs nothing."""
        if self._freshness.note(sample):
            self._sample = sample
            strongest = float(np.max(sample.data, initial=0.0)) / 1e3
            if strongest > self.range_kpa:
                self.range_kpa = nice_ceiling(strongest)
            self.update()

    def refresh(self, at_ns: int | None = None) -> None:
        """Follow the passing of time; call it a few times a second."""
        if self._freshness.level(now_ns() if at_ns is None else at_ns) != "ok":
            self.update()

    def bar_rect(self, finger: int) -> QRectF:
        """The full groove of ``finger`` in widget pixels; the bar fills it from below."""
        column = (self.width() - 56) / self.spec.shape[0]
        wide = min(40.0, column * 0.6)
        left = 48 + finger * column + (column - wide) / 2
        return QRectF(left, HEADER_PX + 4, wide, self.height() - HEADER_PX - 48)

    def mouseDoubleClickEvent(self, event) -> None:
        self.range_kpa = LEAST_RANGE_KPA
        self.update()

    def paintEvent(self, event) -> None:
        at_ns = now_ns()
        level = self._freshness.level(at_ns)
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("panel"))
        paint_mark(painter, QRectF(8, HEADER_PX / 2 - 5, 10, 10), level)
        painter.setPen(color("text"))
        painter.setFont(font(12, bold=True))
        title = self.spec.name.replace("/", " ").replace("_", " ")
        if self._sample is not None and level in ("stale", "gone"):
            title += f"  STALE {age_text(self._freshness.age_s(at_ns))}"
        painter.drawText(
            QRectF(24, 0, self.width() - 32, HEADER_PX), Qt.AlignmentFlag.AlignVCenter, title
        )
        painter.setFont(font(11))
        painter.setPen(color("dim"))
        groove = self.bar_rect(0)
        for share in (0.0, 0.5, 1.0):
            y = groove.bottom() - share * groove.height()
            painter.drawText(
                QRectF(0, y - 8, 44, 16),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                f"{share * self.range_kpa:g}" + (" kPa" if share == 1.0 else ""),
            )
        values = np.zeros(self.spec.shape) if self._sample is None else self._sample.data
        for finger, label in enumerate(self.spec.labels):
            self._paint_bar(painter, finger, label, float(values[finger]) / 1e3)

    def _paint_bar(self, painter: QPainter, finger: int, label: str, pressure_kpa: float) -> None:
        groove = self.bar_rect(finger)
        painter.fillRect(groove, color("raised"))
        share = min(1.0, max(0.0, pressure_kpa / self.range_kpa))
        bar = QRectF(groove)
        bar.setTop(groove.bottom() - share * groove.height())
        painter.fillRect(bar, color("accent"))
        text = QRectF(groove.center().x() - 40, groove.bottom() + 4, 80, 16)
        painter.setPen(color("text"))
        painter.setFont(font(12, bold=True))
        shown = f"{pressure_kpa:.1f} kPa" if self._sample is not None else "\N{EN DASH}"
        painter.drawText(text, Qt.AlignmentFlag.AlignCenter, shown)
        text.translate(0, 18)
        painter.setPen(color("dim"))
        painter.setFont(font(11))
        painter.drawText(text, Qt.AlignmentFlag.AlignCenter, label)
