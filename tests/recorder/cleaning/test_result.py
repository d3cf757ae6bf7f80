"""Cleaned videos: stored beside the raw episode, the same bytes every time, damage is told."""

from __future__ import annotations

import hashlib
import os
import shutil

import h5py
import numpy as np
import pytest
from support.fake_cleaner import CAMERA, FAKE, FILL, dataset_of_takes

from recorder.cleaning.cleaning import CleanOptions, clean_episode
from recorder.cleaning.clip import CleanError
from recorder.cleaning.layers import Layer
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.place import KEPT_RUNS, ResultPlace
from recorder.cleaning.result import CleanedVideo, cleaned_info, cleaned_results, open_cleaned
from recorder.cleaning.verdict import say
from recorder.dataset import Dataset, open_dataset
from recorder.episode import Episode

OPTIONS = CleanOptions(methods=FAKE)


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return dataset_of_takes(tmp_path / "dataset")


def clean(dataset: Dataset, options: CleanOptions = OPTIONS, **chosen):
    path = dataset.episode_path(0)
    return clean_episode(dataset, path, CleanParameters(**chosen), options=options)


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_raw_episode_keeps_every_byte(dataset):
    before = digest(dataset.episode_path(0))
    clean(dataset)
    assert digest(dataset.episode_path(0)) == before


def test_pictures_masks_and_layers_come_back(dataset):
    info = clean(dataset)
    with CleanedVideo(info.path) as video, Episode(dataset.episode_path(0)) as episode:
        raw = episode.stream(CAMERA)
        assert video.count == len(raw)
        mask = video.mask(3)
        assert mask.sum() == 40 * 40
        assert np.array_equal(video.layers(3) > 0, mask)
        assert np.abs(video.image(3)[30:50, 15:35].astype(int) - FILL).max() < 12
        outside = np.abs(video.image(3)[90:].astype(int) - raw.frame(3)[90:])
        assert outside.mean() < 3
        assert set(np.unique(video.layers(3))) == {Layer.RECORDED, Layer.PLATE, Layer.RESIDUE}


def test_lossless_pictures_are_equal_outside_the_mask(dataset):
    info = clean(dataset, CleanOptions(methods=FAKE, pictures="png"))
    with CleanedVideo(info.path) as video, Episode(dataset.episode_path(0)) as episode:
        for index in (0, 7, video.count - 1):
            recorded = ~video.mask(index)
            raw = episode.stream(CAMERA).frame(index)
            assert np.array_equal(video.image(index)[recorded], raw[recorded])


def test_stamps_and_numbers_are_those_of_the_raw_stream(dataset):
    info = clean(dataset)
    with CleanedVideo(info.path) as video, Episode(dataset.episode_path(0)) as episode:
        assert np.array_equal(video.stamp_ns, episode.stream(CAMERA).stamp_ns)
        assert np.array_equal(video.seq, episode.stream(CAMERA).seq)


def test_facts_name_method_parameters_program_and_source(dataset):
    facts = clean(dataset, dilation_px=11).facts
    assert facts.parameters.dilation_px == 11
    assert facts.program
    assert facts.source_name == "episode_000000.h5"
    assert facts.source_sha256 == digest(dataset.episode_path(0))
    assert facts.figures["share_residue"] == pytest.approx(0.1)
    assert any("10.0 %" in warning for warning in facts.warnings)


def test_same_input_gives_the_same_bytes(dataset, tmp_path):
    shutil.copytree(dataset.root, tmp_path / "elsewhere")
    first = digest(clean(dataset).path)
    again = CleanOptions(methods=FAKE, again=True, who="another person")
    assert digest(clean(dataset, again).path) == first
    assert digest(clean(open_dataset(tmp_path / "elsewhere")).path) == first


def test_a_new_video_keeps_the_last_three_before_it(dataset):
    for dilation in range(2, 8):
        info = clean(dataset, dilation_px=dilation)
    place = ResultPlace(dataset, info.uuid, CAMERA)
    earlier = [CleanedVideo(path) for path in place.earlier()]
    assert [video.facts.parameters.dilation_px for video in earlier] == [4, 5, 6]
    assert len(earlier) == KEPT_RUNS
    for video in earlier:
        video.close()
    assert [one.facts.parameters.dilation_px for one in cleaned_results(dataset)[0]] == [7]


def test_a_video_of_the_same_choices_is_not_made_again(dataset):
    first = clean(dataset)
    assert first.made_now
    assert not clean(dataset).made_now
    assert clean(dataset, dilation_px=3).made_now


def test_accepted_holds_for_the_content_only(dataset):
    info = clean(dataset)
    assert info.state == "proposed"
    say(ResultPlace(dataset, info.uuid, CAMERA), info.digest, "accepted", "P01", "fine")
    now = cleaned_info(dataset, info.uuid, CAMERA)
    assert now is not None
    assert (now.state, now.verdict.who, now.verdict.note) == ("accepted", "P01", "fine")
    assert now.verdict.when.startswith("20")
    assert clean(dataset, dilation_px=3).state == "proposed"


def test_a_video_that_was_sent_back_is_made_again(dataset):
    info = clean(dataset)
    say(ResultPlace(dataset, info.uuid, CAMERA), info.digest, "redo", "P01")
    assert cleaned_info(dataset, info.uuid, CAMERA).state == "redo"
    again = clean(dataset)
    assert again.made_now
    assert again.state == "proposed"


