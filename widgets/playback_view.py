"""Instant playback of the last take: pictures, touch and joints under one cursor.

The picture stands over the touch, and that over the joints, so that a narrow column has room for
them. The touch of two hands stands side by side, or, in a narrow column, the chosen hand's alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QElapsedTimer, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from devices.clock import now_ns
from devices.hands.schema import PadModel
from devices.stream import Sample
from widgets.camera_tile import CameraTile
from widgets.tactile_heatmap import TactileHeatmap
from widgets.take_curves import Take, TakeCurves
from widgets.theme import font, icon

FRAME_MS = 33
SPEEDS = (0.25, 0.5, 1.0, 2.0)
PAD_PX = 46  # of width per finger: a total such as "12.3 N" and a gap
TOUCH_MORE_PX = 72  # of width: a heatmap's margins and legend
TOUCH_HEIGHT_PX = 124
GAP_PX = 8


class PlaybackView(QWidget):
    """Play one take: play and pause, scrub, speed.

    Parameters
    ----------
    pads : mapping of str to sequence of PadModel, or sequence of PadModel
        Pads of each hand's taxel stream by its side; a sequence counts for either side.
    """

    closed = Signal()

    def __init__(
        self,
        pads: Mapping[str, Sequence[PadModel]] | Sequence[PadModel] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        by_side = pads if isinstance(pads, Mapping) else {"right": pads, "left": pads}
        self._pads = {side: tuple(models) for side, models in by_side.items()}
        self._take: Take | None = None
        self._time_s = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._on_tick)
        self._camera: CameraTile | None = None
        self._heatmaps: dict[str, TactileHeatmap] = {}
        self._sequence = 0
        self._build()

    def _build(self) -> None:
        self.title = QLabel("playback")
        self.title.setProperty("role", "title")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.stream_combo = QComboBox()
        self.stream_combo.setToolTip("Which camera to play")
        self.stream_combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
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
        self.curves = TakeCurves()
        self.curves.hand_chosen.connect(self._show_touch)
        self.empty = QLabel("No take yet. Record one: it plays here as soon as it is verified.")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "dim")
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 4)
        head.addWidget(self.title, 1)
        head.addWidget(self.stream_combo)
        head.addWidget(self.close_button)
        self._pictures = QVBoxLayout()
        self._pictures.setSpacing(4)
        self._pictures.addWidget(self.empty, 1)
        self._touch = QWidget()
        self._touch_row = QHBoxLayout(self._touch)
        self._touch_row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._touch_row.setContentsMargins(0, 0, 0, 0)
        self._touch_row.setSpacing(GAP_PX)
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
        layout.addWidget(self._touch, 2)
        layout.addWidget(self.curves, 2)
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
        self._take = take
        self._drop_tiles()
        self.empty.setVisible(take is None)
        self._set_controls_enabled(take is not None)
        self.title.setText(title or "playback")
        self.stream_combo.blockSignals(True)
        self.stream_combo.clear()
        if take is not None:
            names = [s.name for s in take.streams if s.kind in ("image", "depth", "visuotactile")]
            self.stream_combo.addItems(names)
        self.stream_combo.blockSignals(False)
        self.curves.set_take(take)
        if take is None:
            return
        self.slider.setRange(0, max(1, int(take.duration_s * 1000)))
        self._make_camera(self.stream_combo.currentText())
        self._make_heatmaps()
        self.seek(0.0)

    def seek(self, t_s: float) -> None:
        """Move the cursor to ``t_s`` seconds, inside the take."""
        if self._take is None:
            return
        self._time_s = float(np.clip(t_s, 0.0, self._take.duration_s))
        self.slider.blockSignals(True)
        self.slider.setValue(int(self._time_s * 1000))
        self.slider.blockSignals(False)
        self.curves.cursor.setValue(self._time_s)
        self.time_label.setText(f"{self._time_s:.1f} / {self._take.duration_s:.1f} s")
        touch = [heatmap for heatmap in self._heatmaps.values() if not heatmap.isHidden()]
        for tile in (self._camera, *touch):
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
        for widget in (self.curves, self.stream_combo, self.play_button, self.slider,
                       self.time_label, self.speed_combo):  # fmt: skip
            widget.setVisible(enabled)

    def _drop_tiles(self) -> None:
        for tile in (self._camera, *self._heatmaps.values()):
            if tile is not None:
                tile.hide()
                tile.deleteLater()
        self._camera = None
        self._heatmaps = {}
        self._touch.hide()

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

    def _make_heatmaps(self) -> None:
        assert self._take is not None
        for spec in self._take.streams:
            side = spec.name.split("/")[0]
            pads = self._pads.get(side, ())
            if spec.kind == "taxels" and len(pads) == spec.shape[0]:
                heatmap = TactileHeatmap(spec, pads, stale_after_s=None)
                heatmap.setMinimumSize(TOUCH_MORE_PX + PAD_PX * len(pads), TOUCH_HEIGHT_PX)
                self._heatmaps[side] = heatmap
                self._touch_row.insertWidget(0 if side == "left" else -1, heatmap, 1)
        if self._heatmaps:
            widest = max(heatmap.minimumWidth() for heatmap in self._heatmaps.values())
            self._touch.setMinimumSize(widest, TOUCH_HEIGHT_PX)
            self._touch.show()
        self._show_touch()

    def _show_touch(self) -> None:
        """Show both hands' touch if there is room, else that of the hand whose joints are drawn."""
        room_px = sum(heatmap.minimumWidth() + GAP_PX for heatmap in self._heatmaps.values())
        for side, heatmap in self._heatmaps.items():
            alone = side == self.curves.hand or self.curves.hand not in self._heatmaps
            heatmap.setVisible(self.width() >= room_px - GAP_PX or alone)
        self.seek(self._time_s)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._show_touch()

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
