"""The simulated exoskeleton and what its calibration is worth."""

from __future__ import annotations

import numpy as np
import pytest

from devices.exoskeleton import CalibrationError
from devices.rig import EXO_JOINTS, ExoskeletonConfig
from devices.sim.exoskeleton import SimExoskeleton, draw_encoders

POSES = 200


def _mae_deg(calibration: str, seed: int = 7) -> float:
    """Mean absolute error over all joints and ``POSES`` random poses, degrees."""
    device = SimExoskeleton(ExoskeletonConfig(seed=seed, calibration=calibration))
    device.open()
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(POSES):
        angles = rng.uniform(-0.5, 2.0, len(EXO_JOINTS))
        device.set_intent(angles)
        errors.append(device.calibration.joints_rad(device.read().counts) - angles)
    return float(np.degrees(np.abs(errors)).mean())


@pytest.mark.parametrize("seed", [0, 7, 8])
def test_calibrated_multi_joint_error_is_below_a_tenth_of_a_degree(seed):
    assert _mae_deg("ideal", seed) < 0.1


def test_uncalibrated_error_is_above_one_degree():
    assert _mae_deg("none") > 1.0


def test_counts_stay_within_the_encoder_and_change_by_noise_only():
    device = SimExoskeleton(ExoskeletonConfig(seed=3))
    device.open()
    first = device.read()
    assert first.counts.dtype == np.uint16
    assert first.counts.max() < 4096
    moved = (device.read().counts.astype(int) - first.counts + 2048) % 4096 - 2048
    assert np.abs(moved).max() <= 5


def test_same_seed_reads_the_same_counts():
    def sequence(seed: int) -> list[list[int]]:
        device = SimExoskeleton(ExoskeletonConfig(seed=seed))
        device.open()
        return [device.read().counts.tolist() for _ in range(20)]

    assert sequence(5) == sequence(5)
    assert sequence(5) != sequence(6)
    assert draw_encoders(5, 12) == draw_encoders(5, 12)


def test_device_clock_starts_at_zero_and_rises():
    device = SimExoskeleton(ExoskeletonConfig())
    assert device.read() is None
    device.open()
    one, two = device.read(), device.read()
    assert 0 <= one.device_stamp_ns <= two.device_stamp_ns < 10_000_000_000
    assert two.stamp_ns >= one.stamp_ns
    device.close()
    assert device.read() is None


def test_missing_named_calibration_is_refused_at_open(tmp_path, monkeypatch):
    monkeypatch.setenv("THENAR_CONFIG_DIR", str(tmp_path))
    device = SimExoskeleton(ExoskeletonConfig(calibration="glove-9"))
    with pytest.raises(CalibrationError, match="glove-9"):
        device.open()


def test_intent_of_wrong_size_or_not_finite_is_refused():
    device = SimExoskeleton(ExoskeletonConfig())
    with pytest.raises(ValueError, match="17 finite angles"):
        device.set_intent(np.zeros(16))
    with pytest.raises(ValueError, match="17 finite angles"):
        device.set_intent(np.full(17, np.nan))
