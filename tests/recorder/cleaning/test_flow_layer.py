"""Flow: hidden pieces of what moves are carried from pictures that show them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.flow_layer import FlowLayer
from recorder.cleaning.motion import common_motion, spread
from recorder.cleaning.plate import Plate
from recorder.cleaning.quality import psnr_inside
from recorder.cleaning.views import Recent, Views
from recorder.progress import ProgressMeter, quiet

HEIGHT, WIDTH, COUNT = 160, 240, 44
STEP_PX = 3


def texture(seed: int, height: int, width: int, low: int, high: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 255, (height // 5 + 1, width // 5 + 1, 3))
    smooth = cv2.resize(noise.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(low + (high - low) * smooth / 255, low, high).astype(np.uint8)


def take() -> list[np.ndarray]:
    """A bright textured block slides to the right before a dark textured wall."""
    wall, block = texture(0, HEIGHT, WIDTH, 20, 90), texture(1, 80, 45, 140, 240)
    pictures = []
    for index in range(COUNT):
        picture = wall.copy()
        picture[40:120, 20 + STEP_PX * index : 65 + STEP_PX * index] = block
        pictures.append(picture)
    return pictures


def hole(index: int) -> np.ndarray:
    """Stands in the way: the block passes under it."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[64:88, 112:136] = True
    return mask


@pytest.fixture(scope="module")
def layer() -> FlowLayer:
    clip = ArrayClip(take())
    plate = Plate(clip, hole, hole, 60, ProgressMeter(5, quiet))
    return FlowLayer(Views(clip, hole, plate, 20), COUNT)


def test_a_hidden_piece_of_what_moves_comes_from_pictures_that_show_it(layer: FlowLayer):
    truth, index = take(), 27
    carried = layer.carry(index, hole(index))
    found = np.zeros((HEIGHT, WIDTH), bool)
    found[carried.part] = carried.found
    assert np.count_nonzero(found) > 0.9 * np.count_nonzero(hole(index))
    picture = truth[index].copy()
    picture[carried.part] = np.where(
        carried.found[..., None], np.rint(carried.colour), picture[carried.part]
    )
    assert psnr_inside(picture, truth[index], found) > 24


def test_the_first_picture_has_no_past_and_the_last_no_future(layer: FlowLayer):
    assert not layer.ages(0, layer.followed(0, -1)).any()
    assert not layer.ages(COUNT - 1, layer.followed(COUNT - 1, 1)).any()
    assert layer.ages(27, layer.followed(27, 1)).max() <= 20


def test_the_same_picture_is_filled_the_same_whatever_was_filled_before(layer: FlowLayer):
    first = layer.carry(27, hole(27))
    for index in (2, 20, 9):
        layer.carry(index, hole(index))
    again = layer.carry(27, hole(27))
    assert np.array_equal(first.colour, again.colour)
    assert np.array_equal(first.found, again.found)


def test_the_common_motion_is_not_led_astray_by_few():
    flow = np.zeros((40, 60, 2), np.float32)
    flow[...] = (2.0, -1.0)
    flow[:10, :15] = (-9.0, 9.0)
    found = common_motion(flow, np.ones((40, 60), bool))
    assert found == pytest.approx(np.broadcast_to((2.0, -1.0), found.shape), abs=0.05)
    assert not common_motion(flow, np.zeros((40, 60), bool)).any()


def test_values_spread_smoothly_into_what_is_unknown():
    values, weight = np.zeros((32, 32, 2), np.float32), np.zeros((32, 32), np.float32)
    values[:, :4], weight[:, :4] = (4.0, 0.0), 1.0
    values[:, -4:], weight[:, -4:] = (0.0, 2.0), 1.0
    filled = spread(values, weight)
    assert filled[:, :4] == pytest.approx(values[:, :4])
    assert np.isfinite(filled).all()
    assert filled[16, 6, 0] > filled[16, 26, 0]
    assert filled[..., 0].max() <= 4.0 + 1e-4
    assert filled.min() >= -1e-4


def test_only_the_values_used_last_are_kept():
    made: list[int] = []
    recent = Recent(2, lambda key: made.append(key) or key * 10)
    assert [recent(1), recent(2), recent(1), recent(3), recent(1), recent(2)] == [
        10, 20, 10, 30, 10, 20,
    ]  # fmt: skip
    assert made == [1, 2, 3, 2]
