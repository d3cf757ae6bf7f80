"""Small changes of what is seen while training: crops, brightness, contrast, hidden modalities."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def crop_places(
    size: tuple[int, int], crop: tuple[int, int], count: int, random: np.random.Generator | None
) -> NDArray[np.int64]:
    """Upper left corners ``(count, 2)`` as x, y; central ones without ``random``.

    Parameters
    ----------
    size, crop : tuple of (int, int)
        Width and height of the picture and of what is seen, pixels.
    count : int
    random : numpy Generator, optional
    """
    room = np.array(size) - np.array(crop)
    if random is None:
        return np.tile(room // 2, (count, 1))
    return random.integers(0, room + 1, (count, 2))


def colour_changes(
    count: int, most: float, random: np.random.Generator | None
) -> NDArray[np.float64]:
    """Contrast and brightness ``(count, 2)``: factor about 1, and shares of 255 to add."""
    if random is None or most == 0:
        return np.tile((1.0, 0.0), (count, 1))
    return random.uniform((1 - most, -most / 2), (1 + most, most / 2), (count, 2))


def cropped(
    pictures: NDArray[np.uint8],
    rows: NDArray[np.int64],
    crop: tuple[int, int],
    places: NDArray[np.int64],
    colours: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Pictures of a batch; all steps of a sample are cropped and coloured alike.

    Parameters
    ----------
    pictures : (N, H, W, 3) uint8 array
    rows : (B, S) int array
    crop : tuple of (int, int)
        Width and height.
    places : (B, 2) int array
        Of ``crop_places``.
    colours : (B, 2) array
        Of ``colour_changes``.

    Returns
    -------
    (B, S, h, w, 3) uint8 array
    """
    width, height = crop
    out = np.empty((*rows.shape, height, width, 3), np.uint8)
    for sample, (x, y) in enumerate(places):
        seen = pictures[rows[sample], y : y + height, x : x + width]
        contrast, brightness = colours[sample]
        if contrast == 1.0 and brightness == 0.0:
            out[sample] = seen
        else:
            flat = seen.reshape(len(seen) * height, width * 3)
            table = contrast * (np.arange(256) - 127.5) + 127.5 + 255 * brightness
            shades = np.clip(np.rint(table), 0, 255).astype(np.uint8)
            out[sample] = cv2.LUT(flat, shades).reshape(seen.shape)
    return out


def hidden_modalities(
    modalities: tuple[str, ...],
    touch: tuple[str, ...],
    count: int,
    touch_share: float,
    camera_share: float,
    random: np.random.Generator | None,
) -> NDArray[np.bool_]:
    """Which modalities are hidden from each sample, ``(count, len(modalities))``.

    All of touch is hidden together, a camera alone; joints are always seen.
    """
    hidden = np.zeros((count, len(modalities)), bool)
    if random is None:
        return hidden
    without_touch = random.random(count) < touch_share
    for place, name in enumerate(modalities):
        if name in touch:
            hidden[:, place] = without_touch
        elif name != "state":
            hidden[:, place] = random.random(count) < camera_share
    return hidden
