"""Windows that really have the keyboard before a test presses a key.

Without a window manager the keyboard leaves a window when that of an earlier test goes away, also
some time after it was given; asking once is therefore not enough.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from support.waiting import wait_until


def activate(widget: QWidget) -> None:
    """Give the keyboard to the window of ``widget``; windows that are due to go away go first."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window = widget.window()
    if not window.isVisible():
        window.show()

    def active() -> bool:
        if not window.isActiveWindow():
            window.activateWindow()
            QTest.qWaitForWindowActive(window, 200)
        QApplication.processEvents()
        return window.isActiveWindow() and QApplication.focusWindow() is window.windowHandle()

    wait_until(active, 10.0, f"the keyboard for {window.objectName() or type(window).__name__}")
