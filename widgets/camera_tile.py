"""A live camera: colour, depth in metres, or a mask."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from devices.stream import StreamSpec
from widgets.colormaps import DEPTH_MAP, nice_ceiling, table
from widgets.freshness import STALE_AFTER_S
from widgets.image_tile import ImageTile, resized
from widgets.theme import color, font

LEGEND_PX = 10
FAR_PER_NEAR = 3.0  # the wall behind the table must not use up the colours
NO_DEPTH = 0  # the value depth cameras give where they see nothing


class CameraTile(ImageTile):
    """One camera stream: ``image`` (RGB), ``depth`` (uint16 steps) or ``mask``.

    Depth is coloured near (bright) to far (dark) with a legend in metres; where the camera has no
    depth the picture is black. The range is set from the first frame; a double-click takes it from
    the newest frame again.
    """

    def __init__(
        self,
        spec: StreamSpec,
        title: str = "",
        stale_after_s: float | None = STALE_AFTER_S,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(spec, title, stale_after_s, parent)
        self.depth_range_m: tuple[float, float] | None = None
        self._depth_table: NDArray[np.uint8] | None = None
        self._depth_unit_m = float(spec.unit.split()[0]) if spec.kind == "depth" else 1.0
        if spec.kind == "depth":
            self.setToolTip(self.toolTip() + "\nDouble-click: fit the depth range to this view")

    def set_depth_range_m(self, near_m: float, far_m: float) -> None:
        """Colour depths from ``near_m`` to ``far_m`` (metres, near < far)."""
        if not 0 <= near_m < far_m:
            raise ValueError(f"depth range {near_m} m to {far_m} m; near must lie below far")
        self.depth_range_m = (near_m, far_m)
        steps = np.arange(65536, dtype=np.float32) * self._depth_unit_m
        share = np.clip((steps - near_m) / (far_m - near_m), 0.0, 1.0)
        colours = table(DEPTH_MAP)[np.round((1.0 - share) * 255).astype(np.int64)]
        colours[NO_DEPTH] = 0
        self._depth_table = colours
        self._scaled = None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.spec.kind == "depth" and self._sample is not None:
            self._fit_depth(self._sample.data)
        super().mouseDoubleClickEvent(event)

    def _fit_depth(self, steps: NDArray) -> None:
        seen = steps[::4, ::4]
        seen = seen[seen != NO_DEPTH]
        if seen.size == 0:
            self.set_depth_range_m(0.2, 1.5)
            return
        near, far = np.percentile(seen, (2, 98)) * self._depth_unit_m
        far = min(far, FAR_PER_NEAR * near)
        step_m = nice_ceiling(max(far - near, 0.02)) / 10
        near_m = float(np.floor(near / step_m) * step_m)
        self.set_depth_range_m(near_m, max(float(np.ceil(far / step_m) * step_m), near_m + step_m))

    def _colours(self, data: NDArray, size: QSize) -> NDArray[np.uint8]:
        if self.spec.kind == "depth":
            if self._depth_table is None:
                self._fit_depth(data)
            assert self._depth_table is not None
            return self._depth_table[resized(data, size, cv2.INTER_NEAREST)]
        if self.spec.kind == "mask":
            mask = resized(data, size, cv2.INTER_NEAREST)
            return np.repeat((mask > 0).astype(np.uint8)[..., None] * 255, 3, axis=2)
        return super()._colours(data, size)

    def _paint_over(self, painter: QPainter, rect: QRect) -> None:
        if self.depth_range_m is None:
            return
        near_m, far_m = self.depth_range_m
        if rect.width() < 200 or rect.height() < 120:
            self._paint_small_legend(painter, rect)
            return
        box = QRect(rect.right() - 64, rect.top() + 8, 60, min(120, rect.height() - 16))
        painter.fillRect(box, QColor(10, 12, 15, 190))
        bar = QRect(box.right() - LEGEND_PX - 3, box.top() + 8, LEGEND_PX, box.height() - 16)
        ramp = np.ascontiguousarray(table(DEPTH_MAP)[::-1][:, None, :])
        painter.drawImage(bar, QImage(ramp.data, 1, 256, 3, QImage.Format.Format_RGB888))
        painter.setPen(color("text"))
        painter.setFont(font(11))
        text = QRect(box.left(), box.top(), box.width() - LEGEND_PX - 8, 16)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for share, value_m in ((0.0, near_m), (0.5, (near_m + far_m) / 2), (1.0, far_m)):
            text.moveTop(int(bar.top() + share * bar.height()) - 8)
            painter.drawText(text, right, f"{value_m:.2f} m")

    def _paint_small_legend(self, painter: QPainter, rect: QRect) -> None:
        """One line: near end, ramp, far end."""
        assert self.depth_range_m is not None
        near_m, far_m = self.depth_range_m
        painter.setFont(font(10))
        line = QRect(rect.left(), rect.bottom() - 14, rect.width(), 15)
        painter.fillRect(line, QColor(10, 12, 15, 190))
        ramp = np.ascontiguousarray(table(DEPTH_MAP)[::-1][None, :, :])
        bar = line.adjusted(48, 5, -48, -5)
        painter.drawImage(bar, QImage(ramp.data, 256, 1, 768, QImage.Format.Format_RGB888))
        painter.setPen(color("text"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line.adjusted(4, 0, 0, 0), middle, f"{near_m:.2f} m")
        far = Qt.AlignmentFlag.AlignRight | middle
        painter.drawText(line.adjusted(0, 0, -4, 0), far, f"{far_m:.2f} m")
