"""A seam is told from a stored picture and made anew with another width."""

from __future__ import annotations

import numpy as np

from recorder.cleaning.layered import feathered
from recorder.cleaning.seam import reseamed, unfeathered

RANDOM = np.random.default_rng(4)
RECORDED = RANDOM.integers(40, 200, (60, 80, 3)).astype(np.uint8)
HOLE = np.zeros((60, 80), bool)
HOLE[10:40, 20:70] = True
OTHERS = RANDOM.integers(40, 200, (60, 80, 3)).astype(np.uint8)
FILLED = np.where(HOLE[..., None], OTHERS, RECORDED)


def test_what_was_filled_comes_back_from_under_the_seam():
    stored = feathered(RECORDED, FILLED, HOLE, 4)
    told = unfeathered(RECORDED, stored, HOLE, 4)
    assert np.array_equal(told[~HOLE], RECORDED[~HOLE])
    assert np.abs(told[HOLE].astype(int) - FILLED[HOLE]).max() <= 3


def test_another_width_looks_as_if_it_had_been_cleaned_with_it():
    stored = feathered(RECORDED, FILLED, HOLE, 4)
    wanted = feathered(RECORDED, FILLED, HOLE, 12)
    shown = reseamed(RECORDED, stored, HOLE, 4, HOLE, 12)
    assert np.abs(shown.astype(int) - wanted).max() <= 3
    assert np.abs(stored.astype(int) - wanted).max() > 30


def test_a_smaller_hole_shows_what_was_recorded_and_a_larger_one_invents_nothing():
    stored = feathered(RECORDED, FILLED, HOLE, 0)
    small = HOLE.copy()
    small[:, :40] = False
    shown = reseamed(RECORDED, stored, HOLE, 0, small, 0)
    assert np.array_equal(shown[:, :40], RECORDED[:, :40])
    assert np.array_equal(shown[small], FILLED[small])
    larger = np.ones_like(HOLE)
    assert np.array_equal(reseamed(RECORDED, stored, HOLE, 0, larger, 0), stored)
