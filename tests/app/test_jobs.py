"""Jobs: progress, queue, cancel, and children that misbehave."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psutil
import pytest

from app import jobs
from app.jobs import NICENESS, Job, JobRunner

COUNT = """
import sys, time
from recorder.progress import ProgressMeter
from recorder.progress_child import run_child
def work(report):
    meter = ProgressMeter(4, report)
    for number in range(4):
        meter.advance(1, f"episode {number}")
    return {"episodes": 4}
sys.exit(run_child(work))
"""
FOREVER = """
import sys, threading
from pathlib import Path
from recorder.progress import Cancelled, Progress
from recorder.progress_child import run_child
def work(report):
    try:
        while True:
            report(Progress(1, 10, "begun"))
            threading.Event().wait(0.02)
    except Cancelled:
        Path(sys.argv[1]).write_text("put away")
        raise
sys.exit(run_child(work))
"""
DEAF = """
import json, signal, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({"progress": {"done": 1, "total": 2}}), flush=True)
threading.Event().wait(60)
"""
GARBAGE = r"""
import sys
for text in ('loading model...', '{"progress": 7}', '{"progress": {"done": "x", "total": 1}}',
             '[1]', '{"progress": {"done": NaN, "total": 1}}', '\xff\x00', '{"result": 3}',
             '[' * 5000,
             '{"progress": {"done": 1, "total": 2, "left_s": 3.5}}', '{"result": {"fine": true}}'):
    sys.stdout.write(text + "\n")
"""


@pytest.fixture
def runner(qapp) -> Iterator[JobRunner]:
    made = JobRunner()
    yield made
    made.close()


def ends(job: Job) -> list[tuple[str, object]]:
    """How ``job`` ends, in a list that fills."""
    seen: list[tuple[str, object]] = []
    job.finished.connect(lambda result: seen.append(("finished", result)))
    job.failed.connect(lambda text: seen.append(("failed", text)))
    job.cancelled.connect(lambda: seen.append(("cancelled", None)))
    return seen


def test_a_job_reports_its_progress_and_its_result(runner, qtbot):
    job = runner.start("Count", ["-c", COUNT])
    steps: list = []
    job.progressed.connect(steps.append)
    seen = ends(job)
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    assert seen == [("finished", {"episodes": 4})]
    assert (steps[-1].done, steps[-1].total, steps[-1].what) == (4, 4, "episode 3")
    assert steps[-1].left_s == 0
    assert runner.jobs == ()


def test_a_job_runs_at_low_priority(runner, qtbot, tmp_path):
    job = runner.start("Wait", ["-c", FOREVER, str(tmp_path / "note")])
    qtbot.waitUntil(lambda: job.progress is not None, timeout=20_000)
    assert psutil.Process(job.pid).nice() == min(19, os.nice(0) + NICENESS)


def test_a_cancelled_job_puts_away_what_it_made(runner, qtbot, tmp_path):
    note = tmp_path / "note"
    job = runner.start("Wait", ["-c", FOREVER, str(note)])
    seen = ends(job)
    qtbot.waitUntil(lambda: job.progress is not None, timeout=20_000)
    job.cancel()
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    assert seen == [("cancelled", None)]
    assert note.read_text() == "put away"


def test_a_job_that_does_not_listen_is_killed(runner, qtbot, monkeypatch):
    monkeypatch.setattr(jobs, "KILL_AFTER_MS", 100)
    job = runner.start("Deaf", ["-c", DEAF])
    seen = ends(job)
    qtbot.waitUntil(lambda: job.progress is not None, timeout=20_000)
    job.cancel()
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    assert seen == [("cancelled", None)]


def test_garbage_on_stdout_changes_nothing(runner, qtbot):
    job = runner.start("Chatter", ["-c", GARBAGE])
    steps: list = []
    job.progressed.connect(steps.append)
    seen = ends(job)
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    assert seen == [("finished", {"fine": True})]
    assert [(step.done, step.left_s) for step in steps] == [(1, 3.5)]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('print(\'{"error": "disk is full"}\'); raise SystemExit(1)', "disk is full"),
        ("raise ValueError('no such episode')", "no such episode"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("raise SystemExit(3)", "code 3"),
        ("pass", "without a result"),
    ],
)
def test_a_job_that_fails_says_why(runner, qtbot, code, words):
    seen = ends(runner.start("Try", ["-c", code]))
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    how, text = seen[0]
    assert how == "failed"
    assert text.startswith("Try: ")
    assert words in text


def test_jobs_run_one_after_the_other_and_a_waiting_one_can_be_cancelled(runner, qtbot, tmp_path):
    first = runner.start("First", ["-c", FOREVER, str(tmp_path / "1")])
    second = runner.start("Second", ["-c", COUNT])
    third = runner.start("Third", ["-c", COUNT])
    second_ends, third_ends = ends(second), ends(third)
    qtbot.waitUntil(lambda: first.progress is not None, timeout=20_000)
    assert [job.state for job in runner.jobs] == ["running", "waiting", "waiting"]
    second.cancel()
    assert second_ends == [("cancelled", None)]
    first.cancel()
    qtbot.waitUntil(lambda: bool(third_ends), timeout=20_000)
    assert third_ends == [("finished", {"episodes": 4})]


def test_closing_leaves_no_child_behind(qapp, qtbot, tmp_path):
    runner = JobRunner()
    job = runner.start("Wait", ["-c", FOREVER, str(tmp_path / "note")])
    runner.start("Next", ["-c", COUNT])
    qtbot.waitUntil(lambda: job.progress is not None, timeout=20_000)
    pid = job.pid
    runner.close()
    assert not psutil.pid_exists(pid)
    assert (tmp_path / "note").read_text() == "put away"
