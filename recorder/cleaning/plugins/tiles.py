"""Tiles of a picture in which a model fills holes: as few as possible, with surroundings."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.plugins.manifest import PictureSize


@dataclass(frozen=True)
class Tile:
    """A part of a picture.

    Attributes
    ----------
    top, left, height, width : int
        What the model sees; may reach beyond the picture, where its edge is repeated.
    core : tuple of (top, bottom, left, right)
        What is taken from its answer, in the picture.
    """

    top: int
    left: int
    height: int
    width: int
    core: tuple[int, int, int, int]

    def cut(self, picture: NDArray) -> NDArray:
        """The part of ``picture`` the model sees."""
        height, width = picture.shape[:2]
        top, left = max(0, self.top), max(0, self.left)
        bottom, right = min(height, self.top + self.height), min(width, self.left + self.width)
        part = picture[top:bottom, left:right]
        return cv2.copyMakeBorder(
            part,
            top - self.top,
            self.top + self.height - bottom,
            left - self.left,
            self.left + self.width - right,
            cv2.BORDER_REPLICATE,
        )

    def put(self, answer: NDArray, picture: NDArray, where: NDArray[np.bool_]) -> None:
        """Take the core of ``answer`` into ``picture`` where ``where`` is true."""
        top, bottom, left, right = self.core
        part = answer[top - self.top : bottom - self.top, left - self.left : right - self.left]
        inside = where[top:bottom, left:right]
        picture[top:bottom, left:right][inside] = part[inside]


def tiles_of(hole: NDArray[np.bool_], size: PictureSize) -> list[Tile]:
    """Tiles that cover ``hole`` ``(height, width)``, from top left to bottom right."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if not len(rows):
        return []
    most_width, most_height = size.fixed or (size.most_side, size.most_side)
    context = size.context_px
    tiles = []
    for top, bottom in _cores(int(rows[0]), int(rows[-1]) + 1, most_height - 2 * context):
        for left, right in _cores(int(columns[0]), int(columns[-1]) + 1, most_width - 2 * context):
            if not hole[top:bottom, left:right].any():
                continue
            y, height = _span(top, bottom, hole.shape[0], size, 1)
            x, width = _span(left, right, hole.shape[1], size, 0)
            tiles.append(Tile(y, x, height, width, (top, bottom, left, right)))
    return tiles


def _cores(first: int, last: int, most: int) -> list[tuple[int, int]]:
    count = -(-(last - first) // most)
    edges = np.linspace(first, last, count + 1).round().astype(int)
    return [(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _span(first: int, last: int, whole: int, size: PictureSize, axis: int) -> tuple[int, int]:
    """Where a tile begins and how long it is along one axis."""
    if size.fixed is not None:
        length = size.fixed[axis]
    else:
        length = last - first + 2 * size.context_px
        length += -length % size.multiple
        length = min(length, whole + -whole % size.multiple)
    start = (first + last - length) // 2
    if length <= whole:
        return min(max(0, start), whole - length), length
    return (whole - length) // 2, length
