from __future__ import annotations

import cv2
import numpy as np
import pytest
from support.operator_takes import Take, make_take, overlap, recall

from recorder.cleaning.clip import CleanError
from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.masks.propagate import keyframe_masks, rekey_suggestions
from recorder.cleaning.masks.tracks import PackedMaskTrack
from recorder.cleaning.parameters import CleanParameters

PARAMS = CleanParameters()


@pytest.fixture(scope="module")
def take() -> Take:
    return make_take(count=24, absent=0)


def _key(take: Take, index: int) -> KeyFrame:
    """A person who draws the outline well."""
    outlines, _ = cv2.findContours(
        take.truth[index].astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    outline = max(outlines, key=len)[:, 0].astype(float)
    return KeyFrame(index=index, polygon=tuple((x, y) for x, y in outline))


def _masks(track: PackedMaskTrack) -> np.ndarray:
    return np.stack([track.mask(index) for index in range(track.count)])


def test_two_key_frames_carry_through_the_clip(take: Take) -> None:
    masks = _masks(keyframe_masks(take.clip, [_key(take, 0), _key(take, 23)], PARAMS))
    worst = min(overlap(mask, truth) for mask, truth in zip(masks, take.truth, strict=True))
    assert worst > 0.8
    assert recall(masks, take.truth) > 0.93


def test_a_mask_is_carried_to_both_sides_and_follows_the_arm(take: Take) -> None:
    masks = _masks(keyframe_masks(take.clip, [_key(take, 12)], PARAMS))
    for end in (0, 23):
        assert overlap(masks[end], take.truth[end]) > 0.8
        assert overlap(masks[end], take.truth[end]) > overlap(take.truth[12], take.truth[end])


def test_a_carried_camera_is_followed(take: Take) -> None:
    shifts = [(index, 2 * index) for index in range(16)]
    frames = np.stack([np.roll(take.frames[0], shift, (0, 1)) for shift in shifts])
    truth = np.stack([np.roll(take.truth[0], shift, (0, 1)) for shift in shifts])
    clip = ArrayClip(frames, mode="moving")
    masks = _masks(keyframe_masks(clip, [_key(take, 0)], PARAMS))
    middle = slice(40, 200), slice(40, 280)
    assert overlap(masks[15][middle], truth[15][middle]) > 0.8


def test_where_the_directions_disagree_a_new_key_frame_is_suggested(take: Take) -> None:
    frames = take.frames.copy()
    frames[12:] = take.frames[12:, :, ::-1]  # a cut: flow cannot follow it
    mirrored = take.truth.copy()
    mirrored[12:] = take.truth[12:, :, ::-1]
    cut = Take(ArrayClip(frames), mirrored, take.robot, frames)
    track = keyframe_masks(cut.clip, [_key(cut, 0), KeyFrame(index=23)], PARAMS)
    smooth = keyframe_masks(take.clip, [_key(take, 0), _key(take, 23)], PARAMS)
    suggested = rekey_suggestions(track, PARAMS.rekey_below, apart=4)
    assert suggested
    assert track.confidence(suggested[0]) == min(track.confidence(at) for at in range(24))
    assert "draw on picture" in track.warnings[0]
    assert np.mean([smooth.confidence(at) for at in range(24)]) > 0.7
    assert rekey_suggestions(smooth, 0.3) == []


def test_suggestions_are_spaced_and_worst_first() -> None:
    confidences = [0.9, 0.2, 0.1, 0.3, 0.9, 0.9, 0.9, 0.9, 0.5, 0.4]
    track = PackedMaskTrack((4, 4), [np.zeros((4, 4), np.bool_)] * 10, confidences)
    assert rekey_suggestions(track, 0.6, apart=4) == [2, 9]
    assert rekey_suggestions(track, 0.15, apart=4) == [2]


def test_key_frames_are_exact_and_sure(take: Take) -> None:
    track = keyframe_masks(take.clip, [_key(take, 0), KeyFrame(index=23)], PARAMS)
    assert not track.mask(23).any()
    assert track.confidence(0) == track.confidence(23) == 1.0


def test_nothing_drawn_and_a_clip_of_one_picture(take: Take) -> None:
    with pytest.raises(CleanError, match="nothing was drawn on"):
        keyframe_masks(take.clip, [], PARAMS)
    one = ArrayClip(take.frames[:1])
    track = keyframe_masks(one, [_key(take, 0)], PARAMS)
    assert track.count == 1
    assert overlap(track.mask(0), take.truth[0]) > 0.9


def test_the_same_strokes_give_the_same_masks(take: Take) -> None:
    clip = ArrayClip(take.frames[:6])
    once, again = (_masks(keyframe_masks(clip, [_key(take, 0)], PARAMS)) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_a_second_arm_that_comes_in_later_is_found_by_its_colours() -> None:
    one, two = make_take(count=24, absent=0), make_take(count=24, absent=0, arms=2)
    frames = np.concatenate([one.frames[:12], two.frames[12:]])
    track = keyframe_masks(ArrayClip(frames), [_key(one, 6)], PARAMS)
    second = two.truth[20] & ~one.truth[20]
    assert recall(track.mask(20), second) > 0.8
    assert not (track.mask(8) & two.truth[8] & ~one.truth[8])[:, 240:].any()


def test_what_looks_like_the_operator_on_a_key_frame_is_left_out_everywhere() -> None:
    two = make_take(count=16, absent=0, arms=2)
    track = keyframe_masks(two.clip, [_key(two, 8)], PARAMS)  # only the larger arm is drawn
    drawn = two.truth[8].copy()
    drawn[:, 160:] = False
    assert overlap(track.mask(10)[:, :150], two.truth[10][:, :150]) > 0.8
    assert track.mask(10)[:, 240:].mean() < 0.02
