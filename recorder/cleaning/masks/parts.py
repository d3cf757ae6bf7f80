"""Connected parts of masks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST_PART = 0.001  # share of the picture: smaller parts at its edge are noise


def parts_with(mask: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Connected parts of ``mask`` that contain a pixel of ``seeds``."""
    number, found = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    parts = np.asarray(found, np.int32)
    kept = np.zeros(number, np.bool_)
    kept[np.unique(parts[seeds])] = True
    kept[0] = False
    return kept[parts]


def parts_at_edge(mask: NDArray[np.bool_], smallest: float = SMALLEST_PART) -> NDArray[np.bool_]:
    """Connected parts of ``mask`` that reach the edge of the picture and are not tiny.

    Parameters
    ----------
    mask : (height, width) bool array
    smallest : float
        Share of the picture.
    """
    _, found, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    height, width = mask.shape
    left, top, wide, high, area = np.asarray(stats, np.int64).T
    at_edge = (left <= 1) | (top <= 1) | (left + wide >= width - 1) | (top + high >= height - 1)
    kept = at_edge & (area >= smallest * mask.size)
    kept[0] = False
    return kept[np.asarray(found, np.int32)]


def without_holes(mask: NDArray[np.bool_], largest: float) -> NDArray[np.bool_]:
    """``mask`` with holes of less than ``largest``, a share of the picture, filled."""
    _, found, stats, _ = cv2.connectedComponentsWithStats((~mask).view(np.uint8), connectivity=4)
    small = np.asarray(stats, np.int64)[:, cv2.CC_STAT_AREA] < largest * mask.size
    small[0] = False
    return mask | small[np.asarray(found, np.int32)]


def grey_levels(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey picture of an RGB one."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
