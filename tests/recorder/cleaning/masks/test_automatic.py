from __future__ import annotations

import numpy as np
import pytest
from support.operator_takes import (
    BLACK_GLOVE,
    BLUE_GLOVE,
    DARK_SKIN,
    WIDTH,
    Take,
    make_take,
    overlap,
    recall,
)

from recorder.cleaning.clip import CleanError
from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.masks.automatic import automatic_masks
from recorder.cleaning.masks.grow import grow
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.masks.tracks import PackedMaskTrack
from recorder.cleaning.parameters import CleanParameters
from recorder.progress import Cancelled, Progress

PARAMS = CleanParameters(dilation_px=4)


def _all(track: PackedMaskTrack) -> np.ndarray:
    return np.stack([track.mask(index) for index in range(track.count)])


def _grown(masks: np.ndarray, take: Take) -> np.ndarray:
    return np.stack([grow(mask, take.frames[0], None, PARAMS) for mask in masks])


@pytest.mark.parametrize("hand", [DARK_SKIN, BLACK_GLOVE])
def test_any_hand_is_found_beside_and_over_the_robot(hand: tuple[int, int, int]) -> None:
    take = make_take(hand=hand)
    masks = _all(automatic_masks(take.clip, PARAMS, take.silhouette))
    over = take.truth & take.robot
    assert recall(_grown(masks, take), take.truth) >= 0.98
    assert recall(_grown(masks, take), over) >= 0.9
    assert overlap(masks, take.truth) >= 0.85
    assert not masks[:8].any(), "nobody was there yet"


def test_two_arms_are_found() -> None:
    take = make_take(arms=2)
    masks = _all(automatic_masks(take.clip, PARAMS, take.silhouette))
    assert recall(_grown(masks, take), take.truth) >= 0.98
    assert overlap(masks, take.truth) >= 0.85


def test_robot_and_moved_things_are_not_the_operator() -> None:
    take = make_take()
    masks = _all(automatic_masks(take.clip, PARAMS, take.silhouette))
    assert (masks & take.robot & ~take.truth).sum() < 0.02 * take.robot.sum()
    assert not masks[30:, 185:225, 185:215].any(), "the orange thing was only moved"


def test_without_an_operator_masks_are_empty_and_it_says_so() -> None:
    take = make_take(absent=40)
    track = automatic_masks(take.clip, PARAMS, take.silhouette)
    assert not _all(track).any()
    assert "no operator was found in 'front/rgb'" in track.warnings[0]
    assert "draw hands and sleeves on picture" in track.warnings[0]
    assert max(track.confidence(index) for index in range(40)) < PARAMS.rekey_below


def test_one_picture_is_no_fault_and_a_drawing_on_it_is_kept() -> None:
    take = make_take(count=1, absent=0)
    assert not automatic_masks(take.clip, PARAMS, take.silhouette).mask(0).any()
    strokes = (((10.0, 222.0), (60.0, 190.0)), ((92.0, 160.0), (134.0, 106.0)))
    key = KeyFrame(index=0, foreground=strokes, brush_px=4)
    drawn = automatic_masks(take.clip, PARAMS, take.silhouette, (key,)).mask(0)
    assert recall(drawn, take.truth[0]) > 0.9


def test_a_jump_of_exposure_changes_little() -> None:
    take = make_take()
    frames = take.frames.copy()
    frames[25:] = np.clip(frames[25:] * 0.75, 0, 255).astype(np.uint8)
    track = automatic_masks(ArrayClip(frames), PARAMS, take.silhouette)
    masks = _all(track)
    assert recall(_grown(masks, take)[25:], take.truth[25:]) >= 0.98
    assert overlap(masks, take.truth) >= 0.85
    assert track.warnings == ()


def test_a_tripod_that_moved_is_named_with_the_pictures() -> None:
    take = make_take()
    frames = take.frames.copy()
    frames[20:] = np.roll(frames[20:], (8, 14), (1, 2))
    track = automatic_masks(ArrayClip(frames, name="front/rgb"), PARAMS)
    assert any("the camera of 'front/rgb' moved between pictures 18 and 20" in one
               for one in track.warnings)  # fmt: skip


def test_a_carried_camera_is_refused_with_the_way_out() -> None:
    take = make_take(count=2)
    with pytest.raises(CleanError, match="draw on a few pictures"):
        automatic_masks(ArrayClip(take.frames, mode="moving"), PARAMS)


def test_a_silhouette_of_another_size_is_refused() -> None:
    take = make_take(count=2)
    with pytest.raises(CleanError, match="silhouette is 10x5 pixels"):
        automatic_masks(take.clip, PARAMS, lambda _: np.zeros((5, 10), np.bool_))


def test_strokes_tell_gloves_from_the_robot_when_no_silhouette_is_known() -> None:
    take = make_take(hand=BLUE_GLOVE, absent=0)
    strokes = (((5.0, 225.0), (70.0, 185.0)), ((100.0, 155.0), (150.0, 110.0)))
    middle = 20
    assert all(take.truth[middle][int(y), int(x)] for line in strokes for x, y in line)
    key = KeyFrame(index=middle, foreground=strokes, brush_px=3)
    alone = _all(automatic_masks(take.clip, PARAMS))
    helped = _all(automatic_masks(take.clip, PARAMS, None, (key,)))
    assert overlap(helped, take.truth) > overlap(alone, take.truth)
    assert recall(_grown(helped, take), take.truth) >= 0.9


