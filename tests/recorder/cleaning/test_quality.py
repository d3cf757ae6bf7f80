"""Measures of quality against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recorder.cleaning.quality import (
    BEST_DB,
    ErrorPool,
    FlickerMeter,
    iou,
    psnr_inside,
    recall,
    ssim_inside,
)

SHAPE = (40, 50)


def picture(level: int) -> np.ndarray:
    return np.full((*SHAPE, 3), level, np.uint8)


def half() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[:, :25] = True
    return mask


def test_psnr_counts_only_the_mask():
    result = picture(100)
    result[:, 25:] = 255
    assert psnr_inside(result, picture(110), half()) == pytest.approx(20 * math.log10(255 / 10))


def test_psnr_of_equal_pictures_is_bounded_and_of_no_pixels_is_nan():
    assert psnr_inside(picture(3), picture(3), half()) == BEST_DB
    assert math.isnan(psnr_inside(picture(3), picture(4), np.zeros(SHAPE, bool)))


def test_errors_of_several_pictures_are_pooled_before_the_logarithm():
    pool = ErrorPool()
    pool.add(picture(0), picture(10), half())
    pool.add(picture(0), picture(0), half())
    assert pool.psnr_db == pytest.approx(10 * math.log10(255**2 / 50))


def test_ssim_is_one_for_the_same_and_follows_the_formula_for_flat_pictures():
    random = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3)).astype(np.uint8)
    assert ssim_inside(random, random, half()) == pytest.approx(1.0, abs=1e-4)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert ssim_inside(picture(100), picture(150), half()) == pytest.approx(expected, abs=1e-4)


def test_ssim_falls_when_structure_is_lost():
    random = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3)).astype(np.uint8)
    assert ssim_inside(picture(127), random, half()) < 0.2


def test_a_standing_error_does_not_flicker_and_a_changing_one_does():
    still, changing = FlickerMeter(), FlickerMeter()
    for number in range(4):
        still.add(picture(60 + number), picture(50 + number), half())
        changing.add(picture(50 + 6 * (number % 2)), picture(50), half())
    assert still.flicker == 0
    assert changing.flicker == pytest.approx(6)


def test_flicker_looks_at_pixels_masked_in_both_and_not_across_gaps():
    meter = FlickerMeter()
    other = ~half()
    meter.add(picture(0), picture(0), half())
    meter.add(picture(9), picture(0), other)
    assert math.isnan(meter.flicker)
    meter.skip()
    meter.add(picture(0), picture(0), other)
    assert math.isnan(meter.flicker)


def test_recall_and_iou():
    truth, found = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    truth[:4], found[2:6] = True, True
    assert recall(found, truth) == 0.5
    assert iou(found, truth) == pytest.approx(20 / 60)
    assert recall(found, np.zeros((10, 10), bool)) == 1.0
    assert iou(np.zeros((10, 10), bool), np.zeros((10, 10), bool)) == 1.0
