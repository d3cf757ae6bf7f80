"""Exoskeletons: the device contract and the calibration from encoder counts to joint angles.

Reading a calibrated exoskeleton is one line: ``calibration.joints_rad(device.read().counts)``.
The measurement model of one encoder, for a joint angle ``a`` in radians and ``N = 2**bits``
counts per turn, is::

    counts = offset + sign * gain * a * N / 2pi + eccentricity * sin(a + phase)   (mod N)

``offset`` is where the magnet happens to be glued, so the counts of a joint may pass through
``N - 1 -> 0`` in the middle of its range; the calibration unwraps them around ``offset``. The sine
is the first harmonic of a magnet that sits off its axis.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
import platformdirs
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from devices.rig import EXO_JOINTS, EncoderModel

ECCENTRICITY_PASSES = 4  # each pass shrinks the error by A * 2pi / (gain * N), about 1/60


class CalibrationError(ValueError):
    """A calibration is missing or cannot be used; the message is one clear sentence."""


class EncoderReading(NamedTuple):
    """One reading of all encoders.

    Attributes
    ----------
    counts : (17,) uint16 array
        Raw encoder counts in ``EXO_JOINTS`` order.
    stamp_ns : int
        Host monotonic clock at receipt, ns.
    device_stamp_ns : int or None
        The exoskeleton's own clock, ns, or None where it has none.
    """

    counts: NDArray[np.uint16]
    stamp_ns: int
    device_stamp_ns: int | None


class Exoskeleton(Protocol):
    """What every exoskeleton driver offers, real or simulated."""

    calibration: EncoderCalibration

    def open(self) -> None:
        """Connect; raises ``CalibrationError`` when its named calibration is missing."""
        ...

    def read(self) -> EncoderReading | None:
        """Return a new reading, or None when there is none yet. Never blocks."""
        ...

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        ...


class JointCalibration(BaseModel):
    """Calibration of one encoder, see the module's measurement model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    offset_counts: float
    sign: Literal[1, -1] = 1
    gain: float = Field(default=1.0, gt=0.5, lt=2.0)
    eccentricity_counts: float = 0.0
    eccentricity_phase_rad: float = 0.0


