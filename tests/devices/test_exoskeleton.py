"""Encoder calibration: from raw counts to joint angles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from devices.exoskeleton import (
    CalibrationError,
    EncoderCalibration,
    encoder_counts,
)
from devices.rig import EXO_JOINTS, EncoderModel

COUNT_RAD = 2 * math.pi / 4096


def _models(**fields) -> tuple[EncoderModel, ...]:
    return tuple(EncoderModel(**fields) for _ in EXO_JOINTS)


def _round_trip_error_rad(models: tuple[EncoderModel, ...], angle_rad: float) -> float:
    angles = np.full(len(EXO_JOINTS), angle_rad)
    counts = encoder_counts(angles, models)
    calibration = EncoderCalibration.inverse_of(models)
    return float(np.abs(calibration.joints_rad(counts) - angles).max())


def test_nominal_calibration_reads_zero_at_mid_scale():
    calibration = EncoderCalibration.nominal()
    assert np.allclose(calibration.joints_rad(np.full(17, 2048, np.uint16)), 0.0)
    assert np.allclose(calibration.joints_rad(np.full(17, 2048 + 1024, np.uint16)), math.pi / 2)


@pytest.mark.parametrize("offset", [3.0, 2048.0, 4093.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_angles_are_continuous_where_the_counts_wrap_around(offset, sign):
    models = _models(offset_counts=offset, sign=sign)
    for angle_rad in np.linspace(-1.2, 2.4, 61):
        assert _round_trip_error_rad(models, angle_rad) <= COUNT_RAD / 2 + 1e-9


def test_eccentricity_and_gain_are_undone_to_the_quantisation():
    models = _models(
        offset_counts=700.0, gain=1.03, eccentricity_counts=12.0, eccentricity_phase_rad=0.7
    )
    for angle_rad in np.linspace(-0.6, 2.1, 41):
        assert _round_trip_error_rad(models, angle_rad) <= COUNT_RAD


def test_eccentricity_is_worth_correcting():
    models = _models(offset_counts=2048.0, eccentricity_counts=12.0)
    angles = np.full(17, math.pi / 2)
    raw = EncoderCalibration.nominal().joints_rad(encoder_counts(angles, models))
    assert np.degrees(np.abs(raw - angles)).min() > 0.9


def test_calibration_survives_its_file(tmp_path):
    models = _models(offset_counts=12.5, sign=-1, gain=0.98)
    calibration = EncoderCalibration.inverse_of(models)
    path = calibration.save("glove-3", tmp_path)
    assert path == tmp_path / "glove-3.json"
    assert EncoderCalibration.load("glove-3", tmp_path) == calibration
    assert EncoderCalibration.load(path) == calibration


def test_missing_calibration_names_its_file_and_the_way_out(tmp_path):
    with pytest.raises(CalibrationError, match=r"'glove-9'.*glove-9\.json.*calibrate"):
        EncoderCalibration.load("glove-9", tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "Invalid JSON"),
        ('{"schema": "other/1", "joints": []}', "key 'schema'"),
        ('{"joints": []}', "expected in this order"),
    ],
)
def test_damaged_calibration_is_refused_in_one_sentence(tmp_path, text, says):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(CalibrationError, match=says) as caught:
        EncoderCalibration.load(path)
    assert "\n" not in str(caught.value)
