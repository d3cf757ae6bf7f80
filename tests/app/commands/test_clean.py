"""``thenar clean``: batches, verdicts and plug-ins from the command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest
import yaml
from support.fake_cleaner import dataset_of_takes
from support.repository import ROOT
from support.waiting import wait_until
from typer.testing import CliRunner

from app.commands.clean import cli
from recorder.cleaning.plugins.shelf import user_folder
from recorder.cleaning.result import cleaned_results
from recorder.dataset import open_dataset


@pytest.fixture
def takes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return dataset_of_takes(tmp_path / "dataset", count=2).root


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    for index in range(15):
        mask = np.zeros((120, 160), np.uint8)
        mask[30:70, 6 * index : 6 * index + 40] = 255
        cv2.imwrite(str(folder / f"{index:05d}.png"), mask)
    return folder


def run(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def test_a_dataset_is_cleaned_and_the_second_run_finds_it_done(takes, masks):
    done = run(takes, "--masks", masks, "--dilation", 3, "--set", "object_layer=false")
    assert done.exit_code == 0, done.output
    assert "2 cleaned, 30 pictures" in done.stdout
    again = run(takes, "--masks", masks, "--dilation", 3, "--set", "object_layer=false", "--json")
    assert json.loads(again.stdout)["finished_before"] == 2
    facts = cleaned_results(open_dataset(takes))[0][0].facts
    assert (facts.parameters.dilation_px, facts.parameter_source) == (3, "person")


def test_a_failed_episode_is_named_and_the_exit_code_says_so(takes, masks):
    path = takes / "episodes/episode_000000.h5"
    path.chmod(0o644)
    os.truncate(path, 3000)
    done = run(takes, "--masks", masks)
    assert done.exit_code == 1
    assert "failed       episode 0 front/rgb" in done.stdout
    assert "1 cleaned" in done.stdout
    listed = run("list", takes)
    assert listed.exit_code == 1
    assert "failed       episode 0 front/rgb: " in listed.stdout
    assert json.loads(run("list", takes, "--json").stdout)["failed"][0]["number"] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--masks", "magic"], "'magic' is neither automatic"),
        (["--dilation", "900"], "dilation_px"),
        (["--set", "plate_frames"], "has no value"),
        (["--set", "nonsense=1"], "nonsense"),
        (["--episodes", "5"], "no published episode 5"),
        (["--episodes", "a-b"], "no number or range"),
        (["--workers", "0"], "--workers"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(takes, arguments, sentence):
    done = run(takes, *arguments)
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_folder_that_is_no_dataset_is_said(tmp_path):
    done = run(tmp_path)
    assert done.exit_code == 1
    assert "is not a dataset" in done.stderr


def test_results_are_listed_accepted_and_sent_back(takes, masks):
    run(takes, "--masks", masks)
    assert run("accept", takes, "--episodes", "0", "--who", "P01").exit_code == 0
    assert run("redo", takes, "--episodes", "1", "--who", "P02", "--note", "thumb").exit_code == 0
    listed = run("list", takes).stdout
    assert "episode_000000.h5 front/rgb: accepted by P01" in listed
    assert "episode_000001.h5 front/rgb: redo by P02" in listed
    results = json.loads(run("list", takes, "--json").stdout)["results"]
    assert [one["note"] for one in results] == ["", "thumb"]
    made = json.loads(run(takes, "--masks", masks, "--json").stdout)
    assert (made["cleaned"], made["finished_before"]) == (1, 1)


def test_a_verdict_on_nothing_is_refused(takes):
    done = run("accept", takes)
    assert done.exit_code == 1
    assert "nothing was cleaned" in done.stderr
    assert "nothing was cleaned" in run("list", takes).stdout


def test_ctrl_c_ends_cleanly(takes, masks):
    user_folder().mkdir(parents=True)
    manifest = {
        "id": "slow",
        "task": "fill",
        "format": "subprocess",
        "licence": {"name": "Test-1.0"},
        "command": [sys.executable, "-c", "import time; time.sleep(60)", "{out}"],
    }
    (user_folder() / "slow.plugin.yaml").write_text(yaml.safe_dump(manifest))
    assert run("plugins", "--accept", "slow", "--yes").exit_code == 0
    code = "from app.commands.clean import cli; cli()"
    argv = [takes, "--masks", masks, "--filler", "plugin:slow", "--episodes", "0"]
    child = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, argv)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: list(takes.glob("cleaned/*/.front.rgb.filler/said.log")), timeout_s=60)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "goes on from there" in said
    assert list(takes.glob("cleaned/*/*.h5")) == []


def test_a_known_model_is_prepared_shown_and_accepted(takes, tmp_path):
    checkout = tmp_path / "E2FGVI"
    shutil.copytree(ROOT / "tests/support/fake_projects/e2fgvi", checkout)
    prepare = ["plugins", "--prepare", "e2fgvi", "--checkout", checkout]
    refused = run(*prepare)
    assert refused.exit_code == 1
    assert "--python" in refused.stderr
    done = run(*prepare, "--python", sys.executable)
    assert done.exit_code == 0
    assert "--accept e2fgvi" in done.stdout
    accepted = run("plugins", "--accept", "e2fgvi", "--yes")
    for said in ("CC BY-NC 4.0 (non-commercial)", str(checkout / "test.py"), "in the folder: {out}",
                 "MPLBACKEND=Agg", "can be used now: --filler plugin:e2fgvi"):  # fmt: skip
        assert said in accepted.stdout
    assert "propainter" in run("plugins").stdout


def test_a_licence_is_shown_and_asked_for(takes):
    user_folder().mkdir(parents=True)
    manifest = {
        "id": "some",
        "task": "fill",
        "format": "subprocess",
        "licence": {"name": "Test-1.0", "kind": "non-commercial", "text": "For research only."},
        "command": ["model", "{frames}", "{out}"],
    }
    (user_folder() / "some.plugin.yaml").write_text(yaml.safe_dump(manifest))
    assert "licence not accepted yet" in run("plugins").stdout
    refused = CliRunner().invoke(cli, ["plugins", "--accept", "some"], input="n\n")
    assert refused.exit_code == 1
    assert "For research only." in refused.stdout
    assert "model {frames} {out}" in refused.stdout
    accepted = CliRunner().invoke(cli, ["plugins", "--accept", "some"], input="y\n")
    assert accepted.exit_code == 0
    assert json.loads(run("plugins", "--json").stdout)["plugins"][0]["accepted"] is True
    assert run("plugins", "--accept", "other").exit_code == 1
