"""Lanes of numbers over time: joints as curves, forces as filled curves, taxels as colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from widgets.colormaps import FORCE_MAP, LEAST_FORCE_N, nice_ceiling, table
from widgets.player.lane import Lane
from widgets.player.lane_values import LaneValues
from widgets.player.time_axis import TimeAxis
from widgets.theme import color

ROW_LEAST_PX = 9
ROW_BEST_PX = 15
HEAT_LEAST_PX = 6
HEAT_BEST_PX = 10
CURVE_COLORS = ("text", "accent", "dim", "ok", "faint", "warn")
LEAST_SPAN = 0.02  # rad or m: the noise of a joint at rest must not fill its row
LEAST_TOP_N = 5 * LEAST_FORCE_N
MARGIN_PX = 1  # of a curve from the edges of its row


class CurveLane(Lane):
    """Curves by row, each row between its own smallest and largest value.

    Parameters
    ----------
    groups : sequence of (str, sequence of int)
        Rows of the lane: a name and which rows of ``values`` are drawn there.
    filled : bool
        Fill from zero: for forces. The rows then share one scale from 0 to the largest value.
    """

    def __init__(
        self,
        name: str,
        title: str,
        values: LaneValues,
        groups: Sequence[tuple[str, Sequence[int]]],
        unit: str,
        filled: bool = False,
    ) -> None:
        rows = tuple(group for group, _ in groups)
        count = max(1, len(rows))
        super().__init__(name, title, ROW_LEAST_PX * count, ROW_BEST_PX * count, rows)
        self._values = values
        self._groups = tuple((group, tuple(members)) for group, members in groups)
        self._unit = unit
        self._filled = filled
        if filled:
            self.note = f"to {self.top_n:.1f} {unit}"

    @property
    def top_n(self) -> float:
        """Top of the shared scale of a filled lane."""
        members = [member for _, group in self._groups for member in group]
        peak = max((self._values.range_of(member)[1] for member in members), default=0.0)
        return max(peak, LEAST_TOP_N)

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        low, high = self._values.band(axis)
        for row, (_, members) in enumerate(self._groups):
            box = self.row_rect(row, axis, height_px)
            tall = max(3, int(box.height()) - 2 * MARGIN_PX)
            pixels = np.zeros((tall, axis.width_px, 4), np.uint8)
            bottom, top = self._scale(members)
            for place, member in enumerate(members):
                shade = "accent" if self._filled else CURVE_COLORS[place % len(CURVE_COLORS)]
                _draw_curve(pixels, low[:, member], high[:, member], bottom, top, color(shade),
                            self._filled)  # fmt: skip
            _draw_pixels(painter, QRectF(0, box.top() + MARGIN_PX, axis.width_px, tall), pixels)
            if row:
                painter.setPen(color("raised"))
                painter.drawLine(0, int(box.top()), axis.width_px, int(box.top()))

    def _scale(self, members: Sequence[int]) -> tuple[float, float]:
        if self._filled:
            return 0.0, self.top_n
        ranges = [self._values.range_of(member) for member in members]
        bottom = min((low for low, _ in ranges), default=0.0)
        top = max((high for _, high in ranges), default=0.0)
        spare = max(0.0, LEAST_SPAN - (top - bottom)) / 2
        return bottom - spare, top + spare

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        row = min(len(self._groups) - 1, int(y * len(self._groups) / max(1, height_px)))
        low, high = self._values.band(axis)
        pixel = int(np.clip(x, 0, axis.width_px - 1))
        name, members = self._groups[row]
        found = [
            f"{low[pixel, m]:.2f}" if np.isclose(low[pixel, m], high[pixel, m], atol=5e-3)
            else f"{low[pixel, m]:.2f} to {high[pixel, m]:.2f}"
            for m in members
            if np.isfinite(low[pixel, m])
        ]  # fmt: skip
        return f"{name}: {', '.join(found) or 'no sample'} {self._unit}"


class HeatLane(Lane):
    """Normal force of each finger as colour, on one scale for the episode."""

    def __init__(self, name: str, title: str, values: LaneValues, fingers: Sequence[str]) -> None:
        count = max(1, len(fingers))
        super().__init__(name, title, HEAT_LEAST_PX * count, HEAT_BEST_PX * count, tuple(fingers))
        self._values = values
        self.note = f"to {self.top_n:g} N"

    @property
    def top_n(self) -> float:
        """Normal force at the bright end, newtons."""
        peaks = [self._values.range_of(row)[1] for row in range(len(self.rows))]
        return nice_ceiling(max([*peaks, LEAST_TOP_N]))

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        _, high = self._values.band(axis)
        known = np.isfinite(high)
        share = np.clip(np.where(known, high, 0.0) / self.top_n, 0.0, 1.0)
        pixels = np.zeros((len(self.rows), axis.width_px, 4), np.uint8)
        pixels[..., :3] = table(FORCE_MAP)[(share * 255).astype(np.uint8).T]
        pixels[..., 3] = known.T * 255
        for row in range(len(self.rows)):
            box = self.row_rect(row, axis, height_px)
            _draw_pixels(painter, box.adjusted(0, 0, 0, -1), pixels[row : row + 1])

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        row = min(len(self.rows) - 1, int(y * len(self.rows) / max(1, height_px)))
        _, high = self._values.band(axis)
        value = high[int(np.clip(x, 0, axis.width_px - 1)), row]
        shown = f"{value:.2f} N" if np.isfinite(value) else "no sample"
        return f"{self.rows[row]}: {shown} (brightest: {self.top_n:g} N)"


def _draw_curve(
    pixels: NDArray[np.uint8],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    bottom: float,
    top: float,
    shade: QColor,
    filled: bool,
) -> None:
    """Draw the band of one curve into ``pixels`` (height, width, RGBA), without holes."""
    tall = len(pixels)
    known = np.isfinite(low) & np.isfinite(high)
    scale = (tall - 1) / (top - bottom)
    upper = np.where(known, (tall - 1) - (np.nan_to_num(high) - bottom) * scale, np.inf)
    lower = np.where(known, (tall - 1) - (np.nan_to_num(low) - bottom) * scale, -np.inf)
    joined = known[1:] & known[:-1]
    reach_up = np.where(joined, np.minimum(upper[1:], lower[:-1]), upper[1:])
    reach_down = np.where(joined, np.maximum(lower[1:], upper[:-1]), lower[1:])
    upper[1:], lower[1:] = reach_up, reach_down
    rows = np.arange(tall)[:, None]
    line = (rows >= np.round(upper)) & (rows <= np.round(lower))
    rgb = (shade.red(), shade.green(), shade.blue())
    if filled:
        under = (rows > np.round(lower)) & known[None, :]
        pixels[under] = (*rgb, 70)
    pixels[line] = (*rgb, 255)


def _draw_pixels(painter: QPainter, box: QRectF, pixels: NDArray[np.uint8]) -> None:
    held = np.ascontiguousarray(pixels)
    height, width = held.shape[:2]
    image = QImage(held.data, width, height, width * 4, QImage.Format.Format_RGBA8888)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(box, image, QRectF(0, 0, width, height), Qt.ImageConversionFlag.AutoColor)
