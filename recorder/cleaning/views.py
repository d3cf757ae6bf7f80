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

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True)
class View:
    """One picture.

    Attributes
    ----------
    image : (height, width, 3) uint8 array
        RGB.
    grey : (height / 2, width / 2) uint8 array
        For optical flow.
    small : (height / 4, width / 4, 3) float32 array
        Means of blocks, in the plate's light.
    hidden : (height / 4, width / 4) bool array
        Where any pixel of a block is in the hole.
    foreground : (height / 4, width / 4) bool array
        Visible, and unlike the plate; all visible ones when there is no plate.
    gain : Gain
        Light against the plate.
    """

    image: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    small: NDArray[np.float32]
    hidden: NDArray[np.bool_]
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
    """

    def __init__(self, clip: Clip, unseen: Masks, plate: Plate | None, reach: int) -> None:
        self._clip, self._unseen, self._plate = clip, unseen, plate
        width, height = clip.size
        room = max(3, MOST_BYTES // (width * height * 4))
        self.reach = min(reach, (room - 1) // 2, max(0, clip.count - 1))
        self._views = Recent(2 * self.reach + 2, self._make)
        self._plate_small = None if plate is None else quarter(plate.picture)
        self._known = None if plate is None else quarter(plate.known.astype(np.float32)) > 0.99

    def __call__(self, index: int) -> View:
        """View of picture ``index``."""
        return self._views(index)

    def _make(self, index: int) -> View:
        image, hole = self._clip.frame(index), self._unseen(index)
        width, height = self._clip.size
        half = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(half, cv2.COLOR_RGB2GRAY), np.uint8)
        hidden = quarter(hole.view(np.uint8) * np.uint8(255)) > 0
        small = quarter(image).astype(np.float32)
        if self._plate is None or self._plate_small is None or self._known is None:
            return View(image, grey, small, hidden, ~hidden, SAME_LIGHT)
        gain = self._plate.gain(index, image)
        small = gain.inverse().apply(small)
        apart = np.abs(self._plate_small - small).max(axis=2)
        foreground = (apart > FOREIGN) & ~hidden & self._known
        return View(image, grey, small, hidden, foreground, gain)


def quarter(picture: NDArray) -> NDArray:
    """``picture`` at a quarter of its size, means of blocks."""
    height, width = picture.shape[:2]
    size = (width // GRID, height // GRID)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


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
