"""Pictures of a cleaning: mask and layers laid over a picture, before and after in one.

A colour alone never tells a layer: every region of it carries its letter, and the legend says the
word.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.layers import Layer

Colour = tuple[int, int, int]

MASK_COLOUR: Colour = (255, 92, 168)
GROWN_COLOUR: Colour = (255, 214, 64)
MASK_WEIGHT = 0.45
LAYER_WEIGHT = 0.6
LETTER_EVERY_PX = 48
LETTER_LEAST_PX = 150  # pixels a region needs before a letter is put on it
OUTLINE: Colour = (0, 0, 0)


@dataclass(frozen=True)
class LayerLook:
    """How a layer is shown.

    Attributes
    ----------
    letter, word : str
    meaning : str
        One sentence.
    colour : tuple of int
        RGB.
    """

    letter: str
    word: str
    meaning: str
    colour: Colour


LOOKS: dict[Layer, LayerLook] = {
    Layer.ROBOT: LayerLook(
        "R", "robot", "The robot as other pictures show it, moved to this pose.", (79, 184, 240)
    ),
    Layer.OBJECT: LayerLook(
        "O", "object", "A rigid object as other pictures show it.", (240, 180, 76)
    ),
    Layer.PLATE: LayerLook(
        "P", "plate", "The still scene, seen here in other pictures.", (99, 210, 151)
    ),
    Layer.FLOW: LayerLook(
        "F", "flow", "Carried from pictures before and after by motion.", (190, 140, 255)
    ),
    Layer.RESIDUE: LayerLook(
        "G", "guessed", "Seen in no picture: guessed from its surroundings.", (255, 123, 114)
    ),
    Layer.MODEL: LayerLook("M", "model", "Made up by a plug-in.", (230, 230, 120)),
}


def with_mask(
    image: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    grown: NDArray[np.bool_] | None = None,
    tint: bool = True,
) -> NDArray[np.uint8]:
    """``image`` with the operator tinted, and what is filled around it outlined.

    Parameters
    ----------
    image : (height, width, 3) uint8 array
        RGB.
    mask : (height, width) bool array
        Operator.
    grown : (height, width) bool array, optional
        What is filled.
    tint : bool
        Whether the operator is tinted as well as outlined.
    """
    out = _tinted(image, mask, MASK_COLOUR, MASK_WEIGHT) if tint else image
    out = image.copy() if out is image else out
    _outline(out, mask, MASK_COLOUR)
    if grown is not None:
        _outline(out, grown, GROWN_COLOUR)
    return out


def with_layers(image: NDArray[np.uint8], layers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``image`` with the source of every filled pixel, by colour and letter."""
    out = image
    for layer, look in LOOKS.items():
        out = _tinted(out, layers == layer, look.colour, LAYER_WEIGHT)
    out = out.copy() if out is image else out
    for layer, look in LOOKS.items():
        _letter(out, layers == layer, look.letter)
    return out


def wiped(before: NDArray[np.uint8], after: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """``before`` to the left of ``share`` of the width, ``after`` to the right of it."""
    column = round(min(max(share, 0.0), 1.0) * before.shape[1])
    out = after.copy()
    out[:, :column] = before[:, :column]
    return out


def _tinted(
    image: NDArray[np.uint8], where: NDArray[np.bool_], colour: Colour, weight: float
) -> NDArray[np.uint8]:
    if not where.any():
        return image
    out = image.copy()
    tint = weight * np.array(colour, np.float32)
    out[where] = np.rint((1.0 - weight) * image[where] + tint).astype(np.uint8)
    return out


def _outline(image: NDArray[np.uint8], where: NDArray[np.bool_], colour: Colour) -> None:
    found, _ = cv2.findContours(
        np.ascontiguousarray(where).view(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    if found:
        cv2.drawContours(image, found, -1, colour, 1)


def _letter(image: NDArray[np.uint8], where: NDArray[np.bool_], letter: str) -> None:
    """Put ``letter`` on the regions, at most one per square of the picture."""
    if np.count_nonzero(where) < LETTER_LEAST_PX:
        return
    deep = cv2.distanceTransform(
        np.ascontiguousarray(where).view(np.uint8), cv2.DIST_C, 3, dstType=cv2.CV_32F
    )
    height, width = where.shape
    for top in range(0, height, LETTER_EVERY_PX):
        for left in range(0, width, LETTER_EVERY_PX):
            tile = deep[top : top + LETTER_EVERY_PX, left : left + LETTER_EVERY_PX]
            row, column = np.unravel_index(int(tile.argmax()), tile.shape)
            if tile[row, column] >= 6:
                at = (left + int(column) - 4, top + int(row) + 5)
                for thick, colour in ((3, OUTLINE), (1, (255, 255, 255))):
                    cv2.putText(
                        image, letter, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, thick,
                        cv2.LINE_AA,
                    )  # fmt: skip
