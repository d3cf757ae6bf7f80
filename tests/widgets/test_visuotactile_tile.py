"""Visuotactile tiles: the picture, or what changed since the gel was untouched."""

import numpy as np
from PySide6.QtCore import Qt

from devices.stream import StreamSpec
from widgets.visuotactile_tile import VisuotactileTile

SPEC = StreamSpec(
    name="right_thumb/visuotactile", kind="visuotactile", dtype="u1", shape=(240, 320, 3),
    rate_hz=30,
)  # fmt: skip


def _gel(press=0):
    image = np.full((240, 320, 3), (120, 90, 60), np.uint8)
    image[100:140, 140:180] += np.uint8(press)
    return image


def test_title_is_the_finger(shown):
    assert shown(VisuotactileTile(SPEC)).title == "right thumb"


def test_difference_is_black_until_the_gel_is_touched(shown, sample, pixel, qtbot):
    tile = shown(VisuotactileTile(SPEC))
    tile.show_sample(sample(_gel()))
    assert pixel(tile, 160, 144).red() == 120
    qtbot.mouseClick(tile.difference_button, Qt.MouseButton.LeftButton)
    assert tile.shows_difference
    assert pixel(tile, 160, 144).lightness() == 0
    tile.show_sample(sample(_gel(press=20)))
    assert pixel(tile, 160, 144).red() == 80  # 20 grey levels, amplified four times
    assert pixel(tile, 40, 200).lightness() == 0


def test_reference_button_takes_the_picture_of_now(shown, sample, pixel, qtbot):
    tile = shown(VisuotactileTile(SPEC))
    tile.show_sample(sample(_gel()))
    tile.show_sample(sample(_gel(press=20)))
    qtbot.mouseClick(tile.difference_button, Qt.MouseButton.LeftButton)
    assert pixel(tile, 160, 144).red() == 80
    qtbot.mouseClick(tile.reference_button, Qt.MouseButton.LeftButton)
    assert pixel(tile, 160, 144).lightness() == 0


def test_reference_does_not_follow_the_buffer_it_was_taken_from(shown, sample, pixel, qtbot):
    tile = shown(VisuotactileTile(SPEC))
    image = _gel()
    tile.show_sample(sample(image))
    image[:] = 250
    tile.show_sample(sample(_gel()))
    qtbot.mouseClick(tile.difference_button, Qt.MouseButton.LeftButton)
    assert pixel(tile, 160, 144).lightness() == 0
