"""Cleaning on a local Ray cluster of two workers."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from pathlib import Path

import pytest
from support.fake_cleaner import (
    FAKE,
    dataset_of_takes,
    filler_that_fails_on_episode_1,
    filler_that_is_always_killed,
    filler_that_is_killed_once,
    filler_that_waits,
    rectangle_masks,
)
from support.repository import ROOT

from recorder.cleaning.executors import InProcess, ProcessPool, RayCluster
from recorder.cleaning.job import run_clean
from recorder.cleaning.methods import Methods
from recorder.cleaning.plan import CleanPlan
from recorder.dataset import Dataset
from recorder.progress import Cancelled

ray = pytest.importorskip("ray", reason="needs the package ray")

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray leaves its log files open
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray"),
]


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return dataset_of_takes(tmp_path / "dataset", count=3)


@pytest.fixture(autouse=True)
def workers_find_the_fakes(monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(ROOT / "tests"))))
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")


@pytest.fixture
def cluster(workers_find_the_fakes):
    """One Ray for all batches of a test: it takes seconds to start."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    yield RayCluster("local", 2)
    ray.shutdown()


def cleaned_bytes(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((root / "cleaned").glob("*/*.h5"))
    }


def run_in(root: Path, executor, methods: Methods = FAKE):
    return run_clean(CleanPlan(dataset=root), executor=executor, methods=methods)


def test_ray_makes_the_same_bytes_as_this_process(dataset, tmp_path):
    shutil.copytree(dataset.root, tmp_path / "ray")
    run_in(dataset.root, InProcess())
    summary = run_in(tmp_path / "ray", RayCluster("local", 2))
    assert [one.outcome for one in summary.outcomes] == ["cleaned"] * 3
    assert len(cleaned_bytes(dataset.root)) == 3
    assert cleaned_bytes(tmp_path / "ray") == cleaned_bytes(dataset.root)
    assert not ray.is_initialized()


@pytest.mark.slow
def test_three_executors_make_the_same_bytes_and_faults_stay_alone(dataset, tmp_path, cluster):
    for name in ("pool", "ray", "failing", "killed", "always"):
        shutil.copytree(dataset.root, tmp_path / name)
    run_in(dataset.root, InProcess())
    run_in(tmp_path / "pool", ProcessPool(2))
    run_in(tmp_path / "ray", cluster)
    assert cleaned_bytes(tmp_path / "pool") == cleaned_bytes(dataset.root)
    assert cleaned_bytes(tmp_path / "ray") == cleaned_bytes(dataset.root)

    failing = Methods(rectangle_masks, filler_that_fails_on_episode_1)
    outcomes = run_in(tmp_path / "failing", cluster, failing).outcomes
    assert [one.outcome for one in outcomes] == ["cleaned", "failed", "cleaned"]
    assert "luck" in outcomes[1].error

    once = Methods(rectangle_masks, filler_that_is_killed_once)
    outcomes = run_in(tmp_path / "killed", cluster, once).outcomes
    assert [one.outcome for one in outcomes] == ["cleaned"] * 3

    always = Methods(rectangle_masks, filler_that_is_always_killed)
    outcomes = run_in(tmp_path / "always", cluster, always).outcomes
    assert [one.outcome for one in outcomes] == ["cleaned", "failed", "cleaned"]
    assert "killed 2 times" in outcomes[1].error


@pytest.mark.slow
def test_cancel_ends_the_work_on_ray_and_the_next_run_goes_on(dataset, cluster):
    def cancel(progress) -> None:
        if (dataset.root / "episode_000001.begun").exists():
            raise Cancelled

    with pytest.raises(Cancelled):
        run_clean(
            CleanPlan(dataset=dataset.root),
            cancel,
            cluster,
            Methods(rectangle_masks, filler_that_waits),
        )
    assert list((dataset.root / "cleaned").glob("*/.*.part")) == []
    assert run_in(dataset.root, cluster).count("failed") == 0


def test_a_cluster_that_does_not_answer_is_one_sentence(dataset):
    with pytest.raises(RuntimeError, match="cannot be reached") as caught:
        run_in(dataset.root, RayCluster("127.0.0.1:1"))
    assert "\n" not in str(caught.value)
