"""Replay with the recorded forces: each pad's target is pushed into what it touched.

A hand that is moved to the recorded pose reproduces the pose and presses with nothing, because a
position controller pushes only where its target lies beyond the surface. After KineDex
(arXiv 2505.01974) the target of a pad is therefore shifted by ``K f`` along the pad's normal, with
``f`` the recorded normal force and ``K`` a gain of the hand (``force_gain_m_per_n``), the same for
all tasks. No force is measured and fed back while replaying: it is open-loop in force, and says so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.kinematics import HandKinematics

SHIFT_MAX_M = 0.012  # a broken force reading must not fling a finger; 15 N at the XHand1's gain
SHIFT_RATE_HZ = 50.0  # between these instants the shift of the joints is interpolated
FELT_N = 0.05  # below, a pad is in the air


def shift_for_forces(
    time_s: NDArray[np.float64],
    joints: NDArray[np.float64],
    force_time_s: NDArray[np.float64],
    forces_n: NDArray[np.float64],
    kinematics: HandKinematics,
    gain_m_per_n: float,
) -> NDArray[np.float64]:
    """Return joint targets that press as the recorded hand was pressed.

    Parameters
    ----------
    time_s : (N,) float64 array
        Times of ``joints``, increasing, seconds.
    joints : (N, J) float64 array
        Recorded targets in ``HandSpec`` order.
    force_time_s : (M,) float64 array
        Times of ``forces_n`` on the same clock.
    forces_n : (M, P) float64 array
        Normal force of each pad, N, positive into the pad; others count as none.
    kinematics : HandKinematics
        The hand.
    gain_m_per_n : float
        K: shift of the target per newton, metres.

    Returns
    -------
    (N, J) float64 array
        ``joints`` plus the shift, inside the joints' limits; the wrist is not shifted.
    """
    if not len(force_time_s) or not (forces_n > FELT_N).any():
        return joints.copy()
    count = max(2, int(np.ceil((time_s[-1] - time_s[0]) * SHIFT_RATE_HZ)) + 1)
    at_s = np.linspace(time_s[0], time_s[-1], count)
    poses = np.stack([np.interp(at_s, time_s, column) for column in joints.T], axis=1)
    felt = np.stack([np.interp(at_s, force_time_s, column) for column in forces_n.T], axis=1)
    depth_m = np.where(felt > FELT_N, np.minimum(felt * gain_m_per_n, SHIFT_MAX_M), 0.0)
    shift = np.zeros_like(poses)
    for row in np.flatnonzero(depth_m.any(axis=1)):
        pads = kinematics.pad_poses(poses[row])
        targets_m = pads[:, :3, 3] + depth_m[row, :, None] * pads[:, :3, 2]
        shift[row] = kinematics.solve_pads(poses[row], targets_m) - poses[row]
    spec = kinematics.spec
    moved = joints + np.stack([np.interp(time_s, at_s, column) for column in shift.T], axis=1)
    return np.clip(moved, spec.lower, spec.upper)
