"""Measured joints of a whole take under a cursor: where the hand moved, and when.

Joints are read coarsely and a few milliseconds at a time, so that the window never waits for the
disk. All joints of a hand are coloured by finger; the joints of one finger by joint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from devices.stream import StreamSpec
from widgets.theme import color, colors, font

CURVE_POINTS = 400
READ_MS = 8  # of every turn of the event loop, while the curves are read
ALL = "all joints"
COLORS = ("text", "accent", "ok", "warn", "bad", "dim")
LABEL_STYLE = {"color": colors()["dim"], "font-size": "11px"}
MEASURED = "/joints_measured"


class Take(Protocol):
    """What playback needs of an episode."""

    @property
    def duration_s(self) -> float:
        """Length of the take in seconds."""
        ...

    @property
    def streams(self) -> Sequence[StreamSpec]:
        """Streams of the take."""
        ...

    def frame_at(self, stream: str, t_s: float) -> NDArray | None:
        """The newest sample of ``stream`` at ``t_s`` after the start, or None before the first."""
        ...


class TakeCurves(QWidget):
    """Joints of one hand over the length of a take."""

    hand_chosen = Signal(str)  # "right" or "left"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._take: Take | None = None
        self._specs: dict[str, StreamSpec] = {}
        self._unread: list[tuple[str, float]] = []
        self._read: dict[str, list[tuple[float, NDArray]]] = {}
        self._reading = QTimer(self)
        self._reading.setInterval(0)
        self._reading.timeout.connect(self._on_reading)
        self.hand_combo = QComboBox()
        self.hand_combo.setToolTip("Whose joints are drawn")
        self.hand_combo.currentTextChanged.connect(self._on_hand_chosen)
        self.joint_combo = QComboBox()
        self.joint_combo.setToolTip("Which joints are drawn")
        self.joint_combo.currentIndexChanged.connect(self._draw)
        for combo in (self.hand_combo, self.joint_combo):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.legend = QLabel()
        self.legend.setFont(font(11))
        self.legend.setWordWrap(True)
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._build_plot()
        head = QHBoxLayout()
        head.setContentsMargins(8, 0, 8, 0)
        head.setSpacing(8)
        head.addWidget(self.hand_combo)
        head.addWidget(self.joint_combo)
        head.addWidget(self.legend, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)
        self.setMinimumHeight(96)

    def hasHeightForWidth(self) -> bool:
        return False  # the legend wraps within its line and asks nobody for height

    def _build_plot(self) -> None:
        self.plot = pg.PlotWidget(background=color("panel"))
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setMinimumHeight(64)
        item = self.plot.getPlotItem()
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(color("line"))
            axis.setTextPen(color("dim"))
            axis.setStyle(tickFont=font(10))
            axis.enableAutoSIPrefix(False)
        self.cursor = pg.InfiniteLine(0.0, angle=90, pen=pg.mkPen(color("accent"), width=2))
        self.curves = [pg.PlotCurveItem(pen=pg.mkPen(color(name), width=1)) for name in COLORS]
        for curve in (*self.curves, self.cursor):
            item.addItem(curve)

    @property
    def hand(self) -> str:
        """Side of the hand whose joints are drawn."""
        return self.hand_combo.currentText()

    @property
    def loading(self) -> bool:
        """Whether joints are still being read."""
        return self._reading.isActive()

    def set_take(self, take: Take | None) -> None:
        """Start to read the measured joints of ``take``; None empties the plot."""
        self._reading.stop()
        self._take, self._unread, self._read = take, [], {}
        streams = take.streams if take is not None else ()
        self._specs = {s.name.removesuffix(MEASURED): s for s in streams
                       if s.name.endswith(MEASURED)}  # fmt: skip
        self.hand_combo.blockSignals(True)
        self.hand_combo.clear()
        self.hand_combo.addItems(list(self._specs))
        self.hand_combo.blockSignals(False)
        self.hand_combo.setVisible(len(self._specs) > 1)
        self._offer_joints()
        if take is None or not self._specs:
            return
        self.plot.setXRange(0.0, max(0.1, take.duration_s), padding=0.01)
        times = np.linspace(0.0, take.duration_s, CURVE_POINTS)
        self._unread = [(side, float(t)) for side in self._specs for t in times]
        self._read = {side: [] for side in self._specs}
        self._reading.start()

    def _groups(self) -> dict[str, list[int]]:
        """Joints of the chosen hand by finger, and by unit where a finger has both."""
        spec = self._specs.get(self.hand)
        groups: dict[str, list[int]] = {}
        for index, label in enumerate(spec.labels if spec else ()):
            part = label.removeprefix(f"{self.hand}_").split("_")[0]
            name = f"{part}, {_unit(spec, index)}" if part == "wrist" else part
            groups.setdefault(name, []).append(index)
        return groups

    def _offer_joints(self) -> None:
        self.joint_combo.blockSignals(True)
        self.joint_combo.clear()
        self.joint_combo.addItems([ALL, *self._groups()])
        self.joint_combo.blockSignals(False)
        self._draw()

    def _on_hand_chosen(self, side: str) -> None:
        chosen = self.joint_combo.currentText()
        self._offer_joints()
        self.joint_combo.setCurrentIndex(max(0, self.joint_combo.findText(chosen)))
        self.hand_chosen.emit(side)

    def _on_reading(self) -> None:
        clock = QElapsedTimer()
        clock.start()
        while self._take is not None and self._unread and clock.elapsed() < READ_MS:
            side, t_s = self._unread.pop(0)
            row = self._take.frame_at(self._specs[side].name, t_s)
            if row is not None:
                self._read[side].append((t_s, np.asarray(row, np.float64)))
        if not self._unread:
            self._reading.stop()
            self._draw()

    def _draw(self) -> None:
        for curve in self.curves:
            curve.setData([], [])
        spec = self._specs.get(self.hand)
        rows = self._read.get(self.hand, [])
        if spec is None:
            self.legend.setText("")
            return
        groups, chosen = self._groups(), self.joint_combo.currentText()
        if chosen in groups:
            drawn = {_joint_name(spec.labels[i]): [i] for i in groups[chosen]}
        else:
            drawn = {}
            for name, members in groups.items():
                drawn.setdefault(name.split(",")[0], []).extend(members)
        shown = [index for members in drawn.values() for index in members]
        units = sorted({_unit(spec, index) for index in shown}, reverse=True)
        self.plot.getPlotItem().setLabel("left", " | ".join(units), **LABEL_STYLE)
        words = []
        for place, (name, members) in enumerate(drawn.items()):
            shade = COLORS[place % len(COLORS)]
            words.append(f"<span style='color:{color(shade).name()}'>{name}</span>")
            if len(rows) >= 2 and not self._reading.isActive():
                self._draw_joints(self.curves[place % len(COLORS)], rows, members)
        self.legend.setText("&nbsp; ".join(words))
        self.legend.setToolTip(self.legend.text())

    @staticmethod
    def _draw_joints(
        curve: pg.PlotCurveItem, rows: list[tuple[float, NDArray]], members: list[int]
    ) -> None:
        times = np.array([t_s for t_s, _ in rows])
        values = np.stack([row for _, row in rows])[:, members]
        join = np.ones(len(rows), np.int32)
        join[-1] = 0
        curve.setData(
            np.tile(times, len(members)), values.T.ravel(), connect=np.tile(join, len(members))
        )


def _unit(spec: StreamSpec, index: int) -> str:
    """Unit of one joint; a stream of both ("rad|m") has metres on the wrist's sliding joints."""
    slides = spec.labels[index].endswith(("wrist_x", "wrist_y", "wrist_z"))
    return "m" if "m" in spec.unit.split("|") and slides else spec.unit.split("|")[0]


def _joint_name(label: str) -> str:
    """A joint's name without its side and finger: "joint0", "roll"."""
    return label.split("_", 2)[-1].replace("_", " ")
