"""Instant playback of the last take: pictures, joints and touch under one cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from devices.clock import now_ns
from devices.hands.schema import PadModel
from devices.stream import Sample, StreamSpec
from widgets.camera_tile import CameraTile
from widgets.tactile_heatmap import TactileHeatmap
from widgets.theme import color, font, icon

FRAME_MS = 33
SPEEDS = (0.25, 0.5, 1.0, 2.0)
CURVE_POINTS = 400
READ_MS = 8  # of every turn of the event loop, while the curves are read


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


class PlaybackView(QWidget):
    """Play one take: play and pause, scrub, speed.

    Parameters
    ----------
    pads : sequence of PadModel
        Pads of the taxel stream, if the rig has one.
    """

    closed = Signal()

    def __init__(self, pads: Sequence[PadModel] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pads = tuple(pads)
        self._take: Take | None = None
        self._time_s = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._on_tick)
        self._unread: list[tuple[str, float]] = []
        self._read: dict[str, list[tuple[float, NDArray]]] = {}
        self._reading = QTimer(self)
        self._reading.setInterval(0)
        self._reading.timeout.connect(self._on_reading)
        self._camera: CameraTile | None = None
        self._heatmap: TactileHeatmap | None = None
        self._sequence = 0
        self._build()

    def _build(self) -> None:
        self.title = QLabel("playback")
        self.title.setProperty("role", "title")
        self.stream_combo = QComboBox()
        self.stream_combo.setToolTip("Which camera to play")
        self.stream_combo.currentTextChanged.connect(self._on_camera_chosen)
        self.close_button = QToolButton()
        self.close_button.setText("Back to live")
        self.close_button.setToolTip("Close the playback")
        self.close_button.clicked.connect(self._on_close)
        self.play_button = QToolButton()
        self.play_button.setIcon(icon("play"))
        self.play_button.setToolTip("Play or pause")
        self.play_button.clicked.connect(self.toggle_play)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setToolTip("Scrub through the take")
        self.slider.valueChanged.connect(self._on_scrubbed)
        self.time_label = QLabel("0.0 / 0.0 s")
        self.time_label.setFont(font(12))
        self.time_label.setMinimumWidth(96)
        self.speed_combo = QComboBox()
        self.speed_combo.addItems([f"\N{MULTIPLICATION SIGN}{speed:g}" for speed in SPEEDS])
        self.speed_combo.setCurrentIndex(SPEEDS.index(1.0))
        self.speed_combo.setToolTip("Speed")
        self.plot = pg.PlotWidget(background=color("panel"))
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.setMaximumHeight(140)
        for name in ("left", "bottom"):
            axis = self.plot.getPlotItem().getAxis(name)
            axis.setPen(color("line"))
            axis.setTextPen(color("dim"))
            axis.setStyle(tickFont=font(10))
        self.cursor = pg.InfiniteLine(0.0, angle=90, pen=pg.mkPen(color("accent"), width=2))
        self._curves = pg.PlotCurveItem(pen=pg.mkPen(color("text"), width=1))
        self.plot.addItem(self._curves)
        self.plot.addItem(self.cursor)
        self.empty = QLabel("No take yet. Record one: it plays here as soon as it is verified.")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "dim")
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 4)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.stream_combo)
        head.addWidget(self.close_button)
        self._pictures = QHBoxLayout()
        self._pictures.setSpacing(8)
        self._pictures.addWidget(self.empty, 1)
        controls = QHBoxLayout()
        controls.setContentsMargins(8, 4, 8, 4)
        controls.setSpacing(8)
        controls.addWidget(self.play_button)
        controls.addWidget(self.slider, 1)
        controls.addWidget(self.time_label)
        controls.addWidget(self.speed_combo)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addLayout(self._pictures, 3)
        layout.addWidget(self.plot, 1)
        layout.addLayout(controls)
        self._set_controls_enabled(False)

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    @property
    def time_s(self) -> float:
        """Where the cursor stands, seconds after the take's start."""
        return self._time_s

    @property
    def playing(self) -> bool:
        """Whether the take is running."""
        return self._timer.isActive()

    @property
    def camera(self) -> CameraTile | None:
        """The tile of the chosen camera."""
        return self._camera

    def set_take(self, take: Take | None, title: str = "") -> None:
        """Show ``take`` from its start; None empties the view."""
        self.pause()
        self._reading.stop()
        self._unread = []
        self._take = take
        self._drop_tiles()
        self.empty.setVisible(take is None)
        self._set_controls_enabled(take is not None)
        self.title.setText(f"playback {title}".strip())
        self.stream_combo.blockSignals(True)
        self.stream_combo.clear()
        if take is not None:
            names = [s.name for s in take.streams if s.kind in ("image", "depth", "visuotactile")]
            self.stream_combo.addItems(names)
        self.stream_combo.blockSignals(False)
        if take is None:
            self._curves.setData([], [])
            return
        self.slider.setRange(0, max(1, int(take.duration_s * 1000)))
        self._make_camera(self.stream_combo.currentText())
        self._make_heatmap()
        self._begin_curves()
        self.seek(0.0)

    def seek(self, t_s: float) -> None:
        """Move the cursor to ``t_s`` seconds, inside the take."""
        if self._take is None:
            return
        self._time_s = float(np.clip(t_s, 0.0, self._take.duration_s))
        self.slider.blockSignals(True)
        self.slider.setValue(int(self._time_s * 1000))
        self.slider.blockSignals(False)
        self.cursor.setValue(self._time_s)
        self.time_label.setText(f"{self._time_s:.1f} / {self._take.duration_s:.1f} s")
        for tile in (self._camera, self._heatmap):
            if tile is None:
                continue
            data = self._take.frame_at(tile.spec.name, self._time_s)
            if data is not None:
                self._sequence += 1
                tile.show_sample(Sample(self._sequence, now_ns(), None, 0, data))

    def toggle_play(self) -> None:
        """Play, or pause; at the end, play from the start."""
        if self._take is None:
            return
        if self.playing:
            self.pause()
            return
        if self._time_s >= self._take.duration_s - 0.05:
            self.seek(0.0)
        self._clock.start()
        self._timer.start()
        self.play_button.setIcon(icon("pause"))

    def pause(self) -> None:
        """Stand still."""
        self._timer.stop()
        self.play_button.setIcon(icon("play"))

    def _set_controls_enabled(self, enabled: bool) -> None:
        for widget in (self.play_button, self.slider, self.speed_combo, self.stream_combo):
            widget.setEnabled(enabled)
        for widget in (self.plot, self.stream_combo, self.play_button, self.slider,
                       self.time_label, self.speed_combo):  # fmt: skip
            widget.setVisible(enabled)

    def _drop_tiles(self) -> None:
        for tile in (self._camera, self._heatmap):
            if tile is not None:
                self._pictures.removeWidget(tile)
                tile.hide()
                tile.deleteLater()
        self._camera = self._heatmap = None

    def _make_camera(self, name: str) -> None:
        assert self._take is not None
        if self._camera is not None:
            self._pictures.removeWidget(self._camera)
            self._camera.hide()
            self._camera.deleteLater()
            self._camera = None
        for spec in self._take.streams:
            if spec.name == name:
                self._camera = CameraTile(spec, stale_after_s=None)
                self._pictures.insertWidget(0, self._camera, 3)

    def _make_heatmap(self) -> None:
        assert self._take is not None
        for spec in self._take.streams:
            if spec.kind == "taxels" and len(self._pads) == spec.shape[0]:
                self._heatmap = TactileHeatmap(spec, self._pads, stale_after_s=None)
                self._pictures.addWidget(self._heatmap, 2)
                return

    def _begin_curves(self) -> None:
        """Start to read all measured joints, coarsely, as a map of where the hand moved."""
        assert self._take is not None
        self._curves.setData([], [])
        self.plot.setXRange(0.0, max(0.1, self._take.duration_s), padding=0.01)
        times = np.linspace(0.0, self._take.duration_s, CURVE_POINTS)
        names = [s.name for s in self._take.streams if s.name.endswith("joints_measured")]
        self._unread = [(name, float(t)) for name in names for t in times]
        self._read = {name: [] for name in names}
        self._reading.start()

    def _on_reading(self) -> None:
        """Read for a few milliseconds at a time, so that the window never waits for the disk."""
        clock = QElapsedTimer()
        clock.start()
        while self._take is not None and self._unread and clock.elapsed() < READ_MS:
            name, t_s = self._unread.pop(0)
            row = self._take.frame_at(name, t_s)
            if row is not None:
                self._read[name].append((t_s, np.asarray(row, np.float64)))
        if not self._unread:
            self._reading.stop()
            self._draw_curves()

    def _draw_curves(self) -> None:
        xs, ys, joins = [], [], []
        for rows in self._read.values():
            if len(rows) < 2:
                continue
            times, values = [t for t, _ in rows], np.stack([row for _, row in rows])
            join = np.ones(len(rows), np.int32)
            join[-1] = 0
            for joint in range(values.shape[1]):
                xs.append(times)
                ys.append(values[:, joint])
                joins.append(join)
        if xs:
            self._curves.setData(
                np.concatenate(xs), np.concatenate(ys), connect=np.concatenate(joins)
            )

    def _on_tick(self) -> None:
        if self._take is None:
            return
        step_s = self._clock.restart() / 1000 * SPEEDS[self.speed_combo.currentIndex()]
        self.seek(self._time_s + step_s)
        if self._time_s >= self._take.duration_s:
            self.pause()

    def _on_scrubbed(self, value: int) -> None:
        self.seek(value / 1000)

    def _on_camera_chosen(self, name: str) -> None:
        if self._take is not None and name:
            self._make_camera(name)
            self.seek(self._time_s)

    def _on_close(self) -> None:
        self.pause()
        self.closed.emit()

    def hideEvent(self, event) -> None:
        self.pause()
        super().hideEvent(event)
