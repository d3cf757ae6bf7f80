"""Growth of a mask: a margin on all sides, and the shadow beside it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.gain import fit_gain, ring
from recorder.cleaning.masks.parts import parts_with
from recorder.cleaning.parameters import CleanParameters

DARKENED = (0.35, 0.95)  # brightness of shadow against the same place without it
CHROMA_KEPT = 0.035  # largest change of r/(r+g+b), g/(r+g+b) in shadow
DARKEST = 24.0  # grey levels of the plate: below, shadow and noise look alike


def grow(
    mask: NDArray[np.bool_],
    image: NDArray[np.uint8],
    plate: NDArray[np.uint8] | None,
    params: CleanParameters,
) -> NDArray[np.bool_]:
    """What is filled: the mask, a margin, and shadow that hangs together with it.

    Parameters
    ----------
    mask : (height, width) bool array
        Operator.
    image, plate : (height, width, 3) uint8 array
        Recorded picture, and the scene without anybody; without a plate shadow is not looked for.
    params : CleanParameters
        ``dilation_px`` and ``shadow_px``.

    Returns
    -------
    (height, width) bool array
        Empty masks stay empty, and nothing of ``mask`` is ever lost.

    Notes
    -----
    Shadow darkens a surface and leaves its colour: brightness between ``DARKENED`` of the plate
    under the light of the picture, chromaticity within ``CHROMA_KEPT`` (after Horprasert, Harwood,
    Davis, 1999: brightness and chromaticity distortion).
    """
    if not mask.any():
        return mask.copy()
    grown = _dilated(mask, params.dilation_px)
    if params.shadow_px and plate is not None:
        grown |= _shadow(grown, image, plate, params.shadow_px)
    return grown


def shadow_pixels(image: NDArray, plate: NDArray) -> NDArray[np.bool_]:
    """Pixels that are darker than the plate and of the same colour ``(...)``.

    Parameters
    ----------
    image, plate : (..., 3) arrays
        RGB grey levels under the same light.
    """
    seen, bare = np.asarray(image, np.float32), np.asarray(plate, np.float32)
    seen_sum, bare_sum = _brightness(seen), _brightness(bare)
    dark = (seen_sum > DARKENED[0] * bare_sum) & (seen_sum < DARKENED[1] * bare_sum)
    dark &= bare_sum > 3 * DARKEST
    for channel in (0, 1):
        share = seen[..., channel] / np.maximum(seen_sum, 1.0)
        share -= bare[..., channel] / np.maximum(bare_sum, 1.0)
        dark &= np.abs(share) < CHROMA_KEPT
    return dark


def _brightness(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return image[..., 0] + image[..., 1] + image[..., 2]


def _shadow(
    grown: NDArray[np.bool_], image: NDArray[np.uint8], plate: NDArray[np.uint8], reach_px: int
) -> NDArray[np.bool_]:
    """Shadow within ``reach_px`` of the mask that is connected to it."""
    near = ring(grown, reach_px)
    light = fit_gain(plate, image, ~grown)
    dark = shadow_pixels(cv2.blur(image, (3, 3)), cv2.blur(light.apply(plate), (3, 3))) & near
    box = np.ones((3, 3), np.uint8)
    dark = cv2.morphologyEx(dark.view(np.uint8), cv2.MORPH_OPEN, box) > 0
    found = parts_with(dark | grown, grown) & dark
    return _dilated(found, 2) & (near | grown)


def _dilated(mask: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    if by_px <= 0:
        return mask.copy()
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by_px + 1, 2 * by_px + 1))
    return cv2.dilate(mask.view(np.uint8), disc).view(np.bool_)
