"""A robomimic export opens the way its loader opens it and holds what was recorded."""

import json

import h5py
import numpy as np
import pytest

from recorder.exporters.episode_rows import open_export_episode
from recorder.exporters.job import run_export
from recorder.exporters.label_columns import EpisodeLabels
from recorder.exporters.robomimic import filters, scaled
from recorder.synthetic import frame_number


@pytest.fixture
def exported(plan):
    wanted = plan("robomimic")
    run_export(wanted)
    with h5py.File(wanted.out / "dataset.hdf5", "r", swmr=True, libver="latest") as file:
        yield file


def test_every_row_holds_its_own_picture_and_the_next_one(exported, plan, takes):
    for index in range(3):
        with open_export_episode(plan(), takes.episode_path(index), EpisodeLabels()) as rows:
            wanted = [frame_number(picture) for picture in rows.frames(rows.cameras[0])]
        now = [frame_number(one) for one in exported[f"data/demo_{index}/obs/front_rgb"][:]]
        later = [frame_number(one) for one in exported[f"data/demo_{index}/next_obs/front_rgb"][:]]
        assert now == wanted
        assert later == [*wanted[1:], wanted[-1]]


def test_only_demos_lie_in_data_and_their_rows_add_up(exported):
    names = list(exported["data"])
    assert sorted(names, key=lambda name: int(name[5:])) == ["demo_0", "demo_1", "demo_2"]
    counts = [exported["data"][name].attrs["num_samples"] for name in names]
    assert exported["data"].attrs["total"] == sum(counts)
    for name, count in zip(names, counts, strict=True):
        demo = exported["data"][name]
        for key in ("actions", "actions_raw", "rewards", "dones", "states"):
            assert len(demo[key]) == count
        for group in ("obs", "next_obs"):
            assert all(len(values) == count for values in demo[group].values())
        assert set(demo["obs"]) == set(demo["next_obs"])


def test_actions_stay_in_the_range_robomimic_asks_for_and_scale_back(exported):
    low, high = (exported["data"].attrs[f"action_{end}"] for end in ("min", "max"))
    for demo in exported["data"].values():
        actions, raw = demo["actions"][:], demo["actions_raw"][:]
        assert np.abs(actions).max() <= 1.0
        np.testing.assert_allclose(low + (actions + 1) / 2 * (high - low), raw, atol=2e-5)


def test_an_entry_that_never_moves_is_zero():
    raw = np.array([[1.0, 5.0], [3.0, 5.0]], np.float32)
    assert scaled(raw, raw.min(axis=0), raw.max(axis=0)).tolist() == [[-1.0, 0.0], [1.0, 0.0]]


def test_a_success_is_rewarded_in_its_last_row_only(exported):
    rewards = [exported[f"data/demo_{index}/rewards"][:] for index in range(3)]
    assert [values.sum() for values in rewards] == [1.0, 1.0, 0.0]
    assert rewards[0][-1] == 1.0
    assert exported["data/demo_2/dones"][-1] == 1


def test_filters_name_the_episodes(exported):
    masks = {name: [one.decode() for one in values] for name, values in exported["mask"].items()}
    assert masks["success"] == ["demo_0", "demo_1"]
    assert masks["failure"] == ["demo_2"]
    assert sorted(masks["train"] + masks["valid"]) == ["demo_0", "demo_1", "demo_2"]
    assert len(masks["valid"]) == 1


def test_the_split_keeps_an_episode_on_its_side_when_others_come():
    some = [{"outcome": "success", "uuid": f"u{n}"} for n in range(20)]
    more = [*some, {"outcome": "unlabelled", "uuid": "late"}]
    assert len(filters(some)["valid"]) == 2
    assert len(set(filters(some)["valid"]) & set(filters(more)["valid"])) == 2 or (
        20 in filters(more)["valid"]
    )
    assert filters(some[:1]) == {"success": [0], "train": [0]}


def test_a_qualified_success_is_a_success_with_a_filter_of_its_own():
    found = filters([{"outcome": "qualified_success", "uuid": "a"}] * 2)
    assert found["success"] == found["qualified_success"] == [0, 1]


def test_the_environment_is_said_in_json(exported):
    env = json.loads(exported["data"].attrs["env_args"])
    assert set(env) == {"env_name", "type", "env_kwargs"}


def test_real_stamps_and_marks_stand_beside_the_data(exported):
    valid = exported["thenar/demo_0/valid/front_rgb"][:]
    assert np.flatnonzero(~valid).tolist() == [7, 8, 20]
    assert exported["thenar/demo_0/time_ns/front_rgb"].dtype == np.int64
    assert "label_phase" in exported["thenar/demo_0/columns"]


def test_numbers_are_not_interpolated_for_taxels(exported):
    taxels = exported["data/demo_1/obs/taxels_right"]
    assert taxels.shape[1:] == (1800,)
    assert taxels.dtype == np.float32
