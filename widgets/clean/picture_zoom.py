"""How large a picture is shown, and which part of it: fitted, or pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from widgets.image_tile import resized

STEPS = (1, 2, 4, 8)  # pixels of the screen per pixel of the picture
PAN_SHARE = 0.2  # of what is seen, per key


@dataclass(frozen=True)
class Pane:
    """One picture on the screen.

    Attributes
    ----------
    caption : str
    data : (height, width, 3) uint8 array
        RGB.
    place : QRectF
        Where the whole picture lies; reaches beyond ``space`` when it is magnified.
    space : QRect
        Where it may be painted.
    """

    caption: str
    data: NDArray[np.uint8]
    place: QRectF
    space: QRect

    @property
    def scale(self) -> float:
        """Units of the widget per pixel of the picture."""
        return self.place.width() / self.data.shape[1]

    @property
    def seen(self) -> QRectF:
        """The part of ``place`` that is on the screen."""
        return self.place.intersected(QRectF(self.space))

    def pixel(self, at: QPointF) -> tuple[float, float]:
        """Pixel of the picture at a place of the widget, kept inside the picture."""
        rows, columns = self.data.shape[:2]
        x = min(max((at.x() - self.place.left()) / self.scale, 0.0), columns - 1.0)
        y = min(max((at.y() - self.place.top()) / self.scale, 0.0), rows - 1.0)
        return round(x, 1), round(y, 1)


class PictureZoom:
    """Magnification that all panes share.

    Attributes
    ----------
    pixels : int or None
        Pixels of the screen per pixel of the picture; None fits the picture into its pane.
    centre : tuple of (float, float)
        Share of width and height that is in the middle of the pane.
    """

    def __init__(self) -> None:
        self.pixels: int | None = None
        self.centre = (0.5, 0.5)

    @property
    def word(self) -> str:
        """As it is written beside the caption; empty when it fits."""
        return "" if self.pixels is None else f"{self.pixels}:1"

    def pane(self, caption: str, data: NDArray[np.uint8], space: QRect, ratio: float) -> Pane:
        """Place ``data`` in ``space``; ``ratio`` is pixels of the screen per unit of the widget."""
        rows, columns = data.shape[:2]
        if self.pixels is None:
            scale = _fitting(data, space)
            width, height = max(1, int(columns * scale)), max(1, int(rows * scale))
        else:
            width, height = columns * self.pixels / ratio, rows * self.pixels / ratio
        left = _start(space.left(), space.width(), width, self.centre[0], ratio)
        top = _start(space.top(), space.height(), height, self.centre[1], ratio)
        return Pane(caption, data, QRectF(left, top, width, height), space)

    def step(self, larger: bool, pane: Pane, ratio: float) -> None:
        """The next larger (or smaller) whole magnification; smaller than fitting is fitting."""
        now, fitting = pane.scale * ratio, _fitting(pane.data, pane.space) * ratio
        if larger:
            self.pixels = next((one for one in STEPS if one > now + 1e-6), self.pixels)
        else:
            smaller = [one for one in STEPS if fitting < one < now - 1e-6]
            self.pixels = smaller[-1] if smaller else None

    def hold(self, pane: Pane, at: QPointF, pixel: tuple[float, float]) -> None:
        """Move so that ``pixel`` of the picture lies under ``at``."""
        rows, columns = pane.data.shape[:2]
        middle = QRectF(pane.space).center()
        x = pixel[0] + (middle.x() - at.x()) / pane.scale
        y = pixel[1] + (middle.y() - at.y()) / pane.scale
        self.centre = (min(max(x / columns, 0.0), 1.0), min(max(y / rows, 0.0), 1.0))

    def pan(self, pane: Pane, right: float, down: float) -> None:
        """Look further to the right and down, in shares of what is seen."""
        seen, place = pane.seen, pane.place
        middle = seen.center()  # the edges may have held back ``centre``
        x = (middle.x() - place.left() + right * seen.width()) / max(1.0, place.width())
        y = (middle.y() - place.top() + down * seen.height()) / max(1.0, place.height())
        self.centre = (min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))


def paint_pane(painter: QPainter, pane: Pane, ratio: float) -> None:
    """Paint the picture of ``pane``; magnified pixels stay squares."""
    if pane.seen.isEmpty():
        return
    zoom = pane.scale * ratio
    rows, columns = pane.data.shape[:2]
    if zoom >= 1.0 and abs(zoom - round(zoom)) < 1e-6:
        seen, zoom = pane.seen, round(zoom)
        left = max(0, int((seen.left() - pane.place.left()) / pane.scale))
        top = max(0, int((seen.top() - pane.place.top()) / pane.scale))
        right = min(columns, int((seen.right() - pane.place.left()) / pane.scale) + 2)
        bottom = min(rows, int((seen.bottom() - pane.place.top()) / pane.scale) + 2)
        part = pane.data[top:bottom, left:right]
        pixels = np.repeat(np.repeat(part, zoom, axis=0), zoom, axis=1)
        corner = pane.place.topLeft() + QPointF(left, top) * pane.scale
    else:
        size = (pane.place.size() * ratio).toSize()
        pixels, corner = resized(pane.data, size, cv2.INTER_AREA), pane.place.topLeft()
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
    image.setDevicePixelRatio(ratio)
    painter.save()
    painter.setClipRect(pane.space, Qt.ClipOperation.IntersectClip)
    painter.drawImage(corner, image)
    painter.restore()


def _fitting(data: NDArray[np.uint8], space: QRect) -> float:
    return min(space.width() / data.shape[1], space.height() / data.shape[0])


def _start(low: int, room: int, length: float, centre: float, ratio: float) -> float:
    """Where a picture begins: in the middle when it fits, else never with a gap at an edge."""
    if length <= room:
        start = low + (room - length) / 2
    else:
        start = low + room / 2 - centre * length
        start = min(max(start, low + room - length), low)
    return round(start * ratio) / ratio
