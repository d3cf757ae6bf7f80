"""A batch: failures stay alone, cancel and kill keep what is finished, pause waits."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.fake_cleaner import (
    CAMERA,
    FAKE,
    dataset_of_takes,
    filler_that_fails_on_episode_1,
    filler_that_waits,
    filler_with_a_fault,
    filler_with_an_odd_fault,
    rectangle_masks,
)
from support.repository import ROOT
from support.waiting import wait_until

from recorder.cleaning.choices import save_choices
from recorder.cleaning.clip import CleanError
from recorder.cleaning.executors import ProcessPool
from recorder.cleaning.job import run_clean
from recorder.cleaning.methods import Methods
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.plan import CleanPlan
from recorder.cleaning.result import cleaned_results
from recorder.cleaning.work import set_control
from recorder.dataset import Dataset
from recorder.progress import Cancelled

SLOW = Methods(rectangle_masks, filler_that_waits)


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return dataset_of_takes(tmp_path / "dataset", count=3)


def outcomes(summary) -> list[str]:
    return [one.outcome for one in summary.outcomes]


def test_all_episodes_are_cleaned_and_then_known_as_finished(dataset):
    plan = CleanPlan(dataset=dataset.root)
    assert outcomes(run_clean(plan, methods=FAKE)) == ["cleaned"] * 3
    assert outcomes(run_clean(plan, methods=FAKE)) == ["finished before"] * 3
    again = plan.model_copy(update={"again": True})
    assert outcomes(run_clean(again, methods=FAKE)) == ["cleaned"] * 3


@pytest.mark.parametrize(
    ("filler", "says"),
    [
        (filler_that_fails_on_episode_1, "out of luck"),
        (filler_with_a_fault, "a fault of the program \\(TypeError: nobody thought"),
        (filler_with_an_odd_fault, "a fault of the program \\(OddError: nobody thought"),
    ],
)
def test_a_failed_episode_never_stops_the_rest(dataset, filler, says):
    summary = run_clean(CleanPlan(dataset=dataset.root), methods=Methods(rectangle_masks, filler))
    assert outcomes(summary) == ["cleaned", "failed", "cleaned"]
    assert re.search(says, summary.outcomes[1].error)
    assert len(cleaned_results(dataset)[0]) == 2


def test_a_damaged_episode_never_stops_the_rest(dataset):
    path = dataset.episode_path(1)
    path.chmod(0o644)
    os.truncate(path, 5000)
    summary = run_clean(CleanPlan(dataset=dataset.root), methods=FAKE)
    assert outcomes(summary) == ["cleaned", "failed", "cleaned"]
    assert "episode_000001.h5" in summary.outcomes[1].error


def test_a_missing_camera_fails_for_that_camera_only(dataset):
    plan = CleanPlan(dataset=dataset.root, cameras=(CAMERA, "side/rgb"), episodes=(0,))
    summary = run_clean(plan, methods=FAKE)
    assert [(one.camera, one.outcome) for one in summary.outcomes] == [
        (CAMERA, "cleaned"),
        ("side/rgb", "failed"),
    ]


def test_progress_counts_pictures_and_tells_the_time_left(dataset):
    seen = []
    run_clean(CleanPlan(dataset=dataset.root), seen.append, methods=SLOW)
    counted = [progress for progress in seen if progress.total == 45]
    ends = [progress.done for progress in counted if "is done" in progress.what]
    assert ends == [15, 30, 45]
    assert counted[-1].left_s == 0
    assert any(progress.left_s for progress in counted)


def test_cancel_keeps_finished_episodes_and_the_next_run_goes_on(dataset):
    def cancel(progress) -> None:
        if progress.done >= 15 and progress.total == 45:
            raise Cancelled

    plan = CleanPlan(dataset=dataset.root)
    with pytest.raises(Cancelled, match="1 of 3 were finished"):
        run_clean(plan, cancel, methods=FAKE)
    assert outcomes(run_clean(plan, methods=FAKE)) == ["finished before", "cleaned", "cleaned"]
    assert list((dataset.root / "cleaned").glob(".job-*")) == []


def test_cancel_while_looking_at_the_episodes_says_that_nothing_changed(dataset):
    def cancel(progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled, match="before the first episode"):
        run_clean(CleanPlan(dataset=dataset.root), cancel, methods=FAKE)


def test_pause_waits_and_goes_on(dataset, tmp_path):
    control = tmp_path / "control"
    control.mkdir()
    set_control(control, "pause")
    plan = CleanPlan(dataset=dataset.root, episodes=(0,), control=control)
    seen, summaries = [], []
    batch = threading.Thread(
        target=lambda: summaries.append(run_clean(plan, seen.append, methods=FAKE))
    )
    batch.start()
    wait_until(lambda: any(progress.what == "paused" for progress in seen))
    assert cleaned_results(dataset)[0] == []
    set_control(control, "run")
    batch.join(30)
    assert outcomes(summaries[0]) == ["cleaned"]


def test_the_control_file_cancels(dataset, tmp_path):
    control = tmp_path / "control"
    control.mkdir()
    set_control(control, "cancel")
    with pytest.raises(Cancelled):
        run_clean(CleanPlan(dataset=dataset.root, control=control), methods=FAKE)


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"episodes": (9,)}, "no published episode 9 \\(it has 0 to 2\\)"),
        ({"parameters": {"dilation_px": -1}}, "dilation_px"),
        ({"parameters": {"nonsense": 1}}, "nonsense"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_before_anything(dataset, chosen, says):
    with pytest.raises(CleanError, match=says):
        run_clean(CleanPlan(dataset=dataset.root, **chosen), methods=FAKE)


def test_a_dataset_may_be_named_from_where_one_stands(dataset, monkeypatch):
    monkeypatch.chdir(dataset.root.parent)
    plan = CleanPlan(dataset=Path(dataset.root.name), episodes=(0,))
    assert outcomes(run_clean(plan, executor=ProcessPool(1), methods=FAKE)) == ["cleaned"]


def test_no_room_is_said_before_the_start(dataset, monkeypatch):
    monkeypatch.setattr("recorder.cleaning.job.free_bytes", lambda path: 40_000_000)
    with pytest.raises(CleanError, match="need about 2.. MB and 40 MB are free"):
        run_clean(CleanPlan(dataset=dataset.root), methods=FAKE)


def test_a_dataset_that_cannot_be_written_is_said_before_the_start(dataset, monkeypatch):
    def refuse(folder, control) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("recorder.cleaning.job.set_control", refuse)
    with pytest.raises(CleanError, match="cannot be written: Read-only file system; copy"):
        run_clean(CleanPlan(dataset=dataset.root), methods=FAKE)


def test_saved_choices_of_the_task_are_used_and_stored(dataset):
    save_choices(dataset, CleanParameters(dilation_px=13), task="pick-up-the-ball")
    run_clean(CleanPlan(dataset=dataset.root, episodes=(0,)), methods=FAKE)
    facts = cleaned_results(dataset)[0][0].facts
    assert (facts.parameters.dilation_px, facts.parameter_source) == (13, "task")


def test_a_killed_run_goes_on_where_it_was_to_the_same_bytes(dataset, tmp_path):
    shutil.copytree(dataset.root, tmp_path / "undisturbed")
    run_clean(CleanPlan(dataset=tmp_path / "undisturbed"), methods=SLOW)
    code = (
        "import sys; sys.path[:0] = ['.', 'tests']\n"
        "from support.fake_cleaner import rectangle_masks, filler_that_waits\n"
        "from recorder.cleaning.job import run_clean\n"
        "from recorder.cleaning.methods import Methods\n"
        "from recorder.cleaning.plan import CleanPlan\n"
        f"run_clean(CleanPlan(dataset={str(dataset.root)!r}), "
        "methods=Methods(rectangle_masks, filler_that_waits))\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    wait_until(lambda: (dataset.root / "episode_000001.begun").exists(), timeout_s=60)
    child.kill()
    child.wait()
    assert len(cleaned_results(dataset)[0]) == 1
    summary = run_clean(CleanPlan(dataset=dataset.root), methods=SLOW)
    assert outcomes(summary) == ["finished before", "cleaned", "cleaned"]
    left = {p.name for p in (dataset.root / "cleaned").rglob("*") if p.is_file()}
    assert not {name for name in left if "part" in name or name == "control"}
    assert stored(dataset.root) == stored(tmp_path / "undisturbed")


def stored(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted((root / "cleaned").glob("*/*.h5"))
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_the_same_command_ends_with_the_same_bytes(tmp_path, seed):
    dataset = dataset_of_takes(tmp_path / "dataset", count=3, seconds=0.3)
    shutil.copytree(dataset.root, tmp_path / "undisturbed")
    run_clean(CleanPlan(dataset=tmp_path / "undisturbed"))
    undisturbed = stored(tmp_path / "undisturbed")
    argv = [sys.executable, "-m", "recorder.cleaning.job", "--spec", spec(tmp_path, dataset)]
    moment = random.Random(seed)
    for _ in range(3):
        child = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE)
        assert child.stdout is not None
        for _ in range(moment.randrange(1, 40)):  # lines of progress
            child.stdout.readline()
        child.kill()
        child.communicate()
        there = stored(dataset.root)
        assert all(undisturbed[name] == content for name, content in there.items())
    summary = run_clean(CleanPlan(dataset=dataset.root))
    assert summary.count("failed") == 0
    assert stored(dataset.root) == undisturbed
    assert not [path for path in dataset.root.glob("cleaned/*/.*") if path.suffix == ".part"]


def spec(tmp_path: Path, dataset: Dataset, **chosen) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(CleanPlan(dataset=dataset.root, **chosen).model_dump_json())
    return path


def test_child_process_reports_lines_of_json(dataset, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    argv = [sys.executable, "-m", "recorder.cleaning.job", "--spec"]
    plan = spec(tmp_path, dataset, masks_from=masks, parameters={"masks": "imported"})
    run = subprocess.run([*argv, plan], cwd=ROOT, capture_output=True, text=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, run.stderr
    assert lines[-1]["result"]["failed"] == 3
    assert "no pictures" in lines[-1]["result"]["outcomes"][0]["error"]


def test_sigterm_ends_the_child_cleanly(dataset, tmp_path):
    control = tmp_path / "control"
    control.mkdir()
    set_control(control, "pause")
    plan = spec(tmp_path, dataset, control=control)
    argv = [sys.executable, "-m", "recorder.cleaning.job", "--spec", str(plan)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if "paused" in line or "waiting" in line:
                break
        child.send_signal(signal.SIGTERM)
        child.stdout.read()
    assert child.returncode == 130
