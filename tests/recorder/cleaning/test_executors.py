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
    filler_that_fails_on_episode_1,
    filler_that_is_always_killed,
    filler_that_is_killed_once,
    filler_that_takes_all_memory,
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
    return dataset_of_takes(tmp_path / "dataset", count=3)


def cleaned_bytes(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((root / "cleaned").glob("*/*.h5"))
    }


def run_in(root: Path, executor, methods: Methods = FAKE, **chosen):
    return run_clean(CleanPlan(dataset=root, **chosen), executor=executor, methods=methods)


def test_a_pool_makes_the_same_bytes_as_this_process(dataset, tmp_path):
    shutil.copytree(dataset.root, tmp_path / "pool")
    run_in(dataset.root, InProcess())
    summary = run_in(tmp_path / "pool", ProcessPool(2))
    assert summary.count("cleaned") == 3
    assert len(cleaned_bytes(dataset.root)) == 3
    assert cleaned_bytes(tmp_path / "pool") == cleaned_bytes(dataset.root)


def test_masks_and_layers_come_out_the_same_in_every_process(dataset, tmp_path):
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


def test_a_worker_that_is_always_killed_is_reported_and_the_rest_goes_on(dataset):
    methods = Methods(rectangle_masks, filler_that_is_always_killed)
    summary = run_in(dataset.root, ProcessPool(2), methods)
    assert [one.outcome for one in summary.outcomes] == ["cleaned", "failed", "cleaned"]
    assert "killed 2 times" in summary.outcomes[1].error


def test_memory_beyond_the_limit_fails_one_episode(dataset):
    methods = Methods(rectangle_masks, filler_that_takes_all_memory)
    summary = run_in(dataset.root, ProcessPool(2), methods)
    assert [one.outcome for one in summary.outcomes] == ["cleaned", "failed", "cleaned"]
    assert "not enough memory" in summary.outcomes[1].error


def test_a_failed_episode_in_a_pool_says_why(dataset):
    methods = Methods(rectangle_masks, filler_that_fails_on_episode_1)
    summary = run_in(dataset.root, ProcessPool(2), methods)
    assert [one.outcome for one in summary.outcomes] == ["cleaned", "failed", "cleaned"]
    assert "luck" in summary.outcomes[1].error


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


def test_ctrl_c_of_the_terminal_never_reaches_a_worker_not_even_while_it_starts(dataset, capfd):
    seen: set[int] = set()

    def interrupt(progress) -> None:
        for child in psutil.Process().children():
            if child.pid not in seen and "spawn_main" in " ".join(child.cmdline()):
                seen.add(child.pid)
                child.send_signal(signal.SIGINT)

    plan = CleanPlan(dataset=dataset.root)
    summary = run_clean(
        plan, interrupt, ProcessPool(2), Methods(rectangle_masks, filler_that_waits)
    )
    assert [one.outcome for one in summary.outcomes] == ["cleaned"] * 3
    assert len(seen) == 2
    assert "Traceback" not in capfd.readouterr().err


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
