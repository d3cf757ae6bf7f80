"""``thenar export`` makes the plan that is written, and says what it did in plain lines."""

import json
import os
import signal

import pytest
import typer
from typer.testing import CliRunner

from app.commands.export import export
from recorder.dataset import open_dataset
from recorder.synthetic import SyntheticTake, write_take

cli = typer.Typer()
cli.command()(export)


@pytest.fixture(scope="module")
def takes(tmp_path_factory):
    dataset = open_dataset(tmp_path_factory.mktemp("takes"), create=True)
    for number in range(2):
        write_take(dataset, SyntheticTake(number=number, seconds=1.0, seed=number + 1))
    return dataset.root


@pytest.fixture
def run(takes, tmp_path):
    def call(*arguments):
        wanted = [str(takes), "--out", str(tmp_path / "out"), *arguments]
        return CliRunner().invoke(cli, wanted)

    return call


def test_an_export_says_where_it_is_and_how_large(run, tmp_path):
    done = run("--to", "lerobot", "--size", "64x48")
    assert done.exit_code == 0, done.output
    assert "2 episodes, 60 rows" in done.stdout
    assert (tmp_path / "out/meta/info.json").exists()


def test_a_refusal_is_one_line(run):
    done = run("--to", "lerobot", "--episodes", "9")
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("thenar: ")


def test_a_dry_run_writes_nothing(run, tmp_path):
    done = run("--to", "robomimic", "--dry-run", "--json", "--episodes", "0-1")
    assert json.loads(done.stdout)["episodes"] == 2
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--to", "zip"), "--to: Input should be"),
        (("--to", "lerobot", "--rate", "900"), "--rate: Input should be less than"),
        (("--to", "lerobot", "--size", "big"), "--size: 'big' is no size; write e.g. 320x240"),
        (("--to", "lerobot", "--size", "33x32"), "must be even"),
        (("--to", "lerobot", "--episodes", "0-x"), "--episodes: '0-x' is no number or range"),
        (("--to", "lerobot", "--episodes", "5-3"), "runs backwards"),
        (("--to", "lerobot", "--episodes", "9"), "has no published episode 9 (it has 0 to 1)"),
        (("--to", "lerobot", "--align", "joints"), "write e.g. joints=hold"),
        (("--to", "lerobot", "--align", "taxels=interpolate"), "must not be interpolated"),
        (("--to", "lerobot", "--cameras", "left/rgb"), "no colour camera 'left/rgb'"),
        (("--to", "lerobot", "--outcome", "failure"), "is left to export"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_way_out(run, arguments, sentence):
    done = run(*arguments)
    assert done.exit_code == 1
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(run, tmp_path, monkeypatch):
    from recorder.exporters import job

    real = job.run_export

    def interrupted(plan, report):
        def press(progress):
            if progress.what == "episode 1":
                os.kill(os.getpid(), signal.SIGINT)
            report(progress)

        return real(plan, press)

    monkeypatch.setattr(job, "run_export", interrupted)
    done = run("--to", "lerobot")
    assert done.exit_code == 130
    assert "the same command goes on from there" in done.output
    assert not (tmp_path / "out").exists()
    monkeypatch.undo()
    again = run("--to", "lerobot")
    assert "1 episodes were finished before and kept" in again.stdout


def test_the_same_handlers_are_there_afterwards(run):
    before = signal.getsignal(signal.SIGINT)
    run("--to", "lerobot", "--dry-run")
    assert signal.getsignal(signal.SIGINT) is before
