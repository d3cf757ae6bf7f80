"""Rotations of hand models: roll-pitch-yaw, quaternions, and the mirror that makes a left hand.

A left hand is the right one seen in the palm frame's x = 0 plane. With ``S = diag(-1, 1, 1)`` a
point ``p`` becomes ``S p``, a frame ``R`` becomes ``S R S`` and a rotation axis ``a`` becomes
``-S a``, so that the same joint angle bends both hands alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MIRROR = np.diag([-1.0, 1.0, 1.0])
_MIRROR_PAD_WIDTH = np.diag([1.0, -1.0, 1.0])


def rotation_from_rpy(rpy_rad: ArrayLike) -> NDArray[np.float64]:
    """Return the ``(3, 3)`` rotation of roll, pitch, yaw about the fixed axes x, y, z (URDF)."""
    roll, pitch, yaw = np.asarray(rpy_rad, float)
    cr, sr = np.cos(roll), np.sin(roll)
    cp, sp = np.cos(pitch), np.sin(pitch)
    cy, sy = np.cos(yaw), np.sin(yaw)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def quaternion_from_rotation(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit quaternion ``(4,)`` w, x, y, z (w >= 0) of a ``(3, 3)`` rotation."""
    r = rotation
    # The eigenvector of the symmetric 4x4 form is exact even where the trace formula divides by 0.
    form = np.array(
        [
            [r[0, 0] + r[1, 1] + r[2, 2], 0, 0, 0],
            [r[2, 1] - r[1, 2], r[0, 0] - r[1, 1] - r[2, 2], 0, 0],
            [r[0, 2] - r[2, 0], r[0, 1] + r[1, 0], r[1, 1] - r[0, 0] - r[2, 2], 0],
            [
                r[1, 0] - r[0, 1],
                r[0, 2] + r[2, 0],
                r[1, 2] + r[2, 1],
                r[2, 2] - r[0, 0] - r[1, 1],
            ],
        ]
    )
    quaternion = np.linalg.eigh(form, "L")[1][:, -1]
    return quaternion if quaternion[0] >= 0 else -quaternion


def mirrored_point(point: ArrayLike, mirror: bool) -> NDArray[np.float64]:
    """Return ``point`` ``(3,)``, or its mirror image when ``mirror``."""
    array = np.array(point, float)
    return _MIRROR @ array if mirror else array


def mirrored_axis(axis: ArrayLike, mirror: bool) -> NDArray[np.float64]:
    """Return a rotation ``axis`` ``(3,)``, or the axis that turns the mirrored link alike."""
    array = np.array(axis, float)
    return -(_MIRROR @ array) if mirror else array


def mirrored_rotation(rotation: NDArray[np.float64], mirror: bool) -> NDArray[np.float64]:
    """Return ``rotation`` ``(3, 3)``, or that of the mirrored frame."""
    return _MIRROR @ rotation @ _MIRROR if mirror else rotation


def mirrored_pad_rotation(rotation: NDArray[np.float64], mirror: bool) -> NDArray[np.float64]:
    """Return a pad's ``(3, 3)`` rotation; in the mirror x stays distal and z outwards."""
    return _MIRROR @ rotation @ _MIRROR_PAD_WIDTH if mirror else rotation


def rotation_along(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a ``(3, 3)`` rotation whose z axis points along ``direction`` ``(3,)``."""
    z = direction / np.linalg.norm(direction)
    helper = np.array([1.0, 0.0, 0.0]) if abs(z[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    y = np.cross(z, helper)
    y /= np.linalg.norm(y)
    return np.stack([np.cross(y, z), y, z], axis=1)
