"""Ten seconds of joints: measured (white) against sent (accent), one lane per joint.

Every lane spans the joint's limits, so that all joints of a hand are readable at once; a single
joint is drawn on an axis of its own unit. All lanes are two curves for the drawing library.
"""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from devices.clock import NS_PER_S, now_ns
from devices.hands.spec import HandSpec
from devices.stream import Sample
from widgets.freshness import STALE_AFTER_S, age_text
from widgets.strip_buffer import StripBuffer, connections, decimated
from widgets.theme import color, font, restyle

SPAN_S = 10.0
REDRAW_MS = 70  # at most 15 redraws a second
VALUES_EVERY = 3  # redraws per update of the numbers
LANE_FILL = 0.86
VALUE_PX = 60  # a value with its unit
LABEL_PX = 9  # the smallest text that can be read
TITLE_FROM_PX = 440  # narrower, the legend and the choice of joints need the room
ALL = "All joints"


class JointChart(QWidget):
    """Strip chart of one hand's joints.

    Parameters
    ----------
    spec : HandSpec
        Names, fingers, limits and units of the joints, in the streams' order.
    rate_hz : float
        Rate of the streams; decides how much is kept.
    """

    def __init__(
        self, spec: HandSpec, rate_hz: float = 200.0, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.hand = spec
        capacity = int((SPAN_S + 1) * max(rate_hz, 60.0) * 1.1)
        self._measured = StripBuffer(spec.size, capacity)
        self._sent = StripBuffer(spec.size, capacity)
        self._dirty = False
        self._redraws = 0
        self._joints = np.arange(spec.size)
        self._values_shown: list[str] = []
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._on_tick)
        self.select(ALL)
        self.plot.getPlotItem().getViewBox().sigResized.connect(self._on_room_changed)

    def _build(self) -> None:
        self.selector = QComboBox()
        self.selector.setToolTip("Which joints the chart shows")
        self.selector.addItem(ALL)
        self.selector.setMinimumWidth(120)
        fingers = list(dict.fromkeys(joint.finger for joint in self.hand.joints))
        self.selector.addItems(fingers)
        self.selector.insertSeparator(self.selector.count())
        self.selector.addItems(list(self.hand.names))
        self.selector.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.selector.currentTextChanged.connect(self._on_selected)
        self.title = QLabel(f"{self.hand.side} joints, {SPAN_S:.0f} s")
        self.title.setProperty("role", "title")
        legend = QLabel(
            f"<span style='color:{color('text').name()}'>\N{EM DASH} measured</span>&nbsp;&nbsp; "
            f"<span style='color:{color('accent').name()}'>\N{EM DASH} sent</span>&nbsp;"
        )
        self.note = QLabel("waiting for joints")
        self.note.setProperty("role", "dim")
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 0)
        head.setSpacing(12)
        for widget in (self.title, legend, self.note):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.selector)
        self.plot = pg.PlotWidget(background=color("panel"))
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.setXRange(-SPAN_S, 0.0, padding=0)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        item = self.plot.getPlotItem()
        item.setContentsMargins(4, 4, 4, 0)
        item.showAxis("right")
        for name in ("left", "right", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(color("line"))
            axis.setTextPen(color("dim" if name != "right" else "text"))
            axis.setStyle(tickFont=font(10), tickLength=0 if name != "bottom" else -4)
        item.getAxis("left").enableAutoSIPrefix(False)
        item.getAxis("bottom").setHeight(18)
        item.getAxis("bottom").setTicks([[(-t, f"{-t:.0f} s") for t in (8.0, 6.0, 4.0, 2.0)]])
        self.sent_curve = pg.PlotCurveItem(pen=pg.mkPen(color("accent"), width=1))
        self.measured_curve = pg.PlotCurveItem(pen=pg.mkPen(color("text"), width=1))
        self._lane_lines = pg.PlotCurveItem(pen=pg.mkPen(color("line"), width=1))
        for curve in (self._lane_lines, self.sent_curve, self.measured_curve):
            item.addItem(curve)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)
        self.setMinimumSize(340, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(640, 240)

    def show_measured(self, sample: Sample) -> None:
        """Append a sample of ``<side>/joints_measured``."""
        self._dirty |= self._measured.append(sample.stamp_ns, sample.data)

    def show_sent(self, sample: Sample) -> None:
        """Append a sample of ``<side>/joints_sent``."""
        self._dirty |= self._sent.append(sample.stamp_ns, sample.data)

    def clear(self) -> None:
        """Forget both histories."""
        self._measured.clear()
        self._sent.clear()
        self._dirty = True

    def select(self, choice: str) -> None:
        """Show ``choice``: "All joints", a finger, or one joint's name."""
        joints = self.hand.joints
        if choice == ALL:
            chosen = list(range(len(joints)))
        else:
            chosen = [i for i, joint in enumerate(joints) if choice in (joint.finger, joint.name)]
        if not chosen:
            raise ValueError(f"'{choice}' is neither a finger nor a joint of this hand")
        self._joints = np.array(chosen)
        self.selector.setCurrentText(choice)
        self._lay_lanes()
        self.redraw()

    def _on_selected(self, choice: str) -> None:
        self.select(choice)

    def _lay_lanes(self) -> None:
        count = len(self._joints)
        lower, upper = self.hand.lower[self._joints], self.hand.upper[self._joints]
        item = self.plot.getPlotItem()
        left = item.getAxis("left")
        if count == 1:
            self._scale, self._shift = np.ones(1), np.zeros(1)
            self.plot.setYRange(float(lower[0]), float(upper[0]), padding=0.05)
            left.setTicks(None)
            left.setLabel(self.hand.units[self._joints[0]])
            self._lane_lines.setData([], [])
        else:
            self._scale = LANE_FILL / (upper - lower)
            self._shift = np.arange(count)[::-1] + 0.5 - self._scale * (lower + upper) / 2
            self.plot.setYRange(0.0, float(count), padding=0)
            left.showLabel(False)
            edges = np.arange(1, count)
            self._lane_lines.setData(
                np.tile([-SPAN_S, 0.0], len(edges)), np.repeat(edges, 2), connect="pairs"
            )
        self._label_lanes()
        self._values_shown = []

    def _labelled_lanes(self) -> range:
        """Every lane, or every n-th when there is no room for the text of each."""
        count = len(self._joints)
        room_px = self.plot.getPlotItem().getViewBox().height()
        return range(0, count, max(1, math.ceil(count * LABEL_PX / max(LABEL_PX, room_px))))

    def _label_lanes(self) -> None:
        """Name as many lanes as there is room for."""
        count = len(self._joints)
        lanes = self._labelled_lanes()
        if count > 1:
            names = [
                (count - lane - 0.5, _short(self.hand.names[self._joints[lane]], self.hand.side))
                for lane in lanes
            ]
            self.plot.getPlotItem().getAxis("left").setTicks([names])
        lane_px = self.plot.getPlotItem().getViewBox().height() / max(1, len(lanes))
        for name in ("left", "right"):
            axis = self.plot.getPlotItem().getAxis(name)
            axis.setStyle(tickFont=font(10 if lane_px >= 12 else LABEL_PX))

    def _on_room_changed(self) -> None:
        self._label_lanes()
        self._values_shown = []
        self._show_values()

    def _on_tick(self) -> None:
        if self._dirty:
            self.redraw()
        self._say_age()

    def redraw(self, at_ns: int | None = None) -> None:
        """Draw the last 10 s before ``at_ns`` (default: now)."""
        at_ns = now_ns() if at_ns is None else at_ns
        self._dirty = False
        self._draw(self.sent_curve, self._sent, at_ns)
        self._draw(self.measured_curve, self._measured, at_ns)
        if self._redraws % VALUES_EVERY == 0:
            self._show_values()
        self._redraws += 1

    def _draw(self, curve: pg.PlotCurveItem, buffer: StripBuffer, at_ns: int) -> None:
        stamps, values = buffer.window(at_ns - int(SPAN_S * NS_PER_S))
        if len(stamps) == 0:
            curve.setData([], [])
            return
        bin_ns = int(SPAN_S * NS_PER_S / max(100, self.plot.width()))
        stamps, values = decimated(stamps, values[:, self._joints], bin_ns)
        x = np.tile((stamps - at_ns) / NS_PER_S, len(self._joints))
        y = (values * self._scale + self._shift).T.ravel()
        curve.setData(x, y, connect=np.tile(connections(stamps), len(self._joints)))

    def _show_values(self) -> None:
        newest = self._measured.newest
        if newest is None:
            return
        count = len(self._joints)
        lanes = self._labelled_lanes()
        texts = [self._value_text(int(self._joints[lane]), newest) for lane in lanes]
        if texts == self._values_shown:
            return
        self._values_shown = texts
        if count == 1:
            ticks = [(float(newest[self._joints[0]]), texts[0])]
        else:
            ticks = [(count - lane - 0.5, text) for lane, text in zip(lanes, texts, strict=True)]
        axis = self.plot.getPlotItem().getAxis("right")
        axis.setWidth(VALUE_PX)
        axis.setTicks([ticks])

    def _value_text(self, joint: int, newest: NDArray) -> str:
        unit = self.hand.units[joint]
        digits = 3 if unit == "m" else 2
        return f"{round(float(newest[joint]), digits) + 0.0:+.{digits}f} {unit}"

    def _say_age(self) -> None:
        stamps, _ = self._measured.window(0)
        if len(stamps) == 0:
            return
        age_s = (now_ns() - int(stamps[-1])) / 1e9
        stale = age_s > STALE_AFTER_S
        text = f"STALE {age_text(age_s)}" if stale else ""
        if self.note.text() != text:
            self.note.setText(text)
            restyle(self.note, "role", "bad" if stale else "dim")

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.title.setVisible(self.width() >= TITLE_FROM_PX)
        self._dirty = True

    def showEvent(self, event) -> None:
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event) -> None:
        self._timer.stop()
        super().hideEvent(event)


def _short(name: str, side: str) -> str:
    """A joint's name without its side, short enough for a lane."""
    return name.removeprefix(f"{side}_").replace("_joint", " ").replace("_", " ")
