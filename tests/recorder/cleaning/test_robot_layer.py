"""The robot behind the operator, against rendered pictures without the operator."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recorder.cleaning.cameras import perturbed
from recorder.cleaning.clip import CameraGeometry, CleanError
from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.layered import LayeredFiller
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.registration import best_shift, edge_scores
from recorder.cleaning.robot_layer import FROM_FRAME, FROM_REPLAY, FROM_SHAPE, RobotLayer
from recorder.cleaning.robot_replay import UNSEEN
from recorder.cleaning.silhouette import RobotSilhouette
from recorder.progress import Cancelled, Progress
from tests.support.robot_views import RobotViews, psnr_db, robot_views

PARAMS = CleanParameters()


@pytest.fixture(scope="module")
def views() -> RobotViews:
    return robot_views(count=16)


@pytest.fixture(scope="module")
def prepared(views: RobotViews) -> RobotLayer:
    layer = layer_of(views)
    layer.prepare()
    return layer


def layer_of(views: RobotViews, clip: ArrayClip | None = None, **more) -> RobotLayer:
    clip = views.clip() if clip is None else clip
    return RobotLayer(clip, lambda i: views.holes[i], PARAMS, views.rig, **more)


def quality(views: RobotViews, layer: RobotLayer) -> tuple[float, float, float]:
    """PSNR on hidden robot pixels, share of them filled, share of filled pixels off the robot."""
    error, count, filled, astray = 0.0, 0, 0, 0
    for index in range(8, len(views.frames)):
        made = layer.fill(index, views.frames[index])
        where = views.robot[index] & views.holes[index]
        assert not (made.filled & ~views.holes[index]).any()
        untouched = ~views.holes[index]
        assert np.array_equal(made.image[untouched], views.frames[index][untouched])
        got = where & made.filled
        error += ((made.image[got].astype(float) - views.truth[index][got]) ** 2).mean(1).sum()
        count, filled = count + int(got.sum()), filled + int(where.sum())
        astray += int((made.filled & ~views.robot[index]).sum())
    return 10 * np.log10(255**2 * count / error), count / filled, astray / count


@pytest.mark.parametrize("shift_px", [0.0, 2.0])
def test_hidden_robot_pixels_come_back(views: RobotViews, shift_px: float) -> None:
    layer = layer_of(views, views.clip(perturbed(views.geometry, shift_px, seed=3)))
    facts = layer.prepare()
    assert facts.figures["robot_shift_px"] == pytest.approx(shift_px, abs=0.5)
    assert not facts.warnings
    psnr, share, astray = quality(views, layer)
    assert psnr >= 24.0
    assert share >= 0.97
    assert astray < 0.05


def test_the_robot_is_better_than_its_surroundings_would_guess(
    views: RobotViews, prepared: RobotLayer
) -> None:
    index = 13
    where = views.robot[index] & views.holes[index]
    made = prepared.fill(index, views.frames[index]).image
    guessed = cv2.inpaint(
        views.frames[index], views.holes[index].astype(np.uint8), 5, cv2.INPAINT_TELEA
    )
    assert psnr_db(made, views.truth[index], where) > 8 + psnr_db(
        guessed, views.truth[index], where
    )


def test_filling_does_not_depend_on_what_was_filled_before(
    views: RobotViews, prepared: RobotLayer
) -> None:
    backwards = layer_of(views)
    backwards.prepare()
    indices = (9, 12, 15)
    first = [prepared.fill(i, views.frames[i]) for i in indices]
    second = [backwards.fill(i, views.frames[i]) for i in reversed(indices)][::-1]
    for one, two in zip(first, second, strict=True):
        for a, b in zip(one, two, strict=True):
            np.testing.assert_array_equal(a, b)


def test_light_is_matched(views: RobotViews) -> None:
    dark = [
        frame if index < 8 else (frame * 0.75).astype(np.uint8)
        for index, frame in enumerate(views.frames)
    ]
    clip = ArrayClip(dark, geometry=views.geometry, joints={"right": views.joints})
    layer = layer_of(views, clip)
    layer.prepare()
    where = views.robot[15] & views.holes[15]
    made = layer.fill(15, dark[15])
    truth = (views.truth[15] * 0.75).astype(np.uint8)
    assert psnr_db(made.image, truth, where & made.filled) >= 24.0


def test_a_replay_lends_what_the_clip_never_shows(views: RobotViews) -> None:
    covered = [i for i in range(len(views.frames)) if i >= 8]
    rest = RobotViews(
        views.rig, views.geometry, *(
            [kept[i] for i in covered] for kept in (views.truth, views.frames)
        ), views.holes[8:], views.robot[8:], views.joints[8:], views.plate,
    )  # fmt: skip
    replay = ArrayClip(rest.truth, geometry=rest.geometry, joints={"right": rest.joints})
    layer = RobotLayer(rest.clip(), lambda i: rest.holes[i], PARAMS, rest.rig, replay=replay)
    layer.prepare()
    made = layer.fill(5, rest.frames[5])
    where = rest.robot[5] & rest.holes[5]
    assert np.mean(made.kinds[where & made.filled] == FROM_REPLAY) > 0.7
    assert psnr_db(made.image, rest.truth[5], where & made.filled) >= 26.0


def test_a_replay_that_shows_the_robot_elsewhere_lends_nothing(views: RobotViews) -> None:
    shifted = [np.roll(picture, (30, 40), (0, 1)) for picture in views.truth]
    replay = ArrayClip(shifted, geometry=views.geometry, joints={"right": views.joints})
    layer = layer_of(views, replay=replay)
    assert UNSEEN in layer.prepare().warnings
    made = layer.fill(12, views.frames[12])
    assert not (made.kinds == FROM_REPLAY).any()
    assert quality(views, layer)[0] >= 24.0


def test_a_robot_never_seen_is_painted_from_its_shape_with_a_warning(views: RobotViews) -> None:
    holes = views.robot.copy()
    clip = views.clip()
    layer = RobotLayer(clip, lambda i: holes[i], PARAMS, views.rig)
    facts = layer.prepare()
    assert "record a replay" in " ".join(facts.warnings)
    made = layer.fill(3, views.frames[3])
    assert made.filled.any()
    assert (made.kinds[made.filled] == FROM_SHAPE).mean() > 0.9


def test_kinds_say_where_pixels_are_from(views: RobotViews, prepared: RobotLayer) -> None:
    made = prepared.fill(12, views.frames[12])
    assert set(np.unique(made.kinds[made.filled])) <= {FROM_FRAME, FROM_SHAPE}
    assert (made.kinds[~made.filled] == 0).all()
    assert (made.kinds == FROM_FRAME).sum() > 500


def test_nothing_is_filled_without_a_hole_or_without_a_robot(
    views: RobotViews, prepared: RobotLayer
) -> None:
    assert not prepared.fill(2, views.frames[2]).filled.any()
    unknown = np.full_like(views.joints, np.nan)
    clip = ArrayClip(views.frames, geometry=views.geometry, joints={"right": unknown})
    lost = layer_of(views, clip)
    facts = lost.prepare()
    assert "check the calibration" in " ".join(facts.warnings)
    assert not lost.fill(12, views.frames[12]).filled.any()
    assert not lost.silhouette_mask(12).any()


def test_pictures_whose_joints_jumped_lend_nothing(views: RobotViews) -> None:
    joints = views.joints.copy()
    joints[3, 6:] += 0.6
    joints[6, :3] += 0.04
    clip = ArrayClip(views.frames, geometry=views.geometry, joints={"right": joints})
    layer = layer_of(views, clip)
    layer.prepare()
    psnr, _, _ = quality(views, layer)
    assert psnr >= 24.0


def test_unknown_joints_are_told_and_their_pictures_left_alone(views: RobotViews) -> None:
    joints = views.joints.copy()
    joints[9:12, 4] = np.nan
    clip = ArrayClip(views.frames, geometry=views.geometry, joints={"right": joints})
    layer = layer_of(views, clip)
    said = " ".join(layer.prepare().warnings)
    assert "joints of the right hand are unknown in 3 of 16 pictures" in said
    assert not layer.fill(10, views.frames[10]).filled.any()
    assert layer.fill(13, views.frames[13]).filled.any()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [("calibration", "calibrate the camera again"), ("joints", "10 joints, its model")],
)
def test_what_does_not_fit_is_worth_no_less_than_no_robot_layer(
    views: RobotViews, wrong: str, says: str
) -> None:
    geometry, joints = views.geometry, views.joints
    if wrong == "calibration":
        geometry = perturbed(geometry, 30.0, seed=1)
    else:
        joints = joints[:, :10]
    clip = RigClip(views, geometry, joints)
    masks = PackedMasks(views.holes)
    filler = LayeredFiller(clip, masks, PARAMS)
    said = filler.prepare().warnings
    assert says in " ".join(said)
    assert "appearance only" in said[0]
    without = LayeredFiller(ArrayClip(views.frames), masks, PARAMS)
    without.prepare()
    np.testing.assert_array_equal(filler.fill(12).image, without.fill(12).image)


class RigClip(ArrayClip):
    """Pictures with the rig they were taken with."""

    def __init__(self, views: RobotViews, geometry: CameraGeometry, joints: NDArray) -> None:
        super().__init__(views.frames, geometry=geometry, joints={"right": joints})
        self.rig = views.rig


class PackedMasks:
    """The holes as a track of masks."""

    def __init__(self, holes: NDArray[np.bool_]) -> None:
        self._holes, self.count = holes, len(holes)

    def mask(self, index: int) -> NDArray[np.bool_]:
        return self._holes[index]

    def confidence(self, index: int) -> float:
        return 1.0


def test_preparing_reports_and_can_be_cancelled(views: RobotViews) -> None:
    seen: list[Progress] = []
    layer_of(views).prepare(seen.append)
    assert seen[-1].done == seen[-1].total

    def stop(_: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        layer_of(views).prepare(stop)


def test_a_clip_without_calibration_is_refused(views: RobotViews) -> None:
    clip = ArrayClip(views.frames, joints={"right": views.joints})
    with pytest.raises(ValueError, match="no calibration"):
        layer_of(views, clip)
    with pytest.raises(CleanError):
        RobotLayer(views.clip(), lambda i: views.holes[i], PARAMS, {})


def test_outlines_are_registered_to_a_fraction_of_a_pixel(views: RobotViews) -> None:
    silhouette = RobotSilhouette(views.rig, views.geometry, (640, 480))
    drawn = silhouette.surface({"right": views.joints[0]}, (-3.0, 2.0))
    assert drawn is not None
    nothing = np.zeros((480, 640), bool)
    scores = edge_scores(views.truth[0], drawn, nothing)
    assert scores is not None
    found = best_shift(scores)
    assert (found.right, found.down) == pytest.approx((3.0, -2.0), abs=0.35)
    assert edge_scores(views.truth[0], drawn, ~nothing) is None
