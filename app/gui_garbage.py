"""Reference cycles are collected in the GUI's thread only.

Python collects cycles in whatever thread happens to allocate. A worker thread that computes would
destroy widgets of closed windows outside the thread they belong to, which Qt does not survive.
While a window is open the automatic collection is off, and a timer of the GUI's thread does the
same work by the same thresholds.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

PERIOD_MS = 250


class GuiGarbage(QObject):
    """Collects cycles on a timer of the thread that made it, until it is stopped.

    Parameters
    ----------
    parent : QObject
        Lives as long as its parent.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(collect_what_is_due)
        self._timer.start()

    def stop(self) -> None:
        """Give the collection back to the interpreter; safe to call twice."""
        self._timer.stop()
        if self._was_on:
            gc.enable()
            self._was_on = False


def collect_what_is_due() -> int | None:
    """Collect the oldest generation whose threshold is passed.

    Returns
    -------
    int or None
        The generation that was collected; None when none was due.
    """
    counts, thresholds = gc.get_count(), gc.get_threshold()
    due = [
        generation
        for generation, (count, limit) in enumerate(zip(counts, thresholds, strict=True))
        if count > limit > 0
    ]
    if not due:
        return None
    gc.collect(due[-1])
    return due[-1]
