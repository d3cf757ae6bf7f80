"""Mask edges that follow the edges of the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.masks.parts import grey_levels

EDGE_NOISE = 6.0  # grey levels: smaller steps of the picture do not hold an edge


def guided(
    guide: NDArray[np.uint8], soft: NDArray[np.float32], radius_px: int
) -> NDArray[np.float32]:
    """Smooth ``soft`` along, not across, the edges of ``guide``.

    Parameters
    ----------
    guide : (height, width) uint8 array
        Grey picture.
    soft : (height, width) float32 array
    radius_px : int

    Notes
    -----
    Guided filter (He, Sun, Tang, 2010) with box means of side ``2 * radius_px + 1``.
    """
    box = (2 * radius_px + 1,) * 2
    grey = guide.astype(np.float32)
    mean_g, mean_s = cv2.blur(grey, box), cv2.blur(soft, box)
    spread = cv2.blur(grey * grey, box) - mean_g * mean_g
    along = (cv2.blur(grey * soft, box) - mean_g * mean_s) / (spread + EDGE_NOISE**2)
    return cv2.blur(along, box) * grey + cv2.blur(mean_s - along * mean_g, box)


def refined(mask: NDArray[np.bool_], image: NDArray[np.uint8], band_px: int) -> NDArray[np.bool_]:
    """``mask`` with its edge laid on the picture's edges, moved by at most ``band_px``.

    Parameters
    ----------
    mask : (height, width) bool array
    image : (height, width, 3) uint8 array
        RGB.
    """
    box = np.ones((2 * band_px + 1,) * 2, np.uint8)
    whole = mask.view(np.uint8)
    band = cv2.dilate(whole, box) != cv2.erode(whole, box)
    if not band.any():
        return mask
    soft = guided(grey_levels(image), mask.astype(np.float32), band_px)
    return np.where(band, soft > 0.5, mask)
