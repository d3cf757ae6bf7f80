"""Overlays: each layer has its own colour and letter, masks are outlined, the wipe cuts cleanly."""

from __future__ import annotations

import numpy as np
import pytest

from recorder.cleaning.layers import Layer
from widgets.clean.overlays import LOOKS, wiped, with_layers, with_mask


@pytest.fixture
def image() -> np.ndarray:
    return np.full((120, 160, 3), 100, np.uint8)


@pytest.fixture
def block() -> np.ndarray:
    mask = np.zeros((120, 160), np.bool_)
    mask[30:90, 40:120] = True
    return mask


def test_every_layer_but_the_recorded_one_has_a_look_of_its_own():
    assert set(LOOKS) == set(Layer) - {Layer.RECORDED}
    assert len({look.letter for look in LOOKS.values()}) == len(LOOKS)
    assert len({look.colour for look in LOOKS.values()}) == len(LOOKS)


@pytest.mark.parametrize("layer", list(LOOKS))
def test_a_layer_is_tinted_and_lettered_and_the_rest_left_alone(image, block, layer):
    shown = with_layers(image, np.where(block, layer, Layer.RECORDED).astype(np.uint8))
    assert (shown[~block] == 100).all()
    tint = 0.4 * 100 + 0.6 * np.array(LOOKS[layer].colour)
    assert np.abs(shown[31, 41] - tint).max() <= 1
    assert len(np.unique(shown[block], axis=0)) > 2  # the letter
    assert (image == 100).all()


def test_a_mask_is_tinted_and_what_is_filled_outlined(image, block):
    grown = np.zeros_like(block)
    grown[20:100, 30:130] = True
    shown = with_mask(image, block, grown)
    assert (shown[60, 80] != 100).any()
    assert (shown[20, 80] != 100).any()
    assert (shown[25, 80] == 100).all()
    outlined = with_mask(image, block, grown, tint=False)
    assert (outlined[60, 80] == 100).all()
    assert (image == 100).all()


@pytest.mark.parametrize(("share", "column"), [(0.0, 0), (0.25, 40), (1.0, 160), (7.0, 160)])
def test_before_is_left_of_the_wipe_and_after_right_of_it(image, share, column):
    shown = wiped(image, np.zeros_like(image), share)
    assert (shown[:, :column] == 100).all()
    assert (shown[:, column:] == 0).all()
