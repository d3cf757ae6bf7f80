"""Presses real keys in the real Review window, counts what reaches it, and waits for the paint.

Nothing is added up from the script: keys, button presses and changes between keyboard and mouse
are counted by an event filter of the application, each modifier as a key of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.settings import Settings
from app.window import MainWindow
from app.workspaces.review import ReviewWorkspace
from widgets.theme import apply_theme

LIMIT_S = 10.0  # for any single answer; beyond it the window is broken, not slow
SPECIAL = {"[": "BracketLeft", "]": "BracketRight", "/": "Slash", "=": "Equal", "-": "Minus"}
HANDS = (Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier,
         Qt.KeyboardModifier.AltModifier)  # fmt: skip
Widgets = Callable[[], Sequence[QWidget]]  # asked after the act: a new episode has new tiles
MODIFIERS = dict(zip(("Shift", "Ctrl", "Alt"), HANDS, strict=True))


@dataclass
class Effort:
    """What a task cost.

    Attributes
    ----------
    keys, points, clicks, homings : int
        Keys pressed, mouse movements to a target, buttons pressed, changes of device.
    waits_s : list of float
        From each key to the paint that answers it.
    """

    keys: int = 0
    points: int = 0
    clicks: int = 0
    homings: int = 0
    waits_s: list[float] = field(default_factory=list)


class Counter(QObject):
    """Counts input events of the application and notes when widgets are painted."""

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self.effort = Effort()
        self.painted: set[QObject] = set()
        self._device = "keyboard"
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Paint:
            self.painted.add(watched)
        elif kind == QEvent.Type.KeyRelease and isinstance(watched, QWindow):
            # Releases, because a press that is a shortcut never reaches the window itself.
            assert isinstance(event, QKeyEvent)
            held = sum(bool(event.modifiers() & flag) for flag in HANDS)
            self.effort.keys += 1 + held
            self._use("keyboard")
        elif kind == QEvent.Type.MouseButtonPress and isinstance(watched, QWindow):
            self.effort.points += 1
            self.effort.clicks += 1
            self._use("mouse")
        return False

    def _use(self, device: str) -> None:
        self.effort.homings += device != self._device
        self._device = device


class ReviewDriver:
    """The window of one reviewer on a dataset.

    Parameters
    ----------
    root : Path
        Dataset folder.
    size : (int, int)
        Of the window, pixels.
    """

    def __init__(self, root: Path, size: tuple[int, int]) -> None:
        application = QApplication.instance() or QApplication([])
        assert isinstance(application, QApplication)
        self.application = application
        apply_theme(application)
        self.counter = Counter(application)
        settings = Settings(reviewer="R1")
        self.window = MainWindow(None, settings, None, review_dataset=root)
        self.window.resize(*size)
        self.window.show()
        self.window.activateWindow()
        if not QTest.qWaitForWindowActive(self.window, 10_000):
            raise RuntimeError("the window did not become active; is another one in front of it?")
        review = self.window.active
        assert isinstance(review, ReviewWorkspace)
        self.review = review

    @property
    def player(self):
        """The player of the episode page."""
        return self.review.episode.player

    def tiles(self) -> list[QWidget]:
        """Tiles of the cameras."""
        pictures = self.player.pictures
        return [pictures.tile(name) for name in pictures.streams if name.endswith("/rgb")]

    def panel(self) -> list[QWidget]:
        """The label panel's content."""
        return [self.review.episode.panel.body]

    def begin(self) -> Effort:
        """Count a task from here on."""
        self.settle()
        self.counter.effort = Effort()
        return self.counter.effort

    def settle(self, seconds: float = 0.05) -> None:
        """Let the window finish what it has to do."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.application.processEvents()

    def wait(self, predicate: Callable[[], object], what: str, limit_s: float = LIMIT_S) -> None:
        """Let the window live until ``predicate()``; RuntimeError after ``limit_s``."""
        until = time.perf_counter() + limit_s
        while not predicate():
            if time.perf_counter() > until:
                raise RuntimeError(f"{what} did not happen within {limit_s:g} s")
            self.application.processEvents()

    def press(self, key: str, answered_by: Widgets | None = None) -> float:
        """Press one key and wait until all that ``answered_by`` names have painted; seconds.

        Without ``answered_by`` it is the label panel's content that answers.
        """
        *modifiers, last = key.split("+") if len(key) > 1 else [key]
        flags = Qt.KeyboardModifier.NoModifier
        for name in modifiers:
            flags |= MODIFIERS[name]
        code = getattr(Qt.Key, f"Key_{SPECIAL.get(last, last)}")
        handle = self.window.windowHandle()
        return self.measure(lambda: QTest.keyClick(handle, code, flags), answered_by, f"key {key}")

    def measure(self, act: Callable[[], object], answered_by: Widgets | None, what: str) -> float:
        """Seconds from ``act`` until all of ``answered_by`` have painted."""
        widgets = answered_by if answered_by is not None else self.panel
        self.counter.painted.clear()
        begun = time.perf_counter()
        act()
        self.wait(lambda: self.counter.painted.issuperset(widgets()), f"the answer to {what}")
        spent_s = time.perf_counter() - begun
        self.counter.effort.waits_s.append(spent_s)
        return spent_s

    def close(self) -> None:
        """Close the window and end the application, before its display goes."""
        self.window.close()
        self.application.shutdown()