def test_background_strokes_are_never_masked() -> None:
    take = make_take()
    barred = ((100.0, 150.0), (130.0, 115.0))
    key = KeyFrame(index=20, foreground=(((5.0, 225.0), (60.0, 190.0)),), background=(barred,))
    mask = automatic_masks(take.clip, PARAMS, take.silhouette, (key,)).mask(20)
    assert not mask[150, 100]
    assert not mask[115, 130]


def test_the_same_clip_gives_the_same_masks() -> None:
    take = make_take(count=16)
    once, again = (_all(automatic_masks(take.clip, PARAMS, take.silhouette)) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_it_can_be_stopped() -> None:
    take = make_take(count=4)

    def stop(_: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        automatic_masks(take.clip, PARAMS, report=stop)


def test_confidence_is_a_share() -> None:
    take = make_take(count=16)
    track = automatic_masks(take.clip, PARAMS, take.silhouette)
    values = [track.confidence(index) for index in range(track.count)]
    assert all(0 <= one <= 1 for one in values)
    assert np.mean(values) > 0.7


@pytest.mark.parametrize("hand", [DARK_SKIN, BLUE_GLOVE])
def test_an_operator_who_is_always_there_is_found(hand: tuple[int, int, int]) -> None:
    take = make_take(count=24, absent=0, hand=hand)
    track = automatic_masks(take.clip, PARAMS, take.silhouette)
    masks = _all(track)
    assert max(track.confidence(index) for index in range(24)) < PARAMS.rekey_below
    assert "no picture of 'front/rgb' shows the scene without the operator" in track.warnings[0]
    assert recall(_grown(masks, take), take.truth) >= 0.95
    assert overlap(masks, take.truth) >= 0.8


def test_a_glove_of_the_robots_colour_is_found_beside_the_robot() -> None:
    take = make_take(count=24, hand=(225, 225, 228))
    masks = _all(automatic_masks(take.clip, PARAMS, take.silhouette))
    beside = take.truth & ~take.robot
    assert recall(_grown(masks, take), beside) >= 0.97


def test_a_dim_clip_is_no_harder() -> None:
    take = make_take(count=24)
    noise = np.random.default_rng(3).normal(0, 1, take.frames.shape)
    dim = np.clip(np.rint(take.frames * 0.25 + noise), 0, 255).astype(np.uint8)
    masks = _all(automatic_masks(ArrayClip(dim), PARAMS, take.silhouette))
    assert recall(_grown(masks, take), take.truth) >= 0.97
    assert overlap(masks, take.truth) >= 0.8


def test_light_that_wanders_over_the_picture_is_not_the_operator() -> None:
    take = make_take(count=24)
    across = np.linspace(-1, 1, WIDTH)[None, :, None]
    frames = np.stack(
        [
            np.clip(one * (0.9 + 0.2 * np.sin(at / 4) * across), 0, 255).astype(np.uint8)
            for at, one in enumerate(take.frames)
        ]
    )
    masks = _all(automatic_masks(ArrayClip(frames), PARAMS, take.silhouette))
    assert recall(_grown(masks, take), take.truth) >= 0.97
    assert overlap(masks, take.truth) >= 0.8


def test_an_arm_that_never_moves_is_found_by_the_colours_of_the_other() -> None:
    take = make_take(count=24, arms=2, absent=0)
    other = make_take(count=24, absent=0)
    still = take.truth[12] & ~other.truth[12]
    frames, truth = other.frames.copy(), other.truth | still
    frames[:, still] = take.frames[12][still]
    masks = _all(automatic_masks(ArrayClip(frames), PARAMS, take.silhouette))
    clear = truth & ~take.robot
    assert recall(_grown(masks, take), clear) >= 0.95


def test_where_only_skin_tells_the_operator_from_the_robot_no_mask_is_sure() -> None:
    take = make_take(count=40, absent=0, arms=2)
    track = automatic_masks(take.clip, PARAMS)
    assert max(track.confidence(index) for index in range(40)) < PARAMS.rekey_below
    assert "by skin alone" in track.warnings[0]
    assert "draw hands and sleeves on picture" in track.warnings[0]


def test_hands_without_arms_are_found_but_unsure() -> None:
    take = make_take(count=24)
    bare = make_take(count=24, absent=24)
    hands = take.truth & (np.abs(take.frames.astype(int) - [205, 150, 120]).max(axis=3) < 45)
    hands &= ~np.isin(np.arange(WIDTH), np.arange(40))[None, None]
    frames = np.where(hands[..., None], take.frames, bare.frames)
    track = automatic_masks(ArrayClip(frames), PARAMS, take.silhouette)
    assert recall(_grown(_all(track), take)[12:], hands[12:]) >= 0.9
    assert max(track.confidence(index) for index in range(24)) < PARAMS.rekey_below


def test_hands_over_the_robot_in_nearly_every_picture_are_no_robot() -> None:
    take = make_take(count=40, absent=2)
    masks = _all(automatic_masks(take.clip, PARAMS, take.silhouette))
    assert recall(masks, take.truth & take.robot) >= 0.9
