"""The objects of the task suite: things that push back, slip, break, turn and hide.

Like ``devices.sim.objects``: bodies with a free joint, metres and kilograms. What must not be
dragged along stands on a heavy foot. Moving parts are joints named ``<object>_<part>``, so where
they are is part of ``qpos`` and seen by every camera.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mujoco

from devices.sim.shapes import add_material, add_shape

FOOT_KG = 2.0
GRIP = (0.9, 0.005, 0.0001)
SLIPPERY = (0.40, 0.005, 0.0001)
PLUNGER_N_M, PLUNGER_TRAVEL_M, PLUNGER_TOP_M = 1800.0, 0.008, 0.116
# The rotor-like inertia of the cap keeps MuJoCo's soft dry friction from creeping below its limit.
CAP_TORQUE_NM, CAP_RADIUS_M, CAP_HEIGHT_M = 0.09, 0.024, 0.118
TUBE_N_M, TUBE_HALF_M, TUBE_GRIP_M = 1500.0, 0.021, 0.066
PEG_DAMPING_N_S_M, PEG_SPACING_M, PEG_TOP_M = 250.0, 0.0205, 0.130
CURTAIN_HALF_M = (0.060, 0.050, 0.0880)
BOX_HALF_M = (0.021, 0.021, 0.032)
STOPPER_RADIUS_M, STOPPER_HEIGHT_M = 0.024, 0.116
CUP_RADII_M = (0.0155, 0.0175, 0.0195, 0.0215, 0.0235, 0.0255, 0.0275)  # wider towards the rim
CUP_RING_M = 0.012

_BOX = mujoco.mjtGeom.mjGEOM_BOX
_CYLINDER = mujoco.mjtGeom.mjGEOM_CYLINDER
_SPHERE = mujoco.mjtGeom.mjGEOM_SPHERE
_SLIDE, _HINGE = mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtJoint.mjJNT_HINGE
_SEEN_ONLY = {"mass": 0.0, "contype": 0, "conaffinity": 0}

TASK_REST_HEIGHT_M = {
    "plunger": 0.045,
    "fragile_box": BOX_HALF_M[2],
    "jar": 0.035,
    "tube": 0.012,
    "flask": 0.036,
    "cup": len(CUP_RADII_M) * CUP_RING_M / 2,
    "peg_board": 0.060,
}


def _slide(
    body: Any, axis: tuple[float, float, float], low_m: float, high_m: float, **fields: Any
) -> None:
    body.add_joint(
        name=body.name, type=_SLIDE, axis=axis, range=(low_m, high_m),
        limited=mujoco.mjtLimited.mjLIMITED_TRUE, armature=0.01, **fields,
    )  # fmt: skip


def _plunger(spec: Any, body: Any) -> None:
    steel = add_material(spec, "plunger_foot", (0.30, 0.33, 0.38), 0.5)
    red = add_material(spec, "plunger_button", (0.85, 0.18, 0.15), 0.4)
    rod = add_material(spec, "plunger_rod", (0.75, 0.77, 0.80), 0.9)
    add_shape(body, "foot", _CYLINDER, (0.036, 0.045), mass=FOOT_KG, material=steel)
    button = body.add_body(name=f"{body.name}_button", pos=(0.0, 0.0, PLUNGER_TOP_M - 0.049))
    _slide(
        button, (0, 0, 1), -PLUNGER_TRAVEL_M, 0.0, stiffness=[PLUNGER_N_M, 0, 0],
        damping=[6.0, 0, 0],
    )  # fmt: skip
    add_shape(button, "face", _CYLINDER, (0.020, 0.004), mass=0.02, material=red)
    add_shape(
        button, "rod", _CYLINDER, (0.006, 0.014), pos=(0, 0, -0.018), material=rod, **_SEEN_ONLY
    )


def _fragile_box(spec: Any, body: Any) -> None:
    shell = add_material(spec, "fragile_shell", (0.93, 0.88, 0.70), 0.6)
    tape = add_material(spec, "fragile_tape", (0.80, 0.20, 0.20))
    add_shape(
        body, "body", _BOX, BOX_HALF_M, mass=0.16, material=shell, friction=SLIPPERY, priority=2,
        solref=(0.01, 1.0),
    )  # fmt: skip
    add_shape(body, "tape", _BOX, (0.0215, 0.0215, 0.004), material=tape, **_SEEN_ONLY)


def _jar(spec: Any, body: Any) -> None:
    glass = add_material(spec, "jar_glass", (0.35, 0.55, 0.45), 0.8)
    lid = add_material(spec, "jar_lid", (0.85, 0.70, 0.20), 0.5)
    mark = add_material(spec, "jar_mark", (0.10, 0.10, 0.12))
    add_shape(body, "foot", _CYLINDER, (0.042, 0.035), mass=FOOT_KG, material=glass)
    add_shape(body, "neck", _CYLINDER, (0.012, 0.018), pos=(0, 0, 0.053), mass=0.01, material=glass)
    cap = body.add_body(name=f"{body.name}_cap", pos=(0.0, 0.0, CAP_HEIGHT_M - 0.035))
    cap.add_joint(
        name=cap.name, type=_HINGE, axis=(0, 0, 1), armature=0.004, damping=[0.002, 0, 0],
        frictionloss=CAP_TORQUE_NM,
    )  # fmt: skip
    add_shape(
        cap, "lid", _CYLINDER, (CAP_RADIUS_M, 0.012), mass=0.03, material=lid, friction=GRIP,
        priority=2, solref=(0.01, 1.0),
    )  # fmt: skip
    add_shape(
        cap, "mark", _BOX, (0.018, 0.0025, 0.0006), pos=(0, 0, 0.0122), material=mark, **_SEEN_ONLY
    )


def _tube(spec: Any, body: Any) -> None:
    grey = add_material(spec, "tube_foot", (0.33, 0.35, 0.40), 0.4)
    white = add_material(spec, "tube_shell", (0.95, 0.96, 0.97), 0.6)
    blue = add_material(spec, "tube_print", (0.15, 0.45, 0.80), 0.5)
    add_shape(body, "foot", _BOX, (0.035, 0.045, 0.012), mass=FOOT_KG, material=grey)
    for sign, part in ((1, "far"), (-1, "near")):
        shell = body.add_body(
            name=f"{body.name}_{part}", pos=(0.0, sign * (TUBE_HALF_M - 0.005), 0.050)
        )
        _slide(shell, (0, -sign, 0), 0.0, 0.0105, stiffness=[TUBE_N_M, 0, 0], damping=[8.0, 0, 0])
        add_shape(shell, "wall", _BOX, (0.020, 0.005, 0.034), mass=0.02, material=white)
        add_shape(
            shell, "print", _BOX, (0.0203, 0.0053, 0.010), pos=(0, 0, 0.008), material=blue,
            **_SEEN_ONLY,
        )  # fmt: skip


def _flask(spec: Any, body: Any) -> None:
    green = add_material(spec, "flask_body", (0.20, 0.60, 0.45), 0.8)
    label = add_material(spec, "flask_label", (0.95, 0.92, 0.85))
    knob = add_material(spec, "flask_stopper", (0.95, 0.80, 0.45), 0.6)
    add_shape(body, "body", _CYLINDER, (0.030, 0.036), mass=0.12, material=green)
    add_shape(body, "label", _CYLINDER, (0.0303, 0.018), material=label, **_SEEN_ONLY)
    add_shape(
        body, "neck", _CYLINDER, (0.011, 0.014), pos=(0, 0, 0.050), mass=0.005, material=green
    )
    add_shape(
        body, "stopper", _SPHERE, (STOPPER_RADIUS_M,), pos=(0, 0, STOPPER_HEIGHT_M - 0.036),
        mass=0.02, material=knob,
    )  # fmt: skip


def _cup(spec: Any, body: Any) -> None:
    paper = add_material(spec, "cup_paper", (0.90, 0.55, 0.25), 0.3)
    rim = add_material(spec, "cup_rim", (0.97, 0.95, 0.90), 0.4)
    for index, radius_m in enumerate(CUP_RADII_M):
        add_shape(
            body, f"wall{index}", _CYLINDER, (radius_m, CUP_RING_M / 2),
            pos=(0, 0, (index - (len(CUP_RADII_M) - 1) / 2) * CUP_RING_M), mass=0.012,
            material=rim if index == len(CUP_RADII_M) - 1 else paper,
        )  # fmt: skip


def _peg_board(spec: Any, body: Any) -> None:
    grey = add_material(spec, "peg_board", (0.34, 0.36, 0.40), 0.4)
    brass = add_material(spec, "peg_brass", (0.85, 0.68, 0.30), 0.8)
    cloth = add_material(spec, "peg_curtain", (0.16, 0.20, 0.26), 0.05)
    add_shape(body, "foot", _BOX, (0.050, 0.035, 0.060), mass=FOOT_KG, material=grey)
    for index in range(3):
        peg = body.add_body(
            name=f"{body.name}_peg{index}",
            pos=((1 - index) * PEG_SPACING_M, 0.0, PEG_TOP_M - 0.060 - 0.016),
        )
        peg.gravcomp = 1.0
        _slide(peg, (0, 0, 1), -0.008, 0.008, damping=[PEG_DAMPING_N_S_M, 0, 0])
        add_shape(peg, "pin", _CYLINDER, (0.0075, 0.016), mass=0.01, material=brass)
    x, y, z = CURTAIN_HALF_M
    sheets = {
        "roof": ((x, y, 0.0005), (0, 0, 2 * z)),
        "front": ((x, 0.0005, z), (0, -y, z)),
        "back": ((x, 0.0005, z), (0, y, z)),
        "left": ((0.0005, y, z), (-x, 0, z)),
        "right": ((0.0005, y, z), (x, 0, z)),
    }
    for name, (half_m, at_m) in sheets.items():
        place = (at_m[0], at_m[1], at_m[2] - TASK_REST_HEIGHT_M["peg_board"])
        add_shape(body, f"curtain_{name}", _BOX, half_m, pos=place, material=cloth, **_SEEN_ONLY)


TASK_BUILDERS: dict[str, Callable[[Any, Any], None]] = {
    "plunger": _plunger,
    "fragile_box": _fragile_box,
    "jar": _jar,
    "tube": _tube,
    "flask": _flask,
    "cup": _cup,
    "peg_board": _peg_board,
}
