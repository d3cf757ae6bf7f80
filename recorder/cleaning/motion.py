"""Motion: optical flow between neighbouring pictures, checked, and spread into the holes.

Flow is computed outside the holes at half size, checked forwards against backwards, kept for every
fourth pixel and spread into the holes from what moves beside them: a hidden piece of the hand moves
with the hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.views import GRID, Recent, Views, sampled

CHECK_PX = 1.0  # forwards and backwards may differ by this plus a tenth of their length
STILL_PX = 0.25  # shorter flow is noise
BACKGROUND_WEIGHT = 0.05  # of blocks that do not move with the foreground
LEAST_WEIGHT = 1e-3
TINY = np.float32(1e-12)
FINEST = 2  # scale; smoothing on top of it was measured to shorten flow by a third
FEWEST, MOST = 24, 2000  # blocks for the common motion


@dataclass(frozen=True)
class Motion:
    """Flow from a picture to its neighbour, in blocks of ``GRID`` pixels.

    Attributes
    ----------
    flow : (height / 4, width / 4, 2) float32 array
        Right and down, in blocks; spread into what is hidden.
    sure : (height / 4, width / 4) bool array
        Where it was seen and checked.
    """

    flow: NDArray[np.float32]
    sure: NDArray[np.bool_]


class Motions:
    """Motion between neighbouring pictures, made when asked for.

    Parameters
    ----------
    views : Views
    kept : int
        Pairs of neighbours that are kept.
    """

    def __init__(self, views: Views, kept: int) -> None:
        self._views = views
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._dis.setFinestScale(FINEST)
        self._pairs = Recent(kept, self._both)
        self._grid: NDArray[np.float32] | None = None

    def __call__(self, source: int, target: int) -> Motion:
        """Motion from picture ``source`` to its neighbour ``target``."""
        return self._pairs(min(source, target))[int(source > target)]

    def _both(self, first: int) -> tuple[Motion, Motion]:
        one, other = self._views(first), self._views(first + 1)
        there, back = self._between(one.grey, other.grey), self._between(other.grey, one.grey)
        gone = cv2.dilate((one.hidden | other.hidden).view(np.uint8), np.ones((3, 3), np.uint8)) > 0
        return (
            self._spread(there, self._agree(there, back) & ~gone, one.foreground),
            self._spread(back, self._agree(back, there) & ~gone, other.foreground),
        )

    def _between(self, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
        start = np.zeros((*first.shape, 2), np.float32)
        return quarter_flow(np.asarray(self._dis.calc(first, second, start), np.float32))

    def _agree(self, there: NDArray[np.float32], back: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Where the flow back returns to where the flow there began."""
        returned = sampled(back, there + self._places(there.shape))
        returned += there
        wrong = cv2.magnitude(returned[..., 0], returned[..., 1])
        length = cv2.magnitude(there[..., 0], there[..., 1])
        return wrong * GRID < CHECK_PX + 0.1 * length * GRID

    def _places(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        if self._grid is None or self._grid.shape != shape:
            rows, columns = np.mgrid[: shape[0], : shape[1]]
            self._grid = np.stack([columns, rows], axis=-1).astype(np.float32)
        return self._grid

    @staticmethod
    def _spread(
        seen: NDArray[np.float32], sure: NDArray[np.bool_], foreground: NDArray[np.bool_]
    ) -> Motion:
        still = cv2.magnitude(seen[..., 0], seen[..., 1]) < STILL_PX / GRID
        flow = np.where(still[..., None], np.float32(0), seen)
        moving = foreground & sure
        common = common_motion(flow, moving)
        weight = np.where(moving, np.float32(1), np.float32(BACKGROUND_WEIGHT) * sure)
        filled = common + spread(flow - common, weight)
        return Motion(np.where(sure[..., None], flow, filled), sure)


def common_motion(flow: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The affine flow most of ``where`` follows ``(h, w, 2)``; zero when too little is there.

    Notes
    -----
    Least squares, re-weighted by Tukey's biweight (P. Huber, "Robust Statistics", 1981, ch. 7)
    with a scale of 1.48 times the median residual.
    """
    height, width = flow.shape[:2]
    chosen = np.flatnonzero(where)
    if len(chosen) < FEWEST:
        return np.zeros_like(flow)
    chosen = chosen[:: -(-len(chosen) // MOST)]
    rows, columns = np.divmod(chosen, width)
    design = np.stack([np.ones(len(chosen)), columns / width - 0.5, rows / height - 0.5], axis=1)
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
    constant, right, down = solution.astype(np.float32)
    x = (np.arange(width, dtype=np.float32) / width - 0.5)[None, :, None]
    y = (np.arange(height, dtype=np.float32) / height - 0.5)[:, None, None]
    return constant + x * right + y * down


def quarter_flow(half: NDArray[np.float32]) -> NDArray[np.float32]:
    """Flow computed at half size, for every block of ``GRID`` pixels and in units of blocks."""
    height, width = half.shape[:2]
    small = cv2.resize(half, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return small * np.float32(0.5)


def spread(values: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """``values`` ``(h, w, n)`` where ``weight`` is, and smoothly spread to where it is not.

    Notes
    -----
    Push and pull through a pyramid: S. Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4.
    """
    levels = []
    value, known = values * weight[..., None], weight
    while min(known.shape) > 2:
        levels.append((value, known))
        value, known = cv2.pyrDown(value), cv2.pyrDown(known)
        value = value.reshape(*known.shape, -1)
    out = value / np.maximum(known, TINY)[..., None]
    for value, known in reversed(levels):
        size = (known.shape[1], known.shape[0])
        coarse = cv2.resize(out, size, interpolation=cv2.INTER_LINEAR).reshape(value.shape)
        trust = np.minimum(known * np.float32(1 / LEAST_WEIGHT), 1)[..., None]
        out = coarse + trust * (value / np.maximum(known, TINY)[..., None] - coarse)
    return np.asarray(out, np.float32)
