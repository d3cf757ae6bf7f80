"""What a screen reader has to say for the controls of a window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractScrollArea, QWidget


def unnamed_controls(window: QWidget) -> list[str]:
    """Controls of ``window`` that take the focus and have neither name, text nor tooltip."""
    return [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for widget in window.findChildren(QWidget)
        if widget.window() is window
        and widget.focusProxy() is None  # a tab widget gives the focus to its tabs
        and not is_viewport(widget)
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not spoken(widget)
    ]


def is_viewport(widget: QWidget) -> bool:
    """Whether ``widget`` is the inside of a scroll area, which has the name."""
    parent = widget.parent()
    return isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget


def spoken(widget: QWidget) -> str:
    """What a screen reader says for ``widget``."""
    interface = QAccessible.queryAccessibleInterface(widget)
    name = interface.text(QAccessible.Text.Name) if interface is not None else ""
    return name or widget.toolTip()
