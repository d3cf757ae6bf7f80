"""Stored statistics that bring what a policy sees and plans to the range networks learn in.

===============  =================================================================================
positions        smallest to largest becomes -1 to 1
velocities       mean and standard deviation
forces           zero stays zero; the root mean square of what was felt becomes 1
taxels           the same, one scale per axis
===============  =================================================================================

No scale is below its floor, so that a joint that never moved, or a pad that was never touched,
does not blow noise up.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

POSITION_FLOOR = 1e-3  # rad or m: half a range below this is a joint that did not move
VELOCITY_FLOOR = 1e-2  # rad/s or m/s
FORCE_FLOOR_N = 0.1
TAXEL_FLOOR_N = 0.005
FELT_N = 0.02  # below, a pad is in the air
TAXEL_FELT_N = 1e-3


class Scale(BaseModel):
    """``(value - offset) / scale``, entry by entry.

    Attributes
    ----------
    offset, scale : tuple of float
        In the unit of the value; scale is positive.
    low, high : tuple of float
        Smallest and largest normalised value in training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    offset: tuple[float, ...] = Field(max_length=4096)
    scale: tuple[float, ...] = Field(max_length=4096)
    low: tuple[float, ...] = Field(max_length=4096)
    high: tuple[float, ...] = Field(max_length=4096)

    @model_validator(mode="after")
    def _check(self) -> Scale:
        sizes = {len(part) for part in (self.offset, self.scale, self.low, self.high)}
        if len(sizes) != 1:
            raise ValueError(f"offset, scale, low and high differ in length: {sorted(sizes)}")
        if any(value <= 0 for value in self.scale):
            raise ValueError("a scale is not positive")
        if any(low > high for low, high in zip(self.low, self.high, strict=True)):
            raise ValueError("a smallest value is above the largest")
        return self

    @property
    def size(self) -> int:
        """Number of entries."""
        return len(self.offset)

    def normalised(self, values: NDArray) -> NDArray[np.float32]:
        """Return ``(values - offset) / scale``; the last axis is the entries."""
        offset, scale = np.asarray(self.offset), np.asarray(self.scale)
        return ((values - offset) / scale).astype(np.float32)

    def physical(self, values: NDArray) -> NDArray[np.float64]:
        """Undo ``normalised``."""
        return np.asarray(values, np.float64) * np.asarray(self.scale) + np.asarray(self.offset)


class Normaliser(BaseModel):
    """Scales of one policy.

    Attributes
    ----------
    state, action, force, taxels : Scale
        Entries as in the layout; forces and taxels have one entry per axis (x, y, z), N.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Scale
    action: Scale
    force: Scale
    taxels: Scale


def position_scale(values: NDArray) -> Scale:
    """Scale of positions ``(N, D)``: smallest to largest becomes -1 to 1."""
    low, high = values.min(axis=0), values.max(axis=0)
    return _scale((low + high) / 2, np.maximum((high - low) / 2, POSITION_FLOOR), values)


def velocity_scale(values: NDArray) -> Scale:
    """Scale of velocities ``(N, D)``: mean and standard deviation."""
    return _scale(values.mean(axis=0), np.maximum(values.std(axis=0), VELOCITY_FLOOR), values)


def felt_scale(values: NDArray, felt: float, floor: float) -> Scale:
    """Scale of ``(N, D)`` forces: zero stays zero, the root mean square of felt ones becomes 1.

    Parameters
    ----------
    values : (N, D) array
        N.
    felt, floor : float
        Smaller magnitudes do not count; the scale is at least ``floor``. N.
    """
    touched = np.abs(values) > felt
    count = np.maximum(touched.sum(axis=0), 1)
    rms = np.sqrt(np.where(touched, values.astype(np.float64) ** 2, 0.0).sum(axis=0) / count)
    return _scale(np.zeros(values.shape[1]), np.maximum(rms, floor), values)


def joined(parts: list[Scale]) -> Scale:
    """Scales side by side."""
    return Scale(
        offset=tuple(value for part in parts for value in part.offset),
        scale=tuple(value for part in parts for value in part.scale),
        low=tuple(value for part in parts for value in part.low),
        high=tuple(value for part in parts for value in part.high),
    )


def no_scale() -> Scale:
    """Scale of what is not there."""
    return Scale(offset=(), scale=(), low=(), high=())


def _scale(offset: NDArray, scale: NDArray, values: NDArray) -> Scale:
    seen = (values - offset) / scale
    found = Scale(
        offset=tuple(float(value) for value in offset),
        scale=tuple(float(value) for value in scale),
        low=tuple(float(value) for value in seen.min(axis=0)),
        high=tuple(float(value) for value in seen.max(axis=0)),
    )
    assert all(map(math.isfinite, found.scale))
    return found
