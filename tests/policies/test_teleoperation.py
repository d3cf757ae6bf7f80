"""Teleoperation begins at the hand, never jumps, and arrives at the wearer's intent."""

from __future__ import annotations

import numpy as np
import pytest

from devices.hands.spec import load_hand
from policies.exo_map import ExoMap
from policies.teleoperation import INTENT_VELOCITY_MAX, Teleoperation

DT_S = 0.005


def _teleoperation(model: str = "xhand") -> Teleoperation:
    return Teleoperation(ExoMap.load(load_hand(model, "right", "free6")))


@pytest.mark.parametrize("model", ["xhand", "leap", "allegro"])
def test_first_targets_are_the_measured_pose(model):
    spec = load_hand(model, "right", "free6")
    measured = np.random.default_rng(2).uniform(spec.lower, spec.upper)
    teleoperation = _teleoperation(model)
    teleoperation.begin(measured)
    assert np.allclose(teleoperation.targets(teleoperation.intent[:17]), measured)


def test_targets_arrive_at_the_intent_without_a_jump():
    spec = load_hand("xhand", "right", "free6")
    measured = spec.home.copy()
    measured[-1] = 1.2  # the pinky is not where the ring finger is: the map cannot express it
    teleoperation = _teleoperation()
    teleoperation.begin(measured)
    wanted = np.concatenate([np.full(17, 0.15), [0.1, 0.0, -0.1, 0.5, 0.0, 0.0]])
    last = measured
    for _ in range(600):
        intent = teleoperation.follow(wanted, DT_S)
        targets = teleoperation.targets(intent[:17])
        assert np.abs(targets - last).max() <= (INTENT_VELOCITY_MAX.max() + 1.3) * DT_S
        last = targets
    assert np.allclose(last, ExoMap.load(spec).targets(wanted), atol=1e-6)


def test_without_a_wish_the_hand_stays():
    teleoperation = _teleoperation("leap")
    measured = load_hand("leap", "right", "free6").home
    teleoperation.begin(measured)
    for _ in range(50):
        teleoperation.follow(None, DT_S)
    assert np.allclose(teleoperation.targets(teleoperation.intent[:17]), measured)


def test_one_step_of_an_encoder_asks_for_less_than_the_hand_may_accelerate():
    spec = load_hand("leap", "right", "free6")
    teleoperation = _teleoperation("leap")
    teleoperation.begin(spec.home)
    angles = teleoperation.intent[:17]
    before = teleoperation.targets(angles)
    teleoperation.follow(None, DT_S)
    step = teleoperation.targets(angles + 2 * np.pi / 4096) - before
    assert 0 < np.abs(step[6:]).max() < spec.acceleration_max[6:].min() * DT_S**2
