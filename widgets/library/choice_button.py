"""A button that opens a list of values to tick; nothing ticked means any."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

TEXT_PX = 132


class _StayingMenu(QMenu):
    """A menu that stays open while its entries are ticked with the mouse or Space."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable():
            action.trigger()
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        if event.key() == Qt.Key.Key_Space and action is not None and action.isCheckable():
            action.trigger()
            return
        super().keyPressEvent(event)


class ChoiceButton(QToolButton):
    """Chooses any number of values.

    Parameters
    ----------
    name : str
        What is chosen, e.g. ``task``.
    words : callable, optional
        How a value is shown.
    """

    changed = Signal()

    def __init__(self, name: str, words=str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._words = words
        self._actions: dict[str, QAction] = {}
        self._chosen: frozenset[str] = frozenset()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMenu(_StayingMenu(self))
        self._show()

    @property
    def chosen(self) -> frozenset[str]:
        """Values ticked; empty means any."""
        return self._chosen

    def set_values(self, values: Iterable[str]) -> None:
        """Offer values; ticked ones stay, also where no episode has them any more."""
        offered = sorted(set(values) | self._chosen)
        if offered == list(self._actions):
            return
        self.menu().clear()
        self._actions = {}
        for value in offered:
            action = self.menu().addAction(self._words(value) or "(none)")
            action.setCheckable(True)
            action.setChecked(value in self._chosen)
            action.toggled.connect(self._on_toggled)
            self._actions[value] = action

    def choose(self, values: Iterable[str]) -> None:
        """Tick exactly these, without ``changed``."""
        self._chosen = frozenset(values)
        self.set_values(self._actions)
        for value, action in self._actions.items():
            action.blockSignals(True)
            action.setChecked(value in self._chosen)
            action.blockSignals(False)
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.showMenu()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._show()

    def _on_toggled(self) -> None:
        self._chosen = frozenset(v for v, action in self._actions.items() if action.isChecked())
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        words = [self._words(value) or "(none)" for value in sorted(self._chosen)]
        said = ", ".join(words) or "any"
        text = f"{self.name}: {said if len(words) < 2 else len(words)}"
        cut = Qt.TextElideMode.ElideRight
        self.setText(
            self.fontMetrics().elidedText(text, cut, TEXT_PX)
            + "  \N{BLACK DOWN-POINTING SMALL TRIANGLE}"
        )
        self.setToolTip(f"Show only {self.name}: {said}")
        self.setAccessibleName(f"{self.name} filter: {said}")
