"""What everybody needs to know of a hand: joint names, order, units, limits and pads.

The order of ``HandSpec.joints`` is the order of every joint vector ``(J,)`` in the program. A hand
on a free wrist begins with the six wrist axes x, y, z (m) and roll, pitch, yaw (rad).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from devices.hands.schema import HandModel, PadModel
from resources import ROOT

Side = Literal["right", "left"]
WRIST_AXES = ("wrist_x", "wrist_y", "wrist_z", "wrist_roll", "wrist_pitch", "wrist_yaw")


@dataclass(frozen=True, slots=True)
class JointSpec:
    """One joint: limits in ``unit`` (``rad`` or ``m``), per second and per second squared."""

    name: str
    finger: str
    unit: Literal["rad", "m"]
    lower: float
    upper: float
    home: float
    velocity_max: float
    acceleration_max: float
    effort_max: float


@dataclass(frozen=True)
class HandSpec:
    """Names, order, units, limits and pads of one hand on one side."""

    model: HandModel
    side: Side
    wrist: Literal["fixed", "free6"]
    joints: tuple[JointSpec, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Joint names with their side, e.g. ``right_thumb_joint0``."""
        return tuple(joint.name for joint in self.joints)

    @cached_property
    def units(self) -> tuple[str, ...]:
        """Unit of each joint."""
        return tuple(joint.unit for joint in self.joints)

    @property
    def size(self) -> int:
        """Number of joints J."""
        return len(self.joints)

    @property
    def wrist_size(self) -> int:
        """Number of leading wrist axes: 6 or 0."""
        return 6 if self.wrist == "free6" else 0

    @cached_property
    def lower(self) -> NDArray[np.float64]:
        """(J,) lower limits."""
        return np.array([joint.lower for joint in self.joints])

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        """(J,) upper limits."""
        return np.array([joint.upper for joint in self.joints])

    @cached_property
    def home(self) -> NDArray[np.float64]:
        """(J,) resting pose."""
        return np.array([joint.home for joint in self.joints])

    @cached_property
    def velocity_max(self) -> NDArray[np.float64]:
        """(J,) velocity limits, unit per second."""
        return np.array([joint.velocity_max for joint in self.joints])

    @cached_property
    def acceleration_max(self) -> NDArray[np.float64]:
        """(J,) acceleration limits, unit per second squared."""
        return np.array([joint.acceleration_max for joint in self.joints])

    @cached_property
    def pads(self) -> tuple[PadModel, ...]:
        """Tactile pads in finger order (thumb first as in ``model.fingers``)."""
        found = [link.pad for link in self.model.links if link.pad is not None]
        return tuple(sorted(found, key=lambda pad: self.model.fingers.index(pad.finger)))


def taxel_positions_m(pad: PadModel) -> NDArray[np.float64]:
    """Return taxel centres ``(rows * cols, 3)`` in the pad frame, metres, row-major, z = 0."""
    length, width = pad.size_m
    x = (np.arange(pad.rows) + 0.5) / pad.rows * length - length / 2
    y = (np.arange(pad.cols) + 0.5) / pad.cols * width - width / 2
    grid_x, grid_y = np.meshgrid(x, y, indexing="ij")
    return np.stack([grid_x.ravel(), grid_y.ravel(), np.zeros(grid_x.size)], axis=1)


def hand_files() -> dict[str, Path]:
    """Hand model files by model name."""
    return {path.stem: path for path in sorted((ROOT / "hands").glob("*.yaml"))}


@lru_cache(maxsize=16)
def load_model(name: str) -> HandModel:
    """Load the hand model ``name`` from ``resources/hands``.

    Raises
    ------
    ValueError
        When no such model exists; the message lists those that do.
    """
    files = hand_files()
    if name not in files:
        raise ValueError(f"hand model '{name}' is unknown; known models: {', '.join(files)}")
    return HandModel.model_validate(yaml.safe_load(files[name].read_text()))


@lru_cache(maxsize=32)
def load_hand(
    name: str, side: Side = "right", wrist: Literal["fixed", "free6"] = "fixed"
) -> HandSpec:
    """Build the ``HandSpec`` of model ``name`` for ``side``.

    Parameters
    ----------
    name : str
        File stem in ``resources/hands``.
    side : {"right", "left"}
        The left hand mirrors the right one; joint limits keep their signs because the mirror
        flips each axis.
    wrist : {"fixed", "free6"}
        ``free6`` puts the palm on six position-controlled axes.
    """
    model = load_model(name)
    by_name = {link.joint.name: link for link in model.links if link.joint is not None}
    missing = set(model.joint_order) ^ set(by_name)
    if missing:
        raise ValueError(f"hand model '{name}': joint_order and links differ in {sorted(missing)}")
    joints = _wrist_joints(side) if wrist == "free6" else []
    for joint_name in model.joint_order:
        link = by_name[joint_name]
        joint = link.joint
        assert joint is not None
        joints.append(
            JointSpec(
                name=f"{side}_{joint.name}",
                finger=link.finger,
                unit="rad",
                lower=joint.lower_rad,
                upper=joint.upper_rad,
                home=joint.home_rad,
                velocity_max=joint.velocity_max_rad_s,
                acceleration_max=joint.acceleration_max_rad_s2,
                effort_max=joint.effort_max_nm,
            )
        )
    return HandSpec(model=model, side=side, wrist=wrist, joints=tuple(joints))


def _wrist_joints(side: Side) -> list[JointSpec]:
    """Six wrist axes; ranges are the reach of a table-top arm, rates its slow preset."""
    joints = []
    for axis in WRIST_AXES:
        linear = axis in ("wrist_x", "wrist_y", "wrist_z")
        joints.append(
            JointSpec(
                name=f"{side}_{axis}",
                finger="wrist",
                unit="m" if linear else "rad",
                lower=-0.4 if linear else -2.4,
                upper=0.4 if linear else 2.4,
                home=0.0,
                velocity_max=0.4 if linear else 1.5,
                acceleration_max=4.0 if linear else 20.0,
                effort_max=60.0 if linear else 8.0,
            )
        )
    return joints
