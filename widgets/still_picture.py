"""Smooth edges for a picture that stands still, a little at a time.

Software GL takes 50 to 90 ms for one multisampled picture, long enough to be felt. The mean of
four cheap pictures, each shifted by a part of a pixel, looks the same and never holds the window
up for longer than one picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

# A rotated grid: four different rows and columns within the pixel, in pixels from its middle.
SHIFTS_PX = ((-0.125, -0.375), (0.375, -0.125), (-0.375, 0.125), (0.125, 0.375))


class StillPicture:
    """Collects shifted pictures until there are enough for a smooth one."""

    def __init__(self) -> None:
        self._sum: NDArray[np.uint16] | None = None
        self._count = 0

    @property
    def next_shift_px(self) -> tuple[float, float]:
        """By how much the next picture must be shifted, right and down."""
        return SHIFTS_PX[self._count]

    def clear(self) -> None:
        """Begin again, because something moved."""
        self._sum = None
        self._count = 0

    def add(self, picture: QImage) -> QImage | None:
        """Add a ``Format_RGB32`` picture; the smooth one when it was the last that was missing."""
        pixels = np.frombuffer(picture.constBits(), np.uint8)
        pixels = pixels.reshape(picture.height(), picture.bytesPerLine())
        if self._sum is None or self._sum.shape != pixels.shape:
            self._sum = np.zeros(pixels.shape, np.uint16)
            self._count = 0
        self._sum += pixels
        self._count += 1
        if self._count < len(SHIFTS_PX):
            return None
        mean = (self._sum // len(SHIFTS_PX)).astype(np.uint8)
        self.clear()
        smooth = QImage(
            mean.data, picture.width(), picture.height(), picture.bytesPerLine(), picture.format()
        )
        return smooth.copy()
