"""Leftovers: what a mask left of the operator is no source for other pictures."""

from __future__ import annotations

import numpy as np

from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.leftovers import Leftovers

HEIGHT, WIDTH, COUNT = 120, 160, 8
OPERATOR, SAME_COLOUR = (205, 140, 110), (slice(90, 110), slice(120, 150))


def picture(index: int) -> np.ndarray:
    noise = np.random.default_rng(index).integers(0, 60, (HEIGHT, WIDTH, 3))
    seen = noise.astype(np.uint8)
    seen[20:80, 40:80] = OPERATOR
    return seen


class Masks:
    """A mask that leaves 12 of 40 columns of the operator."""

    count = COUNT

    def mask(self, index: int) -> np.ndarray:
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[20:80, 40:68] = True
        return mask

    def confidence(self, index: int) -> float:
        return 1.0


def leftovers(pictures: list[np.ndarray], masks: Masks) -> Leftovers:
    return Leftovers(ArrayClip(pictures), masks, masks.mask)


def test_a_rest_of_the_operator_beside_the_mask_is_found_and_nothing_else():
    found = leftovers([picture(i) for i in range(COUNT)], Masks())(3)
    assert found[24:76, 70:78].mean() > 0.95
    assert not found[:, 90:].any()
    assert not (found & Masks().mask(3)).any()


def test_things_of_the_same_colour_elsewhere_stay_sources():
    pictures = [picture(i) for i in range(COUNT)]
    for seen in pictures:
        seen[SAME_COLOUR] = OPERATOR
    assert not leftovers(pictures, Masks())(3)[SAME_COLOUR].any()


def test_without_an_operator_nothing_is_learnt_or_found():
    class Nobody(Masks):
        def mask(self, index: int) -> np.ndarray:
            return np.zeros((HEIGHT, WIDTH), bool)

    assert not leftovers([picture(i) for i in range(COUNT)], Nobody())(3).any()
