"""Frames of a picture stream as ticks, its gaps hatched; idle stretches; a log as marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from recorder.overview.model import GapSpan
from widgets.player.lane import Lane, paint_hatched
from widgets.player.time_axis import TimeAxis, clock_text
from widgets.theme import color, font

LANE_PX = 15
IDLE_PX = 14
TICKS_FROM_PX = 3.0  # apart; closer frames are a bar
LEAST_GAP_PX = 5.0
SILENT_PERIODS = 2.5  # a longer interval shows as a hole in the bar
REACH_PX = 5.0


class FrameLane(Lane):
    """When a stream has samples, and where some are missing.

    Parameters
    ----------
    times_ns : (N,) int64 array
        Times of the samples after the episode's first.
    rate_hz : float
        Nominal rate.
    gaps : sequence of GapSpan
        Of this stream.
    """

    def __init__(
        self,
        name: str,
        title: str,
        times_ns: NDArray[np.int64],
        rate_hz: float,
        gaps: Sequence[GapSpan],
    ) -> None:
        super().__init__(name, title, LANE_PX, LANE_PX)
        self._times_ns = times_ns
        self._rate_hz = rate_hz
        self._gaps = tuple(gaps)

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        first, stop = np.searchsorted(self._times_ns, (axis.start_ns, axis.stop_ns))
        seen = self._times_ns[max(0, first - 1) : stop + 1]
        if not len(seen):
            return
        bar = QRectF(0, height_px / 2 - 3, 0, 6)
        if (stop - first) * TICKS_FROM_PX <= axis.width_px:
            painter.setPen(QPen(color("dim"), 1))
            for time_ns in seen:
                x = int(axis.x(int(time_ns)))
                painter.drawLine(x, int(bar.top()) - 1, x, int(bar.bottom()) + 1)
        else:
            period_ns = 1e9 / self._rate_hz if self._rate_hz else np.inf
            holes = np.flatnonzero(np.diff(seen) > SILENT_PERIODS * period_ns)
            starts = [int(seen[0]), *(int(seen[n + 1]) for n in holes)]
            stops = [*(int(seen[n]) for n in holes), int(seen[-1])]
            for begin_ns, end_ns in zip(starts, stops, strict=True):
                bar.setLeft(axis.x(begin_ns))
                bar.setRight(max(bar.left() + 1, axis.x(end_ns)))
                painter.fillRect(bar, color("faint"))
        for gap in self._gaps:
            if axis.shows(gap.start_ns, gap.stop_ns):
                paint_hatched(painter, self._gap_rect(gap, axis, height_px), "warn")

    def _gap_rect(self, gap: GapSpan, axis: TimeAxis, height_px: int) -> QRectF:
        left, right = axis.x(gap.start_ns), axis.x(gap.stop_ns)
        missing = max(0.0, LEAST_GAP_PX - (right - left)) / 2
        return QRectF(left - missing, 1, right - left + 2 * missing, height_px - 2)

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        for gap in self._gaps:
            if self._gap_rect(gap, axis, height_px).contains(x, height_px / 2):
                return f"{self.title}: {gap.count} missing ({gap.kind})"
        index = int(np.searchsorted(self._times_ns, axis.time_ns(x), side="right")) - 1
        return f"{self.title}: frame {index} of {len(self._times_ns)}, {self._rate_hz:g} per second"


class IdleLane(Lane):
    """Stretches in which nothing moves, as blocks that say so."""

    def __init__(self, idle: Sequence[tuple[int, int]]) -> None:
        super().__init__("idle", "idle", IDLE_PX, IDLE_PX)
        self._idle = tuple(idle)

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        painter.setFont(font(10))
        for start_ns, stop_ns in self._idle:
            if not axis.shows(start_ns, stop_ns):
                continue
            left, right = max(0.0, axis.x(start_ns)), min(axis.width_px, axis.x(stop_ns))
            box = QRectF(left, 1, max(1.0, right - left), height_px - 2)
            painter.fillRect(box, color("pressed"))
            text = f"idle {(stop_ns - start_ns) / 1e9:.1f} s"
            if painter.fontMetrics().horizontalAdvance(text) + 8 <= box.width():
                painter.setPen(color("text"))
                painter.drawText(box.adjusted(4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        time_ns = axis.time_ns(x)
        for start_ns, stop_ns in self._idle:
            if start_ns <= time_ns < stop_ns:
                stop = clock_text(stop_ns)
                return f"nothing moves from {clock_text(start_ns)} to {stop}: Skip idle jumps over"
        return ""


class LogLane(Lane):
    """Events the rig and the operator's program wrote while recording.

    Parameters
    ----------
    times_ns : (N,) int64 array
        Times of the events.
    text_of : callable
        Words of event ``n``; read when it is drawn.
    """

    def __init__(
        self, name: str, title: str, times_ns: NDArray[np.int64], text_of: Callable[[int], str]
    ) -> None:
        super().__init__(name, title, LANE_PX, LANE_PX)
        self._times_ns = times_ns
        self._text_of = text_of

    def paint(self, painter: QPainter, axis: TimeAxis, height_px: int) -> None:
        painter.setFont(font(10))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        xs = [axis.x(int(time_ns)) for time_ns in self._times_ns]
        for index, x in enumerate(xs):
            if not -200 <= x <= axis.width_px:
                continue
            painter.setPen(QPen(color("dim"), 1.5))
            painter.drawEllipse(QRectF(x - 2.5, height_px / 2 - 2.5, 5, 5))
            until = xs[index + 1] if index + 1 < len(xs) else axis.width_px
            room = int(until - x - 14)
            if room >= 24:
                text = metrics.elidedText(self._text_of(index), Qt.TextElideMode.ElideRight, room)
                box = QRectF(x + 6, 0, room, height_px)
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)

    def text_at(self, x: float, y: float, axis: TimeAxis, height_px: int) -> str:
        near = [
            f"{clock_text(int(time_ns))} {self._text_of(index)}"
            for index, time_ns in enumerate(self._times_ns)
            if abs(axis.x(int(time_ns)) - x) <= REACH_PX
        ]
        return "\n".join(near)
