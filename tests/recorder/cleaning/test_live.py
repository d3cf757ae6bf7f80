"""The live preview: what is filled, and what is left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from devices.rig import load_rig
from recorder.cleaning.live import LiveCleaner
from recorder.cleaning.live_stream import preview_source, preview_stream, work_size

SIZE = (320, 240)
ARM = (200, 120, 90)


@pytest.fixture
def scene() -> np.ndarray:
    made = np.random.default_rng(3).integers(90, 110, (*SIZE[::-1], 3)).astype(np.uint8)
    cv2.rectangle(made, (40, 40), (90, 90), (30, 160, 60), -1)
    return made


def with_arm(scene: np.ndarray, reach: int) -> np.ndarray:
    picture = scene.copy()
    cv2.rectangle(picture, (0, 120), (reach, 150), ARM, -1)
    return picture


def cleaner() -> LiveCleaner:
    return LiveCleaner({"cameras": []}, "front/rgb", SIZE)


def test_an_arm_that_reaches_in_is_replaced_by_the_scene(scene):
    live = cleaner()
    for _ in range(5):
        live.clean(scene, {})
    shown = live.clean(with_arm(scene, 200), {})
    assert shown.hole[120:150, :200].all()
    assert np.abs(shown.image.astype(int) - scene).max() < 30
    assert shown.hole.mean() < 0.2


def test_a_thing_that_is_moved_by_itself_stays_in_the_picture(scene):
    live = cleaner()
    for _ in range(5):
        live.clean(scene, {})
    moved = scene.copy()
    cv2.circle(moved, (200, 80), 15, (20, 20, 200), -1)
    shown = live.clean(moved, {})
    assert not shown.hole.any()
    assert (shown.image == moved).all()


def test_an_arm_that_was_there_first_and_leaves_does_not_stay_as_a_ghost(scene):
    live = cleaner()
    for _ in range(5):
        live.clean(with_arm(scene, 100), {})
    for _ in range(140):
        shown = live.clean(scene, {})
    assert np.abs(shown.image.astype(int) - scene).max() < 30


def test_a_new_view_is_shown_as_it_is(scene):
    live = cleaner()
    live.clean(scene, {})
    other = np.full_like(scene, 240)
    other[::2] = 10
    shown = live.clean(other, {})
    assert (shown.image == other).all()
    assert shown.doubtful
    assert not live.clean(other, {}).doubtful, "the new view is the scene now"


def test_a_camera_that_is_carried_about_is_doubted_all_the_time():
    wide = cv2.resize(
        np.random.default_rng(5).integers(0, 255, (30, 80, 3)).astype(np.uint8), (1280, 480)
    )
    live = cleaner()
    doubtful = [
        live.clean(np.ascontiguousarray(wide[:240, 12 * at : 12 * at + 320]), {}).doubtful
        for at in range(30)
    ]
    assert sum(doubtful) >= 9


def test_in_a_brighter_light_only_the_arm_is_filled_and_in_that_light(scene):
    live = cleaner()
    for _ in range(5):
        live.clean(scene, {})
    brighter = np.clip(scene * 1.35, 0, 255).astype(np.uint8)
    shown = live.clean(with_arm(brighter, 200), {})
    assert shown.hole[120:150, :200].all()
    assert shown.hole.mean() < 0.2
    assert np.abs(shown.image.astype(int) - brighter).max() < 30


def test_the_preview_is_a_stream_nobody_records():
    rig = load_rig("sim-xhand")
    source = preview_source(rig)
    assert source is not None
    stream = preview_stream(source)
    assert not stream.recorded
    assert stream.name not in {spec.name for spec in rig.streams()}
    assert stream.shape == (*work_size((source.shape[1], source.shape[0]))[::-1], 3)