class EncoderCalibration(BaseModel):
    """Calibration of a whole exoskeleton, stored as one JSON file per exoskeleton.

    Attributes
    ----------
    bits : int
        Encoder resolution; one turn has ``2**bits`` counts.
    joints : tuple of JointCalibration
        One per joint, in ``EXO_JOINTS`` order.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )

    schema_: Literal["thenar.exoskeleton-calibration/1"] = Field(
        default="thenar.exoskeleton-calibration/1", alias="schema"
    )
    bits: int = Field(default=12, ge=8, le=16)
    joints: tuple[JointCalibration, ...]

    @model_validator(mode="after")
    def _check(self) -> EncoderCalibration:
        names = tuple(joint.name for joint in self.joints)
        if names != EXO_JOINTS:
            raise ValueError(
                f"joints are {', '.join(names)}; expected in this order: {', '.join(EXO_JOINTS)}"
            )
        return self

    @classmethod
    def nominal(cls, bits: int = 12) -> EncoderCalibration:
        """Calibration of perfect encoders: zero at mid-scale, positive sign, unit gain."""
        middle = float(2 ** (bits - 1))
        return cls(
            bits=bits,
            joints=tuple(JointCalibration(name=name, offset_counts=middle) for name in EXO_JOINTS),
        )

    @classmethod
    def inverse_of(cls, models: tuple[EncoderModel, ...], bits: int = 12) -> EncoderCalibration:
        """Calibration that undoes ``models`` exactly, except for noise and quantisation."""
        return cls(
            bits=bits,
            joints=tuple(
                JointCalibration(name=name, **model.model_dump(exclude={"noise_counts"}))
                for name, model in zip(EXO_JOINTS, models, strict=True)
            ),
        )

    @classmethod
    def load(cls, name_or_path: str | Path, folder: Path | None = None) -> EncoderCalibration:
        """Load a calibration by name from ``folder`` (default ``calibration_folder()``) or path.

        Raises
        ------
        CalibrationError
            When the file is missing or damaged; the message names the file and the way out.
        """
        path = Path(name_or_path)
        if path.suffix != ".json":
            path = (folder or calibration_folder()) / f"{name_or_path}.json"
        try:
            return cls.model_validate_json(path.read_text())
        except FileNotFoundError:
            raise CalibrationError(
                f"exoskeleton calibration '{name_or_path}': file '{path}' does not exist; "
                "calibrate the exoskeleton or write 'calibration: none' in the rig file"
            ) from None
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"]) or "file"
            raise CalibrationError(
                f"exoskeleton calibration '{path}': key '{key}': {first['msg']}; "
                "calibrate the exoskeleton again"
            ) from None

    def save(self, name: str, folder: Path | None = None) -> Path:
        """Write the calibration as ``<folder>/<name>.json`` atomically and return the path."""
        folder = folder or calibration_folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.json"
        part = path.with_suffix(".part")
        part.write_text(self.model_dump_json(indent=1))
        os.replace(part, path)
        return path

    def joints_rad(self, counts: NDArray[np.uint16]) -> NDArray[np.float64]:
        """Turn raw counts into joint angles.

        Parameters
        ----------
        counts : (17,) uint16 array
            Encoder counts, ``EXO_JOINTS`` order, each in ``[0, 2**bits)``.

        Returns
        -------
        (17,) float64 array
            Joint angles in radians, within half an encoder turn of each joint's zero.
        """
        turn = float(2**self.bits)
        offset, sign, gain, eccentricity, phase = _columns(self.joints)
        unwrapped = np.mod(np.asarray(counts, np.float64) - offset + turn / 2, turn) - turn / 2
        per_count = sign * (2 * math.pi / turn) / gain
        angle = unwrapped * per_count
        for _ in range(ECCENTRICITY_PASSES):
            angle = (unwrapped - eccentricity * np.sin(angle + phase)) * per_count
        return angle


def encoder_counts(
    angles_rad: NDArray[np.float64],
    models: tuple[EncoderModel, ...],
    bits: int = 12,
    noise: NDArray[np.float64] | None = None,
) -> NDArray[np.uint16]:
    """Return what encoders with the imperfections ``models`` read at ``angles_rad``.

    Parameters
    ----------
    angles_rad : (17,) float64 array
        True joint angles, ``EXO_JOINTS`` order.
    models : tuple of EncoderModel
        One per joint.
    bits : int
        Encoder resolution.
    noise : (17,) float64 array, optional
        Standard normal draws, scaled by each model's ``noise_counts``.
    """
    turn = float(2**bits)
    offset, sign, gain, eccentricity, phase = _columns(models)
    exact = (
        offset
        + sign * gain * angles_rad * turn / (2 * math.pi)
        + eccentricity * np.sin(angles_rad + phase)
    )
    if noise is not None:
        exact = exact + noise * np.array([model.noise_counts for model in models])
    return np.mod(np.rint(exact), turn).astype(np.uint16)


def calibration_folder() -> Path:
    """Folder of the user's exoskeleton calibrations; ``THENAR_CONFIG_DIR`` moves it."""
    base = os.environ.get("THENAR_CONFIG_DIR") or platformdirs.user_config_dir("thenar")
    return Path(base) / "calibrations"


def _columns(
    joints: tuple[JointCalibration, ...] | tuple[EncoderModel, ...],
) -> tuple[NDArray[np.float64], ...]:
    """Offset, sign, gain, eccentricity and phase as one (17,) array each."""
    rows = [
        (j.offset_counts, j.sign, j.gain, j.eccentricity_counts, j.eccentricity_phase_rad)
        for j in joints
    ]
    return tuple(np.array(rows, np.float64).T)
