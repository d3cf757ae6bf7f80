"""The plate: what a standing camera sees behind what is masked."""

from __future__ import annotations

import numpy as np
import pytest

from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.gain import Gain, fit_gain, ring
from recorder.cleaning.plate import Plate
from recorder.cleaning.quality import psnr_inside
from recorder.cleaning.samples import choose_frames
from recorder.progress import Cancelled, ProgressMeter, quiet

HEIGHT, WIDTH, COUNT = 96, 128, 40


def scene(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 40, (HEIGHT // 8, WIDTH // 8, 3))
    return np.clip(120 + np.kron(noise, np.ones((8, 8, 1))), 20, 235).astype(np.float32)


def bar(index: int) -> np.ndarray:
    """An upright bar that wanders to the right and back."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    at = abs((index * 4) % 160 - 80)
    mask[:, at : at + 24] = True
    return mask


def take(drift: float = 0.03, noise: float = 2.0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Pictures with the bar in bright red, and the truth."""
    random, still = np.random.default_rng(1), scene()
    seen, truth = [], []
    for index in range(COUNT):
        lit = still * (1 + drift * np.sin(2 * np.pi * index / COUNT + np.arange(3)))
        truth.append(np.clip(np.rint(lit), 0, 255).astype(np.uint8))
        lit = lit + random.normal(0, noise, lit.shape)
        lit[bar(index)] = (250, 10, 10)
        seen.append(np.clip(np.rint(lit), 0, 255).astype(np.uint8))
    return seen, truth


def plate_of(pictures: list[np.ndarray], masks=bar, most: int = 60) -> Plate:
    return Plate(ArrayClip(pictures), masks, masks, most, ProgressMeter(5, quiet))


def test_the_hidden_scene_comes_back_under_the_light_of_the_picture():
    seen, truth = take()
    plate = plate_of(seen)
    for index in (0, 11, 25, 39):
        picture, filled = plate.fill(index, seen[index], bar(index))
        assert np.array_equal(filled, bar(index))
        assert psnr_inside(picture, truth[index], filled) > 40


def test_few_frames_suffice_when_they_are_chosen_to_show_everything():
    seen, truth = take()
    plate = plate_of(seen, most=6)
    assert plate.known.all()
    picture, filled = plate.fill(20, seen[20], bar(20))
    assert psnr_inside(picture, truth[20], filled) > 34


def test_a_pixel_that_is_never_seen_is_left_to_others():
    seen, _ = take()
    always = np.zeros((HEIGHT, WIDTH), bool)
    always[40:50, 40:50] = True

    def masks(index: int) -> np.ndarray:
        return bar(index) | always

    plate = plate_of(seen, masks)
    assert np.array_equal(~plate.known, always)
    _, filled = plate.fill(3, seen[3], masks(3))
    assert not (filled & always).any()


def test_a_picture_without_a_hole_has_its_light_as_well():
    seen, _ = take()

    def masks(index: int) -> np.ndarray:
        return bar(index) & (index != 7)

    plate = plate_of(seen, masks)
    seen[7] = np.clip(scene() * 0.9, 0, 255).astype(np.uint8)
    assert plate.gain(7, seen[7]).gain == pytest.approx(0.9, abs=0.03)


def test_a_thing_that_was_moved_is_shown_where_it_lay_at_the_time():
    first, second = scene(), scene()
    first[30:60, 20:50] = 230
    second[30:60, 80:110] = 230
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[20:70, 10:60] = True
    pictures = [(first if index < 14 else second).astype(np.uint8) for index in range(COUNT)]

    def masks(index: int) -> np.ndarray:
        return hole if index in (6, 30) else np.zeros_like(hole)

    plate = plate_of(pictures, masks)
    early, _ = plate.fill(6, pictures[6], hole)
    late, _ = plate.fill(30, pictures[30], hole)
    assert psnr_inside(early, pictures[6], hole) > 38
    assert psnr_inside(late, pictures[30], hole) > 38


def test_gain_and_offset_are_found_beside_pixels_that_changed():
    source = scene()
    target = 0.9 * source + 12
    target[:30, :40] = 255
    found = fit_gain(source, target)
    assert found.gain == pytest.approx([0.9] * 3, abs=0.01)
    assert found.offset == pytest.approx([12] * 3, abs=1.5)
    assert found.inverse().apply(found.apply(source)) == pytest.approx(source, abs=1e-3)


def test_without_pixels_to_compare_the_light_is_taken_as_equal():
    found = fit_gain(scene(), scene() * 0.5, np.zeros((HEIGHT, WIDTH), bool))
    assert np.array_equal(found.gain, Gain(np.ones(3, np.float32), np.zeros(3)).gain)


def test_the_ring_lies_outside_the_hole_and_near_it():
    hole = np.zeros((50, 50), bool)
    hole[20:30, 20:30] = True
    around = ring(hole, 3)
    assert not (around & hole).any()
    assert around[18, 25]
    assert not around[15, 25]


def test_frames_for_the_plate_are_spread_and_show_what_is_mostly_hidden():
    corner = np.zeros((40, 40), bool)
    corner[:8, :8] = True

    def masks(index: int) -> np.ndarray:
        return np.zeros_like(corner) if index in (101, 103, 107) else corner

    chosen = choose_frames(200, masks, 12, ProgressMeter(1, quiet))
    assert {101, 103, 107} & set(chosen.tolist())
    assert len(chosen) <= 12
    assert (chosen[0], chosen[-1]) == (0, 199)
    assert np.array_equal(chosen, choose_frames(200, masks, 12, ProgressMeter(1, quiet)))


def test_making_a_plate_can_be_cancelled():
    def cancel(progress: object) -> None:
        raise Cancelled

    seen, _ = take()
    with pytest.raises(Cancelled):
        Plate(ArrayClip(seen), bar, bar, 60, ProgressMeter(5, cancel))
