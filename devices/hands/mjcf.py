"""Composes a hand for MuJoCo from its ``HandModel``: links, joints, shapes, pads, motors.

Every name starts with the side. ``<side>_<link>`` is a body, ``<side>_<joint>`` a joint and its
actuator, ``<side>_<finger>_pad`` and ``<side>_<finger>_tip`` are sites, ``<side>_palm`` is the
root. On a free wrist the palm turns about its origin and slides along the world's axes, so
``wrist_x`` is the world's x whatever ``base_rpy_rad`` says; that is the palm's attitude at zero.
A hand file of the user's own is attached under ``<side>_palm``; its sites go before ours.

Motors are position servos whose gains are set to zero to let the joints be moved by hand.
Gravity is compensated on every link, as a hand's own controller does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from devices.hands.rotation import (
    mirrored_axis,
    mirrored_pad_rotation,
    mirrored_point,
    mirrored_rotation,
    quaternion_from_rotation,
    rotation_along,
    rotation_from_rpy,
)
from devices.hands.schema import GeomModel, LinkModel, PadModel
from devices.hands.spec import HandSpec, JointSpec

HAND_GROUP = 2
SITE_GROUP = 5  # not drawn
OBJECT_BIT = 1  # contype of scenery and objects
HAND_BIT = 2  # contype of hands: they meet objects and each other

# Servo of a finger joint: the geared motor dominates the inertia; with 12 N m/rad a fingertip
# 0.09 m from its joint is a spring of about 1.5 kN/m, what small hands show in position mode.
FINGER_KP = 12.0
FINGER_ARMATURE = 0.002  # kg m^2, reflected rotor
FINGER_DAMPING = 0.03  # N m s/rad, what a person feels when back-driving it
SLIDE_KP, SLIDE_ARMATURE, SLIDE_DAMPING = 12000.0, 1.0, 25.0  # N/m, kg, N s/m: a small arm
TURN_KP, TURN_ARMATURE, TURN_DAMPING = 300.0, 0.02, 0.4  # N m/rad, kg m^2, N m s/rad
ROLE_RGBA = {
    "shell": (0.86, 0.87, 0.88, 1.0),
    "palm": (0.80, 0.81, 0.83, 1.0),
    "joint": (0.17, 0.18, 0.20, 1.0),
    "pad": (0.25, 0.30, 0.37, 1.0),
    "accent": (0.10, 0.62, 0.66, 1.0),
}
_ROLE_SHINE = {"shell": 0.5, "palm": 0.4, "joint": 0.3, "pad": 0.1, "accent": 0.6}
_SHAPES = {
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
}


class HandFileError(ValueError):
    """A user's hand file does not fit the hand model; one clear sentence."""


def servo_gains(joint: JointSpec) -> tuple[float, float]:
    """Return stiffness and damping of the position servo of ``joint``, critically damped."""
    if joint.unit == "m":
        kp, inertia = SLIDE_KP, SLIDE_ARMATURE + 1.0  # the hand itself weighs about 1 kg
    elif joint.finger == "wrist":
        kp, inertia = TURN_KP, TURN_ARMATURE + 0.006
    else:
        kp, inertia = FINGER_KP, FINGER_ARMATURE
    return kp, 2.0 * float(np.sqrt(kp * inertia))


def add_hand(
    spec: Any,
    hand: HandSpec,
    base_pos_m: ArrayLike,
    base_rpy_rad: ArrayLike,
    model_file: Path | None = None,
) -> None:
    """Add ``hand`` to a scene.

    Parameters
    ----------
    spec : mujoco.MjSpec
        Scene under construction.
    hand : HandSpec
        The hand; its order of joints is the order of its actuators.
    base_pos_m, base_rpy_rad : (3,) array
        Pose of the palm in the world with the wrist at zero, metres and radians.
    model_file : Path, optional
        The user's own MJCF or URDF instead of the composed links.

    Raises
    ------
    HandFileError
        When the user's file cannot be read or lacks a joint of the hand.
    """
    spec.compiler.degree = False  # joint ranges are given in radians
    _add_materials(spec)
    mirror = hand.side == "left"
    base = rotation_from_rpy(base_rpy_rad)
    palm = spec.worldbody.add_body(
        name=f"{hand.side}_palm",
        pos=np.asarray(base_pos_m, float),
        quat=quaternion_from_rotation(base),
    )
    palm.gravcomp = 1.0
    _add_wrist(palm, hand, base)
    if model_file is None:
        _add_shapes(palm, hand, "palm", hand.model.palm_geoms, hand.model.palm_mass_kg, False)
        bodies = {"palm": palm}
        for link in hand.model.links:
            bodies[link.name] = _add_link(bodies[link.parent], hand, link, mirror)
    else:
        bodies = _attach_file(spec, palm, hand, model_file)
    for link in hand.model.links:
        _add_sites(spec, bodies[link.name], hand, link, mirror)
    for joint in hand.joints:
        _add_motor(spec, joint)
    if model_file is None:
        _exclude_neighbours(spec, hand)


