"""How good a cleaned picture is, where the truth is known; how good a mask is.

Definitions
-----------
PSNR inside a mask: ``10 log10(255^2 / mean squared error)`` over the masked pixels and all three
channels. Over several pictures the squared errors are pooled first (``ErrorPool``), so that a large
mask counts more than a small one.

SSIM inside a mask: the mean over the masked pixels of the SSIM map of the grey pictures, Gaussian
window of 11 pixels and sigma 1.5, K1 = 0.01, K2 = 0.03, L = 255 (Z. Wang, A. Bovik, H. Sheikh,
E. Simoncelli, "Image quality assessment: from error visibility to structural similarity", IEEE
Transactions on Image Processing 13(4), 2004).

Flicker: the mean absolute change of the error from one picture to the next, over the pixels masked
in both and all channels, grey levels. Motion that is right costs nothing, an error that stands
still costs nothing; only an error that comes and goes counts.

Recall and IoU of a mask: share of the true pixels found; intersection over union.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

BEST_DB = 99.0  # reported where there is no error at all
WINDOW_PX, SIGMA_PX = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class ErrorPool:
    """Squared error of many pictures, for one PSNR over all of them.

    Attributes
    ----------
    squared : float
        Sum of squared errors, grey levels squared.
    values : int
        Numbers compared: pixels times channels.
    """

    def __init__(self) -> None:
        self.squared = 0.0
        self.values = 0

    def add(
        self, result: NDArray[np.uint8], truth: NDArray[np.uint8], mask: NDArray[np.bool_]
    ) -> None:
        """Count the pixels of ``mask``; pictures ``(height, width, 3)``."""
        error = result[mask].astype(np.float64) - truth[mask]
        self.squared += float((error * error).sum())
        self.values += error.size

    @property
    def psnr_db(self) -> float:
        """PSNR in dB; NaN when nothing was counted, at most ``BEST_DB``."""
        if not self.values:
            return math.nan
        if self.squared <= 0:
            return BEST_DB
        return min(BEST_DB, 10 * math.log10(255.0**2 * self.values / self.squared))


def psnr_inside(
    result: NDArray[np.uint8], truth: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> float:
    """PSNR over the masked pixels, dB; NaN for an empty mask.

    Parameters
    ----------
    result, truth : (height, width, 3) uint8 arrays
    mask : (height, width) bool array
    """
    pool = ErrorPool()
    pool.add(result, truth, mask)
    return pool.psnr_db


def ssim_inside(
    result: NDArray[np.uint8], truth: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> float:
    """Mean structural similarity over the masked pixels, -1 to 1; NaN for an empty mask.

    Parameters
    ----------
    result, truth : (height, width, 3) uint8 arrays
        RGB.
    mask : (height, width) bool array
    """
    if not mask.any():
        return math.nan
    one = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY).astype(np.float32)
    two = cv2.cvtColor(truth, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean_1, mean_2 = _window(one), _window(two)
    square_1 = _window(one * one) - mean_1 * mean_1
    square_2 = _window(two * two) - mean_2 * mean_2
    product = _window(one * two) - mean_1 * mean_2
    similarity = ((2 * mean_1 * mean_2 + C1) * (2 * product + C2)) / (
        (mean_1 * mean_1 + mean_2 * mean_2 + C1) * (square_1 + square_2 + C2)
    )
    return float(similarity[mask].mean())


def _window(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (WINDOW_PX, WINDOW_PX), SIGMA_PX), np.float32)


class FlickerMeter:
    """Mean absolute change of the error between consecutive pictures, grey levels.

    ``add`` the pictures in order; call ``skip`` where one is left out.
    """

    def __init__(self) -> None:
        self._before: tuple[NDArray[np.float32], NDArray[np.bool_]] | None = None
        self._sum = 0.0
        self._values = 0

    def add(
        self, result: NDArray[np.uint8], truth: NDArray[np.uint8], mask: NDArray[np.bool_]
    ) -> None:
        """The next picture ``(height, width, 3)`` and its mask ``(height, width)``."""
        error = result.astype(np.float32) - truth
        if self._before is not None:
            both = mask & self._before[1]
            change = np.abs(error[both] - self._before[0][both])
            self._sum += float(change.sum(dtype=np.float64))
            self._values += change.size
        self._before = error, mask.copy()

    def skip(self) -> None:
        """The next picture does not follow the last one."""
        self._before = None

    @property
    def flicker(self) -> float:
        """Grey levels; NaN before two pictures shared a masked pixel."""
        return self._sum / self._values if self._values else math.nan


def recall(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Share of the true pixels that were found; 1 when there are none."""
    total = int(np.count_nonzero(truth))
    return int(np.count_nonzero(found & truth)) / total if total else 1.0


def iou(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Intersection over union; 1 when both are empty."""
    union = int(np.count_nonzero(found | truth))
    return int(np.count_nonzero(found & truth)) / union if union else 1.0
