"""The frame around every live picture: header, stale overlay, empty state, paint latency.

Degradation, worst last: live picture; *late* mark in the header; **STALE** across a dimmed,
hatched picture with its age; no signal with what to do about it. A frozen picture never looks
alive.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from devices.clock import now_ns
from devices.stream import Sample, StreamSpec
from widgets.freshness import STALE_AFTER_S, Freshness, age_text
from widgets.marks import Level, paint_mark
from widgets.theme import color, font

HEADER_PX = 24
SECOND_LINE_PX = 16
FIGURES_PX = 180  # room for rate, age and losses beside the name
LATENCY_RING = 512


class ImageTile(QWidget):
    """One stream of pictures; subclasses say how a sample becomes colours.

    Parameters
    ----------
    spec : StreamSpec
        The stream; its shape gives the aspect.
    title : str
        Name in the header; the stream's own name when empty.
    stale_after_s : float
        Age from which the picture is stale; None for playback, where nothing grows old.
    """

    def __init__(
        self,
        spec: StreamSpec,
        title: str = "",
        stale_after_s: float | None = STALE_AFTER_S,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.spec = spec
        self.title = title or spec.name.replace("/", " ")
        self.painted_latency_ms: deque[float] = deque(maxlen=LATENCY_RING)
        self._live = stale_after_s is not None
        device = spec.device.replace("_", " ") or "the device"
        self.waiting = (
            ("No signal yet", f"Check the cable and power of {device}; it reconnects by itself.")
            if self._live
            else ("No picture yet", "This stream begins later in the episode.")
        )
        self._freshness = Freshness(spec, stale_after_s)
        self._sample: Sample | None = None
        self._unpainted = False
        self._scaled: QImage | None = None
        self._scaled_source: NDArray | None = None  # keeps the bytes under ``_scaled`` alive
        self._gaps = 0
        self._note = ""
        self._note_warns = False
        self._shown_level: Level = "off"
        self._header_ns = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 96)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setToolTip(f"{spec.name} from {spec.device or 'unknown device'}")

    def sizeHint(self) -> QSize:
        height, width = self.spec.shape[:2]
        return QSize(320, HEADER_PX + 320 * height // width)

    @property
    def level(self) -> Level:
        """How fresh the picture on the screen is."""
        return self._shown_level

    def show_sample(self, sample: Sample) -> None:
        """Show ``sample`` at the next paint; a sample shown before costs nothing."""
        if self._freshness.note(sample):
            self._sample = sample
            self._scaled = None
            self._unpainted = True
            self.update()

    def clear(self) -> None:
        """Show no picture: in playback, before the first one."""
        if self._sample is not None:
            self._freshness.forget()
            self._sample = None
            self._scaled = None
            self.update()

    def set_note(self, note: str, warns: bool = False) -> None:
        """Write ``note`` at the right of the header: in playback, which frame this is."""
        if (note, warns) != (self._note, self._note_warns):
            self._note, self._note_warns = note, warns
            self._update_header()

    def set_gaps(self, gaps: int) -> None:
        """Show ``gaps``, the samples known to be lost."""
        if gaps != self._gaps:
            self._gaps = gaps
            self._update_header()

    def refresh(self, at_ns: int | None = None) -> None:
        """Follow the passing of time; call it a few times a second."""
        at_ns = now_ns() if at_ns is None else at_ns
        level = self._freshness.level(at_ns)
        if level != self._shown_level or level in ("stale", "gone"):
            self._shown_level = level
            self.update()
        elif at_ns - self._header_ns > 250_000_000:
            self._update_header()

    def _update_header(self) -> None:
        self.update(QRect(0, 0, self.width(), self.header_px))

    @property
    def header_px(self) -> int:
        """Height of the header: one line, or two where the name leaves no room for figures."""
        name_px = QFontMetrics(font(12, bold=True)).horizontalAdvance(self.title)
        one_line = not self._live or self.width() - name_px >= FIGURES_PX
        return HEADER_PX if one_line else HEADER_PX + SECOND_LINE_PX

    def _picture_rect(self) -> QRect:
        rows, columns = self.spec.shape[:2]
        top = self.header_px
        space = QRect(0, top, self.width(), max(1, self.height() - top))
        scale = min(space.width() / columns, space.height() / rows)
        size = QSize(max(1, int(columns * scale)), max(1, int(rows * scale)))
        corner = space.topLeft() + QPoint(
            (space.width() - size.width()) // 2, (space.height() - size.height()) // 2
        )
        return QRect(corner, size)

    def _colours(self, data: NDArray, size: QSize) -> NDArray[np.uint8]:
        """Return ``data`` as (height, width, 3) uint8 RGB of exactly ``size``."""
        return resized(data, size, cv2.INTER_AREA)

    def _paint_over(self, painter: QPainter, rect: QRect) -> None:
        """Draw what belongs on the picture (a legend, a mode)."""

    def paintEvent(self, event) -> None:
        at_ns = now_ns()
        level = self._freshness.level(at_ns)
        self._shown_level = level
        painter = QPainter(self)
        top = self.header_px
        if event.rect().bottom() >= top:
            painter.fillRect(QRect(0, top, self.width(), self.height() - top), color("panel"))
            if self._sample is None:
                self._paint_no_signal(painter)
            else:
                self._paint_picture(painter, level, at_ns)
        self._header_ns = at_ns
        self._paint_header(painter, level, at_ns)
        painter.end()
        if self._unpainted and self._sample is not None:
            self._unpainted = False
            self.painted_latency_ms.append((now_ns() - self._sample.stamp_ns) / 1e6)

    def _paint_picture(self, painter: QPainter, level: Level, at_ns: int) -> None:
        assert self._sample is not None
        rect = self._picture_rect()
        ratio = self.devicePixelRatioF()
        size = QSize(round(rect.width() * ratio), round(rect.height() * ratio))
        if self._scaled is None or self._scaled.size() != size:
            pixels = np.ascontiguousarray(self._colours(self._sample.data, size))
            height, width = pixels.shape[:2]
            self._scaled_source = pixels
            self._scaled = QImage(
                pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888
            )
            self._scaled.setDevicePixelRatio(ratio)
        painter.drawImage(rect.topLeft(), self._scaled)
        self._paint_over(painter, rect)
        if level in ("stale", "gone"):
            self._paint_stale(painter, rect, at_ns)

    def _paint_stale(self, painter: QPainter, rect: QRect, at_ns: int) -> None:
        painter.fillRect(rect, QColor(10, 12, 15, 175))
        hatch = QColor(color("bad"))
        hatch.setAlpha(90)
        painter.fillRect(rect, QBrush(hatch, Qt.BrushStyle.BDiagPattern))
        painter.setPen(color("bad"))
        painter.setFont(font(max(14, min(28, rect.height() // 6)), bold=True))
        age = age_text(self._freshness.age_s(at_ns))
        metrics = painter.fontMetrics()
        text = f"STALE {age}"
        box = QRect(0, 0, metrics.horizontalAdvance(text) + 16, metrics.height() + 8)
        box.moveCenter(rect.center())
        painter.fillRect(box, color("background"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_no_signal(self, painter: QPainter) -> None:
        rect = QRect(8, HEADER_PX, self.width() - 16, self.height() - HEADER_PX)
        painter.setPen(color("text"))
        painter.setFont(font(14, bold=True))
        middle = rect.center().y()
        painter.drawText(
            QRect(rect.left(), middle - 24, rect.width(), 20),
            Qt.AlignmentFlag.AlignCenter,
            self.waiting[0],
        )
        painter.setPen(color("dim"))
        painter.setFont(font(12))
        painter.drawText(
            QRect(rect.left(), middle, rect.width(), rect.bottom() - middle),
            Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap,
            self.waiting[1],
        )

    def _paint_header(self, painter: QPainter, level: Level, at_ns: int) -> None:
        tall = self.header_px
        painter.fillRect(QRect(0, 0, self.width(), tall), color("raised"))
        paint_mark(painter, QRectF(8, HEADER_PX / 2 - 5, 10, 10), level)
        painter.setPen(color("text"))
        painter.setFont(font(12, bold=True))
        middle = Qt.AlignmentFlag.AlignVCenter
        space = QRect(24, 0, self.width() - 32, HEADER_PX)
        noted_px = 0
        if self._note:
            painter.setFont(font(11))
            noted_px = painter.fontMetrics().horizontalAdvance(self._note) + 8
            painter.setPen(color("warn") if self._note_warns else color("dim"))
            painter.drawText(space, middle | Qt.AlignmentFlag.AlignRight, self._note)
            painter.setPen(color("text"))
            painter.setFont(font(12, bold=True))
        name = painter.fontMetrics().elidedText(
            self.title, Qt.TextElideMode.ElideRight, space.width() - noted_px
        )
        painter.drawText(space, middle, name)
        if self._sample is None or not self._live:
            return
        age = age_text(self._freshness.age_s(at_ns))
        figures = f"{self._freshness.rate_hz:.1f} Hz  {age}  {self._gaps} lost"
        painter.setPen(color("warn") if self._gaps else color("dim"))
        if tall == HEADER_PX:
            painter.setFont(font(12))
            painter.drawText(space, middle | Qt.AlignmentFlag.AlignRight, figures)
        else:
            painter.setFont(font(10))
            under = QRect(8, HEADER_PX - 4, self.width() - 12, SECOND_LINE_PX)
            painter.drawText(under, middle, figures)


def resized(data: NDArray, size: QSize, how: int) -> NDArray:
    """Scale an image to ``size``: exact halvings by area first, the rest linear.

    Area interpolation at an odd ratio costs about six times as much as this and looks the same.
    ``how`` is kept for nearest-neighbour scaling of values that must not be mixed.
    """
    wanted = (size.width(), size.height())
    if how != cv2.INTER_AREA:
        return (
            data
            if (data.shape[1], data.shape[0]) == wanted
            else cv2.resize(data, wanted, interpolation=how)
        )
    while data.shape[1] >= 2 * wanted[0] and data.shape[0] >= 2 * wanted[1]:
        half = (data.shape[1] // 2, data.shape[0] // 2)
        data = cv2.resize(data, half, interpolation=cv2.INTER_AREA)
    if (data.shape[1], data.shape[0]) == wanted:
        return data
    return cv2.resize(data, wanted, interpolation=cv2.INTER_LINEAR)
