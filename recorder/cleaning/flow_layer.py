"""Flow: what moved behind the operator is carried here from pictures that show it.

A hidden pixel is followed along the motion of what is beside it (``recorder.cleaning.motion``) to
both sides in time until it is seen (``recorder.cleaning.sources``), and has the colour it has
there, in the light of the picture that is filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.motion import Motions, spread
from recorder.cleaning.residue import bounds
from recorder.cleaning.sources import NOWHERE, Followed, Side, Sources
from recorder.cleaning.views import GRID, Views, sampled

FADE = 12.0  # pictures; an answer this much older counts for a third
SIDES: tuple[Side, Side] = (-1, 1)
MARGIN = 4  # blocks round the hole


@dataclass(frozen=True)
class Carried:
    """What flow says of a box of the picture.

    Attributes
    ----------
    part : tuple of slices
        The box.
    colour : (h, w, 3) float32 array
    found : (h, w) bool array
        Where the pixel was followed to one that is seen.
    """

    part: tuple[slice, slice]
    colour: NDArray[np.float32]
    found: NDArray[np.bool_]


class FlowLayer:
    """Carries pixels along checked optical flow.

    Parameters
    ----------
    views : Views
        Pictures with holes and foreground.
    count : int
        Pictures of the clip.
    """

    def __init__(self, views: Views, count: int) -> None:
        self._views = views
        self._sources = Sources(views, count, Motions(views, 2 * views.reach + 2))
        self._still = Sources(views, count, None)

    def followed(self, index: int, side: Side) -> Followed:
        """Where the unknown blocks of picture ``index`` are seen in its past or its future."""
        return self._sources(index, side)

    def still(self, index: int, side: Side) -> Followed:
        """When the same places are seen in the past or the future."""
        return self._still(index, side)

    def ages(self, index: int, followed: Followed) -> NDArray[np.float32]:
        """Pictures a block was followed, 0 where it was not found."""
        age = np.abs(followed.picture - index)
        return np.where(followed.picture == NOWHERE, 0, age).astype(np.float32)

    def blocks(self, followed: Followed) -> NDArray[np.float32]:
        """Colours of the blocks in the light of the plate, 0 where not found."""
        shape = followed.picture.shape
        colour = np.zeros((*shape, 3), np.float32)
        rows, columns = np.nonzero(followed.picture != NOWHERE)
        x, y = followed.places(rows, columns)
        row = np.clip(np.rint(y), 0, shape[0] - 1).astype(np.intp)
        column = np.clip(np.rint(x), 0, shape[1] - 1).astype(np.intp)
        for picture, who in by_picture(followed.picture[rows, columns]):
            colour[rows[who], columns[who]] = self._views(picture).small[row[who], column[who]]
        return colour

    def colours(
        self, index: int, followed: Followed, part: tuple[slice, slice], where: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Colours of the pixels ``where`` in the box ``part``, in the light of ``index``.

        Returns
        -------
        colour : (h, w, 3) float32 array
        found : (h, w) bool array
        """
        rows, columns = np.nonzero(where)
        shape = followed.picture.shape
        top, left = part[0].start, part[1].start
        block = np.minimum((rows + top) // GRID, shape[0] - 1)
        beside = np.minimum((columns + left) // GRID, shape[1] - 1)
        picture = followed.picture[block, beside]
        kept = picture != NOWHERE
        rows, columns, picture = rows[kept], columns[kept], picture[kept]
        colour = np.zeros((*where.shape, 3), np.float32)
        found = np.zeros(where.shape, np.bool_)
        if not len(rows):
            return colour, found
        steps = np.abs(picture - index).astype(np.float32)
        pace = self._pace(index, followed, part)[rows, columns]
        pace *= (steps * GRID)[:, None]
        pace[:, 0] += columns + left
        pace[:, 1] += rows + top
        here = self._views(index).gain
        got = np.empty((len(rows), 3), np.float32)
        for at, who in by_picture(picture):
            view = self._views(at)
            taken = sampled(self._views.image(at), pace[who][:, None])[:, 0]
            got[who] = view.gain.then_back(here).apply(taken)
        colour[rows, columns] = got
        found[rows, columns] = True
        return colour, found

    def carry(self, index: int, hole: NDArray[np.bool_]) -> Carried:
        """Every pixel of ``hole`` in picture ``index`` from past and future, the nearer more."""
        top, bottom, left, right = bounds(hole, GRID)
        part = (slice(top, bottom), slice(left, right))
        colour = np.zeros((bottom - top, right - left, 3), np.float32)
        total = np.zeros(colour.shape[:2], np.float32)
        for side in SIDES:
            followed = self.followed(index, side)
            value, found = self.colours(index, followed, part, hole[part])
            age = to_pixels(self.ages(index, followed), part, cv2.INTER_NEAREST)
            weight = np.where(found, np.exp(-age / FADE), 0).astype(np.float32)
            colour += weight[..., None] * value
            total += weight
        colour /= np.maximum(total, 1e-9)[..., None]
        return Carried(part, colour, total > 0)

    def _pace(
        self, index: int, followed: Followed, part: tuple[slice, slice]
    ) -> NDArray[np.float32]:
        """Shift per picture, smooth over the pixels of ``part``; how long it took need not be."""
        box = blocks_of(part, followed.picture.shape, MARGIN)
        age = self.ages(index, followed)[box]
        pace = followed.shift[box] / np.maximum(age, 1)[..., None]
        pace = spread(np.asarray(pace, np.float32), (age > 0).astype(np.float32))
        return to_pixels(pace, part, cv2.INTER_LINEAR, box)


def blocks_of(
    part: tuple[slice, slice], shape: tuple[int, ...], margin: int = 0
) -> tuple[slice, slice]:
    """The blocks that cover a box of pixels, and a margin."""
    rows, columns = (
        slice(max(0, one.start // GRID - margin), min(most, -(-one.stop // GRID) + margin))
        for one, most in zip(part, shape[:2], strict=True)
    )
    return rows, columns


def to_pixels(
    blocks: NDArray[np.float32],
    part: tuple[slice, slice],
    how: int,
    box: tuple[slice, slice] | None = None,
) -> NDArray[np.float32]:
    """Values of blocks, of the whole picture or of a ``box`` of it, for a box of pixels."""
    if box is None:
        box = blocks_of(part, blocks.shape, 1)
        blocks = blocks[box]
    size = (blocks.shape[1] * GRID, blocks.shape[0] * GRID)
    large = np.asarray(cv2.resize(blocks, size, interpolation=how), np.float32)
    down, right = part[0].start - box[0].start * GRID, part[1].start - box[1].start * GRID
    height, width = part[0].stop - part[0].start, part[1].stop - part[1].start
    cut = large[down : down + height, right : right + width]
    missing = (height - cut.shape[0], width - cut.shape[1])
    if any(missing):  # a picture whose size is no multiple of a block
        pad = ((0, missing[0]), (0, missing[1]), (0, 0))[: cut.ndim]
        cut = np.pad(cut, pad, mode="edge")
    return cut


def by_picture(pictures: NDArray[np.int32]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each picture and the places it is named at."""
    if not len(pictures):
        return
    order = np.argsort(pictures, kind="stable")
    ordered = pictures[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    for start, stop in zip(starts, [*starts[1:], len(ordered)], strict=True):
        yield int(ordered[start]), order[start:stop]
