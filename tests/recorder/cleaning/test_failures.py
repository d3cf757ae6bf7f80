"""Why an episode failed is kept beside its results until it is cleaned."""

from __future__ import annotations

import os

import pytest
from support.fake_cleaner import (
    CAMERA,
    FAKE,
    dataset_of_takes,
    filler_that_fails_on_episode_1,
    rectangle_masks,
)

from recorder.cleaning.failures import failure_of, failures, remember
from recorder.cleaning.job import run_clean
from recorder.cleaning.methods import Methods
from recorder.cleaning.plan import CleanPlan
from recorder.cleaning.result import cleaned_results
from recorder.cleaning.work import CleanOutcome
from recorder.dataset import Dataset
from recorder.episode import Episode
from recorder.progress import Cancelled

FAILING = Methods(rectangle_masks, filler_that_fails_on_episode_1)


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return dataset_of_takes(tmp_path / "dataset", count=2, seconds=0.2)


def uuid_of(dataset: Dataset, number: int) -> str:
    with Episode(dataset.episode_path(number)) as episode:
        return str(episode.attributes["uuid"])


def test_the_sentence_stays_until_the_episode_is_cleaned(dataset):
    run_clean(CleanPlan(dataset=dataset.root), methods=FAILING)
    failure = failure_of(dataset, uuid_of(dataset, 1), CAMERA)
    assert failure is not None
    assert "luck" in failure.error
    assert failure.when.endswith("+00:00")
    assert failures(dataset) == [failure]
    assert failure_of(dataset, uuid_of(dataset, 0), CAMERA) is None

    run_clean(CleanPlan(dataset=dataset.root), methods=FAKE)
    assert failures(dataset) == []


def test_a_failure_leaves_what_was_cleaned_before(dataset):
    run_clean(CleanPlan(dataset=dataset.root), methods=FAKE)
    before = [info.digest for info in cleaned_results(dataset)[0]]
    run_clean(CleanPlan(dataset=dataset.root, again=True), methods=FAILING)
    assert [info.digest for info in cleaned_results(dataset)[0]] == before
    assert [one.number for one in failures(dataset)] == [1]


def test_a_cancelled_attempt_says_nothing_new(dataset):
    run_clean(CleanPlan(dataset=dataset.root), methods=FAILING)
    told = failures(dataset)

    def cancel(progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        run_clean(CleanPlan(dataset=dataset.root), cancel, methods=FAKE)
    assert failures(dataset) == told


@pytest.mark.parametrize("catalogued", [True, False])
def test_an_episode_too_damaged_to_tell_its_identity_is_remembered(dataset, catalogued):
    path = dataset.episode_path(0)
    uuid = uuid_of(dataset, 0)
    path.chmod(0o644)
    os.truncate(path, 3000)
    if not catalogued:
        dataset.catalogue_path.unlink()
    run_clean(CleanPlan(dataset=dataset.root, episodes=(0,)), methods=FAKE)
    (failure,) = failures(dataset)
    assert (failure.number, failure.camera) == (0, CAMERA)
    assert "episode_000000.h5" in failure.error
    assert failure.uuid == (uuid if catalogued else path.stem)


def test_a_failure_of_an_episode_that_was_recorded_again_is_past(dataset):
    run_clean(CleanPlan(dataset=dataset.root), methods=FAILING)
    assert len(failures(dataset)) == 1
    (dataset.root / "cleaned" / uuid_of(dataset, 1)).rename(dataset.root / "cleaned" / "0ther")
    stored = dataset.root / "cleaned/0ther/front.rgb.failed.json"
    stored.write_text(stored.read_text().replace(uuid_of(dataset, 1), "0ther"))
    assert failures(dataset) == []


def test_a_camera_that_no_episode_has_leaves_no_trace(dataset):
    summary = run_clean(CleanPlan(dataset=dataset.root, cameras=("frnt/rgb",)), methods=FAKE)
    assert summary.count("failed") == 2
    assert failures(dataset) == []


def test_a_record_that_cannot_be_read_or_written_never_stops_anything(dataset, monkeypatch):
    uuid = uuid_of(dataset, 0)
    folder = dataset.root / "cleaned" / uuid
    folder.mkdir(parents=True)
    (folder / "front.rgb.failed.json").write_text("[")
    assert failures(dataset) == []
    assert failure_of(dataset, "../up", CAMERA) is None

    def full(path, value) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recorder.cleaning.failures.write_json", full)
    remember(dataset, CleanOutcome(0, CAMERA, "failed", "why", uuid=uuid))
