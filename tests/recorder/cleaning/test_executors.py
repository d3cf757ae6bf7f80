"""In this process, in several, on Ray: the same bytes; a killed worker costs nothing else."""

from __future__ import annotations

import hashlib
import shutil
import signal
from pathlib import Path

import psutil
import pytest
from support.fake_cleaner import (
    FAKE,
    dataset_of_takes,
    filler_of_misfortunes,
    filler_that_is_killed_once,
    filler_that_waits,
    rectangle_masks,
)
from support.waiting import wait_until

from recorder.cleaning.executors import InProcess, ProcessPool, RayCluster, executor_for
from recorder.cleaning.job import run_clean
from recorder.cleaning.methods import Methods
from recorder.cleaning.plan import CleanPlan
from recorder.dataset import Dataset
from recorder.progress import Cancelled


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return dataset_of_takes(tmp_path / "dataset", count=3, seconds=0.3)


def cleaned_bytes(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((root / "cleaned").glob("*/*.h5"))
    }


def run_in(root: Path, executor, methods: Methods = FAKE, **chosen):
    return run_clean(CleanPlan(dataset=root, **chosen), executor=executor, methods=methods)


def test_a_pool_makes_the_same_bytes_as_this_process_whatever_the_terminal_sends(
    dataset, tmp_path, capfd
):
    """Ctrl+C of a terminal goes to every process, also to one that is just starting."""
    shutil.copytree(dataset.root, tmp_path / "pool")
    run_in(dataset.root, InProcess())
    seen: set[int] = set()

    def interrupt(progress) -> None:
        for child in psutil.Process().children():
            if child.pid not in seen and "spawn_main" in " ".join(child.cmdline()):
                seen.add(child.pid)
                child.send_signal(signal.SIGINT)

    summary = run_clean(CleanPlan(dataset=tmp_path / "pool"), interrupt, ProcessPool(2), FAKE)
    assert summary.count("cleaned") == 3
    assert len(cleaned_bytes(dataset.root)) == 3
    assert cleaned_bytes(tmp_path / "pool") == cleaned_bytes(dataset.root)
    assert len(seen) == 2
    assert "Traceback" not in capfd.readouterr().err


def test_masks_and_layers_come_out_the_same_in_every_process(tmp_path):
    dataset = dataset_of_takes(tmp_path / "dataset", count=2, seconds=0.2)
    shutil.copytree(dataset.root, tmp_path / "pool")
    run_in(dataset.root, InProcess(), Methods(), episodes=(0, 1))
    summary = run_in(tmp_path / "pool", ProcessPool(2), Methods(), episodes=(1, 0))
    assert [one.outcome for one in summary.outcomes] == ["cleaned"] * 2
    assert cleaned_bytes(tmp_path / "pool") == cleaned_bytes(dataset.root)


def test_a_killed_worker_is_tried_once_more(dataset):
    methods = Methods(rectangle_masks, filler_that_is_killed_once)
    summary = run_in(dataset.root, ProcessPool(2), methods)
    assert [one.outcome for one in summary.outcomes] == ["cleaned"] * 3
    assert (dataset.root / "killed-0").exists()


def test_every_misfortune_of_an_episode_in_a_pool_is_told_and_the_rest_goes_on(tmp_path):
    dataset = dataset_of_takes(tmp_path / "dataset", count=5, seconds=0.2)
    methods = Methods(rectangle_masks, filler_of_misfortunes)
    summary = run_in(dataset.root, ProcessPool(2), methods)
    ended = ["cleaned", "failed", "failed", "failed", "cleaned"]
    assert [one.outcome for one in summary.outcomes] == ended
    for number, says in ((1, "luck"), (2, "not enough memory"), (3, "killed 2 times")):
        assert says in summary.outcomes[number].error


def test_cancel_ends_the_workers_of_a_pool(dataset):
    def cancel(progress) -> None:
        if (dataset.root / "episode_000000.begun").exists():
            raise Cancelled

    methods = Methods(rectangle_masks, filler_that_waits)
    plan = CleanPlan(dataset=dataset.root)
    with pytest.raises(Cancelled):
        run_clean(plan, cancel, ProcessPool(2), methods)
    workers = [
        child
        for child in psutil.Process().children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]
    assert workers == []


def test_workers_end_with_a_parent_that_is_killed(dataset, tmp_path):
    import multiprocessing

    parent = multiprocessing.get_context("spawn").Process(
        target=_batch_in_a_pool, args=(dataset.root,)
    )
    parent.start()
    wait_until(lambda: (dataset.root / "episode_000001.begun").exists(), timeout_s=60)
    workers = psutil.Process(parent.pid).children(recursive=True)
    assert len(workers) >= 2
    parent.kill()
    parent.join()
    wait_until(lambda: not any(one.is_running() and one.status() != "zombie" for one in workers))


def _batch_in_a_pool(root: Path) -> None:
    run_in(root, ProcessPool(2), Methods(rectangle_masks, filler_that_waits))


def test_what_is_asked_chooses_the_executor():
    assert isinstance(executor_for(), InProcess)
    assert isinstance(executor_for(workers=3), ProcessPool)
    assert isinstance(executor_for(workers=3, ray="auto"), RayCluster)


def test_missing_ray_is_one_sentence(dataset, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RuntimeError, match=r"pip install 'thenar\[ray\]'"):
        run_in(dataset.root, RayCluster("auto"))
