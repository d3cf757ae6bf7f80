"""The simulated operator's hands: what they are made of.

Two human hands of capsules and ellipsoids with forearm and sleeve, one mocap body per bone, in
geom group 4, without collisions and without joints: they change neither ``qpos`` nor the physics.
``devices.sim.operator_pose`` moves them.

Bone frame: origin at the near joint, x along the bone, z towards the back of the hand. Palm frame:
origin at the wrist, x towards the knuckles, z out of the back of the hand; the thumb is on the
+y side of a right hand and on the -y side of a left one.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from devices.rig import Rig

OPERATOR_GROUP = 4  # geom group of everything that belongs to the operator
OPERATOR_SIDES = ("right", "left")
PARKED_GROUP = 3  # geom group of a hand that is away; no camera sees it
PARKED_M = (0.0, 0.0, -20.0)  # out of every camera's range

_SKIN = (0.80, 0.58, 0.46, 1.0)
_SKIN_TIP = (0.84, 0.57, 0.48, 1.0)
_NAIL = (0.93, 0.76, 0.70, 1.0)
_SLEEVE = (0.16, 0.24, 0.38, 1.0)
_CUFF = (0.22, 0.32, 0.48, 1.0)


@dataclass(frozen=True)
class Digit:
    """A finger of the right hand in the palm frame; lengths and radii in metres.

    Sizes are those of a medium adult hand (hand length about 0.185 m).
    """

    name: str
    knuckle_m: tuple[float, float, float]
    lengths_m: tuple[float, float, float]
    radii_m: tuple[float, float, float]

    @property
    def reach_m(self) -> float:
        """Distance from knuckle to the centre of the tip when stretched."""
        return sum(self.lengths_m)


DIGITS = (
    Digit("thumb", (0.026, 0.026, -0.010), (0.044, 0.033, 0.024), (0.0125, 0.0108, 0.0095)),
    Digit("index", (0.092, 0.029, 0.000), (0.043, 0.026, 0.018), (0.0096, 0.0086, 0.0076)),
    Digit("middle", (0.095, 0.007, 0.003), (0.047, 0.030, 0.019), (0.0098, 0.0088, 0.0078)),
    Digit("ring", (0.089, -0.014, 0.001), (0.043, 0.028, 0.019), (0.0094, 0.0084, 0.0074)),
    Digit("little", (0.080, -0.033, -0.004), (0.034, 0.021, 0.016), (0.0084, 0.0074, 0.0066)),
)
FINGERS = tuple(digit.name for digit in DIGITS[1:])


def mirror(side: str) -> float:
    """Sign of the y axis: 1 for the right hand, -1 for its mirror image."""
    return 1.0 if side == "right" else -1.0


def body_name(side: str, part: str, bone: int | None = None) -> str:
    """Name of a mocap body, e.g. ``operator_right_index_2`` or ``operator_left_palm``."""
    return f"operator_{side}_{part}" + ("" if bone is None else f"_{bone}")


def add_operator_hand(spec: mujoco.MjSpec, rig: Rig) -> None:
    """Add both operator hands to ``spec``, parked out of view.

    Parameters
    ----------
    spec : mujoco.MjSpec
        The scene, before it is compiled.
    rig : Rig
        The rig; both hands are added whatever its sides, because an operator helps the robot's
        thumb with the other hand.
    """
    del rig
    for name, rgba, specular in (
        ("operator_skin", _SKIN, 0.22),
        ("operator_tip", _SKIN_TIP, 0.30),
        ("operator_nail", _NAIL, 0.55),
        ("operator_sleeve", _SLEEVE, 0.05),
        ("operator_cuff", _CUFF, 0.08),
    ):
        spec.add_material(name=name, rgba=rgba, specular=specular, shininess=0.35, reflectance=0)
    for side in OPERATOR_SIDES:
        _add_palm(spec, side)
        _add_forearm(spec, side)
        for digit in DIGITS:
            for bone in range(3):
                _add_bone(spec, side, digit, bone)


def _body(spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
    return spec.worldbody.add_body(name=name, mocap=True, pos=PARKED_M)


def _geom(body: mujoco.MjsBody, kind: mujoco.mjtGeom, material: str, **fields) -> None:
    body.add_geom(
        type=kind, material=material, group=OPERATOR_GROUP, contype=0, conaffinity=0, mass=0,
        **fields,
    )  # fmt: skip


def _capsule(
    body: mujoco.MjsBody,
    material: str,
    start_m: tuple[float, float, float],
    end_m: tuple[float, float, float],
    radius_m: float,
) -> None:
    _geom(
        body, mujoco.mjtGeom.mjGEOM_CAPSULE, material,
        fromto=(*start_m, *end_m), size=(radius_m, 0, 0),
    )  # fmt: skip


def _ellipsoid(
    body: mujoco.MjsBody,
    material: str,
    centre_m: tuple[float, float, float],
    half_m: tuple[float, float, float],
    yaw_rad: float = 0.0,
) -> None:
    quat = (np.cos(yaw_rad / 2), 0.0, 0.0, np.sin(yaw_rad / 2))
    _geom(
        body, mujoco.mjtGeom.mjGEOM_ELLIPSOID, material, pos=centre_m, size=half_m, quat=quat
    )  # fmt: skip


def _add_palm(spec: mujoco.MjSpec, side: str) -> None:
    s = mirror(side)
    palm = _body(spec, body_name(side, "palm"))
    for digit in DIGITS[1:]:
        x, y, z = digit.knuckle_m
        _capsule(
            palm, "operator_skin", (0.012, 0.45 * y * s, -0.002), (x, y * s, z - 0.003), 0.0118
        )
    _ellipsoid(palm, "operator_skin", (0.050, -0.004 * s, -0.006), (0.050, 0.037, 0.0150))
    _ellipsoid(palm, "operator_skin", (0.042, 0.024 * s, -0.012), (0.031, 0.016, 0.015), 0.45 * s)
    _ellipsoid(palm, "operator_skin", (0.036, -0.027 * s, -0.010), (0.034, 0.013, 0.014), 0.1 * s)
    _ellipsoid(palm, "operator_skin", (0.004, 0.0, -0.002), (0.026, 0.027, 0.0195))


def _add_forearm(spec: mujoco.MjSpec, side: str) -> None:
    arm = _body(spec, body_name(side, "forearm"))  # x from wrist to elbow
    _ellipsoid(arm, "operator_skin", (0.035, 0.0, 0.0), (0.075, 0.0255, 0.0205))
    _capsule(arm, "operator_cuff", (0.064, 0.0, 0.0), (0.078, 0.0, 0.0), 0.0300)
    _capsule(arm, "operator_sleeve", (0.085, 0.0, 0.0), (0.260, 0.0, 0.0), 0.0320)
    _capsule(arm, "operator_sleeve", (0.200, 0.0, 0.0), (0.680, 0.0, 0.0), 0.0370)


def _add_bone(spec: mujoco.MjSpec, side: str, digit: Digit, bone: int) -> None:
    body = _body(spec, body_name(side, digit.name, bone))
    length, radius = digit.lengths_m[bone], digit.radii_m[bone]
    _capsule(body, "operator_skin", (0, 0, 0), (length, 0, 0), radius)
    if bone < 2:
        return
    pad = (0.45 * length, 0.98 * radius, 0.80 * radius)
    _ellipsoid(body, "operator_tip", (0.80 * length, 0, -0.32 * radius), pad)
    nail = (0.0062, 0.78 * radius, 0.30 * radius)
    _ellipsoid(body, "operator_nail", (length + 0.0005, 0, 0.78 * radius), nail)
