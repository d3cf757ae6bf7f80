"""The seam between filled and recorded pixels, made anew from a cleaned picture: for a preview.

A cleaning fades what was filled into the recorded picture over some pixels inside the hole. The
weights are known, so what was filled can be told again (rounding and compression grow by up to the
width of the old seam plus one), and faded with another width or inside a smaller hole.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.layered import feathered

Picture = NDArray[np.uint8]
Hole = NDArray[np.bool_]


def reseamed(
    recorded: Picture, cleaned: Picture, hole: Hole, was_px: int, kept: Hole, now_px: int
) -> Picture:
    """``cleaned`` as it would be with another seam, or with a hole that reaches less far.

    Parameters
    ----------
    recorded, cleaned : (height, width, 3) uint8 arrays
        RGB.
    hole : (height, width) bool array
        What was filled.
    was_px : int
        Width of its seam.
    kept : (height, width) bool array
        What is to be filled; outside ``hole`` nothing is known, and the recorded picture stays.
    now_px : int
        Width of the new seam.
    """
    filled, kept = unfeathered(recorded, cleaned, hole, was_px), hole & kept
    filled[~kept] = recorded[~kept]
    return feathered(recorded, filled, kept, now_px)


def unfeathered(recorded: Picture, cleaned: Picture, hole: Hole, width_px: int) -> Picture:
    """What was filled, before it faded over ``width_px`` into ``recorded``; else ``recorded``."""
    out = recorded.copy()
    out[hole] = cleaned[hole]
    if width_px < 1 or not hole.any():
        return out
    inside = cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, 3)
    seam = (inside > 0) & (inside <= width_px)
    weight = (inside[seam] / (width_px + 1))[:, None]
    told = (cleaned[seam] - (1 - weight) * recorded[seam]) / weight
    out[seam] = np.clip(np.rint(told), 0, 255).astype(np.uint8)
    return out
