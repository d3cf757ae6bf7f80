"""Pictures at the size a policy sees them; one function, so that running and training agree."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def scaled(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Picture ``(H, W, 3)`` at width and height ``size``, averaged over areas."""
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
