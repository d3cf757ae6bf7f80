"""Colours of the robot's parts by the direction of their surface, learnt from what is seen.

All parts stand in the same light. What arrives from every direction is fitted once, on the parts
that are seen most, as spherical harmonics up to the second order: a matt surface shows no finer
light (Ramamoorthi and Hanrahan, 2001). A part is that light times its own colour plus a constant.
What is seen of it may then differ from that, the more the more of it is seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.robot_frames import RobotFrame
from recorder.cleaning.shapes import Shape

TERMS = 9
FEWEST = 60.0  # pixels of similar shapes that count as much as those of the shape itself
LIGHT_RIDGE = 5.0  # pixels
OWN_PULL = 10.0  # pixels' worth of pull of a shape's colour towards that of similar ones
RIDGE, RIDGE_SHARE = 20.0, 0.2  # the same of its shading towards light times colour
UNKNOWN = 128.0


class RobotColours:
    """Appearance of shapes without a texture.

    Parameters
    ----------
    shapes : tuple of Shape
    """

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        roles = sorted({shape.role for shape in shapes})
        self._group = np.array([roles.index(shape.role) for shape in shapes], np.int64)
        self._square = np.zeros((len(shapes), TERMS, TERMS))
        self._cross = np.zeros((len(shapes), TERMS, 3))
        self._fit = np.zeros((len(shapes), TERMS, 3), np.float32)
        self._fit[:, 0] = UNKNOWN

    def learn(
        self,
        picture: NDArray[np.uint8],
        frame: RobotFrame,
        normals: NDArray[np.float32],
        at: tuple[NDArray[np.intp], ...],
    ) -> None:
        """Take in seen pixels ``at`` of the rectangle of ``frame`` with normals ``(N, 3)``."""
        rows = frame.surface.shape[at].astype(np.int64)
        if not len(rows):
            return
        order = np.argsort(rows, kind="stable")
        colours = picture[frame.part][at][order].astype(np.float64)
        terms = _terms(normals)[order].astype(np.float64)
        shapes, starts = np.unique(rows[order], return_index=True)
        ends = np.append(starts[1:], len(rows))
        for shape, start, end in zip(shapes, starts, ends, strict=True):
            mine = terms[start:end]
            self._square[shape] += mine.T @ mine
            self._cross[shape] += mine.T @ colours[start:end]

    def settle(self) -> None:
        """Fit the colours to all that was taken in."""
        groups = [np.flatnonzero(self._group == group) for group in range(self._group.max() + 1)]
        squares = [self._square[mine].sum(axis=0) for mine in groups]
        crosses = [self._cross[mine].sum(axis=0) for mine in groups]
        most = int(np.argmax([square[0, 0] for square in squares]))
        if not squares[most][0, 0]:
            return
        light = np.linalg.solve(squares[most] + LIGHT_RIDGE * np.eye(TERMS), crosses[most])
        level = np.einsum("tc,tu,uc->c", light, squares[most], light) / squares[most][0, 0]
        scale = _Scale(light, level)
        light_itself = np.array([[0.0] * 3, [1.0] * 3])
        alike = scale.fit(np.sum(squares, axis=0), np.sum(crosses, axis=0), light_itself, 1.0)
        for mine, square, cross in zip(groups, squares, crosses, strict=True):
            role = scale.fit(square, cross, alike, FEWEST)
            for shape in mine:
                own = scale.fit(self._square[shape], self._cross[shape], role, OWN_PULL)
                pull = np.eye(TERMS) * (RIDGE + RIDGE_SHARE * self._square[shape, 0, 0])
                self._fit[shape] = np.linalg.solve(
                    self._square[shape] + pull, self._cross[shape] + pull @ scale.shading(own)
                )

    def paint(self, shape: NDArray[np.int64], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Colours ``(N, 3)`` of surface points of the given shapes with normals ``(N, 3)``."""
        painted = np.einsum("nt,ntc->nc", _terms(normals), self._fit[shape])
        return np.clip(painted, 0, 255)


class _Scale:
    """Shading as a constant plus a share of the common light, per channel."""

    def __init__(self, light: NDArray, level: NDArray) -> None:
        self._light, self._level = light, level

    def fit(
        self, square: NDArray, cross: NDArray, alike: NDArray, pull: float
    ) -> NDArray[np.float64]:
        """Constants and shares ``(2, 3)``, drawn towards ``alike``."""
        out = np.zeros((2, 3))
        for channel in range(3):
            basis = np.zeros((TERMS, 2))
            basis[0, 0], basis[:, 1] = 1.0, self._light[:, channel]
            weight = pull * np.diag([1.0, max(float(self._level[channel]), 1.0)])
            out[:, channel] = np.linalg.solve(
                basis.T @ square @ basis + weight,
                basis.T @ cross[:, channel] + weight @ alike[:, channel],
            )
        return out

    def shading(self, own: NDArray[np.float64]) -> NDArray[np.float64]:
        """Terms ``(TERMS, 3)`` of constants and shares."""
        out = self._light * own[1]
        out[0] += own[0]
        return out


def _terms(normals: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y, z = normals.T
    return np.stack([np.ones_like(x), x, y, z, z * z, x * y, y * z, x * z, x * x - y * y], axis=1)