def _add_materials(spec: Any) -> None:
    known = {material.name for material in spec.materials}
    for role, rgba in ROLE_RGBA.items():
        if f"hand_{role}" not in known:
            spec.add_material(
                name=f"hand_{role}",
                rgba=rgba,
                specular=_ROLE_SHINE[role],
                shininess=_ROLE_SHINE[role],
            )


def _add_wrist(palm: Any, hand: HandSpec, base: NDArray[np.float64]) -> None:
    for index, joint in enumerate(hand.joints[: hand.wrist_size]):
        slide = joint.unit == "m"
        palm.add_joint(
            name=joint.name,
            type=mujoco.mjtJoint.mjJNT_SLIDE if slide else mujoco.mjtJoint.mjJNT_HINGE,
            axis=base.T[:, index % 3],
            range=(joint.lower, joint.upper),
            limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            armature=SLIDE_ARMATURE if slide else TURN_ARMATURE,
            damping=[SLIDE_DAMPING if slide else TURN_DAMPING, 0, 0],
        )


def _add_link(parent: Any, hand: HandSpec, link: LinkModel, mirror: bool) -> Any:
    rotation = mirrored_rotation(rotation_from_rpy(link.rpy_rad), mirror)
    body = parent.add_body(
        name=f"{hand.side}_{link.name}",
        pos=mirrored_point(link.pos_m, mirror),
        quat=quaternion_from_rotation(rotation),
    )
    body.gravcomp = 1.0
    if link.joint is not None:
        joint = link.joint
        body.add_joint(
            name=f"{hand.side}_{joint.name}",
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=mirrored_axis(joint.axis, mirror),
            range=(joint.lower_rad, joint.upper_rad),
            limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            armature=FINGER_ARMATURE,
            damping=[FINGER_DAMPING, 0, 0],
        )
    _add_shapes(body, hand, link.name, link.geoms, link.mass_kg, link.pad is not None)
    return body


def _add_shapes(
    body: Any,
    hand: HandSpec,
    link: str,
    geoms: Sequence[GeomModel],
    mass_kg: float,
    soft: bool,
) -> None:
    mirror = hand.side == "left"
    for index, geom in enumerate(geoms):
        position, rotation, size = _placement(geom)
        pad = geom.role == "pad"
        body.add_geom(
            name=f"{hand.side}_{link}_{geom.role}{index}",
            type=_SHAPES[geom.shape],
            pos=mirrored_point(position, mirror),
            quat=quaternion_from_rotation(mirrored_rotation(rotation, mirror)),
            size=size,
            mass=mass_kg / len(geoms),
            group=HAND_GROUP,
            material=f"hand_{geom.role}",
            contype=HAND_BIT if geom.collide else 0,
            conaffinity=(OBJECT_BIT | HAND_BIT) if geom.collide else 0,
            condim=4 if soft else 3,
            friction=(1.1, 0.01, 0.0001) if pad else (0.7, 0.005, 0.0001),
            solref=(0.01, 1.0),
            priority=1 if pad else 0,
        )


def _placement(geom: GeomModel) -> tuple[NDArray, NDArray, NDArray]:
    """Position ``(3,)``, rotation ``(3, 3)`` and MuJoCo size ``(3,)`` of a shape in its link."""
    size = np.zeros(3)
    if geom.from_m is None or geom.to_m is None:
        size[: len(geom.size_m)] = geom.size_m
        return np.array(geom.pos_m, float), rotation_from_rpy(geom.rpy_rad), size
    start, end = np.array(geom.from_m, float), np.array(geom.to_m, float)
    size[:2] = geom.size_m[0], np.linalg.norm(end - start) / 2
    return (start + end) / 2, rotation_along(end - start), size


def pad_transform(pad: PadModel, mirror: bool) -> NDArray[np.float64]:
    """Return a pad's ``(4, 4)`` transform in its link frame; ``mirror`` for a left hand."""
    transform = np.eye(4)
    transform[:3, :3] = mirrored_pad_rotation(rotation_from_rpy(pad.rpy_rad), mirror)
    transform[:3, 3] = mirrored_point(pad.pos_m, mirror)
    return transform


