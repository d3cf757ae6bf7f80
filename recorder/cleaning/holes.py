"""Holes: what is filled. Masks grown by the parameters, checked, and kept for a while."""

from __future__ import annotations

from collections import OrderedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, Clip, MaskTrack
from recorder.cleaning.masks.grow import grow
from recorder.cleaning.parameters import CleanParameters

KEPT = 96  # packed to bits: 38 kB each at 640x480


class Holes:
    """Grown masks of a clip, by picture.

    Parameters
    ----------
    clip : Clip
    masks : MaskTrack
        Before growth.
    params : CleanParameters
        ``dilation_px`` and ``shadow_px``.

    Attributes
    ----------
    plate : (height, width, 3) uint8 array or None
        The scene without anybody, once it is known: shadows are told by it.

    Raises
    ------
    CleanError
        There are fewer masks than pictures.
    """

    def __init__(self, clip: Clip, masks: MaskTrack, params: CleanParameters) -> None:
        if masks.count < clip.count:
            raise CleanError(
                f"there are {masks.count} masks for the {clip.count} pictures of '{clip.name}'; "
                "give one for every picture"
            )
        self._clip, self._masks, self._params = clip, masks, params
        self._plate: NDArray[np.uint8] | None = None
        self._kept: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()

    @property
    def plate(self) -> NDArray[np.uint8] | None:
        """The scene without anybody, or None."""
        return self._plate

    @plate.setter
    def plate(self, plate: NDArray[np.uint8] | None) -> None:
        self._plate = plate
        if self._params.shadow_px:
            self._kept.clear()

    def __call__(self, index: int) -> NDArray[np.bool_]:
        """True where picture ``index`` is filled ``(height, width)``."""
        width, height = self._clip.size
        packed = self._kept.get(index)
        if packed is None:
            packed = np.packbits(self._grown(index))
            self._kept[index] = packed
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        flat = np.unpackbits(packed, count=width * height)
        return flat.reshape(height, width).view(np.bool_)

    def _grown(self, index: int) -> NDArray[np.bool_]:
        mask = np.asarray(self._masks.mask(index), np.bool_)
        width, height = self._clip.size
        if mask.shape != (height, width):
            found = "x".join(str(n) for n in mask.shape[::-1])
            raise CleanError(
                f"mask {index} is {found} pixels, the pictures of '{self._clip.name}' are "
                f"{width}x{height}; give masks of the same size"
            )
        if not mask.any():
            return mask
        if self._params.shadow_px and self._plate is not None:
            return grow(mask, self._clip.frame(index), self._plate, self._params)
        return dilated(mask, self._params.dilation_px)


def dilated(mask: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    """``mask`` grown by a disc of radius ``by_px``."""
    if by_px <= 0:
        return mask
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by_px + 1, 2 * by_px + 1))
    return cv2.dilate(mask.view(np.uint8), disc).view(np.bool_)
