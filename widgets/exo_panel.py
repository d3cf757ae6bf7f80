"""Exoskeleton by hand: one slider per encoder joint, the wrist, and synergy buttons.

Intents are ``(17 + 6,)``: the exoskeleton's joints in rad, then wrist x, y, z in m and roll,
pitch, yaw in rad. At most 60 a second are emitted, the newest always.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from devices.rig import EXO_JOINTS
from policies.synergies import SHAPES_RAD, SYNERGIES, exo_limits_rad
from widgets.theme import font, icon

WRIST = ("x", "y", "z", "roll", "pitch", "yaw")
WRIST_REACH = (0.2, 0.2, 0.2, 1.2, 1.2, 1.2)  # m and rad either way, inside the wrist's limits
STEPS = 1000
EMIT_MS = 17  # at most 60 intents a second
COLUMNS = ("thumb", "index", "middle", "ring", "wrist")


class _ResetSlider(QSlider):
    """A slider that a double-click brings back to its resting place."""

    def __init__(self, rest: int) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._rest = rest
        self.setRange(0, STEPS)
        self.setValue(rest)
        self.setMinimumWidth(56)

    def mouseDoubleClickEvent(self, event) -> None:
        self.setValue(self._rest)
        event.accept()


class ExoPanel(QFrame):
    """Sliders of an exoskeleton and a wrist, grouped by finger."""

    intents_changed = Signal(object)  # (23,) float64 array

    def __init__(
        self, keys: Mapping[str, str] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._keys = dict(keys or {})
        lower, upper = exo_limits_rad()
        self._lower = np.concatenate([lower, np.negative(WRIST_REACH)])
        self._upper = np.concatenate([upper, WRIST_REACH])
        self._rest = np.zeros(len(self._lower))
        self._dirty = False
        self.sliders: list[QSlider] = []
        self._figures: list[QLabel] = []
        self._timer = QTimer(self)
        self._timer.setInterval(EMIT_MS)
        self._timer.timeout.connect(self._on_tick)
        self.synergy_buttons: dict[str, QPushButton] = {}
        self._build()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        title = QLabel("exoskeleton")
        title.setProperty("role", "title")
        head.addWidget(title)
        for name in SYNERGIES:
            key = self._keys.get(name, "")
            title = name.capitalize()
            button = QPushButton(f"{title}  {key}" if key else title)
            button.setToolTip(f"Fingers to the {name} posture")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self._synergy_slot(name))
            self.synergy_buttons[name] = button
            head.addWidget(button)
        self.reset_button = QPushButton(icon("reset"), "Rest")
        self.reset_button.setIconSize(QSize(14, 14))
        self.reset_button.setToolTip("All sliders to rest; a double-click does it for one")
        self.reset_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset_button.clicked.connect(self.rest)
        head.addWidget(self.reset_button)
        head.addStretch(1)
        columns = QHBoxLayout()
        columns.setSpacing(20)
        names = [*EXO_JOINTS, *(f"wrist_{axis}" for axis in WRIST)]
        for finger in COLUMNS:
            grid = QGridLayout()
            grid.setHorizontalSpacing(8)
            grid.setVerticalSpacing(4)
            caption = QLabel(finger)
            caption.setFont(font(12, bold=True))
            grid.addWidget(caption, 0, 0, 1, 3)
            grid.setColumnStretch(1, 1)
            members = [i for i, name in enumerate(names) if name.startswith(f"{finger}_")]
            for row, index in enumerate(members, start=1):
                self._add_slider(grid, row, index, names[index].split("_", 1)[1].replace("_", " "))
            grid.setRowStretch(8, 1)
            columns.addLayout(grid, 1)
        inner = QWidget()
        inner.setLayout(columns)
        columns.setContentsMargins(0, 0, 8, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(area, 1)

    def _add_slider(self, grid: QGridLayout, row: int, index: int, text: str) -> None:
        span = self._upper[index] - self._lower[index]
        slider = _ResetSlider(round(-self._lower[index] / span * STEPS))
        unit = "m" if len(EXO_JOINTS) <= index < len(EXO_JOINTS) + 3 else "rad"
        slider.setToolTip(f"{text}, {unit}; double-click: rest")
        figure = QLabel()
        figure.setFont(font(11))
        figure.setMinimumWidth(40)
        figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label = QLabel(text)
        label.setFont(font(11))
        label.setProperty("role", "dim")
        grid.addWidget(label, row, 0)
        grid.addWidget(slider, row, 1)
        grid.addWidget(figure, row, 2)
        self.sliders.append(slider)
        self._figures.append(figure)
        slider.valueChanged.connect(self._moved_slot(index))
        self._show_figure(index)

    def _moved_slot(self, index: int):
        def moved() -> None:
            self._show_figure(index)
            self._announce()

        return moved

    def _synergy_slot(self, name: str):
        def press() -> None:
            self.press_synergy(name)

        return press

    def _show_figure(self, index: int) -> None:
        self._figures[index].setText(f"{self.intents[index]:+.2f}")

    @property
    def intents(self) -> NDArray[np.float64]:
        """(23,) joints in rad, then wrist in m and rad."""
        shares = np.array([slider.value() for slider in self.sliders]) / STEPS
        full = np.zeros(len(self._lower))
        full[: len(shares)] = self._lower[: len(shares)] + shares * (
            self._upper[: len(shares)] - self._lower[: len(shares)]
        )
        return full

    def press_synergy(self, name: str) -> None:
        """Move the fingers to the posture ``name`` of ``policies.synergies``; the wrist stays."""
        for index, angle in enumerate(SHAPES_RAD[name]):
            self._set_slider(index, angle)
        self._announce()

    def rest(self) -> None:
        """Bring every slider back to rest."""
        for index in range(len(self.sliders)):
            self._set_slider(index, 0.0)
        self._announce()

    def _set_slider(self, index: int, value: float) -> None:
        span = self._upper[index] - self._lower[index]
        self.sliders[index].setValue(round((value - self._lower[index]) / span * STEPS))

    def _announce(self) -> None:
        """Say the posture even when it is the one before: pressed again after arming, it counts."""
        self._dirty = True
        if not self._timer.isActive():
            self._on_tick()
            self._timer.start()

    def _on_tick(self) -> None:
        if not self._dirty:
            self._timer.stop()
            return
        self._dirty = False
        self.intents_changed.emit(self.intents)