def _add_sites(spec: Any, body: Any, hand: HandSpec, link: LinkModel, mirror: bool) -> None:
    """Add the sites of a link's pad and tip, unless the user's own file has brought them."""
    present = {site.name for site in spec.sites}
    pad_name = f"{hand.side}_{link.pad.finger}_pad" if link.pad is not None else ""
    tip_name = f"{hand.side}_{link.finger}_tip"
    if link.pad is not None and pad_name not in present:
        transform = pad_transform(link.pad, mirror)
        body.add_site(
            name=pad_name,
            pos=transform[:3, 3],
            quat=quaternion_from_rotation(transform[:3, :3]),
            size=(0.002, 0.002, 0.002),
            group=SITE_GROUP,
        )
    if link.tip_m is not None and tip_name not in present:
        body.add_site(
            name=tip_name,
            pos=mirrored_point(link.tip_m, mirror),
            size=(0.002, 0.002, 0.002),
            group=SITE_GROUP,
        )


def _add_motor(spec: Any, joint: JointSpec) -> None:
    kp, kv = servo_gains(joint)
    gain, bias = np.zeros(10), np.zeros(10)
    gain[0] = kp
    bias[1:3] = -kp, -kv
    spec.add_actuator(
        name=joint.name,
        target=joint.name,
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=gain,
        biasprm=bias,
        forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        forcerange=(-joint.effort_max, joint.effort_max),
    )


def _exclude_neighbours(spec: Any, hand: HandSpec) -> None:
    """Links of one finger do not fight each other; of its links only the pad meets the palm."""
    side, parent = hand.side, {link.name: link.parent for link in hand.model.links}
    for link in hand.model.links:
        ancestor = link.parent
        while ancestor != "palm":
            if parent[link.name] != ancestor:
                spec.add_exclude(bodyname1=f"{side}_{ancestor}", bodyname2=f"{side}_{link.name}")
            ancestor = parent[ancestor]
        if link.pad is None and link.parent != "palm":
            spec.add_exclude(bodyname1=f"{side}_palm", bodyname2=f"{side}_{link.name}")


def _read_file(path: Path) -> Any:
    if not path.is_file():
        raise HandFileError(f"hand file '{path}' does not exist; correct 'model_file' in the rig")
    try:
        return mujoco.MjSpec.from_file(str(path))
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise HandFileError(f"hand file '{path}' cannot be read: {reason}") from None


def _attach_file(spec: Any, palm: Any, hand: HandSpec, path: Path) -> dict[str, Any]:
    """Attach the user's MJCF or URDF under the palm and return its bodies by our link names."""
    child = _read_file(path)
    prefix = f"{hand.side}_"
    for element in (*child.joints, *child.bodies[1:], *child.geoms, *child.sites):
        element.name = element.name.removeprefix(prefix)
    for body in child.bodies[1:]:
        if body.name == "palm":
            body.name = "own_palm"  # ours is the mount that carries it
    present = {joint.name for joint in child.joints}
    ours = [joint.name.removeprefix(prefix) for joint in hand.joints[: hand.wrist_size]]
    if twice := [name for name in ours if name in present]:
        raise HandFileError(
            f"hand file '{path}' brings the joints of the free wrist ({', '.join(twice)}), which "
            "the rig adds by itself; remove them from the file or set wrist: fixed"
        )
    wanted = [link.joint.name for link in hand.model.links if link.joint is not None]
    missing = [name for name in wanted if name not in present]
    if missing:
        raise HandFileError(
            f"hand file '{path}' lacks {len(missing)} of the {len(wanted)} joints of hand model "
            f"'{hand.model.name}': {', '.join(missing)}; rename its joints or choose another model"
        )
    for element in (*child.sensors, *child.actuators, *child.keys):  # the rig has its own
        child.delete(element)
    for site in child.sites:
        site.group = SITE_GROUP
    for body in child.bodies[1:]:
        body.gravcomp = 1.0
    for geom in child.geoms:
        geom.group = HAND_GROUP
        if geom.contype or geom.conaffinity:
            geom.contype, geom.conaffinity = HAND_BIT, OBJECT_BIT
    for joint in child.joints:
        joint.armature = max(joint.armature, FINGER_ARMATURE)
        joint.damping = [max(float(joint.damping[0]), FINGER_DAMPING), 0, 0]
    spec.attach(child, prefix=prefix, frame=palm.add_frame())
    palm.mass, palm.inertia = 0.05, (1e-4, 1e-4, 1e-4)  # only a mount: the file brings its palm
    palm.explicitinertial = True
    owner = {joint.name: joint.parent for joint in spec.joints}
    bodies = {"palm": palm}
    for link in hand.model.links:
        if link.joint is not None:
            bodies[link.name] = owner[f"{prefix}{link.joint.name}"]
        else:
            bodies[link.name] = bodies[link.parent]
    return bodies
