"""What the objects of a simulated world look like in the 3-D view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.kinematics import SHAPE_NAMES
from devices.sim.objects import add_object


@dataclass(frozen=True)
class ObjectShape:
    """One primitive of an object.

    Attributes
    ----------
    row : int
        Row of the object in the ``world/objects`` stream.
    shape, size_m
        As ``devices.kinematics.LinkGeom``.
    transform : (4, 4) array
        Pose in the object's frame.
    rgb : (3,) float
        Colour, 0 to 1.
    """

    row: int
    shape: str
    size_m: NDArray[np.float64]
    transform: NDArray[np.float64]
    rgb: tuple[float, float, float]


def object_shapes(names: Sequence[str]) -> tuple[ObjectShape, ...]:
    """Shapes of the simulated objects ``names``, in stream order."""
    spec = mujoco.MjSpec()
    for name in names:
        add_object(spec, name, (0.0, 0.0, 0.0))
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    rows = {model.body(name).id: row for row, name in enumerate(names)}
    found = []
    for index in range(model.ngeom):
        body = int(model.geom_bodyid[index])
        while body not in rows and body != 0:
            body = int(model.body_parentid[body])
        shape = SHAPE_NAMES.get(int(model.geom_type[index]))
        if body == 0 or shape is None:
            continue
        rotation, place = data.xmat[body].reshape(3, 3), data.xpos[body]
        transform = np.eye(4)
        transform[:3, :3] = rotation.T @ data.geom_xmat[index].reshape(3, 3)
        transform[:3, 3] = rotation.T @ (data.geom_xpos[index] - place)
        found.append(
            ObjectShape(
                rows[body], shape, model.geom_size[index].copy(), transform, _rgb(model, index)
            )
        )
    return tuple(found)


def _rgb(model: mujoco.MjModel, geom: int) -> tuple[float, float, float]:
    material = int(model.geom_matid[geom])
    if material < 0:
        red, green, blue = model.geom_rgba[geom, :3]
        return float(red), float(green), float(blue)
    shade = model.mat_rgba[material, :3].astype(float)
    texture = int(model.mat_texid[material, int(mujoco.mjtTextureRole.mjTEXROLE_RGB)])
    if texture >= 0:
        start = int(model.tex_adr[texture])
        texels = int(model.tex_width[texture] * model.tex_height[texture])
        channels = int(model.tex_nchannel[texture])
        data = model.tex_data[start : start + texels * channels].reshape(-1, channels)
        shade = shade * data[:, :3].mean(axis=0) / 255.0
    red, green, blue = shade
    return float(red), float(green), float(blue)
