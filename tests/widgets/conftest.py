"""Fixtures of the widget tests: the application, and samples by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget

from devices.clock import now_ns
from devices.stream import Sample


@pytest.fixture(autouse=True)
def _application(qapp: QApplication) -> None:
    """Every widget test has the themed application."""


@pytest.fixture
def sample() -> Callable[..., Sample]:
    """Build the next sample of a stream, ``age_s`` old."""
    counter = itertools.count(1)

    def build(data, age_s: float = 0.0, seq: int | None = None) -> Sample:
        number = next(counter) if seq is None else seq
        return Sample(number, now_ns() - int(age_s * 1e9), None, 0, np.asarray(data))

    return build


@pytest.fixture
def shown(qtbot) -> Callable[..., QWidget]:
    """Show a widget at a size and wait until it is on the screen."""

    def show(widget: QWidget, width: int = 320, height: int = 264) -> QWidget:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return show


@pytest.fixture
def pixel() -> Callable[..., QColor]:
    """Colour of one pixel of a widget, as painted."""

    def read(widget: QWidget, x: float, y: float) -> QColor:
        return widget.grab().toImage().pixelColor(int(x), int(y))

    return read
