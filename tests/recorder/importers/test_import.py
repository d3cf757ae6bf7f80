"""What comes in is what was there, once, and whole."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.foreign import FPS, state_of, write_lerobot, write_robomimic

from recorder.catalogue import Catalogue
from recorder.dataset import Dataset
from recorder.episode import Episode
from recorder.importers.job import run_import
from recorder.importers.limits import Refused
from recorder.inspect import inspect_episode
from recorder.progress import Cancelled, Progress
from recorder.synthetic import frame_number
from recorder.verify import verify_path

LENGTHS = [20, 13]


@pytest.fixture(scope="module")
def lerobot(tmp_path_factory) -> Path:
    return write_lerobot(tmp_path_factory.mktemp("lerobot") / "cups", LENGTHS)


@pytest.fixture(scope="module")
def robomimic(tmp_path_factory) -> Path:
    return write_robomimic(tmp_path_factory.mktemp("robomimic") / "cups.hdf5", LENGTHS)


def test_lerobot_episodes_keep_joints_pictures_and_facts(lerobot: Path, dataset: Dataset) -> None:
    result = run_import(lerobot, dataset)
    assert result.episodes == (0, 1)
    assert result.problems == ()
    first_picture = 0
    for number, length in enumerate(LENGTHS):
        with Episode(dataset.episode_path(number)) as episode:
            state = episode.stream("imported/state")
            assert state.spec.labels == ("a", "b", "c")
            assert np.array_equal(state.rows(slice(None)), state_of(number, length))
            action = episode.stream("imported/action").rows(slice(None))
            assert np.array_equal(action, state_of(number, length) + np.float32(0.5))
            numbers = [frame_number(frame) for frame in episode.stream("front/rgb").frames()]
            assert numbers == list(range(first_picture, first_picture + length))
            steps_s = np.diff(episode.stream("front/rgb").time_s)
            assert np.allclose(steps_s, 1 / FPS, atol=1e-8)
            notes = episode.configuration["header"]["notes"]
            assert notes["clock"].startswith("made-up clock")
            assert notes["imported"]["source"] == "cups"
            assert len(notes["imported"]["sha256"]) == 64
            assert episode.outcome == ("success" if number == 0 else "failure")
            assert episode.attributes["instruction"] == "stack the cups"
            assert episode.attributes["task"] == "stack-the-cups"
            assert episode.rig == {"name": "toy-hand", "hands": []}
        first_picture += length
    assert not [f for f in verify_path(dataset.root) if f.level != "note"]
    assert "imported" in inspect_episode(dataset.episode_path(0)).text()
    assert {row.number for row in Catalogue(dataset).rows()} == {0, 1}


def test_robomimic_pictures_and_numbers_come_in_without_loss(
    robomimic: Path, dataset: Dataset
) -> None:
    result = run_import(robomimic, dataset)
    assert result.episodes == (0, 1)
    with Episode(dataset.episode_path(1)) as episode:
        assert np.array_equal(episode.stream("imported/state").rows(slice(None)), state_of(1, 13))
        tip = episode.stream("imported/tip").rows(slice(None))
        assert np.array_equal(tip, state_of(1, 13)[:, :2].astype("f8"))
        frames = list(episode.stream("front/rgb").frames())
        assert [frame_number(frame) for frame in frames] == list(range(13))
        assert episode.stream("front/rgb").spec.encoding == "png"
        assert episode.stream("imported/state").spec.rate_hz == 25.0
        assert episode.outcome == "failure"
    assert not [f for f in verify_path(dataset.root) if f.level != "note"]


def test_a_zip_of_a_lerobot_folder_comes_in_like_the_folder(
    lerobot: Path, dataset: Dataset, tmp_path: Path
) -> None:
    packed = tmp_path / "cups.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(lerobot.rglob("*")):
            archive.write(path, Path("cups") / path.relative_to(lerobot))
    assert run_import(packed, dataset).episodes == (0, 1)
    assert not list(dataset.root.glob(".import-*"))


def test_a_second_import_makes_nothing_twice(lerobot: Path, dataset: Dataset) -> None:
    run_import(lerobot, dataset)
    again = run_import(lerobot, dataset)
    assert again.episodes == ()
    assert again.skipped == (0, 1)
    assert len(dataset.published()) == 2


def test_other_pictures_under_the_same_rows_are_another_source(
    lerobot: Path, dataset: Dataset, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(lerobot, other)
    video = other / "videos/observation.images.front/chunk-000/file-000.mp4"
    video.write_bytes(video.read_bytes() + bytes(8))  # decoders pass over trailing bytes
    run_import(lerobot, dataset)
    assert run_import(other, dataset).episodes == (2, 3)


def test_a_cancelled_import_leaves_whole_episodes_and_goes_on_later(
    lerobot: Path, dataset: Dataset
) -> None:
    def stop_in_the_second(progress: Progress) -> None:
        if progress.done > LENGTHS[0] + 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_import(lerobot, dataset, report=stop_in_the_second)
    assert len(dataset.published()) == 1
    assert list(dataset.logs_dir.iterdir()) == []
    assert run_import(lerobot, dataset).episodes == (1,)
    assert not [f for f in verify_path(dataset.root) if f.level != "note"]


def test_what_a_killed_import_left_is_no_episode_and_goes_away(
    lerobot: Path, dataset: Dataset
) -> None:
    left = dataset.logs_dir / f".import-{'0' * 32}.part"
    left.write_bytes(b"half a log")
    assert dataset.logs() == []
    run_import(lerobot, dataset)
    assert not left.exists()


def test_an_episode_that_cannot_be_read_is_left_out_and_named(
    lerobot: Path, dataset: Dataset, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(lerobot, broken)
    video = broken / "videos/observation.images.front/chunk-000/file-000.mp4"
    from support.foreign import write_video

    write_video(video, list(range(25)))  # the second episode's pictures end early
    result = run_import(broken, dataset)
    assert result.episodes == (0,)
    assert "episode 1 was left out" in result.problems[0]
    assert "ends after 5 of 13 frames" in result.problems[0]
    assert list(dataset.logs_dir.iterdir()) == []


@pytest.mark.parametrize("name", ["policy.pt", "log.pkl", "actions.npy"])
def test_files_that_can_run_code_are_refused_with_the_way_out(
    name: str, dataset: Dataset, tmp_path: Path
) -> None:
    source = tmp_path / name
    source.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(Refused, match="run any code.*export it as LeRobot v3 or robomimic"):
        run_import(source, dataset)


def test_the_job_reports_in_json_lines(robomimic: Path, tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"source": str(robomimic), "dataset": str(tmp_path / "made")}))
    done = subprocess.run(
        [sys.executable, "-m", "recorder.importers.job", "--spec", str(spec)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert "progress" in lines[0]
    assert lines[-1]["result"]["episodes"] == [0, 1]
