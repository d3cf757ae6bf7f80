"""Schema of a hand model file (``resources/hands/*.yaml``).

A hand is a tree of links under ``palm``; every link may carry one joint to its parent, primitive
shapes and one tactile pad. Lengths are metres, angles radians, rotations roll-pitch-yaw about
fixed axes (URDF convention). Files describe the **right** hand; the left one is its mirror image
in the palm frame's x = 0 plane.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Vec3 = Annotated[tuple[float, float, float], Field()]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JointModel(_Model):
    """A hinge joint; limits are the published ones, rates are the first-power preset."""

    name: str
    axis: Vec3
    lower_rad: float
    upper_rad: float
    home_rad: float = 0.0
    velocity_max_rad_s: float = Field(default=3.0, gt=0)
    acceleration_max_rad_s2: float = Field(default=40.0, gt=0)
    effort_max_nm: float = Field(default=0.95, gt=0)


class GeomModel(_Model):
    """One primitive shape in the link frame. ``role`` chooses material and collision."""

    shape: Literal["capsule", "box", "sphere", "cylinder", "ellipsoid"]
    role: Literal["shell", "joint", "pad", "palm", "accent"] = "shell"
    pos_m: Vec3 = (0.0, 0.0, 0.0)
    rpy_rad: Vec3 = (0.0, 0.0, 0.0)
    size_m: tuple[float, ...] = ()  # half sizes (box, ellipsoid) | radius[, half length]
    from_m: Vec3 | None = None  # capsule or cylinder given by its end points
    to_m: Vec3 | None = None
    collide: bool = True


class PadModel(_Model):
    """A tactile pad: a flat sensing frame, z outwards, x distal, with a grid of taxels.

    ``kind`` is ``taxels`` (rows x cols, three axes), ``visuotactile`` (a gel with a camera behind
    it) or ``pressure`` (one scalar).
    """

    finger: str
    kind: Literal["taxels", "visuotactile", "pressure"]
    pos_m: Vec3
    rpy_rad: Vec3
    size_m: tuple[float, float]  # full length (x) and width (y)
    rows: int = 1  # along x, distal last
    cols: int = 1  # along y
    gel_thickness_m: float = 0.003


class LinkModel(_Model):
    """A rigid link of the hand."""

    name: str
    parent: str
    finger: str = ""
    pos_m: Vec3 = (0.0, 0.0, 0.0)
    rpy_rad: Vec3 = (0.0, 0.0, 0.0)
    joint: JointModel | None = None
    mass_kg: float = Field(default=0.02, gt=0)
    geoms: tuple[GeomModel, ...] = ()
    pad: PadModel | None = None
    tip_m: Vec3 | None = None  # fingertip point in this link's frame


class HandModel(_Model):
    """A hand model file."""

    name: str
    title: str
    source: str
    fingers: tuple[str, ...]
    palm_geoms: tuple[GeomModel, ...]
    palm_mass_kg: float = 0.4
    links: tuple[LinkModel, ...]
    joint_order: tuple[str, ...]  # the vendor's order: order of every joint vector
    force_gain_m_per_n: float = 0.0
