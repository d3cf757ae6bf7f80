"""The robot without a calibration."""

from __future__ import annotations

import numpy as np
import pytest

from recorder.cleaning.appearance_layer import AppearanceRobotLayer
from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.robot_layer import FROM_REPLAY
from tests.support.robot_views import RobotViews, psnr_db, robot_views

PARAMS = CleanParameters()


@pytest.fixture(scope="module")
def views() -> RobotViews:
    return robot_views(count=16, uncovered=7)


def test_it_says_that_it_only_goes_by_looks(views: RobotViews) -> None:
    layer = AppearanceRobotLayer(ArrayClip(views.frames), lambda i: views.holes[i], PARAMS)
    assert "appearance only" in layer.prepare().warnings[0]


@pytest.mark.parametrize("known", [True, False], ids=["joints", "pictures-only"])
def test_hidden_robot_comes_from_frames_that_look_alike(views: RobotViews, known: bool) -> None:
    joints = {"right": views.joints} if known else None
    clip = ArrayClip(views.frames, joints=joints)
    layer = AppearanceRobotLayer(clip, lambda i: views.holes[i], PARAMS)
    layer.prepare()
    index = 15
    made = layer.fill(index, views.frames[index], plate=views.plate)
    where = views.robot[index] & views.holes[index]
    got = where & made.filled
    assert got.sum() > 0.5 * where.sum()
    assert psnr_db(made.image, views.truth[index], got) > 5 + psnr_db(
        views.plate, views.truth[index], got
    )
    assert not (made.filled & ~views.holes[index]).any()
    assert np.array_equal(made.filled, made.kinds > 0)


def test_a_replay_of_the_same_time_is_used_without_joints(views: RobotViews) -> None:
    covered = np.repeat(views.holes.any(axis=0)[None], len(views.frames), axis=0)
    replay = ArrayClip(views.truth)
    clip = ArrayClip(views.frames)
    layer = AppearanceRobotLayer(clip, lambda i: covered[i], PARAMS, replay=replay)
    layer.prepare()
    made = layer.fill(12, views.frames[12], plate=views.plate)
    where = views.robot[12] & views.holes[12] & made.filled
    assert where.sum() > 500
    assert (made.kinds[where] == FROM_REPLAY).all()
    assert psnr_db(made.image, views.truth[12], where) > 24.0


def test_pictures_alike_in_nothing_lend_nothing(views: RobotViews) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (6, 120, 160, 3)).astype(np.uint8)
    hole = np.zeros((120, 160), bool)
    hole[40:70, 50:90] = True
    empty = np.zeros_like(hole)
    layer = AppearanceRobotLayer(ArrayClip(noise), lambda i: hole if i == 3 else empty, PARAMS)
    layer.prepare()
    made = layer.fill(3, noise[3])
    assert not made.filled.any()
    assert np.array_equal(made.image, noise[3])
    assert not layer.fill(0, noise[0]).filled.any()
