"""Residue: what no other picture shows is guessed from its surroundings."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RADIUS_PX = 5
MARGIN_PX = 12


def fill_residue(
    image: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    radius_px: int = RADIUS_PX,
    avoid: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """``image`` with ``hole`` filled from its border inwards.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        What is already filled counts as known.
    hole : (H, W) bool array
    radius_px : int
        Neighbourhood of one step.
    avoid : (H, W) bool array, optional
        What stands before the hole and must not smear into it.

    Notes
    -----
    Fast marching inpainting, A. Telea, "An image inpainting technique based on the fast marching
    method", Journal of Graphics Tools 9(1), 2004, as in OpenCV; every separate hole only within
    its own surroundings, which is what makes it quick. A picture that is hidden altogether becomes
    its mean colour, i.e. mid-grey.
    """
    out = image.copy()
    if not hole.any():
        return out
    if hole.all():
        out[...] = 127
        return out
    top, bottom, left, right = bounds(hole, MARGIN_PX)
    part, part_hole = image[top:bottom, left:right], hole[top:bottom, left:right]
    unknown = part_hole if avoid is None else part_hole | avoid[top:bottom, left:right]
    if unknown.all():
        unknown = part_hole
    filled = cv2.inpaint(
        np.ascontiguousarray(part),
        np.ascontiguousarray(unknown).view(np.uint8),
        radius_px,
        cv2.INPAINT_TELEA,
    )
    out[top:bottom, left:right][part_hole] = filled[part_hole]
    return out


def bounds(hole: NDArray[np.bool_], margin_px: int = 0) -> tuple[int, int, int, int]:
    """Smallest box round ``hole`` with a margin: top, bottom, left, right; stops exclusive."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    height, width = hole.shape
    return (
        max(0, int(rows[0]) - margin_px),
        min(height, int(rows[-1]) + 1 + margin_px),
        max(0, int(columns[0]) - margin_px),
        min(width, int(columns[-1]) + 1 + margin_px),
    )
