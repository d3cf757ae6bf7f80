"""The child's side of a job."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Iterator

import pytest

from recorder.progress import Cancelled, Progress
from recorder.progress_child import CANCELLED_RC, report_to_stdout, run_child


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def lines(out: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_many_reports_become_few_lines_and_the_last_is_among_them():
    out = io.StringIO()
    report = report_to_stdout(out, every_s=60)
    for done in range(1, 101):
        report(Progress(done, 100, f"frame {done}", 0.5))
    told = [line["progress"]["done"] for line in lines(out)]
    assert told == [1, 100]


def test_a_result_is_the_last_line():
    out = io.StringIO()
    assert run_child(lambda report: {"episodes": 3}, out) == 0
    assert lines(out) == [{"result": {"episodes": 3}}]


def test_an_error_is_one_sentence():
    out = io.StringIO()

    def work(report) -> dict:
        raise ValueError("episode 7 has no camera")

    assert run_child(work, out) == 1
    assert lines(out) == [{"error": "episode 7 has no camera"}]


def test_sigterm_cancels_at_the_next_report():
    out = io.StringIO()

    def work(report) -> dict:
        report(Progress(1, 3))
        os.kill(os.getpid(), signal.SIGTERM)
        report(Progress(2, 3))
        raise AssertionError("went on after SIGTERM")

    assert run_child(work, out) == CANCELLED_RC
    assert [line["progress"]["done"] for line in lines(out)] == [1]


def test_a_parent_that_is_gone_cancels():
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    report = report_to_stdout(Closed())
    with pytest.raises(Cancelled):
        report(Progress(1, 3))
