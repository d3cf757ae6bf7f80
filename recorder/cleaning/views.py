"""Views: a picture and what is told of it, for the pictures round the one being filled."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import Clip
from recorder.cleaning.gain import SAME_LIGHT, Gain
from recorder.cleaning.plate import Plate
from recorder.cleaning.samples import Masks

GRID = 4  # flow, holes and foreground are kept for every fourth pixel
FOREIGN = 18.0  # grey levels off the plate: something stands before the background
MOST_BYTES = 192 << 20
PIXEL_BYTES = 6  # of a picture and its view
EDGE = np.ones((3, 3), np.uint8)  # blocks

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True)
class View:
    """One picture.

    Attributes
    ----------
    grey : (height / 2, width / 2) uint8 array
        For optical flow.
    small : (height / 4, width / 4, 3) float32 array
        Means of blocks, in the plate's light.
    hidden : (height / 4, width / 4) bool array
        Where any pixel of a block is in the hole.
    unknown : (height / 4, width / 4) bool array
        The same and what is next to it: the edge of a mask is never exact.
    foreground : (height / 4, width / 4) bool array
        Visible, and unlike the plate; all visible ones when there is no plate.
    gain : Gain
        Light against the plate.
    """

    grey: NDArray[np.uint8]
    small: NDArray[np.float32]
    hidden: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    foreground: NDArray[np.bool_]
    gain: Gain


class Views:
    """Views of a clip, made when asked for; the last ones are kept.

    Parameters
    ----------
    clip : Clip
    unseen : callable
        Index to what does not show the scene.
    plate : Plate or None
        None for a camera that moves.
    reach : int
        How many pictures to both sides are wanted at a time.

    Attributes
    ----------
    reach : int
        What of it fits into ``MOST_BYTES``.
    image : callable
        Index to picture, as recorded; the last ones are kept.
    plate : (height / 4, width / 4, 3) float32 array or None
        The plate, means of blocks.
    known : (height / 4, width / 4) bool array or None
        Blocks of which the plate knows all.
    """

    def __init__(self, clip: Clip, unseen: Masks, plate: Plate | None, reach: int) -> None:
        self._clip, self._unseen, self._light = clip, unseen, plate
        width, height = clip.size
        room = max(4, MOST_BYTES // (width * height * PIXEL_BYTES))
        self.reach = min(reach, (room - 2) // 2, max(0, clip.count - 1))
        self._views = Recent(2 * self.reach + 2, self._make)
        self.image = Recent(2 * self.reach + 2, clip.frame)
        self.plate = None if plate is None else quarter(plate.picture)
        self.known = None if plate is None else quarter(plate.known.astype(np.float32)) > 0.99

    def __call__(self, index: int) -> View:
        """View of picture ``index``."""
        return self._views(index)

    def _make(self, index: int) -> View:
        image, hole = self.image(index), self._unseen(index)
        width, height = self._clip.size
        half = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(half, cv2.COLOR_RGB2GRAY), np.uint8)
        hidden = quarter(hole.view(np.uint8) * np.uint8(255)) > 0
        unknown = cv2.dilate(hidden.view(np.uint8), EDGE).view(np.bool_)
        small = quarter(image).astype(np.float32)
        if self._light is None or self.plate is None or self.known is None:
            return View(grey, small, hidden, unknown, ~hidden, SAME_LIGHT)
        gain = self._light.gain(index, image)
        small = gain.inverse().apply(small)
        apart = np.abs(self.plate - small).max(axis=2)
        foreground = (apart > FOREIGN) & ~hidden & self.known
        return View(grey, small, hidden, unknown, foreground, gain)


def quarter(picture: NDArray) -> NDArray:
    """``picture`` at a quarter of its size, means of blocks."""
    height, width = picture.shape[:2]
    size = (width // GRID, height // GRID)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def sampled(picture: NDArray, places: NDArray[np.float32]) -> NDArray:
    """Values of ``picture`` between its pixels, linear, the nearest ones beyond its edge.

    Parameters
    ----------
    picture : (height, width, n) array
    places : (h, w, 2) float32 array
        Right and down.

    Returns
    -------
    (h, w, n) array
    """
    x, y = places[..., 0], places[..., 1]
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


class Recent(Generic[Key, Value]):
    """Values made on demand, of which the ones used last are kept.

    Parameters
    ----------
    room : int
        How many are kept.
    make : callable
        Key to value.
    """

    def __init__(self, room: int, make: Callable[[Key], Value]) -> None:
        self._room, self._make = room, make
        self._kept: OrderedDict[Key, Value] = OrderedDict()

    def __call__(self, key: Key) -> Value:
        """The value of ``key``."""
        if key not in self._kept:
            self._kept[key] = self._make(key)
            if len(self._kept) > self._room:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]
