"""What a policy sees at one moment, and the chunk it plans; plain numbers, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from policies.policy_layout import PolicyLayout


class ObservationError(ValueError):
    """What is seen does not fit the policy; the message is one clear sentence."""


@dataclass(frozen=True)
class ObservationRow:
    """Everything seen at one row; only what the policy's layout asks for is needed.

    Attributes
    ----------
    joints : (J,) array
        Measured positions in the order of ``PolicyLayout.joint_names``, rad or m.
    velocity : (J,) array or None
        rad/s or m/s.
    force : (P, 3) array or None
        Force per pad in the order of ``PolicyLayout.pads``, N.
    taxels : (P, T, 3) array or None
        N.
    pictures : mapping of str to (H, W, 3) uint8 array
        RGB by stream, as the camera gives them.
    """

    joints: NDArray[np.floating]
    velocity: NDArray[np.floating] | None = None
    force: NDArray[np.floating] | None = None
    taxels: NDArray[np.floating] | None = None
    pictures: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedChunk:
    """What a policy wants to be done.

    Row ``k`` is due ``(k + 1) / rate_hz`` seconds after the newest row that was seen.

    Attributes
    ----------
    joints : (T, J) float64 array
        rad or m; not yet limited to what the hand can do.
    forces_n : (T, P) float64 array or None
        Normal force per pad, N, never negative; None where the policy plans none.
    expected_forces_n : (T, P) float64 array or None
        What it expects to feel; None without that output.
    latency_s : float
        Time planning took.
    """

    joints: NDArray[np.float64]
    forces_n: NDArray[np.float64] | None
    expected_forces_n: NDArray[np.float64] | None
    latency_s: float

    def actions(self) -> NDArray[np.float64]:
        """``(T, A)``: joints and, where there are some, forces side by side."""
        if self.forces_n is None:
            return self.joints
        return np.concatenate((self.joints, self.forces_n), axis=1)


@dataclass(frozen=True)
class KeptRows:
    """Rows of the next chunk that are already decided (real-time chunking).

    Attributes
    ----------
    actions : (T, A) array
        As ``PlannedChunk.actions``, shifted to the next chunk's rows; physical units.
    weight : (T,) array
        1 keeps a row exactly, 0 leaves it free.
    """

    actions: NDArray[np.floating]
    weight: NDArray[np.floating]


def check_row(row: ObservationRow, layout: PolicyLayout) -> None:
    """Compare a row with what a policy needs; raises ``ObservationError``."""
    pads = len(layout.pads)
    needed: list[tuple[str, NDArray | None, tuple[int, ...], bool]] = [
        ("joints", row.joints, (layout.joints,), layout.state),
        ("velocity", row.velocity, (layout.joints,), layout.velocity),
        ("force", row.force, (pads, 3), layout.force),
        ("taxels", row.taxels, (pads, layout.taxels_per_pad, 3), layout.taxels_per_pad > 0),
    ]
    for name, value, shape, wanted in needed:
        if not wanted:
            continue
        if value is None:
            raise ObservationError(f"{name} are missing; this policy sees them")
        if value.shape != shape:
            raise ObservationError(f"{name} have shape {value.shape}, {shape} is needed")
        if not np.isfinite(value).all():
            raise ObservationError(f"{name} hold what is not a number")
    for camera in layout.pictures:
        picture = row.pictures.get(camera.stream)
        if picture is None:
            raise ObservationError(f"a picture of '{camera.stream}' is missing")
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise ObservationError(f"the picture of '{camera.stream}' is no RGB picture of bytes")
