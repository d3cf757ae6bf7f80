"""``thenar import`` says what came in, and ends cleanly when a person ends it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from support.foreign import write_robomimic
from support.waiting import wait_until
from typer.testing import CliRunner

from app.cli import cli
from recorder.dataset import open_dataset
from recorder.verify import verify_path


def call(*arguments: str | Path):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_an_import_prints_its_result_as_json_and_goes_on_later(tmp_path: Path) -> None:
    source = write_robomimic(tmp_path / "cups.hdf5", [4, 3])
    target = tmp_path / "review"
    first = call("import", source, "--dataset", target, "--json")
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout) == {
        "format": "robomimic",
        "episodes": [0, 1],
        "skipped": [],
        "problems": [],
    }
    again = call("import", source, "--dataset", target)
    assert "0 episodes imported from robomimic, 2 were there before, 0 left out" in again.output


def test_a_source_that_is_nothing_is_one_sentence(tmp_path: Path) -> None:
    source = tmp_path / "policy.pt"
    source.write_bytes(b"\x80\x04.")
    result = call("import", source, "--dataset", tmp_path / "review")
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "can run any code" in result.output


def test_a_format_that_is_unknown_is_one_sentence(tmp_path: Path) -> None:
    result = call("import", tmp_path, "--dataset", tmp_path / "review", "--format", "rlds")
    assert result.exit_code == 1
    assert "choose from auto, lerobot, robomimic" in result.output


def test_ctrl_c_leaves_whole_episodes_only(tmp_path: Path) -> None:
    source = write_robomimic(tmp_path / "cups.hdf5", [30] * 40)
    target = tmp_path / "review"
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "import", str(source), "--dataset", str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    wait_until(lambda: len(list(target.glob("episodes/*.h5"))) >= 1, 60.0)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "the same command goes on from there" in said
    assert "Traceback" not in said
    dataset = open_dataset(target)
    assert 1 <= len(dataset.published()) < 40
    assert not list(dataset.logs_dir.glob(".import-*"))
    assert not [f for f in verify_path(target) if f.level == "critical"]