def test_a_damaged_line_of_the_journal_is_passed_over(dataset):
    info = clean(dataset)
    place = ResultPlace(dataset, info.uuid, CAMERA)
    say(place, info.digest, "accepted", "P01")
    with open(place.journal, "ab") as journal:
        journal.write(b'{"event": "redo", "dig\n[]\n7\n')
    assert cleaned_info(dataset, info.uuid, CAMERA).state == "accepted"


def test_a_verdict_after_a_line_that_was_cut_off_by_a_crash_counts(dataset):
    info = clean(dataset)
    place = ResultPlace(dataset, info.uuid, CAMERA)
    with open(place.journal, "ab") as file:
        file.write(b'{"event": "acc')
    assert say(place, info.digest, "accepted", "P01").state == "accepted"
    assert say(place, info.digest, "proposed", "P01").state == "proposed"


def flip(path, at: int) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0xFF]))


def told(path, whole: list[bytes]) -> str:
    """What is said about damage; empty when every picture is as it was."""
    try:
        with CleanedVideo(path) as video:
            video.check()
            same = [video.image(index).tobytes() for index in range(video.count)] == whole
    except CleanError as error:
        return str(error)
    return "" if same else "pictures\nchanged unnoticed"


@pytest.mark.parametrize("part", ["picture", "mask", "layers"])
def test_another_picture_under_the_checksum_of_the_first_is_told(dataset, part):
    path = clean(dataset).path
    with h5py.File(path, "r+") as file:  # HDF5 is content with what it wrote itself
        data = file[f"{part}/data"]
        offset = np.asarray(file[f"{part}/offset"]).astype(int)
        middle = (offset[3] + offset[4]) // 2
        data[middle] = data[middle] ^ 1
    with CleanedVideo(path) as video:
        read = {"picture": video.image, "mask": video.mask, "layers": video.layers}[part]
        read(2)
        with pytest.raises(CleanError, match=f"{part} 3 of .* is damaged on the disk"):
            read(3)


def test_every_flipped_byte_is_told_or_harmless(dataset):
    info = clean(dataset)
    with CleanedVideo(info.path) as video:
        whole = [video.image(at).tobytes() for at in range(video.count)]
    size = info.path.stat().st_size
    for at in np.linspace(0, size - 1, 60).astype(int):
        flip(info.path, int(at))
        said = told(info.path, whole)
        assert said == "" or (str(info.path) in said and "\n" not in said)
        flip(info.path, int(at))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_torn_file_is_one_sentence(dataset, share):
    info = clean(dataset)
    os.truncate(info.path, int(info.path.stat().st_size * share))
    with pytest.raises(CleanError, match="cannot be opened|damaged"):
        CleanedVideo(info.path)


def test_a_damaged_video_is_listed_and_made_again(dataset):
    info = clean(dataset)
    os.truncate(info.path, 1000)
    found, damaged = cleaned_results(dataset)
    assert found == []
    assert len(damaged) == 1
    assert clean(dataset).made_now
    with open_cleaned(dataset, info.uuid, CAMERA) as video:
        video.check()


def test_a_file_that_links_elsewhere_is_refused(dataset):
    info = clean(dataset)
    with h5py.File(info.path, "a") as file:
        file["picture/elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(CleanError, match="is a link"):
        CleanedVideo(info.path)


def test_facts_that_are_none_are_refused(dataset):
    info = clean(dataset)
    with h5py.File(info.path, "a") as file:
        del file["facts"]
        file["facts"] = np.frombuffer(b'{"frames": -1}', np.uint8)
    with pytest.raises(CleanError, match="facts are not whole"):
        CleanedVideo(info.path)


def test_an_unfinished_video_leaves_nothing(dataset):
    def stop(progress) -> None:
        if progress.done > 10:
            raise RuntimeError("pulled the plug")

    with pytest.raises(RuntimeError):
        clean_episode(dataset, dataset.episode_path(0), CleanParameters(), stop, OPTIONS)
    left = [p.name for p in (dataset.root / "cleaned").rglob("*") if p.is_file()]
    assert left == [".front.rgb.lock"]


def test_missing_video_says_how_to_make_it(dataset):
    with pytest.raises(CleanError, match="thenar clean"):
        open_cleaned(dataset, "0" * 32, CAMERA)


@pytest.mark.parametrize("name", ["../../etc", "front", "front/../rgb", "Front/rgb", ""])
def test_names_that_could_leave_the_folder_are_refused(dataset, name):
    with pytest.raises(CleanError):
        ResultPlace(dataset, "0" * 32, name)


@pytest.mark.parametrize("uuid", ["..", "a/b", "", "-"])
def test_identities_that_could_leave_the_folder_are_refused(dataset, uuid):
    with pytest.raises(CleanError):
        ResultPlace(dataset, uuid, CAMERA)


def test_two_processes_never_write_the_same_video(dataset):
    info = clean(dataset)
    place = ResultPlace(dataset, info.uuid, CAMERA)
    with place.alone(), pytest.raises(CleanError, match="another process"):
        clean(dataset, dilation_px=2)
