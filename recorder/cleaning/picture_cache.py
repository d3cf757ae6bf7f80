"""A few decoded pictures, so that reading them again costs nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

KEPT_PICTURES = 64  # at 640x480 about 59 MB
KEPT_BYTES = 64 << 20


class PictureCache:
    """The pictures used last: at most ``KEPT_PICTURES`` and ``KEPT_BYTES``, at least one.

    Parameters
    ----------
    picture_bytes : int
        Size of one picture.
    """

    def __init__(self, picture_bytes: int) -> None:
        self._room = max(1, min(KEPT_PICTURES, KEPT_BYTES // max(1, picture_bytes)))
        self._kept: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()

    def get(self, index: int, make: Callable[[int], NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Picture ``index``, made when it is not kept; it cannot be written to."""
        picture = self._kept.get(index)
        if picture is None:
            picture = make(index)
        self.put(index, picture)
        return picture

    def put(self, index: int, picture: NDArray[np.uint8]) -> None:
        """Keep ``picture``; the one not used for longest goes when there are too many."""
        picture.flags.writeable = False
        self._kept[index] = picture
        self._kept.move_to_end(index)
        while len(self._kept) > self._room:
            self._kept.popitem(last=False)


def checked_index(index: int, count: int, name: str) -> int:
    """``index`` when the clip ``name`` has such a picture, else ``IndexError``."""
    if not 0 <= index < count:
        raise IndexError(f"'{name}' has {count} pictures, no picture {index}")
    return index
