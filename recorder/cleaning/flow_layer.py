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
HONEST_PX, HONEST_SHARE = 0.75, 0.35  # a seen pixel must move as it was followed
FADE = 12.0  # pictures; an answer this much older counts for a third
ALIKE = 24.0  # grey levels between past and future that may be averaged
BACKGROUND_WEIGHT = 1e-3  # of pixels that do not move with the foreground
SMOOTH_PX = 7
FINEST = 2  # scale; smoothing on top of it was measured to shorten flow by a third
STILL_LEVELS = 8.0  # grey levels a block may change and still show the same thing
FEWEST, MOST = 24, 4000  # blocks for the common motion


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
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._dis.setFinestScale(FINEST)
        self._flows = Recent(4 * (views.reach + 1), self._flow)
        self._seen = Recent(4, self._between)  # asked for from both sides

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
        moving &= ~self._still(index, here)[self._blocks(part, here.hidden.shape)]
        for at, side in enumerate(sides):  # an answer of the other kind says nothing
            weight[at] = weight[at] * np.where(side.foreground == moving, 1.0, 1e-3)
        apart = np.abs(sides[0].colour - sides[1].colour).max(axis=2) > ALIKE
        sharper = np.where(apart, 4.0, 1.0)  # two different answers: mostly the nearer one
        largest = np.maximum(np.maximum(weight[0], weight[1]), 1e-12)
        weight = [(one / largest) ** sharper for one in weight]
        total = np.maximum(weight[0] + weight[1], 1e-12)
        colour = sum(
            (one / total)[..., None] * side.colour for one, side in zip(weight, sides, strict=True)
        )
        return Carried(part, np.asarray(colour, np.float32), found, moving & found)

    def standing(self, index: int) -> NDArray[np.float32]:
        """How likely something stands before the plate, told by what is seen round about.

        Returns
        -------
        (height, width) float32 array
            0 to 1.
        """
        view = self._views(index)
        seen = (~view.hidden).astype(np.float32)
        share = np.repeat(view.foreground.astype(np.float32)[..., None], 2, axis=2)
        likely = spread(share, seen)[..., 0]
        size = (view.image.shape[1], view.image.shape[0])
        return np.asarray(cv2.resize(likely, size), np.float32)

    def _still(self, index: int, here: View) -> NDArray[np.bool_]:
        """Blocks that show the same thing before and after they were hidden, not long apart."""
        shape = here.hidden.shape
        seen: list[NDArray[np.float32]] = []
        gap = np.zeros(shape, np.int32)
        for step in (-1, 1):
            value = np.full((*shape, 3), np.nan, np.float32)
            waiting = here.hidden.copy()
            for steps in range(1, self._views.reach + 1):
                at = index + step * steps
                if not 0 <= at < self._count or not waiting.any():
                    break
                view = self._views(at)
                new = waiting & ~view.hidden
                value[new] = view.small[new]
                gap[new] += steps
                waiting &= view.hidden
            seen.append(value)
        apart = np.abs(seen[0] - seen[1]).max(axis=2)
        return (apart < STILL_LEVELS) & (gap <= self._views.reach)

    @staticmethod
    def _blocks(part: tuple[slice, slice], shape: tuple[int, ...]) -> tuple[NDArray, ...]:
        """Index that takes values of blocks to the pixels of a box."""
        row = np.minimum(np.arange(part[0].start, part[0].stop) // GRID, shape[0] - 1)
        column = np.minimum(np.arange(part[1].start, part[1].stop) // GRID, shape[1] - 1)
        return np.ix_(row, column)

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
            flow = self._flows((at, at + step)).motion
            at += step
            back = self._flows((at, at - step))
            who = np.flatnonzero(going)
            moved = cv2.remap(
                flow, x[who, None], y[who, None], cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )[:, 0]  # fmt: skip
            x[who] += moved[:, 0]
            y[who] += moved[:, 1]
            lost = (x[who] < 0) | (y[who] < 0) | (x[who] > shape[1] - 1) | (y[who] > shape[0] - 1)
            going[who[lost]] = False
            who = who[~lost]
            view = self._views(at)
            column, row = np.rint(x[who]).astype(np.intp), np.rint(y[who]).astype(np.intp)
            seen = ~view.hidden[row, column]
            arrived = who[seen]
            going[arrived] = False
            there = moved[~lost][seen]
            apart = back.motion[row[seen], column[seen]] + there
            length = np.hypot(there[:, 0], there[:, 1])
            honest = np.hypot(apart[:, 0], apart[:, 1]) < HONEST_PX / GRID + HONEST_SHARE * length
            honest |= ~back.sure[row[seen], column[seen]]
            arrived, row, column = arrived[honest], row[seen][honest], column[seen][honest]
            age[rows[arrived], columns[arrived]] = steps
            shift[rows[arrived], columns[arrived], 0] = x[arrived] - columns[arrived]
            shift[rows[arrived], columns[arrived], 1] = y[arrived] - rows[arrived]
            foreground[rows[arrived], columns[arrived]] = view.foreground[row, column]
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
        blocks = self._blocks(part, age.shape)
        ages = np.where(inside, age[blocks], 0)
        rows, columns = np.nonzero(ages)
        if not len(rows):
            return _Side(ages, colour, np.zeros(ages.shape, np.bool_))
        pace = spread(
            (shift / np.maximum(age, 1)[..., None]).astype(np.float32), (age > 0).astype(np.float32)
        )
        size = (age.shape[1] * GRID, age.shape[0] * GRID)
        pace = cv2.resize(pace, size)[
            np.minimum(rows + top, size[1] - 1), np.minimum(columns + left, size[0] - 1)
        ]  # it is smooth; how long the pixel was on its way need not be
        steps = ages[rows, columns]
        x = (columns + left + pace[:, 0] * steps * GRID).astype(np.float32)
        y = (rows + top + pace[:, 1] * steps * GRID).astype(np.float32)
        for taken in np.unique(steps):
            who = np.flatnonzero(steps == taken)
            view = self._views(index + step * int(taken))
            got = cv2.remap(
                view.image, x[who, None], y[who, None], cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )[:, 0]  # fmt: skip
            colour[rows[who], columns[who]] = here.gain.apply(view.gain.inverse().apply(got))
        return _Side(ages.astype(np.float32), colour, foreground[blocks] > 0.5)

    def _between(self, pair: tuple[int, int]) -> NDArray[np.float32]:
        first, second = self._views(pair[0]), self._views(pair[1])
        start = np.zeros((*first.grey.shape, 2), np.float32)
        found = np.asarray(self._dis.calc(first.grey, second.grey, start), np.float32)
        return quarter_flow(found)

    def _flow(self, pair: tuple[int, int]) -> _Flow:
        """Flow from picture ``pair[0]`` to its neighbour, holes filled, in blocks of ``GRID``."""
        first, second = self._views(pair[0]), self._views(pair[1])
        there, back = self._seen(pair).copy(), self._seen((pair[1], pair[0]))
        height, width = there.shape[:2]
        y, x = np.mgrid[:height, :width].astype(np.float32)
        returned = cv2.remap(
            back, x + there[..., 0], y + there[..., 1], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        length = np.hypot(there[..., 0], there[..., 1])
        wrong = np.hypot(there[..., 0] + returned[..., 0], there[..., 1] + returned[..., 1])
        near = cv2.dilate((first.hidden | second.hidden).view(np.uint8), np.ones((3, 3), np.uint8))
        sure = (wrong * GRID < CHECK_PX + 0.1 * length * GRID) & (near == 0)
        there[length * GRID < STILL_PX] = 0
        moving = first.foreground & sure
        common = common_motion(there, moving)
        weight = np.where(moving, 1.0, BACKGROUND_WEIGHT * sure)
        own = np.where(moving[..., None], there - common, 0)
        filled = common + spread(own.astype(np.float32), weight.astype(np.float32))
        keep = ~sure
        return _Flow(np.where(keep[..., None], filled, there).astype(np.float32), sure)


@dataclass(frozen=True)
class _Flow:
    """Flow between neighbours, in blocks; ``sure`` where it was seen and checked."""

    motion: NDArray[np.float32]
    sure: NDArray[np.bool_]


@dataclass(frozen=True)
class _Side:
    """Where pixels were followed to in one direction of time; age 0: not found."""

    age: NDArray[np.float32]
    colour: NDArray[np.float32]
    foreground: NDArray[np.bool_]


def common_motion(flow: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The affine flow most of ``where`` follows ``(h, w, 2)``; zero when too little is there.

    Notes
    -----
    Least squares, re-weighted by Tukey's biweight (P. Huber, "Robust Statistics", 1981, ch. 7)
    with a scale of 1.48 times the median residual.
    """
    height, width = flow.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    ways = np.stack([np.ones_like(x), x / width - 0.5, y / height - 0.5], axis=-1)
    chosen = np.flatnonzero(where)
    if len(chosen) < FEWEST:
        return np.zeros_like(flow)
    chosen = chosen[:: -(-len(chosen) // MOST)]
    design = ways.reshape(-1, 3)[chosen].astype(np.float64)
    seen = flow.reshape(-1, 2)[chosen].astype(np.float64)
    solution = np.zeros((3, 2))
    solution[0] = np.median(seen, axis=0)
    for _ in range(4):
        residual = np.linalg.norm(seen - design @ solution, axis=1)
        scale = 4.7 * max(0.05, 1.48 * float(np.median(residual)))
        weight = np.clip(1 - (residual / scale) ** 2, 0, None) ** 2
        if np.count_nonzero(weight) < FEWEST:
            break
        normal = design.T @ (design * weight[:, None]) + 1e-3 * np.eye(3)
        solution = np.linalg.solve(normal, design.T @ (seen * weight[:, None]))
    return (ways @ solution).astype(np.float32)


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
