"""Small pictures of episodes, read one after the other while nothing else is to be done."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap

PICTURE_SIZE = QSize(80, 48)
KEPT = 1500  # of 15 kB
WAITING_MOST = 64  # what was scrolled past need not be read
TURN_S = 0.008  # longest work before the window gets its turn


class PictureCache(QObject):
    """Pixmaps by episode; asked for what it lacks it answers None and reads it soon.

    Signals
    -------
    came(str)
        The picture of this episode can be drawn now.
    """

    came = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read: Callable[[str], bytes] = lambda uuid: b""
        self._known: OrderedDict[str, QPixmap | None] = OrderedDict()
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._on_idle)

    def set_source(self, read: Callable[[str], bytes]) -> None:
        """Where pictures come from: JPEG by identity; empty where there is none."""
        self._read = read
        self._known.clear()

    def forget_missing(self) -> None:
        """Ask again for pictures that were not there."""
        for uuid in [uuid for uuid, picture in self._known.items() if picture is None]:
            del self._known[uuid]

    def picture(self, uuid: str) -> QPixmap | None:
        """The picture, or None while (or because) there is none."""
        if uuid in self._known:
            self._known.move_to_end(uuid)
            return self._known[uuid]
        self._waiting[uuid] = None
        self._waiting.move_to_end(uuid)
        if len(self._waiting) > WAITING_MOST:
            self._waiting.popitem(last=False)
        self._timer.start()
        return None

    def _on_idle(self) -> None:
        until = time.monotonic() + TURN_S
        while self._waiting and time.monotonic() < until:
            uuid, _ = self._waiting.popitem(last=False)
            self._known[uuid] = picture = self._decoded(self._read(uuid))
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
            if picture is not None:
                self.came.emit(uuid)
        if not self._waiting:
            self._timer.stop()

    @staticmethod
    def _decoded(jpeg: bytes) -> QPixmap | None:
        whole = QPixmap()
        if not jpeg or not whole.loadFromData(jpeg):
            return None
        keep, smooth = (
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        return whole.scaled(PICTURE_SIZE, keep, smooth)
