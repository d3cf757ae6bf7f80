"""Leftovers: bits of the operator that a mask left beside it, told by their colour.

No mask is exact. What is filled does not suffer from a thin rest at its edge, but a rest is copied
into other pictures when they are filled from there. So what is next to a hole and has a colour that
is common on the operator and rare elsewhere in this clip is not taken as a source. The colours are
those of the masked pixels against all others; no skin tone is assumed.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import Clip, MaskTrack
from recorder.cleaning.masks.colour_model import ColourCounts, ColourModel, colour_bins
from recorder.cleaning.samples import Masks

STEP = 4  # every fourth pixel is looked at
LEARNED = 16  # pictures
BESIDE_PX = 24
EVIDENCE = 2.5  # log ratio: twelve times as usual on the operator as elsewhere
FEWEST = 200  # pixels of the operator to learn from


class Leftovers:
    """Pixels beside the holes that look like the operator.

    Parameters
    ----------
    clip : Clip
    masks : MaskTrack
        Before growth.
    holes : callable
        Index to what is filled.
    """

    def __init__(self, clip: Clip, masks: MaskTrack, holes: Masks) -> None:
        self._clip, self._holes = clip, holes
        operator, others = ColourCounts(), ColourCounts()
        for index in np.unique(np.linspace(0, clip.count - 1, LEARNED).astype(int)):
            near, bins = self._near(int(index)), self._bins(int(index))
            operator.add(bins[np.asarray(masks.mask(int(index)), np.bool_)[::STEP, ::STEP]])
            others.add(bins[~near])
        known = min(operator.total, others.total) >= FEWEST
        self._model = ColourModel(operator, others) if known else None

    def __call__(self, index: int) -> NDArray[np.bool_]:
        """True where picture ``index`` shows a rest of the operator ``(height, width)``."""
        width, height = self._clip.size
        if self._model is None:
            return np.zeros((height, width), np.bool_)
        like = self._model.evidence(self._bins(index)) > EVIDENCE
        found = (like & self._near(index)).view(np.uint8)
        found = cv2.dilate(found, np.ones((3, 3), np.uint8))
        large = np.repeat(np.repeat(found, STEP, axis=0), STEP, axis=1)
        return large[:height, :width].view(np.bool_) & ~self._holes(index)

    def _bins(self, index: int) -> NDArray[np.uint16]:
        return colour_bins(np.ascontiguousarray(self._clip.frame(index)[::STEP, ::STEP]))

    def _near(self, index: int) -> NDArray[np.bool_]:
        """Hole and its surroundings, every fourth pixel."""
        hole = np.ascontiguousarray(self._holes(index)[::STEP, ::STEP]).view(np.uint8)
        box = np.ones((2 * (BESIDE_PX // STEP) + 1,) * 2, np.uint8)
        return cv2.dilate(hole, box).view(np.bool_)
