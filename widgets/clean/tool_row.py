"""The row over the picture: how it is shown, what a drag draws, undo."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

VIEWS = (("wipe", "Wipe"), ("side", "Side by side"), ("cleaned", "Cleaned"))
ZOOMS = (("fit", "Fit"), ("1", "1:1"), ("2", "2:1"), ("4", "4:1"))
OVERLAYS = (("mask", "Mask"), ("layers", "Layers"))
TOOLS = (("look", "Look"), ("stroke", "Strokes"), ("polygon", "Outline"), ("box", "Box"))
BRUSH_PX = 76
ACTS = (("nobody", "Nobody"), ("undo", "Undo"), ("remove", "Remove"), ("unsure", "Unsure"))


class ToolRow(QWidget):
    """Buttons that say in words what is on.

    Signals
    -------
    pressed(str)
        Name of the view, overlay, tool or act.
    """

    pressed = Signal(str)
    brush_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        self._titles: dict[str, str] = {}
        self._views, self._tools = QButtonGroup(self), QButtonGroup(self)
        self._zooms = QButtonGroup(self)
        self.brush = QSpinBox()
        self.brush.setRange(2, 60)
        self.brush.setValue(9)
        self.brush.setSuffix(" px")
        self.brush.setFixedWidth(BRUSH_PX)
        self.brush.setAccessibleName("Width of the strokes")
        self.brush.setToolTip("Width of the strokes, in pixels of the picture")
        self.brush.valueChanged.connect(self.brush_changed)
        first, second = self._line(), self._line()
        for name, title in (*VIEWS, *OVERLAYS):
            first.addWidget(self._button(name, title, checkable=True))
        first.addSpacing(10)
        for name, title in ZOOMS:
            first.addWidget(self._button(name, title, checkable=True))
        first.addStretch(1)
        for name, title in TOOLS:
            second.addWidget(self._button(name, title, checkable=True))
        second.addWidget(self.brush)
        for name, title in ACTS:
            second.addWidget(self._button(name, title, checkable=False))
        second.addStretch(1)
        for name, _ in VIEWS:
            self._views.addButton(self.buttons[name])
        for name, _ in ZOOMS:
            self._zooms.addButton(self.buttons[name])
        for name, _ in TOOLS:
            self._tools.addButton(self.buttons[name])
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addLayout(first)
        rows.addLayout(second)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.show_state("wipe", "look", mask=False, layers=False, zoom=None)

    def _line(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(4)
        return line

    def _button(self, name: str, title: str, checkable: bool) -> QToolButton:
        button = QToolButton()
        button.setText(title)
        button.setAccessibleName(title)
        button.setProperty("compact", True)
        button.setCheckable(checkable)
        button.clicked.connect(lambda: self.pressed.emit(name))
        self.buttons[name] = button
        self._titles[name] = title
        return button

    def show_state(
        self, view: str, tool: str, *, mask: bool, layers: bool, zoom: int | None
    ) -> None:
        """Show what is on; ``zoom`` is pixels of the screen per pixel, None for fitted."""
        shown = "fit" if zoom is None else str(zoom)
        self._zooms.setExclusive(False)  # 8:1 comes from the wheel and has no button
        for name, _ in ZOOMS:
            self.buttons[name].setChecked(name == shown)
        self._zooms.setExclusive(shown in self.buttons)
        self.buttons[view].setChecked(True)
        self.buttons[tool].setChecked(True)
        for name, on in (("mask", mask), ("layers", layers)):
            self.buttons[name].setChecked(on)
            self.buttons[name].setText(f"{self._titles[name]} {'on' if on else 'off'}")
        self.brush.setEnabled(tool == "stroke")

    def set_keys(self, hints: Mapping[str, tuple[str, str]]) -> None:
        """Hint and key of every button."""
        for name, (hint, key) in hints.items():
            self.buttons[name].setToolTip(f"{hint} ({key})")
