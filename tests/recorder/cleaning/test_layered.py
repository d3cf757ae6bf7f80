"""The layered filler: every hidden pixel filled, none else touched, its layer told."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from recorder.cleaning.clip import CleanError
from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.layered import LayeredFiller, feathered, residue_warning
from recorder.cleaning.layers import Layer
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.quality import psnr_inside
from recorder.progress import Cancelled

HEIGHT, WIDTH, COUNT = 120, 160, 30
PARAMETERS = CleanParameters(dilation_px=3, feather_px=2, flow_reach=6)


class Masks:
    """A disc that crosses the picture."""

    def __init__(self, count: int = COUNT, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> None:
        self.count, self._shape = count, shape

    def mask(self, index: int) -> np.ndarray:
        mask = np.zeros(self._shape, np.uint8)
        cv2.circle(mask, (10 + 5 * index, 60), 16, 1, -1)
        return mask.astype(bool)

    def confidence(self, index: int) -> float:
        return 1.0


class SameMask(Masks):
    """The same mask in every picture."""

    def __init__(self, mask: np.ndarray, count: int = COUNT) -> None:
        super().__init__(count)
        self._mask = mask

    def mask(self, index: int) -> np.ndarray:
        return self._mask


def scene() -> np.ndarray:
    noise = np.random.default_rng(3).integers(30, 220, (HEIGHT // 10, WIDTH // 10, 3))
    return cv2.resize(noise.astype(np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)


def recorded(masks: Masks, count: int = COUNT) -> list[np.ndarray]:
    pictures = []
    for index in range(count):
        picture = scene()
        picture[masks.mask(index)] = (230, 160, 130)
        pictures.append(picture)
    return pictures


def filler_for(
    masks: Masks, params: CleanParameters = PARAMETERS, mode: str = "static", count: int = COUNT
) -> LayeredFiller:
    clip = ArrayClip(recorded(masks, count), mode)  # type: ignore[arg-type]
    filler = LayeredFiller(clip, masks, params)
    filler.prepare()
    return filler


def test_the_operator_goes_and_nothing_outside_the_grown_mask_changes():
    masks = Masks()
    filler = filler_for(masks)
    for index in (0, 13, 29):
        filled = filler.fill(index)
        mask, before = masks.mask(index), recorded(masks)[index]
        assert psnr_inside(filled.image, scene(), mask) > 36
        outside = filled.layers == Layer.RECORDED
        assert np.array_equal(filled.image[outside], before[outside])
        assert not (mask & outside).any()
        assert np.array_equal(~outside, filler.holes(index))
        assert filled.masked == np.count_nonzero(filler.holes(index))
        assert set(np.unique(filled.layers)) <= {Layer.RECORDED, Layer.PLATE, Layer.FLOW}


def test_the_same_picture_is_filled_the_same_in_any_order_and_on_any_threads():
    masks = Masks()
    first = filler_for(masks).fill(12)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        other = filler_for(masks)
        for index in (25, 3, 13):
            other.fill(index)
        again = other.fill(12)
    finally:
        cv2.setNumThreads(threads)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.layers, again.layers)


def test_what_is_never_seen_is_guessed_and_told():
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[50:70, 60:90] = True
    filled = filler_for(SameMask(mask)).fill(4)
    assert (filled.layers[mask] == Layer.RESIDUE).all()
    assert filled.residue_share == 1.0


def test_the_warning_comes_above_two_percent():
    assert residue_warning(0.02) == ""
    assert "3.0 %" in residue_warning(0.03)


def test_an_empty_mask_gives_the_picture_and_a_full_one_is_survived():
    nothing = filler_for(SameMask(np.zeros((HEIGHT, WIDTH), bool))).fill(2)
    assert nothing.masked == 0
    assert nothing.residue_share == 0
    assert np.array_equal(nothing.image, scene())
    everything = filler_for(SameMask(np.ones((HEIGHT, WIDTH), bool))).fill(2)
    assert everything.masked == HEIGHT * WIDTH
    assert (everything.layers == Layer.RESIDUE).all()


def test_a_clip_of_one_picture_is_cleaned():
    filled = filler_for(Masks(count=1), count=1).fill(0)
    assert filled.residue_share == 1.0


def test_masks_of_a_wrong_size_or_number_are_refused_with_a_sentence():
    clip = ArrayClip(recorded(Masks()))
    with pytest.raises(CleanError, match="mask 0 is 60x50 pixels.*160x120"):
        LayeredFiller(clip, Masks(shape=(50, 60)), PARAMETERS).prepare()
    with pytest.raises(CleanError, match="29 masks for the 30 pictures"):
        LayeredFiller(clip, Masks(count=29), PARAMETERS)


def test_a_moving_camera_gets_no_plate_and_what_passed_by_is_carried_over():
    wide = cv2.resize(scene(), (WIDTH * 2, HEIGHT))
    masks = SameMask(Masks().mask(12))
    truth = [wide[:, 3 * n : 3 * n + WIDTH].copy() for n in range(COUNT)]
    pictures = [picture.copy() for picture in truth]
    for picture in pictures:
        picture[masks.mask(0)] = (230, 160, 130)
    params = PARAMETERS.model_copy(update={"flow_reach": 20})
    filler = LayeredFiller(ArrayClip(pictures, "moving"), masks, params)
    filler.prepare()
    filled = filler.fill(15)
    assert not (filled.layers == Layer.PLATE).any()
    assert np.count_nonzero(filled.layers == Layer.FLOW) > 0.8 * filled.masked
    assert psnr_inside(filled.image, truth[15], masks.mask(0)) > 26


def test_without_calibration_a_sentence_says_so():
    facts = LayeredFiller(ArrayClip(recorded(Masks())), Masks(), PARAMETERS).prepare()
    assert any("appearance only" in warning for warning in facts.warnings)


def test_preparing_can_be_cancelled():
    def cancel(progress: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        LayeredFiller(ArrayClip(recorded(Masks())), Masks(), PARAMETERS).prepare(cancel)


def test_the_seam_fades_inside_the_hole_only():
    before, after = np.zeros((40, 40, 3), np.uint8), np.full((40, 40, 3), 200, np.uint8)
    hole = np.zeros((40, 40), bool)
    hole[10:30, 10:30] = True
    after[~hole] = 0
    mixed = feathered(before, after, hole, 3)
    assert not mixed[~hole].any()
    assert 0 < mixed[20, 10, 0] < mixed[20, 11, 0] < mixed[20, 12, 0] < 200
    assert mixed[20, 20, 0] == 200
    assert np.array_equal(feathered(before, after, hole, 0), after)
