"""The handful of objects on the simulated table, built from primitive shapes.

Every object is a body of the object's name with a free joint ``<name>_free``; the socket alone is
screwed to the table. Sizes are metres, masses kilograms, z = 0 is the table top.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mujoco

from devices.sim.shapes import OBJECT_GROUP as OBJECT_GROUP
from devices.sim.shapes import add_material, add_shape
from devices.sim.task_objects import TASK_BUILDERS, TASK_REST_HEIGHT_M

CAP_FRICTION_NM = 0.02  # what a finger feels when it turns a screw cap
SOCKET_CLEARANCE_M = 0.001  # per side, around the charger's nose

_BOX = mujoco.mjtGeom.mjGEOM_BOX
_CYLINDER = mujoco.mjtGeom.mjGEOM_CYLINDER
_SPHERE = mujoco.mjtGeom.mjGEOM_SPHERE
_CAPSULE = mujoco.mjtGeom.mjGEOM_CAPSULE

FIXED = ("socket",)  # screwed to the table
REST_HEIGHT_M = {
    "cube": 0.0225,
    "ball": 0.030,
    "cylinder": 0.035,
    "bottle": 0.055,
    "charger": 0.016,
    "socket": 0.012,
    **TASK_REST_HEIGHT_M,
}


def add_object(spec: Any, name: str, position_m: tuple[float, float, float]) -> Any:
    """Add object ``name`` at ``position_m`` and return its body.

    Raises
    ------
    ValueError
        When the object is unknown; the message lists those that are known.
    """
    if name not in _BUILDERS:
        raise ValueError(f"world object '{name}' is unknown; known objects: {', '.join(_BUILDERS)}")
    body = spec.worldbody.add_body(name=name, pos=position_m)
    if name not in FIXED:
        body.add_freejoint(name=f"{name}_free")
    _BUILDERS[name](spec, body)
    return body


def _cube(spec: Any, body: Any) -> None:
    spec.add_texture(
        name="cube_faces", type=mujoco.mjtTexture.mjTEXTURE_CUBE,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT, mark=mujoco.mjtMark.mjMARK_EDGE,
        rgb1=(0.90, 0.47, 0.16), rgb2=(0.85, 0.42, 0.14), markrgb=(0.98, 0.86, 0.62),
        width=64, height=384,
    )  # fmt: skip
    material = spec.add_material(name="cube", specular=0.3, shininess=0.3)
    material.textures[int(mujoco.mjtTextureRole.mjTEXROLE_RGB)] = "cube_faces"
    add_shape(body, "body", _BOX, (0.0225, 0.0225, 0.0225), mass=0.06, material="cube")


def _ball(spec: Any, body: Any) -> None:
    spec.add_texture(
        name="ball_skin", type=mujoco.mjtTexture.mjTEXTURE_CUBE,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT, mark=mujoco.mjtMark.mjMARK_CROSS,
        rgb1=(0.78, 0.16, 0.17), rgb2=(0.72, 0.13, 0.15), markrgb=(0.95, 0.90, 0.86),
        width=64, height=384,
    )  # fmt: skip
    material = spec.add_material(name="ball", specular=0.5, shininess=0.6)
    material.textures[int(mujoco.mjtTextureRole.mjTEXROLE_RGB)] = "ball_skin"
    add_shape(
        body, "body", _SPHERE, (0.030,), mass=0.05, material="ball",
        condim=6, friction=(1.0, 0.01, 0.0015),
    )  # fmt: skip


def _cylinder(spec: Any, body: Any) -> None:
    green = add_material(spec, "cylinder", (0.20, 0.55, 0.36))
    band = add_material(spec, "cylinder_band", (0.88, 0.90, 0.84))
    add_shape(body, "body", _CYLINDER, (0.022, 0.035), mass=0.08, material=green)
    add_shape(
        body, "band", _CYLINDER, (0.0223, 0.006), mass=0.0, material=band,
        contype=0, conaffinity=0,
    )  # fmt: skip


def _bottle(spec: Any, body: Any) -> None:
    glass = add_material(spec, "bottle", (0.20, 0.42, 0.72), 0.8)
    label = add_material(spec, "bottle_label", (0.93, 0.92, 0.88))
    blue = add_material(spec, "bottle_cap", (0.12, 0.16, 0.26))
    ridge = add_material(spec, "bottle_cap_ridge", (0.95, 0.75, 0.20))
    add_shape(body, "body", _CYLINDER, (0.027, 0.055), mass=0.14, material=glass)
    add_shape(
        body, "label", _CYLINDER, (0.0273, 0.022), mass=0.0, material=label,
        contype=0, conaffinity=0,
    )  # fmt: skip
    add_shape(body, "shoulder", _SPHERE, (0.0255,), pos=(0, 0, 0.050), mass=0.0, material=glass)
    add_shape(
        body, "neck", _CYLINDER, (0.0125, 0.012), pos=(0, 0, 0.078), mass=0.01, material=glass
    )
    cap = body.add_body(name=f"{body.name}_cap", pos=(0.0, 0.0, 0.094))
    cap.add_joint(
        name=f"{body.name}_cap_turn",
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=(0, 0, 1),
        armature=1e-5,
        damping=[0.001, 0, 0],
        frictionloss=CAP_FRICTION_NM,
    )
    add_shape(cap, "lid", _CYLINDER, (0.0165, 0.010), mass=0.01, material=blue)
    add_shape(
        cap, "mark", _BOX, (0.0120, 0.0018, 0.0006), pos=(0, 0, 0.0102), mass=0.0, material=ridge,
        contype=0, conaffinity=0,
    )  # fmt: skip


def _charger(spec: Any, body: Any) -> None:
    white = add_material(spec, "charger", (0.93, 0.93, 0.94), 0.6)
    metal = add_material(spec, "charger_nose", (0.55, 0.57, 0.60), 0.9)
    cable = add_material(spec, "charger_cable", (0.20, 0.20, 0.22))
    add_shape(body, "body", _BOX, (0.018, 0.026, 0.016), mass=0.05, material=white)
    add_shape(
        body, "nose", _BOX, (0.010, 0.008, 0.006), pos=(0, -0.034, 0), mass=0.01, material=metal
    )
    add_shape(
        body, "cable", _CAPSULE, (0.003, 0.010), pos=(0, 0.034, 0), quat=(0.7071, 0.7071, 0, 0),
        mass=0.002, material=cable,
    )  # fmt: skip


def _socket(spec: Any, body: Any) -> None:
    grey = add_material(spec, "socket", (0.30, 0.33, 0.37), 0.4)
    rim = add_material(spec, "socket_rim", (0.10, 0.62, 0.66), 0.4)
    half_x, half_y = 0.010 + SOCKET_CLEARANCE_M, 0.006 + SOCKET_CLEARANCE_M
    wall = 0.014
    for sign, tag in ((1, "far"), (-1, "near")):
        add_shape(
            body, f"{tag}_x", _BOX, (wall / 2, half_y + wall, 0.012),
            pos=(sign * (half_x + wall / 2), 0, 0), material=grey,
        )  # fmt: skip
        add_shape(
            body, f"{tag}_y", _BOX, (half_x, wall / 2, 0.012),
            pos=(0, sign * (half_y + wall / 2), 0), material=grey,
        )  # fmt: skip
        add_shape(
            body, f"{tag}_rim", _BOX, (half_x + 0.002, 0.001, 0.0004),
            pos=(0, sign * (half_y + 0.001), 0.0122), material=rim, contype=0, conaffinity=0,
        )  # fmt: skip


_BUILDERS: dict[str, Callable[[Any, Any], None]] = {
    "cube": _cube,
    "ball": _ball,
    "cylinder": _cylinder,
    "bottle": _bottle,
    "charger": _charger,
    "socket": _socket,
    **TASK_BUILDERS,
}
