"""Camera tiles show what came, and say loudly when nothing does."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from devices.stream import StreamSpec
from widgets.camera_tile import CameraTile
from widgets.image_tile import HEADER_PX

RGB = StreamSpec(name="front/rgb", kind="image", dtype="u1", shape=(240, 320, 3), rate_hz=30)
DEPTH = StreamSpec(
    name="front/depth", kind="depth", dtype="<u2", shape=(240, 320), unit="0.0001 m", rate_hz=30
)
MASK = StreamSpec(name="front/operator_mask", kind="mask", dtype="u1", shape=(240, 320))


def _flat(red, green, blue):
    return np.full((240, 320, 3), (red, green, blue), np.uint8)


def test_tile_paints_the_picture_in_its_colours(shown, sample, pixel):
    tile = shown(CameraTile(RGB))
    image = _flat(10, 200, 30)
    image[:, 160:] = (220, 20, 40)
    tile.show_sample(sample(image))
    assert pixel(tile, 80, 150).getRgb()[:3] == (10, 200, 30)
    assert pixel(tile, 240, 150).getRgb()[:3] == (220, 20, 40)


def test_tile_keeps_the_aspect_of_the_camera(shown, sample, pixel):
    tile = shown(CameraTile(RGB), 600, 264)
    tile.show_sample(sample(_flat(250, 250, 250)))
    assert pixel(tile, 300, 150).red() == 250
    assert pixel(tile, 60, 150).red() < 60  # beside the picture, not stretched over it


def test_old_picture_is_dimmed_hatched_and_called_stale(shown, sample, pixel):
    tile = shown(CameraTile(RGB))
    tile.show_sample(sample(_flat(240, 240, 240)))
    fresh = tile.grab().toImage()
    tile.show_sample(sample(_flat(240, 240, 240), age_s=2.0, seq=90))
    stale = tile.grab().toImage()
    assert tile.level == "stale"
    assert fresh.pixelColor(20, 60).red() == 240
    shades = {stale.pixelColor(x, 60).rgb() for x in range(4, 60)}
    assert all(stale.pixelColor(x, 60).red() < 160 for x in range(4, 60))
    assert len(shades) > 1  # the hatch, not only a dimmed picture
    words = [stale.pixelColor(x, y) for x in range(60, 260) for y in range(130, 160)]
    assert sum(c.red() > 200 and c.blue() < 160 for c in words) > 50


def test_picture_grows_stale_by_itself_when_time_passes(shown, sample):
    tile = shown(CameraTile(RGB, stale_after_s=0.5))
    newest = sample(_flat(90, 90, 90))
    tile.show_sample(newest)
    tile.refresh(newest.stamp_ns + 400_000_000)
    assert tile.level == "late"
    tile.refresh(newest.stamp_ns + 600_000_000)
    assert tile.level == "stale"
    tile.refresh(newest.stamp_ns + 6_000_000_000)
    assert tile.level == "gone"


def test_playback_picture_never_grows_old(shown, sample):
    tile = shown(CameraTile(RGB, stale_after_s=None))
    tile.show_sample(sample(_flat(9, 9, 9), age_s=60.0))
    tile.grab()
    assert tile.level == "ok"


def test_empty_tile_says_no_signal(shown, pixel):
    tile = shown(CameraTile(RGB))
    image = tile.grab().toImage()
    bright = sum(
        image.pixelColor(x, y).lightness() > 180
        for x in range(60, 260)
        for y in range(HEADER_PX + 4, 260)
    )
    assert bright > 100
    assert tile.level == "off"


def test_sample_shown_twice_is_painted_once(shown, sample, qtbot):
    tile = shown(CameraTile(RGB))
    one = sample(_flat(1, 2, 3))
    tile.show_sample(one)
    qtbot.waitUntil(lambda: len(tile.painted_latency_ms) == 1)
    tile.show_sample(one)
    tile.repaint()
    assert len(tile.painted_latency_ms) == 1
    assert 0 <= tile.painted_latency_ms[0] < 10_000


def test_header_turns_to_warning_when_samples_were_lost(shown, sample):
    tile = shown(CameraTile(RGB))
    tile.show_sample(sample(_flat(9, 9, 9)))
    before = tile.grab(tile.rect().adjusted(0, 0, 0, HEADER_PX - tile.height())).toImage()
    tile.set_gaps(7)
    after = tile.grab(tile.rect().adjusted(0, 0, 0, HEADER_PX - tile.height())).toImage()
    warm = [
        sum(i.pixelColor(x, y).red() > i.pixelColor(x, y).blue() + 60
            for x in range(120, 320) for y in range(HEADER_PX))
        for i in (before, after)
    ]  # fmt: skip
    assert warm[0] == 0
    assert warm[1] > 10


def test_near_depth_is_brighter_than_far_and_missing_depth_is_black(shown, sample, pixel):
    tile = shown(CameraTile(DEPTH))
    depth = np.full((240, 320), 4000, np.uint16)
    depth[:, 100:200] = 12000
    depth[:, :50] = 0
    tile.show_sample(sample(depth))
    assert pixel(tile, 20, 200).getRgb()[:3] == (0, 0, 0)
    assert pixel(tile, 70, 200).lightness() > pixel(tile, 150, 200).lightness() + 40


def test_depth_range_is_taken_in_metres_and_taken_again_on_double_click(shown, sample, qtbot):
    tile = shown(CameraTile(DEPTH))
    tile.show_sample(sample(np.linspace(3000, 9000, 240 * 320).reshape(240, 320).astype("u2")))
    tile.grab()
    near_m, far_m = tile.depth_range_m
    assert near_m == pytest.approx(0.3, abs=0.06)
    assert far_m == pytest.approx(0.9, abs=0.06)
    tile.show_sample(sample(np.full((240, 320), 20000, np.uint16)))
    qtbot.mouseDClick(tile, Qt.MouseButton.LeftButton, pos=QPoint(100, 150))
    assert tile.depth_range_m[0] <= 2.0 <= tile.depth_range_m[1]


def test_depth_range_upside_down_is_refused(shown):
    tile = shown(CameraTile(DEPTH))
    with pytest.raises(ValueError, match="near must lie below far"):
        tile.set_depth_range_m(1.0, 0.5)


def test_mask_is_white_on_black(shown, sample, pixel):
    tile = shown(CameraTile(MASK))
    mask = np.zeros((240, 320), np.uint8)
    mask[:, 160:] = 1
    tile.show_sample(sample(mask))
    assert pixel(tile, 40, 150).red() == 0
    assert pixel(tile, 280, 150).red() == 255
