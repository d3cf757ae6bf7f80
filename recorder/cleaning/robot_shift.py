"""How far the robot is seen from where it was drawn, told by its colours.

Once it is known what the robot looks like, the whole drawn robot can be laid over the seen one:
finer than its edges alone (``recorder.cleaning.registration``), and not drawn aside by what lies
behind it. Gauss-Newton on grey values as Lucas and Kanade (1981) for a translation, together with
one gain and offset for the light.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

BLUR_PX = 0.7
MARGIN_PX = 2  # to the edge of what is seen of the robot
SURE = 8.0  # grey levels; larger differences weigh less (Huber)
STEPS = 3
FEWEST = 300  # pixels


class SeenShift(NamedTuple):
    """Where the robot is seen.

    Attributes
    ----------
    right_down : (2,) float64 array
        Pixels from the drawn to the seen robot.
    certain : (2, 2) float64 array
        Information of it: sum of squared slopes of grey, (grey levels per pixel)^2.
    off : float
        Mean grey levels between the two with this shift.
    """

    right_down: NDArray[np.float64]
    certain: NDArray[np.float64]
    off: float


def seen_shift(
    picture: NDArray[np.uint8], painted: NDArray[np.float32], seen: NDArray[np.bool_]
) -> SeenShift | None:
    """Shift between a picture of the robot and the painted robot; None when too little is seen.

    Parameters
    ----------
    picture : (h, w, 3) uint8 array
    painted : (h, w) float32 array
        Grey levels where ``seen``.
    seen : (h, w) bool array
        Robot that nothing hides.
    """
    box = np.ones((2 * MARGIN_PX + 1, 2 * MARGIN_PX + 1), np.uint8)
    used = cv2.erode(seen.view(np.uint8), box, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    if np.count_nonzero(used) < FEWEST:
        return None
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    drawn = cv2.GaussianBlur(np.where(seen, painted, grey), (0, 0), BLUR_PX)
    slope_x = cv2.Sobel(drawn, cv2.CV_32F, 1, 0)[used] / 8
    slope_y = cv2.Sobel(drawn, cv2.CV_32F, 0, 1)[used] / 8
    level = drawn[used]
    slopes = np.stack([slope_x, slope_y, level / 100, np.ones_like(level)])
    shift, system, mean_off = np.zeros(2), np.eye(4), 0.0
    h, w = grey.shape
    for _ in range(STEPS):
        move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        back = cv2.warpAffine(grey, move, (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        off = cv2.GaussianBlur(back, (0, 0), BLUR_PX)[used] - level
        weighted = slopes / np.maximum(1.0, np.abs(off - np.median(off)) / SURE)
        system = (weighted @ slopes.T).astype(np.float64) + 1e-3 * np.eye(4)
        mean_off = float(np.abs(off - np.median(off)).mean())
        step = np.linalg.solve(system, (weighted @ off).astype(np.float64))[:2]
        shift -= step
        if np.abs(step).max() < 0.02:
            break
    light = system[:2, 2:] @ np.linalg.solve(system[2:, 2:], system[2:, :2])
    return SeenShift(shift, system[:2, :2] - light, mean_off)
