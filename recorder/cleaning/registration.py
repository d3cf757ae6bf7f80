"""How far the robot is seen from where calibration and joints put it: a shift of the picture.

Outlines of the drawn robot, and the steps in depth within it, are laid over the edges of the
picture; the shift where most of them meet wins. Cross-correlation of rectified gradients per axis,
which is blind to whether the robot is lighter or darker than what lies behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.silhouette import Surface

REACH_PX = 6  # largest shift that is looked for
EDGE_MOST = 60.0  # grey levels; stronger edges count the same, or one dark line would decide
DEPTH_STEP_M = 0.006
BLUR_PX = 0.4
FEWEST_EDGE_PX = 40  # visible outline below which nothing is said


@dataclass(frozen=True)
class Shift:
    """Where the robot is seen.

    Attributes
    ----------
    right, down : float
        Pixels from the drawn to the seen robot.
    certain : float
        0 (any shift fits as well) to 1.
    """

    right: float = 0.0
    down: float = 0.0
    certain: float = 0.0


def edge_scores(
    image: NDArray[np.uint8], surface: Surface, hidden: NDArray[np.bool_]
) -> NDArray[np.float32] | None:
    """How well the drawn outline meets the picture's edges, for every whole shift.

    Parameters
    ----------
    image : (height, width, 3) uint8 array
    surface : Surface
        Drawn without a shift.
    hidden : (height, width) bool array
        Pixels whose edges are not the robot's.

    Returns
    -------
    (2 R + 1, 2 R + 1) float32 array or None
        Mean edge strength at shift ``(row - R, column - R)``, R = ``REACH_PX``; None when too
        little of the outline is seen.
    """
    margin = REACH_PX + 2
    height, width = image.shape[:2]
    h, w = surface.shape.shape
    top, left = surface.top - margin, surface.left - margin
    y0, y1 = max(top, 0), min(top + h + 2 * margin, height)
    x0, x1 = max(left, 0), min(left + w + 2 * margin, width)
    pad = (y0 - top, top + h + 2 * margin - y1, x0 - left, left + w + 2 * margin - x1)
    grey = cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY)
    covered = hidden[y0:y1, x0:x1].astype(np.uint8)
    if any(pad):
        grey = cv2.copyMakeBorder(grey, *pad, cv2.BORDER_REPLICATE)
        covered = cv2.copyMakeBorder(covered, *pad, cv2.BORDER_CONSTANT, value=1)
    grey = cv2.GaussianBlur(grey, (0, 0), BLUR_PX)
    usable = cv2.dilate(covered, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)) == 0
    depth = np.full(grey.shape, 10.0, np.float32)
    inner = (slice(margin, margin + h), slice(margin, margin + w))
    np.copyto(depth[inner], surface.depth_m, where=surface.mask)
    total = np.zeros((2 * REACH_PX + 1, 2 * REACH_PX + 1), np.float32)
    count = 0.0
    cut = (slice(REACH_PX, -REACH_PX), slice(REACH_PX, -REACH_PX))
    for dx, dy in ((1, 0), (0, 1)):
        seen = np.minimum(np.abs(cv2.Sobel(grey, cv2.CV_32F, dx, dy)) / 4, EDGE_MOST)
        line = np.ones((1, 3) if dx else (3, 1), np.uint8)
        seen[seen < cv2.dilate(seen, line)] = 0  # slopes beside an edge would draw it sideways
        step = np.abs(cv2.Sobel(depth, cv2.CV_32F, dx, dy)) / 4 > DEPTH_STEP_M
        drawn = (step & usable).astype(np.float32)[cut]
        count += float(drawn.sum())
        total += cv2.matchTemplate(seen, drawn, cv2.TM_CCORR)
    return total / count if count >= FEWEST_EDGE_PX else None


def best_shift(
    scores: NDArray[np.floating], expected: Shift | None = None, within_px: float = REACH_PX
) -> Shift:
    """The shift with the best score, to a fraction of a pixel.

    Parameters
    ----------
    scores : (2 R + 1, 2 R + 1) float32 array
        Of ``edge_scores``, or a mean of several.
    expected : Shift, optional
        Shifts further than ``within_px`` from it are not looked at.
    """
    middle = (len(scores) - 1) / 2
    smooth = np.asarray(cv2.GaussianBlur(scores, (3, 3), 0.7), np.float32)
    rows, columns = np.mgrid[: len(scores), : len(scores)] - middle
    allowed = np.ones(scores.shape, bool)
    if expected is not None:
        far = np.hypot(rows - expected.down, columns - expected.right)
        allowed = far <= max(within_px, float(far.min()))
    at = np.unravel_index(int(np.argmax(np.where(allowed, smooth, -np.inf))), scores.shape)
    row, column = int(at[0]), int(at[1])
    best = float(smooth[row, column])
    spread = best - float(np.median(smooth))
    return Shift(
        column - middle + _vertex(smooth[row], column),
        row - middle + _vertex(smooth[:, column], row),
        float(np.clip(spread / max(best, 1e-6), 0.0, 1.0)),
    )


def _vertex(line: NDArray[np.float32], at: int) -> float:
    """Where the parabola through three values peaks, from ``at``; within half a step."""
    if not 0 < at < len(line) - 1:
        return 0.0
    left, middle, right = (float(v) for v in line[at - 1 : at + 2])
    bend = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
