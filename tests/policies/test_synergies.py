"""Keyboard synergies: blends of hand shapes, smooth and within a wearer's reach."""

from __future__ import annotations

import numpy as np
import pytest

from devices.rig import EXO_JOINTS
from policies.synergies import (
    RELAXED_RAD,
    SHAPES_RAD,
    SYNERGIES,
    blend,
    exo_limits_rad,
)

DT_S = 0.01


def _joint(angles: np.ndarray, name: str) -> float:
    return float(angles[EXO_JOINTS.index(name)])


def test_no_amount_is_the_relaxed_hand_and_full_amount_the_shape():
    assert np.array_equal(blend({}), RELAXED_RAD)
    for name in SYNERGIES:
        assert np.allclose(blend({name: 1.0}), SHAPES_RAD[name])


def test_open_takes_back_a_power_grasp():
    assert np.allclose(blend({"power": 1.0, "open": 1.0}), SHAPES_RAD["open"])
    half = blend({"power": 1.0, "open": 0.5})
    assert np.allclose(half, SHAPES_RAD["power"] / 2)


def test_pinch_bends_the_index_and_leaves_the_ring_finger():
    pinch = blend({"pinch": 1.0})
    assert _joint(pinch, "index_mcp_forward") > 0.6
    assert _joint(pinch, "ring_mcp_forward") == pytest.approx(
        _joint(RELAXED_RAD, "ring_mcp_forward")
    )


def test_every_blend_stays_within_a_wearers_reach():
    lower, upper = exo_limits_rad()
    rng = np.random.default_rng(0)
    for _ in range(100):
        angles = blend({name: rng.uniform(-1, 3) for name in SYNERGIES})
        assert (angles >= lower).all()
        assert (angles <= upper).all()


def test_unknown_synergy_lists_the_known_ones():
    with pytest.raises(ValueError, match="'wave' is unknown.*tripod"):
        blend({"wave": 1.0})
