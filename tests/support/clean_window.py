"""The real window with Clean on the screen, driven by keys and the mouse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.settings import Settings
from app.window import MainWindow
from app.workspaces.clean import CleanWorkspace
from support.activation import activate
from support.review_window import ReviewWindow


class CleanWindow(ReviewWindow):
    """Opens the window on a dataset and goes to Clean with its key."""

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        self.settings = settings or Settings(reviewer="R7")
        self.window = MainWindow(None, self.settings, None, review_dataset=root)
        self.window.resize(1280, 800)
        self.window.show()
        activate(self.window)
        self.closed = False
        self.heard = 0
        self.press("Ctrl+3")
        clean = self.window.active
        assert isinstance(clean, CleanWorkspace)
        self.clean = clean
        clean.batch.module = "support.fake_clean_job"
        self.look()

    def look(self) -> None:
        """Let the workspace see what lies on the disk now."""
        self.clean._look(10.0)

    @property
    def states(self) -> list[str]:
        """State of every episode as the table has it."""
        return [row.state for row in self.clean.view.episodes.model.rows]

    def pixels(self) -> np.ndarray:
        """The picture area as it is on the screen ``(height, width, 4)``."""
        QApplication.processEvents()
        image = self.clean.view.picture.grab().toImage()
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        return rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4).copy()

    def drag(self, start: tuple[float, float], stop: tuple[float, float], *, right=False) -> None:
        """Drag on the picture, in pixels of the recorded picture."""
        picture = self.clean.view.picture
        pane = picture._panes()[0]
        place, scale = pane.place, pane.scale
        button = Qt.MouseButton.RightButton if right else Qt.MouseButton.LeftButton
        points = [
            QPoint(round(place.left() + x * scale), round(place.top() + y * scale))
            for x, y in (start, stop)
        ]
        QTest.mousePress(picture, button, pos=points[0])
        for part in (0.3, 0.6, 1.0):
            between = points[0] + (points[1] - points[0]) * part
            QTest.mouseMove(picture, between)
        QTest.mouseRelease(picture, button, pos=points[1])
        QApplication.processEvents()
