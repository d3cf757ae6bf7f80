"""Scripts for the real window: wait for something, do something, never block the event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer

STEP_MS = 50


@dataclass(frozen=True, slots=True)
class Wait:
    """A step: go on when ``until`` holds, give up after ``limit_s``; ``what`` names it.

    A ``RuntimeError`` of ``until`` ends the script with its sentence.
    """

    until: Callable[[], bool]
    limit_s: float
    what: str


class Stepper(QObject):
    """Runs a script of ``Wait`` steps from a timer.

    Parameters
    ----------
    steps : iterator of Wait
        The script; its code between two steps runs when the step before is fulfilled.
    done : callable
        Called at the end, also after a failure.
    parent : QObject
        Owner.
    """

    def __init__(self, steps: Iterator[Wait], done: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._steps, self._done = steps, done
        self._wait: Wait | None = None
        self._deadline = 0.0
        self.problem = ""
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._advance)
        self._timer.start()

    def _advance(self) -> None:
        try:
            fulfilled = self._wait is None or self._wait.until()
        except RuntimeError as refusal:
            self.problem = str(refusal)
            self._end()
            return
        if self._wait is not None and not fulfilled:
            if time.monotonic() > self._deadline:
                self.problem = f"{self._wait.what} did not happen within {self._wait.limit_s:g} s"
                self._end()
            return
        self._wait = next(self._steps, None)
        if self._wait is None:
            self._end()
        else:
            self._deadline = time.monotonic() + self._wait.limit_s

    def _end(self) -> None:
        self._timer.stop()
        self._done()
