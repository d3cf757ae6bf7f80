"""A rebuild as a child process speaks the language of jobs."""

from __future__ import annotations

import json
import subprocess
import sys

from support.recording import ROOT, write_log

from recorder.dataset import Dataset
from recorder.finalise import finalise_log


def rebuild(*arguments: str) -> tuple[int, list[dict]]:
    command = [sys.executable, "-m", "recorder.library.rebuild", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_job_rebuilds_the_library_and_tells_the_result(dataset: Dataset) -> None:
    finalise_log(dataset, write_log(dataset, seconds=0.1))
    code, lines = rebuild(str(dataset.root))
    assert code == 0
    assert lines[-1] == {"result": {"episodes": 1}}


def test_a_job_on_a_folder_that_is_no_dataset_ends_with_a_sentence(tmp_path) -> None:
    code, lines = rebuild(str(tmp_path))
    assert code != 0
    assert "is not a dataset" in lines[-1]["error"]
