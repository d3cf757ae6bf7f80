"""The installed PySide6 keeps its references: some versions lose one to None or True per call.

On Python 3.11 such a version aborts the interpreter within seconds of plotting.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

import pyqtgraph
import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

REPEATS = 50
LOST_AT_MOST = REPEATS // 2  # a leaky version loses at least one per repeat


class Sender(QObject):
    """Emits what the real window emits."""

    fired = Signal(object, bool)


class Painted(QWidget):
    """Paints itself in Python."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.drawLine(0, 0, self.width(), self.height())
        painter.end()


def references_lost(action: Callable[[], None]) -> dict[str, int]:
    """How many references to None and True ``REPEATS`` calls of ``action`` lose."""
    for _ in range(5):
        action()
    gc.collect()
    before = [sys.getrefcount(None), sys.getrefcount(True)]
    for _ in range(REPEATS):
        action()
    after = [sys.getrefcount(None), sys.getrefcount(True)]
    return dict(
        zip(("None", "True"), (b - a for b, a in zip(before, after, strict=True)), strict=True)
    )


def keeps(lost: dict[str, int]) -> bool:
    return all(count < LOST_AT_MOST for count in lost.values())


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None and True are immortal there")
def test_fifty_emits_lose_no_references(qtbot):
    sender = Sender()
    received: list[bool] = []

    def receive(value: object, flag: bool) -> None:
        received.append(flag)

    sender.fired.connect(receive)
    lost = references_lost(lambda: sender.fired.emit(None, True))
    assert len(received) == REPEATS + 5
    received.clear()
    assert keeps(lost), lost


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None and True are immortal there")
def test_fifty_redraws_of_a_painted_widget_lose_no_references(qtbot):
    widget = Painted()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    lost = references_lost(widget.repaint)
    assert keeps(lost), lost


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None and True are immortal there")
def test_fifty_redraws_of_a_plot_lose_no_references(qtbot):
    plot = pyqtgraph.PlotWidget()
    qtbot.addWidget(plot)
    curve = plot.plot([0.0, 1.0])
    plot.show()
    qtbot.waitExposed(plot)

    def redraw() -> None:
        curve.setData([0.0, 1.0, 0.5])
        plot.viewport().repaint()

    lost = references_lost(redraw)
    assert keeps(lost), lost
