"""A simulated exoskeleton: 17 imperfect encoders that read the angles a wearer intends."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus
from devices.clock import now_ns
from devices.exoskeleton import EncoderCalibration, EncoderReading, encoder_counts
from devices.rig import EXO_JOINTS, EncoderModel, ExoskeletonConfig
from devices.session_file import SessionFile

GAIN_SPREAD = 0.03  # linkage tolerance: the shaft turns up to 3 % more or less than the finger
ECCENTRICITY_COUNTS = (3.0, 12.0)  # 0.26 to 1.05 degrees at 12 bits: a magnet 0.1 mm off axis
NOISE_COUNTS = 0.4  # a 12-bit Hall encoder flickers by less than one count


class SimExoskeleton:
    """Exoskeleton whose true angles are set by ``set_intent`` and read through its encoders.

    The imperfections are drawn from ``config.seed``; noise from that seed and the session's, so
    the same session reads the same counts again.

    Parameters
    ----------
    config : ExoskeletonConfig
        Side, rate, resolution, seed and calibration. ``calibration: ideal`` is the exact inverse
        of the drawn imperfections, ``none`` assumes perfect encoders, anything else is the name
        of a calibration file.
    bus : Bus or None
        The session's bus; not used, this device has no wire.
    session : SessionFile or None
        The session; gives the noise its seed.
    """

    def __init__(
        self, config: ExoskeletonConfig, bus: Bus | None = None, session: SessionFile | None = None
    ) -> None:
        self.config = config
        self.models = draw_encoders(config.seed, config.bits)
        self.calibration = EncoderCalibration.nominal(config.bits)
        self._angles_rad = np.zeros(len(EXO_JOINTS))
        self._noise = np.random.default_rng((config.seed, session.seed if session else 0))
        self._opened_ns: int | None = None

    def open(self) -> None:
        """Load the calibration and start the device's clock at zero."""
        if self.config.calibration == "ideal":
            self.calibration = EncoderCalibration.inverse_of(self.models, self.config.bits)
        elif self.config.calibration != "none":
            self.calibration = EncoderCalibration.load(self.config.calibration)
        self._opened_ns = now_ns()

    def set_intent(self, angles_rad: NDArray[np.float64]) -> None:
        """Set the wearer's true joint angles ``(17,)``, rad, ``EXO_JOINTS`` order."""
        angles = np.asarray(angles_rad, np.float64)
        if angles.shape != (len(EXO_JOINTS),) or not np.isfinite(angles).all():
            raise ValueError(
                f"exoskeleton intent of shape {angles.shape} must be {len(EXO_JOINTS)} finite "
                "angles in radians"
            )
        self._angles_rad = angles.copy()

    def read(self) -> EncoderReading | None:
        """Return the present counts, or None while the device is closed."""
        if self._opened_ns is None:
            return None
        stamp_ns = now_ns()
        noise = self._noise.standard_normal(len(EXO_JOINTS))
        counts = encoder_counts(self._angles_rad, self.models, self.config.bits, noise)
        return EncoderReading(counts, stamp_ns, stamp_ns - self._opened_ns)

    def close(self) -> None:
        """Stop reading; safe to call twice."""
        self._opened_ns = None


def draw_encoders(seed: int, bits: int) -> tuple[EncoderModel, ...]:
    """Draw the imperfections of 17 encoders; the magnets are glued on at any angle."""
    rng = np.random.default_rng(seed)
    scale = 2**bits / 4096
    return tuple(
        EncoderModel(
            offset_counts=float(rng.uniform(0, 2**bits)),
            sign=1 if rng.random() < 0.5 else -1,
            gain=float(rng.uniform(1 - GAIN_SPREAD, 1 + GAIN_SPREAD)),
            eccentricity_counts=float(rng.uniform(*ECCENTRICITY_COUNTS)) * scale,
            eccentricity_phase_rad=float(rng.uniform(-math.pi, math.pi)),
            noise_counts=NOISE_COUNTS,
        )
        for _ in EXO_JOINTS
    )
