"""A replay without the operator: how it is found, what it must be, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.fake_cleaner import FAKE

from recorder.catalogue import Catalogue
from recorder.cleaning.cleaning import CleanOptions, clean_episode
from recorder.cleaning.clip import CameraGeometry, CleanError
from recorder.cleaning.clips import EpisodeClip, episode_clip
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.result import CleanedInfo
from recorder.cleaning.robot_replay import attach_replay, find_replay, misfit
from recorder.dataset import Dataset, open_dataset
from recorder.episode import Episode
from recorder.synthetic import SyntheticTake, write_take


def take(dataset: Dataset, number: int, **facts) -> Path:
    return write_take(dataset, SyntheticTake(number=number, seconds=0.5, **facts))


def uuid_of(path: Path) -> str:
    with Episode(path) as episode:
        return str(episode.attributes["uuid"])


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    """Episode 0, a replay of it by name (1) and by identity (2), one of another (3)."""
    dataset = open_dataset(tmp_path / "dataset", create=True)
    first = take(dataset, 0)
    take(dataset, 1, source="replay", notes={"replay_of": first.name})
    take(dataset, 2, source="replay", notes={"replay_of_uuid": uuid_of(first)})
    other = {"replay_of": first.name, "replay_of_uuid": "of another dataset"}
    take(dataset, 3, source="replay", notes=other)
    return dataset


def found(dataset: Dataset, wanted: str, number: int = 0) -> int | None:
    with Episode(dataset.episode_path(number)) as episode:
        replay = find_replay(dataset, episode, wanted)
    return None if replay is None else replay.number


def test_the_newest_replay_that_names_the_episode_is_found(dataset):
    assert found(dataset, "automatic") == 2
    assert found(dataset, "automatic", number=1) is None
    assert found(dataset, "none") is None


def test_a_replay_is_named_by_number_or_identity(dataset):
    assert found(dataset, "1") == 1
    assert found(dataset, uuid_of(dataset.episode_path(3))) == 3


@pytest.mark.parametrize(
    ("wanted", "says"), [("0", "is that episode itself"), ("77", "no published episode '77'")]
)
def test_a_wrong_replay_is_one_sentence(dataset, wanted, says):
    with pytest.raises(CleanError, match=says):
        found(dataset, wanted)


def clean(dataset: Dataset, **chosen) -> CleanedInfo:
    params = CleanParameters(**chosen)
    options = CleanOptions(methods=FAKE)
    return clean_episode(dataset, dataset.episode_path(0), params, options=options)


def test_the_facts_say_which_replay_the_robot_is_from(dataset):
    assert clean(dataset).facts.replay == "robot taken from the replay in episode 2"
    assert clean(dataset, replay="none").facts.replay == ""


def test_a_new_replay_makes_a_new_result(dataset):
    before = clean(dataset)
    assert clean(dataset).digest == before.digest
    Catalogue(dataset).discard(2)
    after = clean(dataset)
    assert after.facts.key != before.facts.key
    assert after.facts.replay == "robot taken from the replay in episode 1"


def test_a_replay_of_another_size_is_not_used_and_this_is_told(dataset):
    take(dataset, 4, size=(80, 60))
    facts = clean(dataset, replay="4").facts
    assert facts.replay.startswith("the replay in episode 4 was not used: its pictures are 80x60")
    assert facts.replay in facts.warnings


@pytest.fixture(scope="module")
def two_takes(tmp_path_factory) -> Dataset:
    dataset = open_dataset(tmp_path_factory.mktemp("two") / "dataset", create=True)
    for number in (0, 1):
        take(dataset, number)
    return dataset


@pytest.fixture
def clips(two_takes):
    with (
        episode_clip(two_takes.episode_path(0), "front/rgb") as clip,
        episode_clip(two_takes.episode_path(1), "front/rgb") as replay,
    ):
        yield clip, replay


def test_the_same_rig_fits(clips):
    assert misfit(*clips) == ""


def move_camera(replay: EpisodeClip) -> None:
    assert replay.geometry is not None
    pose = replay.geometry.pose.copy()
    pose[0, 3] += 0.03
    replay.geometry = CameraGeometry(replay.geometry.matrix, pose, replay.geometry.mount)


def lose_joints(replay: EpisodeClip) -> None:
    replay.joints = {}


def shorten_joints(replay: EpisodeClip) -> None:
    replay.joints = {side: joints[:, :5] for side, joints in replay.joints.items()}


def move_hand(replay: EpisodeClip) -> None:
    hands = [{**hand, "base_pos_m": [0.0, 0.0, 1.0]} for hand in replay.rig["hands"]]
    replay.rig = {**replay.rig, "hands": hands}


def forget_calibration(replay: EpisodeClip) -> None:
    replay.geometry = None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (move_camera, "stands 30 mm"),
        (lose_joints, "no joints of the right hand"),
        (shorten_joints, "with 5 joints"),
        (move_hand, "mounted elsewhere"),
        (forget_calibration, "no calibration"),
    ],
)
def test_what_does_not_fit_is_named(clips, change, says):
    clip, replay = clips
    change(replay)
    assert says in misfit(clip, replay)


def test_an_attached_replay_is_closed_with_its_clip(dataset):
    with Episode(dataset.episode_path(0)) as episode:
        replay = find_replay(dataset, episode, "automatic")
        assert replay is not None
        clip = episode_clip(episode, "front/rgb")
        assert attach_replay(clip, replay) == ""
        attached = clip.replay
        assert attached is not None
        assert np.isfinite(attached.frame(0)).all()
        clip.close()
        with pytest.raises((CleanError, KeyError, ValueError)):
            attached.frame(3)
