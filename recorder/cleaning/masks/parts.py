"""Connected parts of masks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST_PART = 0.001  # share of the picture: smaller parts at its edge are noise


class Parts:
    """Connected parts of a mask, with eight neighbours.

    Parameters
    ----------
    mask : (height, width) bool array
    """

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        number, found, stats, _ = cv2.connectedComponentsWithStats(
            mask.view(np.uint8), connectivity=8
        )
        self._number = number
        self._found = np.asarray(found, np.int32)
        self._stats = np.asarray(stats, np.int64)

    def with_any(self, seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which parts contain a pixel of ``seeds``."""
        kept = np.bincount(self._found[seeds], minlength=self._number) > 0
        kept[0] = False
        return kept

    def at_edge(self, smallest: float = SMALLEST_PART) -> NDArray[np.bool_]:
        """Which parts reach the edge and are not smaller than a share of the picture."""
        height, width = self._found.shape
        left, top, wide, high, area = self._stats.T
        kept = (left <= 1) | (top <= 1) | (left + wide >= width - 1) | (top + high >= height - 1)
        kept &= area >= smallest * self._found.size
        kept[0] = False
        return kept

    def alike(self, where: NDArray[np.bool_], share: float, smallest: float) -> NDArray[np.bool_]:
        """Which parts are covered by ``where`` to a ``share``, and not tiny."""
        area = self._stats[:, cv2.CC_STAT_AREA]
        covered = np.bincount(self._found[where], minlength=self._number)
        kept = (covered >= share * area) & (area >= smallest * self._found.size)
        kept[0] = False
        return kept

    def means(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Mean of ``values`` ``(height, width)`` over every part; below any for the outside."""
        sums = np.bincount(self._found.ravel(), values.ravel(), minlength=self._number)
        found = sums / np.maximum(self._stats[:, cv2.CC_STAT_AREA], 1)
        found[0] = -np.inf
        return found

    def pixels(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Pixels of the parts that are ``kept``."""
        return kept.take(self._found)


def parts_with(mask: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Connected parts of ``mask`` that contain a pixel of ``seeds``."""
    parts = Parts(mask)
    return parts.pixels(parts.with_any(seeds))


def parts_at_edge(mask: NDArray[np.bool_], smallest: float = SMALLEST_PART) -> NDArray[np.bool_]:
    """Connected parts of ``mask`` that reach the edge of the picture and are not tiny.

    Parameters
    ----------
    mask : (height, width) bool array
    smallest : float
        Share of the picture.
    """
    parts = Parts(mask)
    return parts.pixels(parts.at_edge(smallest))


def without_holes(mask: NDArray[np.bool_], largest: float) -> NDArray[np.bool_]:
    """``mask`` with holes of less than ``largest``, a share of the picture, filled."""
    _, found, stats, _ = cv2.connectedComponentsWithStats((~mask).view(np.uint8), connectivity=4)
    small = np.asarray(stats, np.int64)[:, cv2.CC_STAT_AREA] < largest * mask.size
    small[0] = False
    return mask | small[np.asarray(found, np.int32)]


def grey_levels(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey picture of an RGB one."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
