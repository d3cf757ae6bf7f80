"""Gel fingertips: the picture shows where, how deep and which way something presses."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from devices.hands.spec import load_hand
from devices.rig import TactileConfig
from devices.sim.gel import SHEAR_PX_PER_N, Gel
from devices.sim.touch_camera import gel_of

WIDTH, HEIGHT = 320, 240
LENGTH_M, BREADTH_M = 0.032, 0.024


@pytest.fixture(scope="module")
def gel() -> Gel:
    return Gel(WIDTH, HEIGHT, LENGTH_M, BREADTH_M, "right_index")


def ball(gel: Gel, depth_m: float, x_m: float = 0.0, y_m: float = 0.0) -> np.ndarray:
    """Relief of a ball of 8 mm radius."""
    away = (gel.grid_x_m - x_m) ** 2 + (gel.grid_y_m - y_m) ** 2
    return np.maximum(depth_m - away / (2 * 0.008), 0).astype(np.float32)


def draw(gel: Gel, relief: np.ndarray | None, shear_n=(0.0, 0.0)) -> np.ndarray:
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    gel.draw(relief, shear_n, out)
    return out


def difference(gel: Gel, picture: np.ndarray) -> np.ndarray:
    return np.abs(picture.astype(int) - gel.reference).sum(axis=2)


@pytest.mark.parametrize("relief", [None, np.zeros((HEIGHT // 2, WIDTH // 2), np.float32)])
def test_without_contact_the_picture_is_exactly_the_reference(gel, relief):
    assert np.array_equal(draw(gel, relief, (1.0, 1.0)), gel.reference)


def test_the_reference_is_the_same_in_every_process_and_differs_between_fingers(gel):
    again = Gel(WIDTH, HEIGHT, LENGTH_M, BREADTH_M, "right_index")
    other = Gel(WIDTH, HEIGHT, LENGTH_M, BREADTH_M, "right_thumb")
    assert np.array_equal(again.reference, gel.reference)
    assert not np.array_equal(other.reference, gel.reference)


def test_a_rigs_reference_is_that_of_its_pad():
    pad = load_hand("leap").pads[0]
    config = TactileConfig(kind="visuotactile", width=WIDTH, height=HEIGHT)
    expected = Gel(WIDTH, HEIGHT, *pad.size_m, f"right_{pad.finger}")
    assert np.array_equal(gel_of(config, pad).reference, expected.reference)


def test_a_deeper_press_changes_the_picture_more(gel):
    changes = [difference(gel, draw(gel, ball(gel, d * 1e-3))).sum() for d in (0.2, 0.5, 1.0, 2.0)]
    assert np.all(np.diff(changes) > 0)
    assert changes[0] > 0


@pytest.mark.parametrize(("x_m", "y_m"), [(0.008, 0.0), (-0.008, 0.0), (0.0, 0.01), (0.0, -0.01)])
def test_the_place_of_the_press_is_the_place_in_the_picture(gel, x_m, y_m):
    change = difference(gel, draw(gel, ball(gel, 5e-4, x_m, y_m))).astype(float)
    change[change < 30] = 0
    rows, columns = np.indices(change.shape)
    row = (rows * change).sum() / change.sum()
    column = (columns * change).sum() / change.sum()
    assert row == pytest.approx(HEIGHT / 2 - x_m / gel.pixel_m, abs=6), "distal is up"
    assert column == pytest.approx(WIDTH / 2 + y_m / gel.pixel_m, abs=6)


def test_the_three_lights_come_from_three_sides(gel):
    light = draw(gel, ball(gel, 1e-3)).astype(int) - gel.reference
    rows, columns = np.indices(light.shape[:2])
    angles = []
    for channel in range(3):
        bright = np.where(light[..., channel] > 10, light[..., channel], 0)
        row = (rows * bright).sum() / bright.sum() - HEIGHT / 2
        column = (columns * bright).sum() / bright.sum() - WIDTH / 2
        angles.append(np.degrees(np.arctan2(-row, column)))
    apart = np.diff([*angles, angles[0] + 360]) % 360
    assert apart == pytest.approx([120, 120, 120], abs=20)


@pytest.mark.parametrize("shear_n", [(0.6, 0.0), (-0.6, 0.0), (0.0, 0.6), (0.0, -0.6)])
def test_dots_under_the_press_move_with_the_shear(gel, shear_n):
    press = np.full_like(gel.grid_x_m, 3e-4)
    still, moved = (_dots(draw(gel, press, shear)) for shear in ((0.0, 0.0), shear_n))
    shifts = [(row, column) for row in range(-8, 9) for column in range(-8, 9)]
    match = [float((np.roll(still, shift, (0, 1)) * moved).sum()) for shift in shifts]
    row, column = shifts[int(np.argmax(match))]
    expected = np.array(shear_n) * SHEAR_PX_PER_N
    assert (-row, column) == pytest.approx(tuple(expected), abs=1)


def test_dots_far_from_the_press_stay(gel):
    change = difference(gel, draw(gel, ball(gel, 3e-4, 0.008, -0.008), (1.0, 1.0)))
    assert change[-60:, -80:].max() <= 6


def _dots(picture: np.ndarray) -> np.ndarray:
    """The middle of the picture with nothing left but the dark dots."""
    grey = picture.astype(np.float32).mean(axis=2)
    return np.maximum(cv2.GaussianBlur(grey, (0, 0), 8) - grey, 0)[40:-40, 40:-40]
