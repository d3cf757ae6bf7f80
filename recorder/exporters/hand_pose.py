"""Where a hand is and how far it is open, from its joints: what gripper formats ask for.

A free wrist slides along the world's axes and turns about them in the order roll, pitch, yaw
(``devices.hands.mjcf``), so with the palm at attitude ``B`` when the wrist is at zero::

    position = base + (x, y, z)        rotation = Rx(roll) Ry(pitch) Rz(yaw) B
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from devices.hands.rotation import rotation_from_rpy
from devices.hands.spec import WRIST_AXES, load_hand
from devices.kinematics import HandKinematics

GRIP = ("thumb", "index")  # fingers whose tips stand for the jaws of a gripper


@dataclass(frozen=True)
class HandColumns:
    """Entries of a joint column that belong to one hand.

    Attributes
    ----------
    side : str
    wrist : tuple of int
        Places of x, y, z, roll, pitch, yaw; empty on a fixed wrist.
    fingers : tuple of int
        Places of all other joints of the hand, in its order.
    """

    side: str
    wrist: tuple[int, ...]
    fingers: tuple[int, ...]


def hand_columns(side: str, names: tuple[str, ...]) -> HandColumns:
    """Find the joints of a side among the names of a column; forces are not joints."""
    axes = [f"{side}_{axis}" for axis in WRIST_AXES]
    wrist = tuple(names.index(axis) for axis in axes) if set(axes) <= set(names) else ()
    fingers = tuple(
        place
        for place, name in enumerate(names)
        if name.startswith(f"{side}_") and place not in wrist and not name.endswith("_force")
    )
    return HandColumns(side, wrist, fingers)


def palm_poses(wrist: NDArray[np.floating], hand: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return where the palm is.

    Parameters
    ----------
    wrist : (N, 6) array
        x, y, z in m; roll, pitch, yaw in rad.
    hand : mapping
        The hand in the rig definition: ``base_pos_m`` and ``base_rpy_rad``.

    Returns
    -------
    (N, 6) float64 array
        Position in the world, m, and rotation vector (axis times angle), rad, continuous over the
        rows: the angle may pass pi rather than jump to the opposite axis.
    """
    turned = Rotation.from_euler("XYZ", np.asarray(wrist[:, 3:], np.float64))
    base = Rotation.from_matrix(rotation_from_rpy(hand["base_rpy_rad"]))
    vectors = _continuous((turned * base).as_rotvec())
    places = np.asarray(hand["base_pos_m"], np.float64) + wrist[:, :3]
    return np.hstack([places, vectors]).astype(np.float64, copy=False)


def _continuous(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Choose among the vectors of the same rotation the one nearest to the row before."""
    out = vectors.copy()
    for row in range(1, len(out)):
        angle = float(np.linalg.norm(out[row]))
        if angle > 0.0:
            axis = out[row] / angle
            turns = round((float(axis @ out[row - 1]) - angle) / (2 * np.pi))
            out[row] = axis * (angle + turns * 2 * np.pi)
    return out


def opening_m(
    joints: NDArray[np.floating], hand: Mapping[str, Any], model_file: str | None
) -> NDArray[np.float64] | None:
    """Return the distance between the tips of thumb and index finger, ``(N,)`` m.

    Parameters
    ----------
    joints : (N, J) array
        All joints of the hand with its wrist, in the order of ``HandSpec.joints``.
    hand : mapping
        The hand in the rig definition.
    model_file : str, optional
        A hand file of the user's own; its fingertips are not known here.

    Returns
    -------
    array or None
        None for a hand without these two fingertips.
    """
    if model_file:
        return None
    kinematics = HandKinematics(load_hand(hand["model"], hand["side"], hand["wrist"]))
    if not set(GRIP) <= set(kinematics.tip_fingers):
        return None
    one, other = (kinematics.tip_fingers.index(finger) for finger in GRIP)
    tips = (kinematics.tip_positions(np.asarray(row, np.float64)) for row in joints)
    return np.array([np.linalg.norm(tip[one] - tip[other]) for tip in tips], np.float64)
