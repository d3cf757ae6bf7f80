"""A demonstration becomes an episode like any other, and the same one for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from devices.rig import load_rig
from devices.task_scene import OUTCOMES
from policies.demonstrating import DemonstrationOrder, record_demonstrations
from policies.tasks import find_task
from recorder.dataset import open_dataset
from recorder.episode import Episode
from recorder.verify import verify_path


@pytest.fixture(scope="module")
def episodes(tmp_path_factory):
    dataset = open_dataset(tmp_path_factory.mktemp("demonstrations") / "data", create=True)
    task, rig = find_task("press-the-plunger"), load_rig("sim-xhand")
    plain = DemonstrationOrder(task, rig, seed=4, pictures=False)
    shown = DemonstrationOrder(task, rig, seed=4, picture_size=(64, 48), operator=True)
    results = [record_demonstrations(order, dataset) for order in (plain, shown)]
    assert all(len(result.episodes) == 1 and not result.failed for result in results)
    opened = [Episode(result.episodes[0]) for result in results]
    yield opened
    for episode in opened:
        episode.close()


def test_it_is_verified_labelled_and_says_that_it_is_simulated(episodes):
    plain, shown = episodes
    assert not [f for f in verify_path(plain.path) if f.level == "critical"]
    assert plain.outcome == shown.outcome == "success"
    assert plain.attributes["task"] == "press-the-plunger"
    assert plain.attributes["operator_source"] == "kinesthetic"
    assert plain.configuration["header"]["notes"]["simulated"] is True
    assert plain.rig["world"]["task"]["success"]["test"] == "press"


def test_measured_joints_touch_and_the_judge_are_recorded_at_their_rates(episodes):
    plain, _ = episodes
    seconds = plain.duration_s
    for name, rate_hz in (
        ("right/joints_measured", 200), ("right/taxels", 100), ("right/fingertip_force", 100),
        ("world/task", 50), ("operator/pulls", 60),
    ):  # fmt: skip
        assert len(plain.stream(name)) == pytest.approx(seconds * rate_hz, rel=0.03)
    outcomes = np.asarray(plain.group("world/task")["data"])[:, 0]
    assert OUTCOMES[int(outcomes[0])] == "running"
    assert OUTCOMES[int(outcomes[-1])] == "success"
    force_n = np.asarray(plain.group("right/fingertip_force")["data"])[:, 1, 2]
    assert 4.0 < force_n.max() < 6.5


def test_the_same_seed_records_the_same_joints_with_and_without_pictures(episodes):
    joints = [np.asarray(e.group("right/joints_measured")["data"]) for e in episodes]
    assert np.array_equal(joints[0], joints[1])


def test_pictures_show_the_operator_and_the_truth_does_not(episodes):
    plain, shown = episodes
    assert not [name for name in plain.streams if name.endswith("/rgb")]
    middle = len(shown.stream("front/rgb")) // 2
    seen = shown.stream("front/rgb").frame(middle).astype(int)
    clean = shown.stream("front/rgb_without_operator").frame(middle).astype(int)
    mask = shown.stream("front/operator_mask").frame(middle) > 0
    assert mask.any()
    differs = np.abs(seen - clean).max(axis=2) > 60
    assert differs.any()
    assert not (differs & ~_grown(mask)).any()


def _grown(mask: np.ndarray) -> np.ndarray:
    """The mask and eight pixels around it, where JPEG mixes colours."""
    out = mask.copy()
    for axis in (0, 1):
        out = np.any([np.roll(out, shift, axis) for shift in range(-8, 9)], axis=0)
    return out
