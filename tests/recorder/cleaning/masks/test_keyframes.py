from __future__ import annotations

import cv2
import numpy as np
import pytest
from pydantic import ValidationError
from support.operator_takes import Take, make_take, overlap, recall

from recorder.cleaning.clip import CleanError
from recorder.cleaning.masks.keyframes import KeyFrame, checked_keyframes, keyframe_mask

ON_ARM = (((5.0, 225.0), (70.0, 185.0)), ((100.0, 155.0), (150.0, 110.0)))
OFF_ARM = (((20.0, 60.0), (90.0, 80.0)), ((220.0, 100.0), (250.0, 200.0)), ((160.0, 70.0),))


@pytest.fixture(scope="module")
def take() -> Take:
    return make_take(count=21, absent=0)


def test_strokes_select_the_whole_arm(take: Take) -> None:
    key = KeyFrame(index=20, foreground=ON_ARM, background=OFF_ARM, brush_px=4)
    mask = keyframe_mask(take.frames[20], key)
    assert recall(mask, take.truth[20]) > 0.9
    assert overlap(mask, take.truth[20]) > 0.85


def test_a_rough_polygon_is_made_exact(take: Take) -> None:
    corners = (
        (0.0, 200.0),
        (140.0, 95.0),
        (168.0, 100.0),
        (150.0, 140.0),
        (60.0, 215.0),
        (0.0, 239.0),
    )
    mask = keyframe_mask(take.frames[20], KeyFrame(index=20, polygon=corners))
    rough = np.zeros((240, 320), np.uint8)
    cv2.fillPoly(rough, [np.array(corners, np.int32).reshape(-1, 1, 2)], 1)
    assert overlap(mask, take.truth[20]) > overlap(rough > 0, take.truth[20]) + 0.03


def test_a_box_keeps_everything_outside_out(take: Take) -> None:
    mask = keyframe_mask(take.frames[20], KeyFrame(index=20, box=(0, 100, 175, 239)))
    assert not mask[:98].any()
    assert not mask[:, 180:].any()
    assert recall(mask, take.truth[20]) > 0.8


def test_drawn_pixels_are_always_kept_and_barred_ones_never(take: Take) -> None:
    key = KeyFrame(index=20, foreground=(*ON_ARM, ((250.0, 60.0),)), background=(((60.0, 190.0),),))
    mask = keyframe_mask(take.frames[20], key)
    assert mask[60, 250]
    assert not mask[190, 60]


def test_the_same_strokes_give_the_same_mask(take: Take) -> None:
    key = KeyFrame(index=20, foreground=ON_ARM)
    cv2.setRNGSeed(1)
    once = keyframe_mask(take.frames[20], key)
    cv2.setRNGSeed(2)
    np.testing.assert_array_equal(keyframe_mask(take.frames[20], key), once)


def test_nothing_drawn_means_nobody_there(take: Take) -> None:
    assert not keyframe_mask(take.frames[20], KeyFrame(index=20)).any()
    assert not keyframe_mask(take.frames[20], KeyFrame(index=20, background=OFF_ARM)).any()


def test_strokes_outside_the_picture_do_no_harm(take: Take) -> None:
    far = (((-500.0, -500.0), (-400.0, -450.0)),)
    assert not keyframe_mask(take.frames[20], KeyFrame(index=20, foreground=far)).any()
    whole = KeyFrame(index=20, box=(-50, -50, 5000, 5000))
    assert keyframe_mask(take.frames[20], whole).shape == take.truth[20].shape


def test_key_frames_are_put_in_order_and_checked() -> None:
    keys = [KeyFrame(index=7), KeyFrame(index=2)]
    assert [key.index for key in checked_keyframes(keys, 8)] == [2, 7]
    with pytest.raises(CleanError, match="at picture 7, the clip has pictures 0 to 6"):
        checked_keyframes(keys, 7)
    with pytest.raises(CleanError, match="picture 2 has two key frames"):
        checked_keyframes([*keys, KeyFrame(index=2)], 8)
    with pytest.raises(ValidationError):
        KeyFrame(index=-1)


def test_a_key_frame_survives_json() -> None:
    key = KeyFrame(index=3, foreground=ON_ARM, polygon=((1.0, 2.0),), box=(0, 1, 2, 3))
    assert KeyFrame.model_validate_json(key.model_dump_json()) == key


def test_grabcut_sees_only_the_surroundings_of_the_first_guess(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    whole = cv2.grabCut
    monkeypatch.setattr(
        cv2, "grabCut", lambda image, *more: sizes.append(image.shape) or whole(image, *more)
    )
    mask = keyframe_mask(take.frames[20], KeyFrame(index=20, box=(0, 120, 100, 239)))
    assert mask.any()
    assert sizes[0][0] * sizes[0][1] < 0.4 * mask.size


def test_strokes_on_one_arm_leave_the_other_out() -> None:
    both = make_take(count=21, absent=0, arms=2)
    mask = keyframe_mask(both.frames[20], KeyFrame(index=20, foreground=ON_ARM, brush_px=4))
    assert recall(mask[:, :100], both.truth[20][:, :100]) > 0.9
    assert not mask[:, 260:].any()


def test_grabcut_learns_from_background_strokes_and_starts_the_same_every_time(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    whole = cv2.grabCut

    def cut(image: np.ndarray, labels: np.ndarray, *more: object) -> object:
        seen.append(np.count_nonzero(labels == cv2.GC_BGD))
        return whole(image, labels, *more)

    monkeypatch.setattr(cv2, "grabCut", cut)
    monkeypatch.setattr(cv2, "setRNGSeed", lambda seed: seen.append("seeded"))
    keyframe_mask(take.frames[20], KeyFrame(index=20, foreground=ON_ARM))
    near = (((100.0, 185.0), (130.0, 160.0)),)
    keyframe_mask(take.frames[20], KeyFrame(index=20, foreground=ON_ARM, background=near))
    assert seen[0] == seen[2] == "seeded"
    assert seen[1] == 0
    assert seen[3] > 100
