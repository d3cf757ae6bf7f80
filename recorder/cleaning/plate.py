"""Plate: what a standing camera sees behind the operator, told by other times.

Two answers per pixel. The *plate* is the median of all samples that show the pixel: nearly free of
noise, right for what never moves. The *time-local* answer are the samples just before and after
the pixel was hidden: right for what was pushed and lies still again. Where both samples agree with
the plate the plate is taken; where they agree with each other but not with it, they are.
"""

from __future__ import annotations

from collections import OrderedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import Clip
from recorder.cleaning.gain import Gain, fit_gain, largest, ring
from recorder.cleaning.residue import bounds, fill_residue
from recorder.cleaning.samples import NONE, Masks, Samples
from recorder.progress import ProgressMeter

TILE_ROWS = 24
STEPS = 64  # of a grey level, in the fixed-point numbers the median is taken of
RING_PX = 24
RING_FEWEST = 2_000
GAINS_KEPT = 256
SAME = 14.0  # grey levels
SETTLED_PX = 3  # what is narrower does not count as changed


class Plate:
    """Fills from other times of a standing camera.

    Parameters
    ----------
    clip : Clip
    holes : callable
        Index to what is filled.
    hidden : callable
        Index to what does not show the scene: the holes, and the robot where it is known.
    most : int
        Most pictures for the median.
    meter : ProgressMeter
        Advanced by 4.

    Attributes
    ----------
    picture : (height, width, 3) float32 array
        The median, in the light of the sample that shows most.
    known : (height, width) bool array
        Where any sample shows the scene.
    """

    def __init__(
        self, clip: Clip, holes: Masks, hidden: Masks, most: int, meter: ProgressMeter
    ) -> None:
        self._clip, self._holes, self._hidden = clip, holes, hidden
        self._samples = Samples(clip, hidden, most, meter, holes)
        self.picture, self.known = masked_median(self._samples, meter)
        gains = [
            fit_gain(self.picture, picture, visible).inverse()
            for picture, visible in zip(self._samples.stack, self._samples.visible, strict=True)
        ]
        self._to_plate = np.stack([one.gain for one in gains])
        self._offset = np.stack([one.offset for one in gains])
        self._before, self._after = self._samples.neighbours()
        self._gains: OrderedDict[int, Gain] = OrderedDict()
        self._guessed: NDArray[np.uint8] | None = None

    def as_recorded(self) -> NDArray[np.uint8]:
        """The plate as a picture ``(height, width, 3)``."""
        return np.clip(np.rint(self.picture), 0, 255).astype(np.uint8)

    def gain(self, index: int, image: NDArray[np.uint8]) -> Gain:
        """Light of picture ``index`` against the plate, from round the hole or everywhere."""
        known = self._gains.get(index)
        if known is None:
            known = self._fitted(index, image)
            self._gains[index] = known
            if len(self._gains) > GAINS_KEPT:
                self._gains.popitem(last=False)
        return known

    def _fitted(self, index: int, image: NDArray[np.uint8]) -> Gain:
        shown, hole = self.known & ~self._hidden(index), self._holes(index)
        if not hole.any():  # asked for by a neighbour, to which pixels are carried
            return fit_gain(self.picture, image, shown)
        top, bottom, left, right = bounds(hole, RING_PX)
        part = (slice(top, bottom), slice(left, right))
        near = shown[part] & ring(hole[part], RING_PX)
        if np.count_nonzero(near) < RING_FEWEST:
            return fit_gain(self.picture, image, shown)
        return fit_gain(self.picture[part], image[part], near)

    def fill(
        self, index: int, image: NDArray[np.uint8], hole: NDArray[np.bool_]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """What the scene looks like in ``hole`` of picture ``index``.

        Returns
        -------
        picture : (height, width, 3) uint8 array
            Valid where ``filled``.
        filled : (height, width) bool array
        """
        out = image.copy()
        filled = hole & self.known
        if not filled.any():
            return out, filled
        gain = self.gain(index, image)
        rows, columns = np.nonzero(filled)
        lit = gain.apply(self._scene(index, rows, columns, filled))
        out[rows, columns] = np.clip(np.rint(lit), 0, 255).astype(np.uint8)
        return out, filled

    def guess(
        self, index: int, image: NDArray[np.uint8], hole: NDArray[np.bool_]
    ) -> NDArray[np.uint8]:
        """``image`` with ``hole`` as the plate has it, guessed from the plate where it is unknown.

        What stands before the plate does not smear into the guess, and it is the same in every
        picture.
        """
        if self._guessed is None:
            self._guessed = fill_residue(self.as_recorded(), ~self.known)
        out = image.copy()
        lit = self.gain(index, image).apply(self._guessed[hole])
        out[hole] = np.clip(np.rint(lit), 0, 255).astype(np.uint8)
        return out

    def _scene(
        self,
        index: int,
        rows: NDArray[np.intp],
        columns: NDArray[np.intp],
        filled: NDArray[np.bool_],
    ) -> NDArray[np.float32]:
        """Plate or time-local answer for some pixels ``(n, 3)``, in the plate's light."""
        plate = self.picture[rows, columns]
        indices = self._samples.indices
        following = int(np.searchsorted(indices, index, side="left"))
        previous = int(np.searchsorted(indices, index, side="right")) - 1
        sides = [
            self._recall(table[at, rows, columns], rows, columns)
            for at, table in ((previous, self._before), (following, self._after))
            if 0 <= at < len(indices)
        ]
        if not sides:
            return plate
        local, there = sides[0]
        if len(sides) == 2:
            other, found = sides[1]
            there = there & found & (largest(np.abs(local - other).T) < SAME)
            local = (local + other) / 2
        differs = there & (largest(np.abs(local - plate).T) > SAME)
        if not differs.any():
            return plate
        whole = np.zeros(filled.shape, np.bool_)
        whole[rows, columns] = differs
        top, bottom, left, right = bounds(whole, SETTLED_PX)
        part = (slice(top, bottom), slice(left, right))
        whole[part] = settled(whole[part])
        return np.where((whole[rows, columns] & there)[:, None], local, plate)

    def _recall(
        self, which: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Pixels of the samples named by ``which``, in the plate's light, and where there are."""
        there = which != NONE
        at = np.where(there, which, 0)
        value = self._samples.stack[at, rows, columns].astype(np.float32)
        return value * self._to_plate[at] + self._offset[at], there


def settled(decision: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A decision without single pixels and thin lines, which are noise and would flicker."""
    square = np.ones((SETTLED_PX, SETTLED_PX), np.uint8)
    return cv2.morphologyEx(decision.view(np.uint8), cv2.MORPH_OPEN, square).view(np.bool_)


def masked_median(
    samples: Samples, meter: ProgressMeter
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Median over the samples that show each pixel, all brought to one light.

    Parameters
    ----------
    samples : Samples
    meter : ProgressMeter
        Advanced by 2.

    Returns
    -------
    picture : (height, width, 3) float32 array
        Zero where no sample shows the pixel.
    known : (height, width) bool array

    Notes
    -----
    Computed in tiles of rows, so that memory does not grow with the picture. For an even number
    of samples the mean of the two in the middle.
    """
    count, height, width, _ = samples.stack.shape
    picture = np.zeros((height, width, 3), np.float32)
    known = np.asarray(samples.visible.any(axis=0), np.bool_)
    inverse = [gain.inverse() for gain in samples.gains]
    for top in range(0, height, TILE_ROWS):
        rows = slice(top, min(top + TILE_ROWS, height))
        tile = np.empty((rows.stop - top, width, 3, count), np.uint16)
        for at in range(count):
            lit = inverse[at].apply(samples.stack[at, rows])
            fixed = np.clip(lit * STEPS + 0.5, 0, 65534).astype(np.uint16)
            fixed[~samples.visible[at, rows]] = 65535  # last in order
            tile[..., at] = fixed
        tile.sort(axis=-1)
        shown = samples.visible[:, rows].sum(axis=0)
        low = np.maximum(shown - 1, 0) // 2
        high = shown // 2
        order = np.broadcast_to(low[..., None, None], (*tile.shape[:3], 1))
        first = np.take_along_axis(tile, order, -1)[..., 0].astype(np.float32)
        order = np.broadcast_to(np.minimum(high, count - 1)[..., None, None], order.shape)
        second = np.take_along_axis(tile, order, -1)[..., 0].astype(np.float32)
        picture[rows] = (first + second) / (2 * STEPS)
        meter.advance(2.0 * (rows.stop - top) / height, "plate")
    picture[~known] = 0
    return picture, known
