"""Which colours are the operator's, learned from this clip.

Two smoothed histograms over CIE L*a*b*, one of pixels known to be the operator and one of pixels
known to be something else; their log ratio tells colours apart. Gloves, sleeves and skin of any
tone are learned alike. Nothing is said about colours neither has seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

BINS = 32  # per axis
LIGHT_STEP = 8  # grey levels of L* per bin: light changes with the shading of a round arm
CHROMA_STEP = 3  # grey levels of a*, b* per bin; +-48 around neutral, beyond is clipped
SMOOTHING = (1.5, 0.9, 0.9)  # bins of L*, a*, b*
UNSEEN = 2e-5  # probability of a bin nobody has seen; 1 / BINS**3 would be 3e-5
CLIP = 4.0  # largest log ratio: no colour alone is certain


@dataclass
class ColourCounts:
    """Weighted counts of colours, ``(BINS, BINS, BINS)``."""

    counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros((BINS,) * 3))

    def add(self, bins: NDArray[np.uint16], weight: float = 1.0) -> None:
        """Count pixels, given by ``colour_bins``."""
        if bins.size:
            found = np.bincount(bins.ravel(), minlength=BINS**3)
            self.counts += weight * found.reshape(self.counts.shape)

    @property
    def total(self) -> float:
        """Weighted pixels counted so far."""
        return float(self.counts.sum())

    def probability(self) -> NDArray[np.float64]:
        """Smoothed share of every colour; sums to 1, or all 0 without pixels."""
        smooth = gaussian_filter(self.counts, SMOOTHING, mode="constant")
        return smooth / max(float(smooth.sum()), 1e-12)


class ColourModel:
    """Log ratio of operator against others by colour.

    Parameters
    ----------
    operator, others : ColourCounts
    """

    def __init__(self, operator: ColourCounts, others: ColourCounts) -> None:
        ratio = np.log((operator.probability() + UNSEEN) / (others.probability() + UNSEEN))
        self._table = np.clip(ratio, -CLIP, CLIP).astype(np.float32).ravel()

    def evidence(self, bins: NDArray[np.uint16]) -> NDArray[np.float32]:
        """Log ratio of pixels given by ``colour_bins``; above 0 speaks for the operator."""
        return self._table.take(bins)


def colour_bins(image: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Histogram bin of every pixel.

    Parameters
    ----------
    image : (height, width, 3) uint8 array
        RGB.

    Returns
    -------
    (height, width) uint16 array
    """
    lab = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2LAB)
    return lab_bins(np.asarray(lab, np.uint8))


def lab_bins(lab: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Histogram bin of every pixel ``(height, width)`` of a picture in CIE L*a*b*."""
    light, a, b = cv2.split(lab)
    found = cv2.LUT(light, _LIGHT)
    cv2.bitwise_or(found, cv2.LUT(a, _A), found)
    cv2.bitwise_or(found, cv2.LUT(b, _B), found)
    return np.asarray(found, np.uint16)


def skin_likeness(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels that could be bare skin of some tone; a first guess to learn from, never a mask.

    Parameters
    ----------
    image : (height, width, 3) uint8 array
        RGB.

    Notes
    -----
    Skin of all tones has a similar hue, reddish yellow, because blood and melanin colour it: the
    range of Cr and Cb is that of Chai and Ngan (1999), Cb 77 to 127 and Cr 133 to 173. It also
    contains wood and cardboard.
    """
    ycrcb = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2YCrCb)
    return cv2.inRange(ycrcb, (30, 136, 77), (250, 176, 127)) > 0


_LIGHT = (np.arange(256) // LIGHT_STEP * BINS * BINS).astype(np.uint16)
_CHROMA = np.clip((np.arange(256) - 128) // CHROMA_STEP + BINS // 2, 0, BINS - 1)
_A = (_CHROMA * BINS).astype(np.uint16)
_B = _CHROMA.astype(np.uint16)
