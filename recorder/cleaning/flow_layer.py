"""Flow: what moved behind the operator is carried here from pictures that show it.

Between neighbouring pictures optical flow is computed outside the holes, checked forwards against
backwards, and spread into the holes from what moves beside them: a hidden piece of the hand moves
with the hand. A hidden pixel is followed along this flow to both sides in time until it is seen.

Before a standing camera a pixel belongs to the moving foreground only when what it is followed to
is foreground, too (unlike the plate); else the plate answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.residue import bounds
from recorder.cleaning.views import GRID, Recent, View, Views

CHECK_PX = 1.0  # forwards and backwards may differ by this plus a tenth of their length
STILL_PX = 0.25  # shorter flow is noise
FADE = 12.0  # pictures; an answer this much older counts for a third
ALIKE = 24.0  # grey levels between past and future that may be averaged
BACKGROUND_WEIGHT = 1e-3  # of pixels that do not move with the foreground
SMOOTH_PX = 7


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
    moving : (h, w) bool array
        Where that was foreground rather than background.
    """

    part: tuple[slice, slice]
    colour: NDArray[np.float32]
    found: NDArray[np.bool_]
    moving: NDArray[np.bool_]


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
        self._views, self._count = views, count
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._flows = Recent(2 * (2 * views.reach + 2), self._flow)

    def carry(self, index: int, hole: NDArray[np.bool_]) -> Carried:
        """Follow every pixel of ``hole`` in picture ``index`` to pictures that show it."""
        top, bottom, left, right = bounds(hole, GRID)
        part = (slice(top, bottom), slice(left, right))
        inside = hole[part]
        here = self._views(index)
        sides = [self._follow(index, here, hole, part, step) for step in (-1, 1)]
        weight = [np.where(side.age > 0, np.exp(-side.age / FADE), 0.0) for side in sides]
        total = weight[0] + weight[1]
        found = (total > 0) & inside
        votes = weight[0] * sides[0].foreground + weight[1] * sides[1].foreground
        moving = cv2.blur(np.where(found, votes, 0).astype(np.float32), (SMOOTH_PX, SMOOTH_PX))
        whole = cv2.blur(np.where(found, total, 0).astype(np.float32), (SMOOTH_PX, SMOOTH_PX))
        moving = moving > 0.5 * np.maximum(whole, 1e-6)
        for at, side in enumerate(sides):  # an answer of the other kind says nothing
            weight[at] = weight[at] * np.where(side.foreground == moving, 1.0, 1e-3)
        apart = np.abs(sides[0].colour - sides[1].colour).max(axis=2) > ALIKE
        sharper = np.where(apart, 4.0, 1.0)  # two different answers: mostly the nearer one
        weight = [one**sharper for one in weight]
        total = np.maximum(weight[0] + weight[1], 1e-12)
        colour = sum(
            (one / total)[..., None] * side.colour for one, side in zip(weight, sides, strict=True)
        )
        return Carried(part, np.asarray(colour, np.float32), found, moving & found)

    def _follow(
        self,
        index: int,
        here: View,
        hole: NDArray[np.bool_],
        part: tuple[slice, slice],
        step: int,
    ) -> _Side:
        rows, columns = np.nonzero(here.hidden)
        x, y = columns.astype(np.float32), rows.astype(np.float32)
        going = np.ones(len(x), np.bool_)
        shape = here.hidden.shape
        age = np.zeros(shape, np.float32)
        shift = np.zeros((*shape, 2), np.float32)
        foreground = np.zeros(shape, np.float32)
        at = index
        for steps in range(1, self._views.reach + 1):
            if not 0 <= at + step < self._count or not going.any():
                break
            flow = self._flows((at, at + step))
            at += step
            who = np.flatnonzero(going)
            moved = cv2.remap(
                flow, x[who, None], y[who, None], cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )[:, 0]  # fmt: skip
            x[who] += moved[:, 0]
            y[who] += moved[:, 1]
            lost = (x[who] < 0) | (y[who] < 0) | (x[who] > shape[1] - 1) | (y[who] > shape[0] - 1)
            lost |= ~np.isfinite(moved).all(axis=1)
            going[who[lost]] = False
            who = who[~lost]
            view = self._views(at)
            column, row = np.rint(x[who]).astype(np.intp), np.rint(y[who]).astype(np.intp)
            seen = ~view.hidden[row, column]
            arrived = who[seen]
            going[arrived] = False
            age[rows[arrived], columns[arrived]] = steps
            shift[rows[arrived], columns[arrived], 0] = x[arrived] - columns[arrived]
            shift[rows[arrived], columns[arrived], 1] = y[arrived] - rows[arrived]
            foreground[rows[arrived], columns[arrived]] = view.foreground[row[seen], column[seen]]
        return self._colours(index, here, hole, part, step, age, shift, foreground)

    def _colours(
        self,
        index: int,
        here: View,
        hole: NDArray[np.bool_],
        part: tuple[slice, slice],
        step: int,
        age: NDArray[np.float32],
        shift: NDArray[np.float32],
        foreground: NDArray[np.float32],
    ) -> _Side:
        top, left = part[0].start, part[1].start
        height, width = part[0].stop - top, part[1].stop - left
        inside = hole[part]
        colour = np.zeros((height, width, 3), np.float32)
        row = np.minimum(np.arange(top, part[0].stop) // GRID, age.shape[0] - 1)
        column = np.minimum(np.arange(left, part[1].stop) // GRID, age.shape[1] - 1)
        blocks = np.ix_(row, column)
        ages = np.where(inside, age[blocks], 0)
        smooth = cv2.resize(
            spread(shift, (age > 0).astype(np.float32)), (hole.shape[1], hole.shape[0])
        )
        smooth = smooth[part] * GRID
        full_y, full_x = np.mgrid[top : part[0].stop, left : part[1].stop].astype(np.float32)
        for steps in np.unique(ages):
            if steps == 0:
                continue
            view = self._views(index + step * int(steps))
            who = ages == steps
            got = cv2.remap(
                view.image,
                (full_x[who] + smooth[..., 0][who])[:, None],
                (full_y[who] + smooth[..., 1][who])[:, None],
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )[:, 0]
            colour[who] = here.gain.apply(view.gain.inverse().apply(got))
        return _Side(ages.astype(np.float32), colour, foreground[blocks] > 0.5)

    def _flow(self, pair: tuple[int, int]) -> NDArray[np.float32]:
        """Flow from picture ``pair[0]`` to its neighbour, holes filled, in blocks of ``GRID``."""
        first, second = self._views(pair[0]), self._views(pair[1])
        there = quarter_flow(self._dis.calc(first.grey, second.grey, None))
        back = quarter_flow(self._dis.calc(second.grey, first.grey, None))
        height, width = there.shape[:2]
        y, x = np.mgrid[:height, :width].astype(np.float32)
        returned = cv2.remap(
            back, x + there[..., 0], y + there[..., 1], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        length = np.linalg.norm(there, axis=2)
        wrong = np.linalg.norm(there + returned, axis=2)
        near = cv2.dilate((first.hidden | second.hidden).view(np.uint8), np.ones((3, 3), np.uint8))
        sure = (wrong * GRID < CHECK_PX + 0.1 * length * GRID) & (near == 0)
        weight = np.where(first.foreground, 1.0, BACKGROUND_WEIGHT) * sure
        there[length * GRID < STILL_PX] = 0
        filled = spread(there, weight.astype(np.float32))
        keep = first.hidden[:height, :width] | ~sure
        return np.where(keep[..., None], filled, there).astype(np.float32)


@dataclass(frozen=True)
class _Side:
    """Where pixels were followed to in one direction of time; age 0: not found."""

    age: NDArray[np.float32]
    colour: NDArray[np.float32]
    foreground: NDArray[np.bool_]


def quarter_flow(half: NDArray[np.float32]) -> NDArray[np.float32]:
    """Flow computed at half size, for every block of ``GRID`` pixels and in units of blocks."""
    height, width = half.shape[:2]
    small = cv2.resize(half, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return small * np.float32(0.5)


def spread(values: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """``values`` ``(h, w, 2)`` where ``weight`` is, and smoothly spread to where it is not.

    Notes
    -----
    Push and pull through a pyramid: S. Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4.
    """
    levels = []
    value, known = values * weight[..., None], weight
    while min(known.shape) > 2:
        levels.append((value, known))
        value, known = cv2.pyrDown(value), cv2.pyrDown(known)
    out = value / np.maximum(known, 1e-12)[..., None]
    for value, known in reversed(levels):
        size = (known.shape[1], known.shape[0])
        coarse = cv2.resize(out, size, interpolation=cv2.INTER_LINEAR)
        trust = np.clip(known / BACKGROUND_WEIGHT, 0, 1)[..., None]
        own = value / np.maximum(known, 1e-12)[..., None]
        out = trust * own + (1 - trust) * coarse
    return out.astype(np.float32)
