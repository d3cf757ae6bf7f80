"""The real window with Review, driven by keys alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.settings import Settings
from app.window import MainWindow
from app.workspaces.review import ReviewWorkspace
from recorder.dataset import open_dataset
from recorder.synthetic import SyntheticTake, write_take
from support.activation import activate
from support.waiting import wait_until

NO_MODIFIER = Qt.KeyboardModifier.NoModifier


def make_dataset(root: Path, episodes: int, seconds: float = 4.0, **fields) -> Path:
    """A dataset of made-up episodes."""
    dataset = open_dataset(root, create=True)
    for number in range(episodes):
        write_take(dataset, SyntheticTake(number=number, seconds=seconds, seed=number, **fields))
    return root


class ReviewWindow:
    """Opens the window on a dataset as one reviewer, and presses keys."""

    def __init__(
        self,
        root: Path,
        reviewer: str = "R1",
        station: str = "desk",
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings(
            reviewer=reviewer, review_station=station, reaction_time_ms=250
        )
        self.window = MainWindow(None, self.settings, None, review_dataset=root)
        self.window.resize(1280, 800)
        self.window.show()
        activate(self.window)
        review = self.window.active
        assert isinstance(review, ReviewWorkspace)
        self.review = review
        self.closed = False
        self.heard = 0

    def press(self, *keys: str) -> None:
        """Press keys by name: letters, digits, ``Return``, ``Ctrl+Z``."""
        self.heard = len(self.window.strip.history)
        if not self.window.isActiveWindow() and QApplication.activeWindow() is None:
            activate(self.window)
        for name in keys:
            *modifiers, last = name.split("+") if len(name) > 1 else [name]
            flags = NO_MODIFIER
            for word in modifiers:
                flags |= getattr(Qt.KeyboardModifier, f"{word.replace('Ctrl', 'Control')}Modifier")
            code = getattr(Qt.Key, f"Key_{NAMES.get(last, last)}")
            QTest.keyClick(self.window.windowHandle(), code, flags)
            QApplication.processEvents()

    def type(self, text: str) -> None:
        """Type a text into what has the focus."""
        for letter in text:
            QTest.keyClick(self.window.windowHandle(), letter)

    def wait(self, predicate: Callable[[], object], what: str) -> None:
        """Let the window live until ``predicate()``."""

        def alive() -> object:
            QApplication.processEvents()
            return predicate()

        wait_until(alive, 20.0, what)

    @property
    def state(self):
        """Labels on the screen."""
        return self.review.episode.session.state

    @property
    def said(self) -> str:
        """What the status strip said since the last keys; a job that ends may say its own."""
        return "\n".join(self.window.strip.history[self.heard :])

    def close(self) -> None:
        """Close the window as a user does."""
        self.closed = True
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()


NAMES = {"[": "BracketLeft", "]": "BracketRight", "/": "Slash", ".": "Period", "=": "Equal"}
