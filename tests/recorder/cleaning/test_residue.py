"""Guessing from the surroundings."""

from __future__ import annotations

import numpy as np

from recorder.cleaning.residue import bounds, fill_residue


def test_a_hole_in_a_plain_wall_becomes_wall_and_nothing_else_changes():
    image = np.full((60, 80, 3), (200, 120, 40), np.uint8)
    hole = np.zeros((60, 80), bool)
    hole[20:30, 30:50] = True
    image[hole] = 0
    filled = fill_residue(image, hole)
    assert np.abs(filled[hole].astype(int) - (200, 120, 40)).max() <= 3
    assert np.array_equal(filled[~hole], image[~hole])


def test_a_picture_hidden_altogether_becomes_grey_and_one_without_hole_stays():
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    assert (fill_residue(image, np.ones((20, 30), bool)) == 127).all()
    assert np.array_equal(fill_residue(image, np.zeros((20, 30), bool)), image)


def test_bounds_hold_the_hole_with_its_margin_and_stay_in_the_picture():
    hole = np.zeros((60, 80), bool)
    hole[5:10, 70:78] = True
    assert bounds(hole) == (5, 10, 70, 78)
    assert bounds(hole, 8) == (0, 18, 62, 80)
    assert bounds(np.zeros((4, 4), bool)) == (0, 0, 0, 0)
