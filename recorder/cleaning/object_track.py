"""Where the world's objects were, picture by picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOVED_M, MOVED_RAD = 0.002, 0.03


@dataclass(frozen=True)
class ObjectTrack:
    """Recorded poses of objects.

    Attributes
    ----------
    names : tuple of str
        Objects, in the order of ``poses``.
    poses : (count, len(names), 7) float64 array
        Position (metres) and quaternion ``w, x, y, z`` in the world, at every picture.
    """

    names: tuple[str, ...]
    poses: NDArray[np.float64]

    def transforms(self, index: int) -> NDArray[np.float64]:
        """Object to world ``(len(names), 4, 4)`` at picture ``index``."""
        return transforms(self.poses[index])

    def moved(self) -> NDArray[np.bool_]:
        """Objects that ever leave their first pose by more than the tolerances ``(N,)``."""
        away_m = np.linalg.norm(self.poses[..., :3] - self.poses[0, :, :3], axis=2).max(axis=0)
        alike = np.abs((self.poses[..., 3:] * self.poses[0, :, 3:]).sum(axis=2)).min(axis=0)
        turned_rad = 2 * np.arccos(np.clip(alike, 0.0, 1.0))
        return (away_m > MOVED_M) | (turned_rad > MOVED_RAD)


def transforms(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(N, 7)`` poses as ``(N, 4, 4)`` matrices; the quaternions are normalised."""
    out = np.tile(np.eye(4), (len(poses), 1, 1))
    w, x, y, z = (poses[:, 3:] / np.linalg.norm(poses[:, 3:], axis=1, keepdims=True)).T
    out[:, 0, :3] = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], 1)
    out[:, 1, :3] = np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], 1)
    out[:, 2, :3] = np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], 1)
    out[:, :3, 3] = poses[:, :3]
    return out
