"""Colours of the robot's parts by the direction of their surface, learnt from what is seen.

Per shape a colour is fitted that changes linearly with the surface's direction, plus one term for
how squarely it faces the camera: light that stands still makes a matt surface look like that
(Lambert's law, away from shadows). Shapes seen too little take the colour of their role.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.robot_frames import RobotFrame
from recorder.cleaning.shapes import Shape

TERMS = 5
FEWEST = 60  # pixels of a shape
FEWEST_PER_FRAME = 8
RIDGE = 2.0  # pixels' worth of pull towards what similar shapes look like
RIDGE_SHARE = 0.2
BEYOND = 10.0  # grey levels that painted colours may lie outside those seen of the shape
UNKNOWN = 128.0


class RobotColours:
    """Appearance of shapes without a texture.

    Parameters
    ----------
    shapes : tuple of Shape
    """

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        roles = sorted({shape.role for shape in shapes})
        self._shapes = shapes
        self._group = np.array([roles.index(shape.role) for shape in shapes], np.int64)
        self._square = np.zeros((len(shapes), TERMS, TERMS))
        self._cross = np.zeros((len(shapes), TERMS, 3))
        self._fit = np.zeros((len(shapes), TERMS, 3), np.float32)
        self._least = np.full((len(shapes), 3), 255.0, np.float32)
        self._most = np.zeros((len(shapes), 3), np.float32)

    def learn(
        self,
        picture: NDArray[np.uint8],
        frame: RobotFrame,
        normals: NDArray[np.float32],
        at: tuple[NDArray[np.intp], ...],
    ) -> None:
        """Take in seen pixels ``at`` of the rectangle of ``frame`` with normals ``(N, 3)``."""
        colours = picture[frame.part][at].astype(np.float64)
        rows = frame.surface.shape[at].astype(np.int64)
        terms = _terms(normals).astype(np.float64)
        for shape in np.unique(rows):
            mine = rows == shape
            self._square[shape] += terms[mine].T @ terms[mine]
            self._cross[shape] += terms[mine].T @ colours[mine]
            if np.count_nonzero(mine) >= FEWEST_PER_FRAME:
                low, high = np.percentile(colours[mine], (5, 95), axis=0)
                self._least[shape] = np.minimum(self._least[shape], low)
                self._most[shape] = np.maximum(self._most[shape], high)

    def settle(self) -> None:
        """Fit the colours to all that was taken in."""
        everything = self._square.sum(axis=0), self._cross.sum(axis=0)
        for group in range(int(self._group.max(initial=-1)) + 1):
            mine = self._group == group
            square, cross = self._square[mine].sum(axis=0), self._cross[mine].sum(axis=0)
            if square[0, 0] < FEWEST:
                square, cross = everything
            common = _solve(square, cross, np.zeros((TERMS, 3)))
            for shape in np.flatnonzero(mine):
                self._fit[shape] = _solve(self._square[shape], self._cross[shape], common)

    def paint(self, shape: NDArray[np.int64], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Colours ``(N, 3)`` of surface points of the given shapes with normals ``(N, 3)``."""
        painted = np.einsum("nt,ntc->nc", _terms(normals), self._fit[shape])
        unseen = (self._least > self._most)[shape]
        low = np.where(unseen, 0.0, self._least[shape] - BEYOND)
        high = np.where(unseen, 255.0, self._most[shape] + BEYOND)
        return np.clip(np.clip(painted, low, high), 0, 255).astype(np.float32)


def _terms(normals: NDArray[np.float32]) -> NDArray[np.float32]:
    facing = normals[:, 2:] ** 2
    return np.concatenate([np.ones_like(facing), normals, facing], axis=1)


def _solve(square: NDArray, cross: NDArray, common: NDArray) -> NDArray:
    """Least squares drawn towards ``common`` where the data say little."""
    pull = np.eye(TERMS) * (RIDGE + RIDGE_SHARE * square[0, 0])
    if not common.any():
        pull = 1e-3 * np.eye(TERMS)
        common = np.zeros_like(common)
        common[0] = UNKNOWN
    return np.linalg.solve(square + pull, cross + pull @ common)
