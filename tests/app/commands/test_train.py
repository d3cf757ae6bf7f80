"""``thenar train`` on the command line: a policy, sentences, an end that can be gone on from."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.repository import ROOT
from support.waiting import wait_until
from typer.testing import CliRunner

from app.cli import cli
from policies.policy_facts import read_facts
from recorder.catalogue import Catalogue
from recorder.dataset import open_dataset
from recorder.synthetic import SyntheticTake, write_take

QUICK = [
    f"--set={choice}"
    for choice in (
        "size=tiny",
        "cameras=[]",
        "taxels=false",
        "force=true",
        "chunk=8",
        "batch=8",
        "warmup_steps=2",
        "validate_every=2",
        "checkpoint_every=2",
    )
]


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("takes")
    dataset = open_dataset(root, create=True)
    for number in range(2):
        write_take(dataset, SyntheticTake(number=number, seconds=1.0, seed=number))
    Catalogue(dataset)
    return root


def test_training_from_the_command_line_makes_a_policy(takes: Path, tmp_path: Path):
    out = tmp_path / "policy"
    arguments = ["train", str(takes), "--out", str(out), "--task", "pick-up-the-ball", "--json"]
    run = CliRunner().invoke(cli, [*arguments, *QUICK, "--set=steps=3", "--threads=1"])
    assert run.exit_code == 0, run.output
    made = json.loads(run.stdout)
    assert (made["state"], made["steps"]) == ("finished", 3)
    assert read_facts(out).id == made["id"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["DATA"], "--out FOLDER is missing"),
        (["DATA", "--out", "x", "--set", "kind"], "'kind' has no value"),
        (["DATA", "--out", "x", "--set", "kind=gan"], "'kind': Input should be"),
        (["DATA", "--out", "x", "--device", "tpu"], "--device"),
        (["DATA", "--out", "x", "--task", "fly"], "has no episode of task 'fly'"),
        (["NONE", "--out", "x"], "is not a dataset"),
    ],
)
def test_wrong_choices_are_one_sentence(takes, tmp_path, monkeypatch, arguments, said: str):
    monkeypatch.chdir(tmp_path)
    given = [
        {"DATA": str(takes), "NONE": str(tmp_path)}.get(text, text)
        for text in ["train", *arguments]
    ]
    run = CliRunner().invoke(cli, given)
    assert run.exit_code == 1
    assert said in run.stderr
    assert "\n" not in run.stderr.strip()


def test_every_choice_is_listed():
    run = CliRunner().invoke(cli, ["train", "--choices"])
    assert 'kind: "diffusion"' in run.stdout
    assert "modality_dropout: 0.1" in run.stdout


def command(takes: Path, out: Path, *more: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "app",
        "train",
        str(takes),
        "--out",
        str(out),
        "--threads=1",
        "--json",
        *QUICK,
        *more,
    ]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_ended_or_killed_process_goes_on_with_the_same_result(takes, tmp_path, how: signal.Signals):
    whole = command(takes, tmp_path / "whole", "--set=steps=60")
    subprocess.run(whole, cwd=ROOT, check=True, capture_output=True)
    ended = tmp_path / "ended"
    child = subprocess.Popen(
        command(takes, ended, "--set=steps=60"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: (ended / "resume.json").exists() or child.poll() is not None, 100)
        os.kill(child.pid, how)
        code = child.wait(60)
    finally:
        child.kill()
        child.wait()
    assert code == (130 if how == signal.SIGTERM else -signal.SIGKILL)
    resumed = command(takes, ended, "--set=steps=60", "--resume")
    subprocess.run(resumed, cwd=ROOT, check=True, capture_output=True)
    assert read_facts(ended).weights == read_facts(tmp_path / "whole").weights


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["torchrun", "ray"])
def test_two_processes_train_one_policy(takes, tmp_path, launcher: str):
    if launcher == "ray":
        pytest.importorskip("ray")
    out = tmp_path / "policy"
    more = ["--set=steps=6", "--workers=2", f"--launcher={launcher}", "--device=cpu"]
    run = subprocess.run(
        command(takes, out, *more), cwd=ROOT, capture_output=True, text=True, timeout=110
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["steps"] == 6
    assert read_facts(out).steps == 6
