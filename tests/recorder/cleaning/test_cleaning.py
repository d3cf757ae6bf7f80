"""One episode: progress, warnings, bad input, saved choices; nothing is lost."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from support.fake_cleaner import (
    CAMERA,
    FAKE,
    colour_filler,
    dataset_of_takes,
    rectangle_masks,
    short_masks,
    unsure_masks,
)

from recorder.cleaning.choices import choices_path, load_choices, save_choices
from recorder.cleaning.cleaning import CleanOptions, clean_episode
from recorder.cleaning.clip import CleanError
from recorder.cleaning.drawn import load_drawn, save_drawn
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.masks.tracks import PackedMaskTrack
from recorder.cleaning.methods import Methods, make_filler
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.place import ResultPlace
from recorder.cleaning.result import CleanedInfo, CleanedVideo, cleaned_results
from recorder.dataset import Dataset, companions
from recorder.episode import Episode
from recorder.progress import Cancelled


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return dataset_of_takes(tmp_path / "dataset")


def clean(dataset: Dataset, methods: Methods = FAKE, report=lambda progress: None, **chosen):
    options = CleanOptions(methods=methods)
    return clean_episode(
        dataset, dataset.episode_path(0), CleanParameters(**chosen), report, options
    )


def test_progress_rises_to_the_number_of_pictures(dataset):
    seen = []
    info = clean(dataset, report=seen.append)
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(info.facts.frames)
    assert {progress.total for progress in seen} == {info.facts.frames}


def test_an_episode_is_found_by_its_identity(dataset):
    with Episode(dataset.episode_path(0)) as episode:
        uuid = str(episode.attributes["uuid"])
    info = clean_episode(dataset, uuid, CleanParameters(), options=CleanOptions(methods=FAKE))
    assert info.uuid == uuid


def test_cancel_leaves_nothing_and_the_previous_video(dataset):
    before = clean(dataset)

    def cancel(progress) -> None:
        if progress.what == "filling":
            raise Cancelled

    with pytest.raises(Cancelled):
        clean(dataset, report=cancel, dilation_px=2)
    with CleanedVideo(before.path) as video:
        assert video.digest == before.digest
        video.check()


def test_unsure_masks_are_told_with_the_worst_picture(dataset):
    info = clean(dataset, Methods(unsure_masks, colour_filler))
    assert any("masks are unsure (least sure: picture 1, 0.20)" in w for w in info.facts.warnings)


def test_missing_calibration_is_told(dataset):
    said = clean(dataset).facts.warnings
    with Episode(dataset.episode_path(0)) as episode:
        calibrated = any(one["name"] == "front" for one in episode.rig["cameras"])
    assert any("calibration" in warning for warning in said) is not calibrated


def test_too_few_masks_are_refused(dataset):
    with pytest.raises(CleanError, match="14 masks for the 15 pictures"):
        clean(dataset, Methods(short_masks, colour_filler))


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"camera": "side/rgb"}, "'side/rgb' is not in"),
        ({"camera": "right/joints_measured"}, "not RGB"),
        ({"masks": "magic"}, "masks 'magic' are unknown"),
        ({"masks": "imported"}, "need a video or a folder"),
        ({"masks": "keyframes"}, "nothing was drawn"),
        ({"filler": "magic"}, "filler 'magic' is unknown"),
        ({"filler": "plugin:nobody"}, "nobody"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(dataset, chosen, says):
    methods = Methods() if "masks" in chosen else Methods(masks=rectangle_masks)
    with pytest.raises(CleanError) as caught:
        clean(dataset, methods, **chosen)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def import_masks(dataset: Dataset, folder, make) -> CleanedInfo:
    folder.mkdir()
    for index in range(15):
        cv2.imwrite(str(folder / f"{index:05d}.png"), make(index))
    options = CleanOptions(masks_from=folder)
    params = CleanParameters(masks="imported", object_layer=False)
    return clean_episode(dataset, dataset.episode_path(0), params, options=options)


def test_imported_masks_and_layers_clean_an_episode(dataset, tmp_path):
    def wandering(index: int):
        mask = np.zeros((120, 160), np.uint8)
        mask[30:70, 8 * index : 8 * index + 30] = 255
        return mask

    info = import_masks(dataset, tmp_path / "masks", wandering)
    with CleanedVideo(info.path) as video:
        grown = video.layers(5) > 0
        assert grown.sum() > video.mask(5).sum() > 0
        assert not (video.mask(5) & ~grown).any()


@pytest.mark.parametrize(("shade", "says"), [(0, "is empty"), (255, "whole picture")])
def test_empty_and_full_masks_are_refused(dataset, tmp_path, shade, says):
    with pytest.raises(CleanError, match=says):
        import_masks(
            dataset, tmp_path / "masks", lambda index: np.full((120, 160), shade, np.uint8)
        )


def no_masks(source, report):
    return PackedMaskTrack(source.clip.size, (np.zeros((120, 160), np.bool_) for _ in range(15)))


def full_masks(source, report):
    return PackedMaskTrack(source.clip.size, (np.ones((120, 160), np.bool_) for _ in range(15)))


@pytest.mark.parametrize(
    ("masks", "says"), [(no_masks, "no operator was found"), (full_masks, "covers nearly all")]
)
def test_nobody_and_nothing_but_the_operator_are_told(dataset, masks, says):
    info = clean(dataset, Methods(masks, make_filler), object_layer=False)
    assert any(says in warning for warning in info.facts.warnings)


def test_masks_of_another_size_are_refused(dataset, tmp_path):
    with pytest.raises(CleanError, match="160x120"):
        import_masks(dataset, tmp_path / "masks", lambda index: np.zeros((60, 80), np.uint8))


def test_changed_masks_are_cleaned_again(dataset, tmp_path):
    def square(side: int):
        picture = np.zeros((120, 160), np.uint8)
        picture[30 : 30 + side, 40 : 40 + side] = 255
        return lambda index: picture

    import_masks(dataset, tmp_path / "a", square(20))
    assert not import_masks(dataset, tmp_path / "b", square(20)).made_now
    assert import_masks(dataset, tmp_path / "c", square(24)).made_now


def another_program(dataset: Dataset, monkeypatch) -> dict:
    monkeypatch.setattr("recorder.cleaning.cleaning.software_version", lambda: "another")
    return {}


def another_source(dataset: Dataset, monkeypatch) -> dict:
    beside = companions(dataset.episode_path(0))[0]
    beside.write_text("0" * 64 + "  episode_000000.h5\n")
    return {}


def something_drawn(dataset: Dataset, monkeypatch) -> dict:
    place = ResultPlace(dataset, cleaned_results(dataset)[0][0].uuid, "front/rgb")
    save_drawn(place, [KeyFrame(index=2, box=(10, 10, 50, 50))])
    return {}


@pytest.mark.parametrize(
    "change",
    [
        another_program,
        another_source,
        something_drawn,
        lambda dataset, monkeypatch: {"params": CleanParameters(dilation_px=5)},
        lambda dataset, monkeypatch: {"options": CleanOptions(methods=FAKE, pictures="png")},
    ],
    ids=["program", "source", "drawn", "parameter", "pictures"],
)
def test_whatever_decides_the_content_is_cleaned_again_when_it_changes(
    tmp_path, monkeypatch, change
):
    dataset = dataset_of_takes(tmp_path / "dataset", seconds=0.1)
    chosen = {"params": CleanParameters(), "options": CleanOptions(methods=FAKE)}
    path = dataset.episode_path(0)
    assert clean_episode(dataset, path, **chosen).made_now
    assert not clean_episode(dataset, path, **chosen).made_now
    chosen |= change(dataset, monkeypatch)
    assert clean_episode(dataset, path, **chosen).made_now
    assert not clean_episode(dataset, path, **chosen).made_now


def test_choices_go_from_default_over_camera_and_task_to_the_person(dataset):
    choices = load_choices(dataset)
    assert choices.parameters(CAMERA)[1] == "default"
    save_choices(dataset, CleanParameters(dilation_px=10, feather_px=2))
    save_choices(dataset, CleanParameters(dilation_px=12), task="pour")
    choices = load_choices(dataset)
    params, source = choices.parameters(CAMERA, "stack")
    assert (params.dilation_px, params.feather_px, source) == (10, 2, "camera")
    params, source = choices.parameters(CAMERA, "pour")
    assert (params.dilation_px, source) == (12, "task")
    params, source = choices.parameters(CAMERA, "pour", {"dilation_px": 3})
    assert (params.dilation_px, source) == (3, "person")
    assert choices.parameters("wrist/rgb", "pour")[0] == CleanParameters(camera="wrist/rgb")


def test_a_task_may_choose_what_is_the_default_again(dataset):
    save_choices(dataset, CleanParameters(dilation_px=10))
    save_choices(dataset, CleanParameters(), task="pour")
    assert load_choices(dataset).parameters(CAMERA, "pour")[0].dilation_px == 8


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "other"}', '{"schema": 7}'])
def test_damaged_choices_are_one_sentence(dataset, text):
    choices_path(dataset).write_text(text)
    with pytest.raises(CleanError, match=r"cleaning\.json"):
        load_choices(dataset)


def test_a_saved_choice_outside_its_limits_is_named(dataset):
    stored = {"schema": "thenar.cleaning/1", "cameras": {CAMERA: {"dilation_px": 900}}}
    choices_path(dataset).write_text(json.dumps(stored))
    with pytest.raises(CleanError, match="dilation_px"):
        load_choices(dataset).parameters(CAMERA)


def test_what_was_drawn_comes_back_and_counts_as_a_choice(dataset):
    info = clean(dataset)
    place = ResultPlace(dataset, info.uuid, CAMERA)
    save_drawn(place, [KeyFrame(index=4, box=(1, 2, 30, 40)), KeyFrame(index=0)])
    assert [one.index for one in load_drawn(place)] == [0, 4]
    assert clean(dataset).made_now
