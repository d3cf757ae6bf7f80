"""Windows over episodes: the right sample, no bridge over a gap, padding, sentences for faults."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from devices.rig import load_rig
from policies.data_account import TrainingError
from policies.policy_config import CameraChoice, PolicyConfig
from policies.training import episode_rows, selection, windows
from policies.training.selection import choose_episodes
from policies.training.windows import BatchOrder, load_data, runs
from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, open_dataset
from recorder.synthetic import SyntheticTake, frame_number, write_take

RATE = 20


def episode_rows_of(data: Dataset, config: PolicyConfig, number: int):
    chosen = choose_episodes(data, "", config)
    both = (*chosen.training, *chosen.validation)
    (one,) = [each for each in both if each.number == number]
    return episode_rows.read_rows(data, one, chosen.config, chosen.layout)


def test_picture_of_a_row_is_the_newest_there_was(data, config):
    rows = episode_rows_of(data, config, 0)
    numbers = [frame_number(picture) for picture in rows.pictures["front/rgb"]]
    assert numbers == [int(30 * k / RATE + 1e-9) for k in range(len(rows))]


def test_action_of_a_row_is_what_was_measured_a_row_later(data, config):
    rows = episode_rows_of(data, config, 0)
    with_state = np.abs(rows.action[:-1] - rows.state[1:]).max()
    assert with_state < 0.02, "held and interpolated differ by no more than one sample"
    assert np.abs(rows.action[:-1] - rows.state[:-1]).max() > 5 * with_state
    assert rows.force_ahead[:, 0].max() == pytest.approx(2.2, abs=0.1)
    assert np.array_equal(rows.force_ahead[:-1] > 0, rows.force[1:, :, 2] > 0)


def test_touch_is_never_a_mean_of_two_samples(data, config):
    rows = episode_rows_of(data, config, 0)
    felt = rows.taxels[..., 2].sum(axis=2)
    assert set(np.unique(np.rint(felt[:, 2:]))) == {0}
    touched = felt[:, 0][felt[:, 0] > 0]
    assert touched.min() > 1.7, "half a touch is a touch nobody felt"


def test_windows_never_cross_a_gap(data, config):
    rows = episode_rows_of(data, config, 1)
    lost = ~rows.seen
    assert 0 < lost.sum() < 8
    layout = choose_episodes(data, "", config).layout
    seen, done, pad = windows._window_rows([rows], layout)
    gap = int(np.flatnonzero(lost[1:])[0]) + 1
    for window in range(len(seen)):
        used = np.concatenate((seen[window], done[window][~pad[window]]))
        assert not lost[used].any()
        assert (used < gap).all() or (used > gap).all()
    assert pad[seen[:, -1] == gap - 1].sum() == layout.chunk - 1


def test_padding_begins_where_the_episode_ends(data, config):
    found = load_data(data, "", config)
    layout = found.layout
    last = found.training.pad.sum(axis=1).max()
    assert last == layout.chunk - 1
    assert not found.training.pad[:, 0].any()
    assert found.training.rows_done[:, 0].tolist() == found.training.rows_seen[:, -1].tolist()


def test_statistics_are_those_of_the_training_episodes_alone(data, config):
    found = load_data(data, "", config)
    assert len(found.account.training) == 2
    assert len(found.account.validation) == 1
    rows = [episode_rows_of(data, config, n) for n in found.account.training]
    low = np.concatenate([one.action[one.done] for one in rows]).min(axis=0)
    scale = found.normaliser.action
    assert scale.physical(scale.low)[: len(low)] == pytest.approx(low, abs=1e-6)
    joints = found.training.batch(np.arange(len(found.training)))["action"]
    assert np.abs(joints[..., : found.layout.joints]).max() <= 1 + 1e-5


def test_batches_depend_on_the_step_and_on_nothing_before(data, config):
    config = config.model_copy(update={"colour": 0.2, "crop": 0.8, "modality_dropout": 0.5})
    found = load_data(data, "", config).training
    order, later = (BatchOrder(len(found), 4, seed=3) for _ in range(2))
    batches = [found.batch(order.windows(step), order.random(step)) for step in range(30)]
    again = found.batch(later.windows(29), later.random(29))
    assert all(np.array_equal(again[name], batches[29][name]) for name in again)
    assert not np.array_equal(batches[28]["front/rgb"], batches[29]["front/rgb"])
    other = BatchOrder(len(found), 4, seed=4)
    assert other.windows(0).tolist() != order.windows(0).tolist()


def test_every_window_comes_once_in_an_epoch():
    order = BatchOrder(12, 4, seed=0)
    seen = np.concatenate([order.windows(step) for step in range(order.steps_per_epoch)])
    assert sorted(seen.tolist()) == list(range(12))


def test_without_random_numbers_the_centre_is_seen_unchanged(data, config):
    whole = load_data(data, "", config).validation
    crop = load_data(data, "", config.model_copy(update={"crop": 0.8, "colour": 0.5})).validation
    seen, part = whole.batch(np.arange(3))["front/rgb"], crop.batch(np.arange(3))["front/rgb"]
    assert np.array_equal(part, seen[:, :, 12:108, 16:144])


@pytest.mark.parametrize(
    ("usable", "found"),
    [("", []), ("...", []), ("xx.x", [(0, 2), (3, 4)]), (".xx", [(1, 3)])],
)
def test_runs_are_stretches_of_usable_rows(usable: str, found: list):
    assert runs(np.array([letter == "x" for letter in usable], bool)) == found


def test_empty_dataset_is_refused(tmp_path, config):
    dataset = open_dataset(tmp_path / "none", create=True)
    with pytest.raises(TrainingError, match="has no published episode; record some first"):
        load_data(dataset, "", config)


def test_task_nobody_recorded_is_refused(data, config):
    with pytest.raises(TrainingError, match="no episode of task 'fly'; it has pick-up-the-ball"):
        load_data(data, "fly", config)


def test_one_episode_is_refused(tmp_path, config):
    dataset = open_dataset(tmp_path / "one", create=True)
    write_take(dataset, SyntheticTake(seconds=1.0))
    with pytest.raises(TrainingError, match="only episode 0 is there to learn from; a second one"):
        load_data(dataset, "", config)


def test_failures_are_left_out_and_said(data, config):
    Catalogue(data).set_outcome(2, "failure")
    chosen = choose_episodes(data, "", config)
    assert chosen.left_out == {2: "outcome is failure"}
    Catalogue(data).set_outcome(1, "failure")
    Catalogue(data).set_outcome(0, "failure")
    with pytest.raises(TrainingError, match=r"is left to learn from \(episode 0: outcome is fail"):
        choose_episodes(data, "", config)


def test_labels_change_the_hash_of_the_data(data, config):
    before = choose_episodes(data, "", config)
    assert choose_episodes(data, "", config).hash == before.hash
    Catalogue(data).set_outcome(2, "failure")
    assert choose_episodes(data, "", config).hash != before.hash


def test_other_rig_is_refused_with_what_differs(data, config):
    write_take(data, SyntheticTake(number=3, seconds=1.0, seed=9), load_rig("sim-leap"))
    Catalogue(data).rebuild()
    with pytest.raises(TrainingError, match="episode 3 does not go with episode 0: hands"):
        load_data(data, "", config.model_copy(update={"taxels": False, "force": True}))


def test_joints_in_another_order_are_refused(data, config, edited: Callable):
    def swap(file) -> None:
        attrs = file["streams/right/joints_measured"].attrs
        labels = list(attrs["labels"])
        labels[6], labels[7] = labels[7], labels[6]
        attrs["labels"] = labels

    edited(data.episode_path(1), swap)
    with pytest.raises(TrainingError, match="episode 1: the joints of.*another order.*at place 6"):
        load_data(data, "", config)


def test_what_is_not_a_number_is_refused_with_its_place(data, config, edited: Callable):
    def spoil(file) -> None:
        file["streams/right/taxels/data"][60, 2, 3, 2] = np.nan

    edited(data.episode_path(2), spoil)
    with pytest.raises(TrainingError, match="episode 2: 'right/taxels' is not a number at 0.6"):
        load_data(data, "", config)


def test_missing_camera_is_refused(data, config):
    write_take(data, SyntheticTake(number=3, seconds=1.0, seed=9, cameras=("wrist",)))
    with pytest.raises(TrainingError, match="episode 3 has no pictures of 'front/rgb'"):
        load_data(data, "", config)


def test_pictures_that_do_not_fit_into_memory_are_refused(data, config, monkeypatch):
    monkeypatch.setattr(
        windows.psutil, "virtual_memory", lambda: SimpleNamespace(available=1_000_000)
    )
    with pytest.raises(TrainingError, match=r"need about .* GB of memory and 0.0 GB are free"):
        load_data(data, "", config)


def test_cleaned_pictures_are_taken_instead_of_recorded_ones(data, config, monkeypatch):
    choice = CameraChoice(stream="front/rgb", size=(160, 120), source="cleaned")
    config = config.model_copy(update={"cameras": (choice,)})
    with pytest.raises(TrainingError, match="'front/rgb' of episode 0 was not cleaned yet; run"):
        load_data(data, "", config)

    class Video:
        stamp_ns = 1_000 * 10**9 + np.arange(45) * 10**9 // 30

        def image(self, index: int) -> np.ndarray:
            return np.full((120, 160, 3), index, np.uint8)

        def __enter__(self):
            return self

        def __exit__(self, *exception: object) -> None:
            pass

    accepted = SimpleNamespace(state="accepted")
    monkeypatch.setattr(selection, "cleaned_info", lambda *what: accepted)
    monkeypatch.setattr(episode_rows, "open_cleaned", lambda *what: Video())
    rows = episode_rows_of(data, config, 0)
    assert rows.pictures["front/rgb"][10, 0, 0].tolist() == [15] * 3


def test_rows_of_a_policy_and_of_a_takeover_have_their_own_weight(data, config, monkeypatch):
    control = SimpleNamespace(data=np.array([[2, 6, 1]] * 10 + [[2, 1, 2]] * 30))

    class Run:
        attributes = {"operator_source": "policy"}
        streams = {episode_rows.CONTROL: [0]}

        def aligned(self, rate, names):
            return {episode_rows.CONTROL: control}

    chosen = choose_episodes(data, "", config)
    config = config.model_copy(update={"policy_weight": 0.0, "intervention_weight": 3.0})
    reader = episode_rows._Reader.__new__(episode_rows._Reader)
    reader._episode, reader._config, reader._layout = Run(), config, chosen.layout
    weight = reader._weights(40)
    assert weight.tolist() == [0.0] * 10 + [3.0] * 30
