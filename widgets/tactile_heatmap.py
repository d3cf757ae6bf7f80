"""Taxels as heatmaps: one pad per finger, arranged as a hand seen from its back.

Normal force is colour with a legend in newtons, shear is an arrow, the pad's total force is a
number, and a taxel at its limit is crossed out and said in words. A total below
``colormaps.LEAST_FORCE_N`` is noise and reads 0.0 N, so that the figure of an untouched finger
stands still.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from devices.clock import now_ns
from devices.hands.schema import PadModel
from devices.stream import Sample, StreamSpec
from widgets.colormaps import FORCE_MAP, LEAST_FORCE_N, nice_ceiling, table
from widgets.freshness import STALE_AFTER_S, Freshness, age_text
from widgets.marks import paint_mark
from widgets.theme import color, font

HEADER_PX = 28
LEGEND_PX = 56
FOOT_PX = 36
NAME_GAP_PX = 2  # between the names of two pads
FOOT_GAP_PX = 6  # between the totals of two fingers
FIXED_RANGE_N = 1.0  # a firm fingertip press spreads some newtons over tens of taxels
SATURATION_N = 20.0
SHEAR_SHOWN = 0.05  # arrows below this share of the range are noise
ARROWS_AT_MOST = 160  # per finger
# How far each finger's pad stands above the lowest one, as in an outstretched hand.
HAND_LIFT = {"thumb": 0.0, "index": 0.75, "middle": 1.0, "ring": 0.8, "pinky": 0.5, "little": 0.5}


class TactileHeatmap(QWidget):
    """Heatmaps of a ``(finger, taxel, xyz)`` stream in newtons.

    Parameters
    ----------
    spec : StreamSpec
        Stream of kind ``taxels``; its labels name the fingers, its name begins with the side.
    pads : sequence of PadModel
        One pad per finger in stream order: rows run along the finger (distal last).
    saturation_n : float
        Normal force at which a taxel can measure no more.
    stale_after_s : float or None
        Age from which the picture is stale; None for playback.
    """

    def __init__(
        self,
        spec: StreamSpec,
        pads: Sequence[PadModel],
        saturation_n: float = SATURATION_N,
        stale_after_s: float | None = STALE_AFTER_S,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        if len(pads) != spec.shape[0]:
            raise ValueError(f"stream '{spec.name}' has {spec.shape[0]} pads, got {len(pads)}")
        self.spec = spec
        self._pads = tuple(pads)
        self._saturation_n = saturation_n
        self._left = spec.name.startswith("left")
        self._live = stale_after_s is not None
        self._freshness = Freshness(spec, stale_after_s)
        self._sample: Sample | None = None
        self._seen_ns = 0
        self._range_n = FIXED_RANGE_N
        self._peak_n = 0.0
        self._ramp = np.ascontiguousarray(table(FORCE_MAP)[::-1][:, None, :])
        self.setMinimumSize(240, 144)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.auto_button = QToolButton(self)
        self.auto_button.setText("Auto")
        self.auto_button.setCheckable(True)
        self.auto_button.setProperty("compact", True)
        self.auto_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.auto_button.setToolTip("Fit the colour range to the strongest taxel; wheel: set it")
        self.auto_button.toggled.connect(self._on_auto_toggled)

    def sizeHint(self) -> QSize:
        return QSize(400, 224)

    @property
    def range_n(self) -> float:
        """Normal force at the top of the colour range, newtons."""
        return self._range_n

    @property
    def legend(self) -> tuple[str, str, str]:
        """The legend's numbers, from the dark end to the bright one."""
        low, middle, high = (f"{share * self._range_n:.3g} N" for share in (0.0, 0.5, 1.0))
        return low, middle, high

    def set_range_n(self, range_n: float) -> None:
        """Fix the top of the colour range at ``range_n`` (> 0) newtons."""
        if range_n <= 0:
            raise ValueError(f"colour range {range_n} N; it must be above 0 N")
        self.auto_button.setChecked(False)
        self._range_n = range_n
        self.update()

    def show_sample(self, sample: Sample) -> None:
        """Show ``sample``; one shown before costs nothing."""
        if not self._freshness.note(sample):
            return
        self._sample = sample
        if self.auto_button.isChecked():
            self._follow_peak(float(np.max(sample.data[..., 2], initial=0.0)))
        self.update()

    def clear(self) -> None:
        """Show no touch: in playback, before the first sample."""
        if self._sample is not None:
            self._freshness.forget()
            self._sample = None
            self.update()

    def refresh(self, at_ns: int | None = None) -> None:
        """Follow the passing of time; call it a few times a second."""
        if self._freshness.level(now_ns() if at_ns is None else at_ns) != "ok":
            self.update()

    def pad_rect(self, finger: int) -> QRectF:
        """Where the heatmap of ``finger`` (stream index) is drawn, in widget pixels."""
        count = len(self._pads)
        space = QRectF(8, HEADER_PX, self.width() - LEGEND_PX - 16, self.height() - HEADER_PX)
        column_width = space.width() / count
        column = count - 1 - finger if self._left else finger
        tallest = space.height() - FOOT_PX - 4
        lift = min(28.0, tallest * 0.15)
        pad = self._pads[finger]
        length, width = pad.size_m
        scale = min((column_width - 8) / width, (tallest - lift) / length)
        size_x, size_y = width * scale, length * scale
        left = space.left() + column * column_width + (column_width - size_x) / 2
        raised = lift * HAND_LIFT.get(pad.finger, 0.5)
        middle = space.top() + (tallest - lift) / 2 + lift - raised
        return QRectF(left, middle - size_y / 2, size_x, size_y)

    def taxel_rect(self, finger: int, taxel: int) -> QRectF:
        """Where ``taxel`` of ``finger`` is drawn, in widget pixels."""
        pad = self._pads[finger]
        row, column = divmod(taxel, pad.cols)
        if self._left:
            column = pad.cols - 1 - column
        rect = self.pad_rect(finger)
        high, wide = rect.height() / pad.rows, rect.width() / pad.cols
        return QRectF(
            rect.left() + column * wide, rect.top() + (pad.rows - 1 - row) * high, wide, high
        )

    def resizeEvent(self, event) -> None:
        self.auto_button.setFixedSize(LEGEND_PX - 8, 20)
        self.auto_button.move(self.width() - LEGEND_PX, 4)
        super().resizeEvent(event)

    def wheelEvent(self, event) -> None:
        steps = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
        place = int(np.argmin([abs(np.log(step / self._range_n)) for step in steps]))
        place += 1 if event.angleDelta().y() > 0 else -1
        self.set_range_n(steps[int(np.clip(place, 0, len(steps) - 1))])
        event.accept()

    def _on_auto_toggled(self, checked: bool) -> None:
        self._peak_n = 0.0
        if checked and self._sample is not None:
            self._follow_peak(float(np.max(self._sample.data[..., 2], initial=0.0)))
        self.update()

    def _follow_peak(self, newest_n: float) -> None:
        self._peak_n = max(newest_n, self._peak_n * 0.995)
        self._range_n = max(0.1, nice_ceiling(self._peak_n))

    def paintEvent(self, event) -> None:
        at_ns = now_ns()
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("panel"))
        self._paint_header(painter, at_ns)
        if self._sample is None:
            painter.setPen(color("dim"))
            painter.setFont(font(12))
            painter.drawText(
                self.rect().adjusted(8, HEADER_PX, -8, -8),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                "No touch yet. Check the tactile sensors' cable; they reconnect by themselves."
                if self._live
                else "No touch yet: this stream begins later in the episode.",
            )
            return
        faded = self._freshness.level(at_ns) in ("stale", "gone")
        painter.setOpacity(0.3 if faded else 1.0)
        forces = self._sample.data
        for finger in range(len(self._pads)):
            self._paint_pad(painter, finger, forces[finger])
        painter.setOpacity(1.0)
        self._paint_legend(painter)
        if faded:
            painter.setPen(color("bad"))
            painter.setFont(font(20, bold=True))
            age = age_text(self._freshness.age_s(at_ns))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, f"STALE {age}")

    def _paint_header(self, painter: QPainter, at_ns: int) -> None:
        paint_mark(painter, QRectF(8, HEADER_PX / 2 - 5, 10, 10), self._freshness.level(at_ns))
        painter.setPen(color("text"))
        painter.setFont(font(12, bold=True))
        side = self.spec.name.split("/")[0]
        box = QRect(24, 0, self.width() - LEGEND_PX - 32, HEADER_PX)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, f"{side} touch")
        if self._sample is not None and self._live:
            painter.setPen(color("dim"))
            painter.setFont(font(12))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(box, flags, f"{self._freshness.rate_hz:.0f} Hz")

    def _paint_pad(self, painter: QPainter, finger: int, forces_n: NDArray) -> None:
        pad = self._pads[finger]
        rect = self.pad_rect(finger)
        normal = forces_n[:, 2].reshape(pad.rows, pad.cols)[::-1]
        if self._left:
            normal = normal[:, ::-1]
        share = np.clip(normal * (255.0 / self._range_n), 0, 255).astype(np.uint8)
        pixels = table(FORCE_MAP)[share]
        padded = np.zeros((pad.rows, (pad.cols * 3 + 3) // 4 * 4), np.uint8)
        padded[:, : pad.cols * 3] = pixels.reshape(pad.rows, -1)
        image = QImage(
            padded.data, pad.cols, pad.rows, padded.shape[1], QImage.Format.Format_RGB888
        )
        painter.drawImage(rect, image)
        painter.setPen(color("line"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)
        self._paint_shear(painter, finger, forces_n)
        saturated = np.flatnonzero(np.abs(forces_n[:, 2]) >= self._saturation_n * 0.999)
        self._paint_saturation(painter, finger, saturated)
        self._paint_foot(painter, rect, pad.finger, forces_n, bool(saturated.size))

    def _paint_shear(self, painter: QPainter, finger: int, forces_n: NDArray) -> None:
        shear = forces_n[:, :2]
        size = np.hypot(shear[:, 0], shear[:, 1])
        strong = np.flatnonzero(size > SHEAR_SHOWN * self._range_n)
        if strong.size == 0:
            return
        if strong.size > ARROWS_AT_MOST:
            strong = strong[np.argsort(size[strong])[-ARROWS_AT_MOST:]]
        cell = self.taxel_rect(finger, 0)
        reach = max(cell.width(), cell.height()) * 2.2 / self._range_n
        across = -1.0 if self._left else 1.0
        length = np.minimum(1.0, self._range_n / size[strong]) * reach
        # pad x points to the fingertip (up on the screen), pad y across the finger
        along = np.stack([across * shear[strong, 1] * length, -shear[strong, 0] * length], axis=1)
        start = self._centres(finger)[strong]
        tip = start + along
        aside = along[:, ::-1] * (1.0, -1.0)
        strokes = [start, tip]
        for bend in (0.45, -0.45):
            strokes += [tip, tip - 0.35 * along + bend * aside]
        ends = np.stack(strokes, axis=1).reshape(-1, 2)
        painter.setPen(QPen(color("accent"), 1.4))
        painter.drawPath(pg.arrayToQPath(ends[:, 0], ends[:, 1], connect="pairs"))

    def _centres(self, finger: int) -> NDArray[np.float64]:
        """(taxels, 2) centres of all taxels of ``finger`` in widget pixels."""
        pad = self._pads[finger]
        rect = self.pad_rect(finger)
        rows = pad.rows - 0.5 - np.arange(pad.rows)
        columns = np.arange(pad.cols) + 0.5
        if self._left:
            columns = pad.cols - columns
        x, y = np.meshgrid(
            rect.left() + columns * rect.width() / pad.cols,
            rect.top() + rows * rect.height() / pad.rows,
        )
        return np.stack([x.ravel(), y.ravel()], axis=1)

    def _paint_saturation(self, painter: QPainter, finger: int, saturated: NDArray) -> None:
        painter.setPen(QPen(color("background"), 1.6))
        for taxel in saturated[:ARROWS_AT_MOST]:
            cell = self.taxel_rect(finger, int(taxel)).adjusted(1, 1, -1, -1)
            painter.drawLine(cell.topLeft(), cell.bottomRight())
            painter.drawLine(cell.topRight(), cell.bottomLeft())

    def _paint_foot(
        self, painter: QPainter, rect: QRectF, name: str, forces_n: NDArray, saturated: bool
    ) -> None:
        column = (self.width() - LEGEND_PX - 16) / len(self._pads)
        box = QRectF(rect.center().x() - column / 2, self.height() - FOOT_PX, column, 16)
        painter.setPen(color("text"))
        shown = total_text(forces_n)
        room_px = column - FOOT_GAP_PX
        for pixels in (13, 11, 9):
            painter.setFont(font(pixels, bold=True))
            if painter.fontMetrics().horizontalAdvance(shown) <= room_px:
                break
        bare = shown.partition(" ")[0]
        painter.drawText(
            box,
            Qt.AlignmentFlag.AlignCenter,
            first_that_fits((shown, bare), painter.fontMetrics(), room_px),
        )
        box.translate(0, 16)
        painter.setFont(font(11 if column >= 44 else 9, bold=saturated))
        painter.setPen(color("bad") if saturated else color("dim"))
        label = "at limit" if saturated else name
        widest = max((pad.finger for pad in self._pads), key=len)
        is_short = painter.fontMetrics().horizontalAdvance(widest) > column - NAME_GAP_PX
        short = "!" if saturated else name[:1].upper()
        label = short if is_short else label
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label)

    def _paint_legend(self, painter: QPainter) -> None:
        bar = QRect(
            self.width() - LEGEND_PX, HEADER_PX + 12, 12, max(16, self.height() - HEADER_PX - 24)
        )
        painter.drawImage(bar, QImage(self._ramp.data, 1, 256, 3, QImage.Format.Format_RGB888))
        painter.setPen(color("text"))
        painter.setFont(font(11))
        for share, text in zip((0.0, 0.5, 1.0), self.legend, strict=True):
            top = int(bar.bottom() - share * bar.height()) - 7
            box = QRect(bar.right() + 4, top, LEGEND_PX - 16, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)


def first_that_fits(texts: Sequence[str], metrics: QFontMetrics, room_px: float) -> str:
    """The first text that is no wider than ``room_px``; without any, the last."""
    return next((text for text in texts if metrics.horizontalAdvance(text) <= room_px), texts[-1])


def total_text(forces_n: NDArray) -> str:
    """The size of the sum of ``forces_n``, (taxels, 3) newtons, in words; noise is "0.0 N"."""
    total_n = float(np.linalg.norm(forces_n.sum(axis=0)))
    if total_n < LEAST_FORCE_N:
        return "0.0 N"
    return f"{total_n:.1f} N" if total_n < 9.95 else f"{total_n:.0f} N"
