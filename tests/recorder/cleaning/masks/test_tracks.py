from __future__ import annotations

import numpy as np
import pytest

from recorder.cleaning.clip import CleanError
from recorder.cleaning.masks.tracks import PackedMaskTrack


def _masks() -> np.ndarray:
    return np.random.default_rng(0).random((5, 37, 53)) > 0.5


def test_masks_come_back_exactly_whatever_their_size() -> None:
    masks = _masks()
    track = PackedMaskTrack((53, 37), masks)
    for index, mask in enumerate(masks):
        np.testing.assert_array_equal(track.mask(index), mask)
        assert track.mask(index).dtype == np.bool_


def test_replacing_one_mask_leaves_the_old_track_as_it_was() -> None:
    masks = _masks()
    track = PackedMaskTrack((53, 37), masks, [0.1, 0.2, 0.3, 0.4, 0.5], ("look here",))
    edited = track.with_replaced(2, ~masks[2])
    np.testing.assert_array_equal(track.mask(2), masks[2])
    np.testing.assert_array_equal(edited.mask(2), ~masks[2])
    np.testing.assert_array_equal(edited.mask(3), masks[3])
    assert [track.confidence(index) for index in range(5)] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert [edited.confidence(index) for index in range(5)] == [0.1, 0.2, 1.0, 0.4, 0.5]
    assert edited.warnings == ("look here",)


def test_a_smooth_mask_takes_little_memory() -> None:
    mask = np.zeros((480, 640), np.bool_)
    mask[100:300, 200:500] = True
    assert PackedMaskTrack((640, 480), [mask] * 10).stored_bytes < 10 * 2_000


@pytest.mark.parametrize("index", [-1, 5])
def test_no_mask_outside(index: int) -> None:
    track = PackedMaskTrack((53, 37), _masks())
    for ask in (track.mask, track.confidence):
        with pytest.raises(IndexError, match=f"no mask {index}"):
            ask(index)


def test_masks_of_another_size_are_refused() -> None:
    with pytest.raises(CleanError, match="53x37 pixels, the pictures are 64x48"):
        PackedMaskTrack((64, 48), _masks())
    with pytest.raises(CleanError, match="5 masks came with 2 confidences"):
        PackedMaskTrack((53, 37), _masks(), [1.0, 1.0])
