"""Replay on the hand: what is repeated and how, where it is, and how far the hand is off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from widgets.theme import color, colors, font, icon, restyle

LEFT_PX = 340
SPEED_STEPS = 10  # of the slider: tenths of the recorded pace
LEAST_RANGE = {"rad": 0.02, "m": 0.002}  # of the chart; less is noise of a still joint
LABEL_STYLE = {"color": colors()["dim"], "font-size": "11px"}
POSITION_TEXT = "By position: the recorded pose, whatever it presses."
FORCES_TEXT = (
    "With the recorded forces: each pad's target is pushed along its normal by gain x force. "
    "Open-loop: no force is measured and corrected."
)
STATE_TEXTS = {
    "idle": "Nothing is replayed.",
    "loading": "Loading the episode; the hand is armed when it is ready.",
    "easing": "Approaching the first pose.",
    "running": "Replaying.",
    "paused": "Paused; the hand stays here.",
}


class ReplayPanel(QWidget):
    """Choices, start guard, progress and tracking error of a replay."""

    start_requested = Signal(float, bool)  # speed 0.1 to 1, with forces
    choice_changed = Signal()
    pause_toggled = Signal(bool)
    end_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = "idle"
        self._startable = False
        self._build_choices()
        self._build_chart()
        left = QVBoxLayout()
        left.setSpacing(8)
        for widget in (
            self.title, self.by_position, self._note(POSITION_TEXT), self.with_forces,
            self._note(FORCES_TEXT), self.speed_label, self.speed,
        ):  # fmt: skip
            left.addWidget(widget)
        buttons = QHBoxLayout()
        for button in (self.start_button, self.pause_button, self.end_button):
            buttons.addWidget(button)
        for widget in (self.guard, self.state_label, self.error_label):
            left.addWidget(widget)
        left.addLayout(buttons)
        left.addStretch(1)
        frame = QWidget()
        frame.setFixedWidth(LEFT_PX)
        frame.setLayout(left)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(frame)
        layout.addWidget(self._chart, 1)
        self.set_state("idle", 0.0)

    def sizeHint(self) -> QSize:
        return QSize(900, 420)

    def _note(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setWordWrap(True)
        label.setProperty("role", "dim")
        label.setContentsMargins(22, 0, 0, 4)
        return label

    def _build_choices(self) -> None:
        self.title = QLabel("Replay on the hand")
        self.title.setProperty("role", "title")
        self.by_position = QRadioButton("Position")
        self.by_position.setAccessibleName("Replay by position")
        self.with_forces = QRadioButton("Position and force")
        self.with_forces.setAccessibleName("Replay with the recorded forces")
        self.by_position.setChecked(True)
        group = QButtonGroup(self)
        for choice in (self.by_position, self.with_forces):
            group.addButton(choice)
        group.buttonToggled.connect(lambda *_: self.choice_changed.emit())
        self.speed_label = QLabel()
        self.speed_label.setFont(font(12))
        self.speed = QSlider(Qt.Orientation.Horizontal)
        self.speed.setRange(1, SPEED_STEPS)
        self.speed.setValue(5)
        self.speed.setAccessibleName("Speed of the replay")
        self.speed.setToolTip("Share of the recorded pace, 0.1 to 1")
        self.speed.valueChanged.connect(self._on_speed)
        self.guard, self.state_label, self.error_label = QLabel(), QLabel(), QLabel()
        for label in (self.guard, self.state_label, self.error_label):
            label.setWordWrap(True)
        self.guard.setAccessibleName("Check before the start")
        self.error_label.setAccessibleName("Tracking error")
        self.start_button = QPushButton(icon("play"), "Start")
        self.start_button.setToolTip("Arm the hand and ease into the first pose")
        self.pause_button = QPushButton(icon("pause"), "Pause")
        self.pause_button.setCheckable(True)
        self.pause_button.setToolTip("Stay where the hand is; press again to go on")
        self.end_button = QPushButton(icon("stop"), "End")
        self.end_button.setToolTip("End the replay; the hand holds where it is")
        self.start_button.clicked.connect(self._on_start)
        self.pause_button.clicked.connect(self.pause_toggled)
        self.end_button.clicked.connect(lambda: self.end_requested.emit())
        self._on_speed(self.speed.value())

    def _build_chart(self) -> None:
        self._chart = QWidget()
        self.joint_combo = QComboBox()
        self.joint_combo.setAccessibleName("Joint in the chart")
        self.joint_combo.setToolTip("Which joint is drawn")
        self.joint_combo.currentIndexChanged.connect(lambda _: self.choice_changed.emit())
        legend = QLabel(
            f"<span style='color:{color('dim').name()}'>\N{EM DASH} recorded</span>&nbsp;&nbsp;"
            f"<span style='color:{color('accent').name()}'>\N{EM DASH} measured now</span>"
        )
        head = QHBoxLayout()
        head.addWidget(legend)
        head.addStretch(1)
        head.addWidget(self.joint_combo)
        self.plot = pg.PlotWidget(background=color("panel"))
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        item = self.plot.getPlotItem()
        item.setLabel("bottom", "time in the episode, s", **LABEL_STYLE)
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(color("line"))
            axis.setTextPen(color("dim"))
            axis.setStyle(tickFont=font(10))
            axis.enableAutoSIPrefix(False)
        self.recorded_curve = pg.PlotCurveItem(pen=pg.mkPen(color("dim"), width=2))
        self.measured_curve = pg.PlotCurveItem(pen=pg.mkPen(color("accent"), width=2))
        for curve in (self.recorded_curve, self.measured_curve):
            item.addItem(curve)
        layout = QVBoxLayout(self._chart)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)

    @property
    def chosen_speed(self) -> float:
        """Share of the recorded pace, 0.1 to 1."""
        return self.speed.value() / SPEED_STEPS

    def set_episode(self, title: str, joints: Sequence[str], has_forces: bool) -> None:
        """Show which episode would be replayed, and whether it has forces."""
        self.title.setText(f"Replay {title} on the hand")
        self.joint_combo.blockSignals(True)
        self.joint_combo.clear()
        self.joint_combo.addItems(list(joints))
        self.joint_combo.blockSignals(False)
        self.with_forces.setEnabled(has_forces)
        if not has_forces:
            self.by_position.setChecked(True)
        self.with_forces.setToolTip("" if has_forces else "This episode has no forces.")

    def set_check(self, text: str, startable: bool, careful: bool = False) -> None:
        """Show what the start guard says; ``careful`` asks to look twice."""
        mark = "" if startable and not careful else "\N{WARNING SIGN} "
        self.guard.setText(mark + text)
        restyle(self.guard, "role", "" if startable and not careful else "warn")
        self._startable = startable
        self._enable()

    def set_state(self, state: str, progress: float, message: str = "") -> None:
        """Show where the replay is; ``progress`` 0 to 1, ``message`` why it ended."""
        self._state = state
        share = f" {progress:.0%}" if state in ("running", "paused") else ""
        self.state_label.setText(message if state == "idle" and message else
                                 STATE_TEXTS[state] + share)  # fmt: skip
        self.pause_button.setChecked(state == "paused")
        self._enable()

    def set_error(self, text: str) -> None:
        """Show the tracking error in words."""
        self.error_label.setText(text)

    def set_curves(
        self,
        recorded: tuple[NDArray[np.float64], NDArray[np.float64]],
        measured: tuple[NDArray[np.float64], NDArray[np.float64]],
        unit: str,
    ) -> None:
        """Draw one joint: times in s and values, recorded and measured."""
        self.recorded_curve.setData(*recorded)
        self.measured_curve.setData(*measured)
        self.plot.getPlotItem().setLabel("left", unit, **LABEL_STYLE)
        self.plot.getPlotItem().getViewBox().setLimits(minYRange=LEAST_RANGE.get(unit, 0.0))

    def _enable(self) -> None:
        busy = self._state != "idle"
        self.start_button.setEnabled(self._startable and not busy)
        self.pause_button.setEnabled(self._state in ("running", "paused"))
        self.end_button.setEnabled(busy)
        for widget in (self.by_position, self.speed):
            widget.setEnabled(not busy)

    def _on_speed(self, value: int) -> None:
        self.speed_label.setText(f"Speed \N{MULTIPLICATION SIGN}{value / SPEED_STEPS:g}")
        self.choice_changed.emit()

    def _on_start(self) -> None:
        self.start_requested.emit(self.chosen_speed, self.with_forces.isChecked())
