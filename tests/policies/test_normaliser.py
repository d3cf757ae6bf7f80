"""Scales bring values to the range of learning and back, and never blow noise up."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from policies.normaliser import (
    FELT_N,
    FORCE_FLOOR_N,
    POSITION_FLOOR,
    Scale,
    felt_scale,
    joined,
    position_scale,
    velocity_scale,
)


def test_positions_become_minus_one_to_one():
    values = np.array([[0.0, 2.0], [1.0, 4.0], [0.5, 3.0]])
    scale = position_scale(values)
    assert scale.normalised(values) == pytest.approx(np.array([[-1, -1], [1, 1], [0, 0]]))
    assert scale.physical(scale.normalised(values)) == pytest.approx(values)
    assert scale.low == pytest.approx((-1, -1))


def test_joint_that_never_moves_does_not_blow_noise_up():
    values = np.full((10, 1), 0.7) + np.linspace(0, 1e-7, 10)[:, None]
    scale = position_scale(values)
    assert scale.scale == (POSITION_FLOOR,)
    assert abs(scale.normalised(values)).max() < 1e-3


def test_no_touch_stays_zero_and_felt_forces_become_about_one():
    values = np.zeros((100, 2))
    values[40:60, 0] = 3.0
    values[:, 1] = 0.5 * FELT_N
    scale = felt_scale(values, FELT_N, FORCE_FLOOR_N)
    assert scale.scale == pytest.approx((3.0, FORCE_FLOOR_N))
    assert scale.normalised(np.zeros(2)) == pytest.approx(0)
    assert scale.high[0] == pytest.approx(1.0)


def test_velocities_become_mean_zero_and_deviation_one():
    values = np.random.default_rng(0).normal(2.0, 3.0, (1000, 1))
    found = velocity_scale(values).normalised(values)
    assert (found.mean(), found.std()) == pytest.approx((0, 1), abs=1e-3)


def test_scales_side_by_side_keep_their_order():
    a, b = position_scale(np.array([[0.0], [2.0]])), position_scale(np.array([[0.0], [8.0]]))
    assert joined([a, b]).scale == (1.0, 4.0)


@pytest.mark.parametrize(
    "change",
    [{"scale": (0.0,)}, {"scale": (float("nan"),)}, {"scale": (1.0, 1.0)}, {"low": (2.0,)}],
)
def test_scale_that_makes_no_sense_is_refused(change: dict):
    good = {"offset": (0.0,), "scale": (1.0,), "low": (-1.0,), "high": (1.0,)}
    Scale.model_validate(good)
    with pytest.raises(ValidationError):
        Scale.model_validate({**good, **change})
