"""Whether a camera that should stand does stand."""

from __future__ import annotations

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

CORNERS = 400
QUALITY, APART_PX = 0.005, 5.0
CELL_PX = 40
FAINT = 3.0  # grey levels of contrast that are noise
FEWEST_CELLS = 5
SHIFT_PX = 1.0  # reduced pixels: about two of the recorded picture
SPREAD_PX = 1.0  # cells that differ by less have moved together
RETURN_PX = 0.5  # a corner followed there and back must come this near to where it was
CHANGED, CHANGED_SHARE = 10.0, 0.6  # grey levels; of the corners, when a camera moved by a pixel
MOVED_SHARE, STANDING_SHARE = 0.4, 0.15  # of the cells with corners that could be followed


def first_moved(stack: NDArray[np.uint8]) -> int | None:
    """First sample in which the scene lies elsewhere than in the one before.

    Parameters
    ----------
    stack : (K, height, width, 3) uint8 array
        Reduced pictures under equal light.

    Returns
    -------
    int or None
        Position in ``stack``; None for a camera that stands.

    Notes
    -----
    Corners are followed from sample to sample (Lucas, Kanade, 1981, with pyramids). Robot and
    operator move them in a few cells of the picture; only a camera moves nearly all cells alike.
    """
    greys = [_evened(one) for one in stack]
    for at in range(1, len(greys)):
        after = min(at + 1, len(greys) - 1)
        if _is_moved(greys[at - 1], greys[at]) and _is_moved(greys[at - 1], greys[after]):
            return at
    return None


def _is_moved(before: MatLike, now: MatLike) -> bool:
    corners = cv2.goodFeaturesToTrack(before, CORNERS, QUALITY, APART_PX)
    if corners is None:
        return False
    if _changed_share(before, now, corners) < CHANGED_SHARE:
        return False
    arrived, found, _ = cv2.calcOpticalFlowPyrLK(before, now, corners, None)  # pyright: ignore
    returned, again, _ = cv2.calcOpticalFlowPyrLK(now, before, arrived, None)  # pyright: ignore
    off = np.hypot(*(returned - corners).reshape(-1, 2).T)
    followed = (found[:, 0] > 0) & (again[:, 0] > 0) & (off < RETURN_PX)
    shifts = (arrived - corners).reshape(-1, 2)[followed]
    column, row = (corners.reshape(-1, 2)[followed] // CELL_PX).astype(int).T
    cell = row * 1000 + column
    cells = np.array([np.median(shifts[cell == one], axis=0) for one in np.unique(cell)])
    if len(cells) < FEWEST_CELLS:
        return False
    middle = np.median(cells, axis=0)
    together = np.hypot(*(cells - middle).T) < SPREAD_PX
    standing = np.hypot(*cells.T) < SHIFT_PX / 2
    return bool(
        np.hypot(*middle) > SHIFT_PX
        and together.mean() >= MOVED_SHARE
        and standing.mean() <= STANDING_SHARE
    )


def _changed_share(before: MatLike, now: MatLike, corners: MatLike) -> float:
    """Share of the corners that no longer look the same: a moved camera changes nearly all."""
    step = cv2.blur(cv2.absdiff(before, now), (5, 5))
    column, row = np.asarray(corners).reshape(-1, 2).astype(int).T
    return float((step[row, column] > CHANGED).mean())


def _evened(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey picture of equal contrast everywhere, so that faint corners of the scene count too."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    box = (2 * (CELL_PX // 4) + 1,) * 2
    off = grey - cv2.blur(grey, box)
    spread = cv2.sqrt(np.maximum(cv2.blur(off * off, box), 0))  # sums may end a hair below zero
    return np.clip(128 + 45 * off / (spread + FAINT), 0, 255).astype(np.uint8)
