"""Exoskeleton by hand: one slider per encoder joint, the wrist, and synergy buttons.

Intents are ``(17 + 6,)``: the exoskeleton's joints in rad, then wrist x, y, z in m and roll,
pitch, yaw in rad. At most 60 a second are emitted, the newest always.

With room for it all groups of sliders stand side by side; with less, one at a time, chosen above.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSlider,
    QToolButton,
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
GROUPS = ("thumb", "index", "middle", "ring", "wrist")
SHORT = {"forward": "fwd"}
MARGIN_PX = 12
GAP_PX = 16  # between groups
SLIDER_PX = 44  # a shorter slider cannot be set to a hundredth
BUTTON_MORE_PX = 20  # padding and border
ROW_PX = 20
ALL_HEIGHT_PX = 204  # the buttons, a caption and the six rows of the wrist


class _ResetSlider(QSlider):
    """A slider that a double-click brings back to its resting place."""

    def __init__(self, rest: int) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._rest = rest
        self.setRange(0, STEPS)
        self.setValue(rest)
        self.setMinimumWidth(SLIDER_PX)

    def mouseDoubleClickEvent(self, event) -> None:
        self.setValue(self._rest)
        event.accept()


class _Group(QWidget):
    """The sliders of one finger or of the wrist, in one column or in two."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.caption = QLabel(name)
        self.caption.setFont(font(12, bold=True))
        self.rows: list[QWidget] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP_PX)
        self._grid.setVerticalSpacing(2)
        self._grid.addWidget(self.caption, 0, 0)

    def arrange(self, columns: int) -> None:
        """Put the rows into ``columns``, one after the other; a caption is for one column only."""
        self.caption.setVisible(columns == 1)
        height = -(-len(self.rows) // columns)
        for place, row in enumerate(self.rows):
            self._grid.removeWidget(row)
            self._grid.addWidget(row, 1 + place % height, place // height)
        for line in range(10):
            self._grid.setRowStretch(line, int(line == 1 + height))
        for column in range(2):
            self._grid.setColumnStretch(column, int(column < columns))


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
        self.synergy_buttons: dict[str, QToolButton] = {}
        self._groups = [_Group(name) for name in GROUPS]
        self._all_shown: bool | None = None
        self._build()
        self._arrange()

    def _build(self) -> None:
        self.title = QLabel("exoskeleton")
        self.title.setProperty("role", "title")
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.title)
        for name in SYNERGIES:
            button = self._button(self._with_key(name))
            button.setToolTip(f"Fingers to the {name} posture")
            button.clicked.connect(self._synergy_slot(name))
            self.synergy_buttons[name] = button
            head.addWidget(button)
        self.reset_button = self._button("")
        self.reset_button.setIcon(icon("reset"))
        self.reset_button.setIconSize(QSize(14, 14))
        self.reset_button.setToolTip("All sliders to rest; a double-click does it for one")
        self.reset_button.clicked.connect(self.rest)
        head.addWidget(self.reset_button)
        head.addStretch(1)
        self.group_combo = QComboBox()
        self.group_combo.addItems(list(GROUPS))
        self.group_combo.setToolTip("Which sliders are shown; a wider panel shows all")
        self.group_combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.group_combo.currentIndexChanged.connect(self._show_groups)
        head.addWidget(self.group_combo)
        self._groups_row = QHBoxLayout()
        self._groups_row.setSpacing(GAP_PX)
        names = [*EXO_JOINTS, *(f"wrist_{axis}" for axis in WRIST)]
        for group, finger in zip(self._groups, GROUPS, strict=True):
            for index, name in enumerate(names):
                if name.startswith(f"{finger}_"):
                    group.rows.append(self._row(index, name.removeprefix(f"{finger}_")))
            self._groups_row.addWidget(group, 1)
        layout = QVBoxLayout(self)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        layout.setContentsMargins(MARGIN_PX, 8, MARGIN_PX, 8)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addLayout(self._groups_row, 1)
        self.setMinimumSize(520, 140)

    def _with_key(self, name: str) -> str:
        key = self._keys.get(name, "")
        return f"{name.capitalize()} {key}" if key else name.capitalize()

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Show other keys on the synergy buttons."""
        self._keys = dict(keys)
        for name, button in self.synergy_buttons.items():
            self._set_caption(button, self._with_key(name))

    @staticmethod
    def _set_caption(button: QToolButton, text: str) -> None:
        button.setText(text)
        text_px = QFontMetrics(button.font()).horizontalAdvance(text)
        button.setFixedWidth(max(34, text_px + BUTTON_MORE_PX))

    def _button(self, text: str) -> QToolButton:
        button = QToolButton()
        button.setFont(font(12))
        self._set_caption(button, text)
        button.setProperty("compact", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _row(self, index: int, name: str) -> QWidget:
        words = name.split("_")
        metrics = QFontMetrics(font(11))
        span = self._upper[index] - self._lower[index]
        slider = _ResetSlider(round(-self._lower[index] / span * STEPS))
        slider.setToolTip(f"{' '.join(words)}, {self._unit(index)}; double-click: rest")
        slider.setAccessibleName(f"{' '.join(words)}, {self._unit(index)}")
        label = QLabel(" ".join(SHORT.get(word, word) for word in words))
        label.setFont(font(11))
        label.setProperty("role", "dim")
        label.setToolTip(" ".join(words))
        label.setFixedWidth(metrics.horizontalAdvance("mcp side") + 2)
        figure = QLabel()
        figure.setFont(font(11))
        figure.setFixedWidth(metrics.horizontalAdvance("+0.00 rad") + 2)
        figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QWidget()
        row.setMinimumHeight(ROW_PX)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(label)
        line.addWidget(slider, 1)
        line.addWidget(figure)
        self.sliders.append(slider)
        self._figures.append(figure)
        slider.valueChanged.connect(self._moved_slot(index))
        self._show_figure(index)
        return row

    @staticmethod
    def _unit(index: int) -> str:
        return "m" if len(EXO_JOINTS) <= index < len(EXO_JOINTS) + 3 else "rad"

    @property
    def all_width_px(self) -> int:
        """Width from which all groups stand side by side."""
        row_px = self._groups[0].rows[0].minimumSizeHint().width()
        return len(GROUPS) * (row_px + GAP_PX) - GAP_PX + 2 * MARGIN_PX

    def sizeHint(self) -> QSize:
        return QSize(self.all_width_px, ALL_HEIGHT_PX)

    def resizeEvent(self, event) -> None:
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        show_all = self.width() >= self.all_width_px and self.height() >= ALL_HEIGHT_PX
        if show_all == self._all_shown:
            return
        self._all_shown = show_all
        for group in self._groups:
            group.arrange(1 if show_all else 2)
        self.title.setVisible(show_all)
        self.group_combo.setVisible(not show_all)
        self._show_groups()

    def _show_groups(self) -> None:
        for place, group in enumerate(self._groups):
            group.setVisible(bool(self._all_shown) or place == self.group_combo.currentIndex())

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
        unit = self._unit(index)
        digits = 3 if unit == "m" else 2
        self._figures[index].setText(f"{self.intents[index]:+.{digits}f} {unit}")

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
