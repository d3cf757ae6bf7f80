"""What the robot's surface looks like, gathered from all pictures in which it was seen.

Every shape carries six charts, one for each side its surface can face. Where its surface was seen,
the difference between the seen colour and the colour painted from shape (``RobotColours``) goes
into the chart. Averaged over pictures this holds labels, screws, seams and every other thing the
drawn shapes do not have, without the noise and the jagged edges of any single picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.robot_points import RobotPoints
from recorder.cleaning.shapes import Shape

MOST_CELLS = 2_000_000
FADE = 1.0  # sightings at which the difference counts half
_OTHERS = np.array([(1, 2), (0, 2), (0, 1)])


class RobotAtlas:
    """Differences of colour by place on the shapes.

    Parameters
    ----------
    shapes : tuple of Shape
    cell_m : float
        Wanted size of a cell; about what a pixel covers.
    """

    def __init__(self, shapes: tuple[Shape, ...], cell_m: float) -> None:
        half = np.array([_half(shape) for shape in shapes])
        while True:
            size = np.ceil(2 * half / cell_m).astype(np.int64) + 2
            sides = size[:, _OTHERS]  # (S, 3, 2)
            cells = np.repeat(sides.prod(axis=2), 2, axis=1)  # (S, 6)
            if cells.sum() <= MOST_CELLS:
                break
            cell_m *= 1.2
        self.cell_m = cell_m
        self._half = half.astype(np.float32)
        self._sides = sides
        self._first = np.concatenate([[0], np.cumsum(cells.ravel())])[:-1].reshape(-1, 6)
        self._sums = np.zeros((int(cells.sum()), 4), np.float32)
        self._replayed = np.zeros(len(self._sums), np.float32)
        self._misfit = np.zeros((len(shapes), 2))

    def add(
        self,
        points: RobotPoints,
        differences: NDArray[np.float32],
        weights: NDArray[np.float32],
        replayed: bool = False,
    ) -> None:
        """Take in differences ``(N, 3)``, grey levels, seen at surface points."""
        cells, share = self._around(points)
        share = share * weights[:, None]
        cells, place = np.unique(cells.ravel(), return_inverse=True)
        for channel in range(3):
            value = (share * differences[:, channel, None]).ravel()
            self._sums[cells, channel] += np.bincount(place, value, len(cells)).astype(np.float32)
        seen = np.bincount(place, share.ravel(), len(cells)).astype(np.float32)
        self._sums[cells, 3] += seen
        if replayed:
            self._replayed[cells] += seen

    def check(
        self,
        points: RobotPoints,
        differences: NDArray[np.float32],
        weights: NDArray[np.float32],
    ) -> None:
        """Learn how well the atlas tells what is seen, from one more picture."""
        told, _, _ = self.read(points)
        off = np.abs(differences - told).mean(axis=1) * weights
        shapes = len(self._misfit)
        self._misfit[:, 0] += np.bincount(points.shape, off, shapes)
        self._misfit[:, 1] += np.bincount(points.shape, weights, shapes)

    @property
    def misfit(self) -> NDArray[np.float64]:
        """Mean grey levels by which every shape was told wrongly ``(S,)``; 0 where unseen."""
        return self._misfit[:, 0] / np.maximum(self._misfit[:, 1], 1.0)

    def read(
        self, points: RobotPoints
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """What is known of surface points.

        Returns
        -------
        (N, 3) float32 array
            Differences, faded where little was seen.
        (N,) float32 array
            Sightings.
        (N,) float32 array
            Those in the replay.
        """
        cells, share = self._around(points)
        found = np.einsum("nk,nkc->nc", share, self._sums[cells])
        replayed = np.einsum("nk,nk->n", share, self._replayed[cells])
        return found[:, :3] / (found[:, 3:] + np.float32(FADE)), found[:, 3], replayed

    def _around(self, points: RobotPoints) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Four cells ``(N, 4)`` around every point, and their shares ``(N, 4)``."""
        shape, facing = points.shape, points.facing
        axis = np.argmax(np.abs(facing), axis=1)
        rows = np.arange(len(shape))
        side = 2 * axis + (facing[rows, axis] < 0)
        sides = self._sides[shape, axis]
        at = (points.local_m + self._half[shape])[rows[:, None], _OTHERS[axis]]
        at = np.clip(at / np.float32(self.cell_m), 0, (sides - 2).astype(np.float32))
        whole = at.astype(np.int64)
        u, v = (at - whole).astype(np.float32).T
        corner = self._first[shape, side] + whole[:, 0] * sides[:, 1] + whole[:, 1]
        along = sides[:, 1]
        cells = np.stack([corner, corner + 1, corner + along, corner + along + 1], axis=1)
        share = np.stack([(1 - u) * (1 - v), (1 - u) * v, u * (1 - v), u * v], axis=1)
        return cells, share


def _half(shape: Shape) -> NDArray[np.float64]:
    """Half sizes ``(3,)`` of the box around a solid in its own frame."""
    size = shape.size_m
    if shape.kind in ("box", "ellipsoid"):
        return size[:3]
    if shape.kind == "sphere":
        return np.full(3, size[0])
    return np.array((size[0], size[0], size[1] + (size[0] if shape.kind == "capsule" else 0.0)))
