"""Sources: where a hidden piece of the picture is seen at other times.

A hidden block is followed to one side in time, along the motion or in place, until it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.motion import Motions
from recorder.cleaning.views import GRID, Recent, Views, sampled

NOWHERE = -1
HONEST_PX, HONEST_SHARE = 0.75, 0.35  # a seen pixel must move as it was followed
KEPT = 4
Side = Literal[-1, 1]


@dataclass(frozen=True)
class Followed:
    """Where the unknown blocks of one picture are seen, on one side in time.

    Attributes
    ----------
    picture : (height / 4, width / 4) int32 array
        Index of the picture, or ``NOWHERE``.
    shift : (height / 4, width / 4, 2) float32 array
        How far right and down from here it is seen there, blocks.
    """

    picture: NDArray[np.int32]
    shift: NDArray[np.float32]

    def places(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Right and down of where some blocks are seen, blocks."""
        shift = self.shift[rows, columns]
        return columns + shift[:, 0], rows + shift[:, 1]


class Sources:
    """Follows what is hidden, and the blocks next to it.

    Parameters
    ----------
    views : Views
    count : int
        Pictures of the clip.
    motions : Motions or None
        None: in place.
    """

    def __init__(self, views: Views, count: int, motions: Motions | None) -> None:
        self._views, self._count, self._motions = views, count, motions
        self._kept = Recent(KEPT, self._follow)

    def __call__(self, index: int, side: Side) -> Followed:
        """Answer for picture ``index`` from its past (-1) or its future (1)."""
        return self._kept((index, side))

    def _pictures(self, index: int, side: Side) -> range:
        stop = min(max(index + side * (self._views.reach + 1), -1), self._count)
        return range(index + side, stop, side)

    def _follow(self, asked: tuple[int, Side]) -> Followed:
        index, side = asked
        unknown = self._views(index).unknown
        picture = np.full(unknown.shape, NOWHERE, np.int32)
        shift = np.zeros((*unknown.shape, 2), np.float32)
        if self._motions is None:
            self._in_place(index, side, unknown, picture)
        else:
            self._along(index, side, unknown, picture, shift, self._motions)
        return Followed(picture, shift)

    def _in_place(
        self, index: int, side: Side, unknown: NDArray[np.bool_], picture: NDArray[np.int32]
    ) -> None:
        waiting = unknown.copy()
        for at in self._pictures(index, side):
            hidden = self._views(at).hidden
            picture[waiting & ~hidden] = at
            waiting &= hidden
            if not waiting.any():
                break

    def _along(
        self,
        index: int,
        side: Side,
        unknown: NDArray[np.bool_],
        picture: NDArray[np.int32],
        shift: NDArray[np.float32],
        motions: Motions,
    ) -> None:
        height, width = unknown.shape
        start = np.flatnonzero(unknown)  # of those still on their way
        way = np.stack([start % width, start // width], axis=1).astype(np.float32)
        begun = way.copy()
        edge = np.array([width - 1, height - 1], np.float32)
        for at in self._pictures(index, side):
            if not len(start):
                break
            moved = sampled(motions(at - side, at).flow, way[:, None])[:, 0]
            way += moved
            inside = ((way >= 0) & (way <= edge)).all(axis=1)
            if not inside.all():
                start, way, begun, moved = start[inside], way[inside], begun[inside], moved[inside]
            near = np.rint(way).astype(np.intp)
            there = near[:, 1] * width + near[:, 0]
            seen = ~self._views(at).hidden.ravel()[there]
            if not seen.any():
                continue
            back = motions(at, at - side)
            came, there = moved[seen], there[seen]
            apart = back.flow.reshape(-1, 2)[there] + came
            limit = HONEST_PX / GRID + HONEST_SHARE * np.hypot(came[:, 0], came[:, 1])
            honest = np.hypot(apart[:, 0], apart[:, 1]) < limit
            honest |= ~back.sure.ravel()[there]
            arrived = start[seen][honest]
            picture.reshape(-1)[arrived] = at
            shift.reshape(-1, 2)[arrived] = (way[seen] - begun[seen])[honest]
            going = ~seen
            start, way, begun = start[going], way[going], begun[going]
