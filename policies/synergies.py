"""Keyboard synergies: five whole-hand motions as amounts between 0 and 1.

Each synergy names a hand shape as 17 exoskeleton angles. The shapes are added to the relaxed hand
in proportion to their amounts, so that two of them blend; ``open`` takes everything back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.rig import EXO_JOINTS

#: Angles a wearer's exoskeleton joint can reach, rad, by the part of the joint's name.
EXO_RANGES_RAD = {
    "thumb_mcp1": (0.0, 1.8),
    "thumb_mcp2": (-0.6, 1.2),
    "thumb_pip1": (-0.3, 1.5),
    "thumb_pip2": (-0.5, 0.5),
    "thumb_dip": (-0.2, 1.5),
    "mcp_side": (-0.35, 0.35),
    "mcp_forward": (-0.3, 1.7),
    "pip": (0.0, 1.7),
    "dip": (0.0, 1.5),
}

_FINGERS = ("index", "middle", "ring")
_RELAXED = {"mcp_forward": 0.2, "pip": 0.25, "dip": 0.15, "thumb_mcp1": 0.5, "thumb_pip1": 0.2}


def _angles(shape: dict[str, float]) -> NDArray[np.float64]:
    """Spread ``shape`` (full joint names, or parts shared by all fingers) over the 17 joints."""
    out = np.zeros(len(EXO_JOINTS))
    for index, name in enumerate(EXO_JOINTS):
        finger, _, part = name.partition("_")
        out[index] = shape.get(name, shape.get(part, 0.0) if finger in _FINGERS else 0.0)
    return out


RELAXED_RAD = _angles(_RELAXED)
SHAPES_RAD = {
    "open": _angles({}),
    "power": _angles(
        {"mcp_forward": 1.3, "pip": 1.4, "dip": 0.9, "thumb_mcp1": 1.5, "thumb_mcp2": 0.5,
         "thumb_pip1": 0.8, "thumb_dip": 0.7}
    ),
    "pinch": _angles(
        {"index_mcp_forward": 0.9, "index_pip": 0.8, "index_dip": 0.4, "mcp_forward": 0.2,
         "pip": 0.25, "dip": 0.15, "thumb_mcp1": 1.4, "thumb_mcp2": 0.3, "thumb_pip1": 0.5,
         "thumb_dip": 0.4}
    ),
    "tripod": _angles(
        {"index_mcp_forward": 0.9, "index_pip": 0.8, "index_dip": 0.4, "middle_mcp_forward": 0.95,
         "middle_pip": 0.8, "middle_dip": 0.4, "ring_mcp_forward": 1.3, "ring_pip": 1.3,
         "ring_dip": 0.8, "thumb_mcp1": 1.55, "thumb_mcp2": 0.3, "thumb_pip1": 0.5,
         "thumb_dip": 0.4}
    ),
    "spread": _angles(
        {**_RELAXED, "index_mcp_side": 0.3, "middle_mcp_side": 0.0, "ring_mcp_side": -0.3,
         "thumb_mcp1": 0.1}
    ),
}  # fmt: skip
SYNERGIES = tuple(SHAPES_RAD)


def exo_limits_rad() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the wearer's lower and upper angles, two ``(17,)`` arrays in rad."""
    rows = [
        EXO_RANGES_RAD.get(name) or EXO_RANGES_RAD[name.partition("_")[2]] for name in EXO_JOINTS
    ]
    lower, upper = np.array(rows).T
    return lower, upper


def blend(amounts: dict[str, float]) -> NDArray[np.float64]:
    """Return the hand shape ``(17,)``, rad, of synergy ``amounts`` (each clipped to 0..1).

    Raises
    ------
    ValueError
        When a synergy is unknown; the message lists those that exist.
    """
    unknown = sorted(set(amounts) - set(SYNERGIES))
    if unknown:
        raise ValueError(
            f"synergy '{unknown[0]}' is unknown; known synergies: {', '.join(SYNERGIES)}"
        )
    shape = RELAXED_RAD.copy()
    for name, amount in amounts.items():
        if name != "open":
            shape += min(max(amount, 0.0), 1.0) * (SHAPES_RAD[name] - RELAXED_RAD)
    opened = min(max(amounts.get("open", 0.0), 0.0), 1.0)
    shape += opened * (SHAPES_RAD["open"] - shape)
    return np.clip(shape, *exo_limits_rad())
