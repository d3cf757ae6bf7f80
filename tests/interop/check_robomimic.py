"""robomimic's own ``SequenceDataset`` reads every sequence of the exports."""

from __future__ import annotations

import h5py
import numpy as np
import robomimic.utils.obs_utils as obs_utils
from checking import arguments, number_in, passed
from robomimic.utils.dataset import SequenceDataset

SEQUENCE = 3
expected = arguments()
path = str(expected.export("robomimic") / "dataset.hdf5")
picture_key = expected.camera
obs_utils.initialize_obs_utils_with_obs_specs(
    [{"obs": {"low_dim": ["state"], "rgb": [picture_key]}}]
)


def opened(filter_key: str | None = None, **choices) -> SequenceDataset:
    """Open the export the way training does."""
    return SequenceDataset(
        hdf5_path=path,
        obs_keys=("state", picture_key),
        dataset_keys=("actions", "actions_raw", "rewards", "dones"),
        seq_length=SEQUENCE,
        filter_by_attribute=filter_key,
        load_next_obs=True,
        **choices,
    )


def rgb(picture: np.ndarray) -> np.ndarray:
    """Return a picture as uint8 ``(H, W, 3)``, however it was handed out."""
    picture = np.moveaxis(picture, 0, -1) if picture.shape[0] == 3 else picture
    return picture if picture.dtype == np.uint8 else (picture * 255).round().astype(np.uint8)


dataset = opened()
assert len(dataset) == sum(expected.lengths)
assert dataset.demos == [f"demo_{at}" for at in range(len(expected.episodes))]
at = 0
for index, episode in enumerate(expected.episodes):
    last = episode["length"] - 1
    for row in range(episode["length"]):
        item = dataset[at]
        rows = [min(row + step, last) for step in range(SEQUENCE)]
        truth = expected.arrays[f"action_{index}"][rows]
        assert np.array_equal(item["actions_raw"], truth), (index, row)
        assert np.abs(item["actions"]).max() <= 1.0
        state = expected.arrays[f"state_{index}"]
        assert np.array_equal(item["obs"]["state"], state[rows]), (index, row)
        later = [min(one + 1, last) for one in rows]
        assert np.array_equal(item["next_obs"]["state"], state[later]), (index, row)
        if expected.is_made_up:
            now = [number_in(rgb(one)) for one in item["obs"][picture_key]]
            assert now == [episode["frames"][one] for one in rows]
            then = [number_in(rgb(one)) for one in item["next_obs"][picture_key]]
            assert then == [episode["frames"][one] for one in later]
        at += 1
passed(
    "robomimic",
    f"`SequenceDataset[i]` for all {at} sequences of {SEQUENCE}: states, actions"
    + (", numbered pictures" if expected.is_made_up else "")
    + " of `obs` and `next_obs` match their rows; actions within [-1, 1]",
    "installed without its pins",
)

with h5py.File(path, "r", swmr=True, libver="latest") as file:
    masks = {name: [one.decode() for one in values] for name, values in file["mask"].items()}
outcomes = {f"demo_{at}": one["outcome"] for at, one in enumerate(expected.episodes)}
for name, demos in masks.items():
    chosen = opened(name)
    assert sorted(chosen.demos) == sorted(demos)
    assert len(chosen) == sum(expected.lengths[int(demo[5:])] for demo in demos)
for demo, outcome in outcomes.items():
    assert (demo in masks.get("success", [])) == (outcome in ("success", "qualified_success"))
    assert (demo in masks.get("failure", [])) == (outcome == "failure")
assert sorted(masks.get("train", []) + masks.get("valid", [])) == sorted(outcomes)
passed(
    "robomimic",
    f"`filter_by_attribute` with each mask ({', '.join(sorted(masks))}) gives its episodes; train "
    "and valid share none and leave none out",
    "installed without its pins",
)

statistics = opened(hdf5_cache_mode="low_dim", hdf5_normalize_obs=False)
assert np.array_equal(statistics[0]["actions"], dataset[0]["actions"])
passed("robomimic", '`hdf5_cache_mode="low_dim"` reads the same', "installed without its pins")
