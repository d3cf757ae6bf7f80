"""Hand models: names, order and limits as published; taxel grids."""

import numpy as np
import pytest

from devices.hands.spec import hand_files, load_hand, load_model, taxel_positions_m

PADS = {"xhand": (5, "taxels"), "leap": (4, "visuotactile"), "allegro": (4, "pressure")}
JOINTS = {"xhand": 12, "leap": 16, "allegro": 16}


@pytest.mark.parametrize("model", PADS)
def test_every_model_has_its_published_joints_and_pads(model):
    hand = load_hand(model)
    count, kind = PADS[model]
    assert hand.size == JOINTS[model]
    assert [pad.kind for pad in hand.pads] == [kind] * count
    assert [pad.finger for pad in hand.pads] == list(hand.model.fingers)


def test_xhand_joint_order_and_limits_are_the_published_ones():
    hand = load_hand("xhand")
    assert hand.names[:6] == (
        "right_thumb_joint0",
        "right_thumb_joint1",
        "right_thumb_joint2",
        "right_index_joint0",
        "right_index_joint1",
        "right_index_joint2",
    )
    assert hand.lower[:4] == pytest.approx([0.0, -1.05, -0.175, -0.175])
    assert hand.upper[:4] == pytest.approx([1.83, 1.57, 1.83, 0.175])
    assert hand.upper[4:] == pytest.approx([1.92] * 8)


def test_leap_vector_starts_with_the_sideways_motor_although_it_is_second_in_the_chain():
    hand = load_hand("leap")
    chain = [link.joint.name for link in hand.model.links if link.finger == "index"]
    assert chain[:2] == ["index_joint1", "index_joint0"]
    assert hand.names[:2] == ("right_index_joint0", "right_index_joint1")
    assert hand.lower[:2] == pytest.approx([-1.047, -0.314])
    assert hand.names[12] == "right_thumb_joint0"


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("model", PADS)
def test_the_resting_pose_lies_inside_the_limits(model, side):
    hand = load_hand(model, side, "free6")
    assert (hand.lower <= hand.home).all()
    assert (hand.home <= hand.upper).all()
    assert (hand.velocity_max > 0).all()
    assert all(name.startswith(f"{side}_") for name in hand.names)


def test_a_free_wrist_comes_first_with_three_lengths_and_three_angles():
    hand = load_hand("xhand", "right", "free6")
    assert hand.units[:7] == ("m", "m", "m", "rad", "rad", "rad", "rad")
    assert hand.wrist_size == 6
    assert hand.size == 18


def test_taxels_fill_the_pad_row_by_row_from_the_proximal_end():
    pad = load_hand("xhand").pads[0]
    places = taxel_positions_m(pad)
    assert places.shape == (120, 3)
    assert places.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-12)
    assert places[0, 0] == pytest.approx(-0.015 + 0.015 / 12)
    assert np.diff(places[:10, 0]) == pytest.approx(np.zeros(9))
    assert places[-1, 0] > places[0, 0]


def test_an_unknown_model_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match="'no_hand' is unknown.*allegro, leap, xhand"):
        load_model("no_hand")
    assert sorted(hand_files()) == ["allegro", "leap", "xhand"]
