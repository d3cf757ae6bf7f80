"""Saves the real window at the sizes of the documentation's pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QTimer

from app.demonstration import save_picture
from app.stepper import Wait
from app.window import MainWindow

SIZES = ((1280, 800), (1920, 1080))
SETTLE_MS = 700


def pictures(
    window: MainWindow, folder: Path, name: str, sizes: Sequence[tuple[int, int]]
) -> Iterator[Wait]:
    """Steps that save the window at every size, width by height in pixels."""
    for width, height in sizes:
        settled: list[bool] = []
        window.resize(width, height)
        QTimer.singleShot(SETTLE_MS, lambda settled=settled: settled.append(True))
        yield Wait(lambda settled=settled: bool(settled), 10.0, "the new size")
        save_picture(window, folder / f"{name}-{width}x{height}.png")
