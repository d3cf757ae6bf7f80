"""Shapes and materials of the objects on the simulated table."""

from __future__ import annotations

from typing import Any

import numpy as np

OBJECT_GROUP = 1


def add_shape(body: Any, name: str, shape: Any, size: tuple[float, ...], **fields: Any) -> None:
    """Add the geom ``<body>_<name>`` with the contact properties of ordinary things."""
    full = np.zeros(3)
    full[: len(size)] = size
    defaults = {
        "group": OBJECT_GROUP,
        "contype": 1,
        "conaffinity": 3,
        "condim": 4,
        "friction": (0.9, 0.005, 0.0001),
        "solref": (0.008, 1.0),
    }
    body.add_geom(name=f"{body.name}_{name}", type=shape, size=full, **(defaults | fields))


def add_material(
    spec: Any, name: str, rgb: tuple[float, float, float], shine: float = 0.3, alpha: float = 1.0
) -> str:
    """Add a plain material and return its name."""
    spec.add_material(name=name, rgba=(*rgb, alpha), specular=shine, shininess=shine)
    return name
