"""The command line: help with an example everywhere, and one clear sentence for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from support.joint_episode import write_joint_episode
from typer.testing import CliRunner

from app.cli import cli
from devices.rig import load_rig
from recorder.dataset import open_dataset
from resources import ROOT

COMMANDS = (
    "run", "doctor", "record", "replay", "inspect", "verify", "recover", "bench", "review",
    "export", "import", "agreement", "shortcuts", "clean", "demonstrate", "train",
)  # fmt: skip


def call(*arguments: str | Path):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def rig_file(tmp_path: Path, **changes) -> Path:
    raw = yaml.safe_load((ROOT / "rigs" / "sim-xhand.yaml").read_text())
    raw.update(changes)
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


def one_sentence(result) -> str:
    """The error message; fails unless it is a single line and the exit code is 1."""
    assert result.exit_code == 1, result.output
    lines = [line for line in result.output.splitlines() if line.strip()]
    assert len(lines) == 1, result.output
    assert "Traceback" not in lines[0]
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    result = call(command, "--help")
    assert result.exit_code == 0
    assert f"thenar {command}" in result.output
    assert "Example:" in result.output


@pytest.mark.parametrize("command", ["doctor", "record", "replay", "inspect", "verify", "bench"])
def test_every_command_with_figures_speaks_json(command):
    assert "--json" in call(command, "--help").output


def test_an_unknown_rig_is_named_with_those_that_exist(tmp_path):
    text = one_sentence(call("record", "--rig", "sim-shadow", "--dataset", tmp_path / "d"))
    assert "sim-shadow" in text
    assert "sim-xhand" in text


def test_a_rig_file_that_is_not_yaml_names_the_line(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("schema: thenar.rig/1\nhands: [\n")
    text = one_sentence(call("record", "--rig", path, "--dataset", tmp_path / "d"))
    assert str(path) in text
    assert "line" in text


def test_a_wrong_key_in_a_rig_file_is_named(tmp_path):
    path = rig_file(tmp_path, camera=[])
    text = one_sentence(call("record", "--rig", path, "--dataset", tmp_path / "d"))
    assert "'camera'" in text


def test_an_unknown_device_is_named_with_those_that_exist(tmp_path):
    hand = {"side": "right", "model": "xhand", "driver": "shadow_hand", "wrist": "free6"}
    path = rig_file(tmp_path, hands=[hand])
    text = one_sentence(call("record", "--rig", path, "--dataset", tmp_path / "d"))
    assert "shadow_hand" in text
    assert "dynamixel_hand" in text


def test_a_missing_calibration_names_the_file_and_the_way_out(tmp_path):
    path = rig_file(tmp_path, exoskeletons=[{"side": "right", "calibration": "monday"}])
    text = one_sentence(call("record", "--rig", path, "--dataset", tmp_path / "d"))
    assert "monday" in text
    assert "calibrat" in text


def test_a_dataset_of_another_schema_is_refused_and_left_alone(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    about = folder / "dataset.json"
    about.write_text(json.dumps({"schema": "thenar.dataset/99", "uuid": "0" * 32}))
    text = one_sentence(call("record", "--dataset", folder))
    assert "thenar.dataset/99" in text
    assert json.loads(about.read_text())["schema"] == "thenar.dataset/99"
    assert [path.name for path in folder.iterdir()] == ["dataset.json"]


def test_a_folder_that_is_no_dataset_is_not_opened_for_review(tmp_path):
    text = one_sentence(call("review", tmp_path))
    assert str(tmp_path) in text
    assert list(tmp_path.glob("dataset.json")) == []


def test_a_reviewers_name_in_place_of_a_code_is_refused(tmp_path, monkeypatch):
    open_dataset(tmp_path / "d", create=True)
    text = one_sentence(call("review", tmp_path / "d", "--reviewer", "Jane Doe"))
    assert "reviewer" in text
    assert "Jane Doe" in text


def test_review_without_a_display_names_what_works_without_one(tmp_path, monkeypatch):
    open_dataset(tmp_path / "d", create=True)
    monkeypatch.setattr("app.launch.has_display", lambda: False)
    assert "thenar labels" in one_sentence(call("review", tmp_path / "d"))


def test_a_missing_episode_is_named(tmp_path):
    text = one_sentence(call("inspect", tmp_path / "episode_000007.h5"))
    assert "episode_000007.h5" in text


def test_a_file_that_is_no_episode_is_named(tmp_path):
    path = tmp_path / "notes.h5"
    path.write_text("not an episode")
    assert "notes.h5" in one_sentence(call("inspect", path))


def test_an_unknown_benchmark_lists_those_that_exist():
    text = one_sentence(call("bench", "everything"))
    assert "record" in text
    assert "startup" in text


def test_an_operator_that_needs_the_window_says_so(tmp_path):
    assert "scripted" in one_sentence(call("record", "--operator", "kinesthetic"))


def test_an_unknown_task_lists_those_that_exist(tmp_path):
    text = one_sentence(call("record", "--task", "juggle", "--dataset", tmp_path / "d"))
    assert "juggle" in text
    assert "known tasks" in text


def test_a_replay_on_another_hand_is_refused_before_anything_starts(tmp_path, monkeypatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a session was opened")

    monkeypatch.setattr("app.replaying.open_session", never)
    rig = load_rig("sim-leap")
    path = write_joint_episode(tmp_path, rig, {"right/joints_sent": np.zeros((20, 22))})
    text = one_sentence(call("replay", path, "--rig", "sim-allegro"))
    assert "leap" in text
    assert "allegro" in text
