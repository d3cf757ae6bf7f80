"""``thenar library`` prints what the library knows, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.commands.library import cli
from recorder.catalogue_database import ADDRESS_VARIABLE
from recorder.dataset import Dataset, open_dataset
from recorder.synthetic import SyntheticTake, write_take


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Three short episodes of two tasks."""
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    made = open_dataset(tmp_path / "demos", create=True)
    for number, (task, outcome) in enumerate(
        (("plug", "success"), ("plug", "failure"), ("ball", "success"))
    ):
        take = SyntheticTake(number, 0.2, cameras=(), task=task, outcome=outcome)
        write_take(made, take)
    return made


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_list_takes_filters_and_prints_json(dataset: Dataset) -> None:
    code, out, _ = run("list", str(dataset.root), "--task", "plug", "--json")
    assert code == 0
    assert [row["number"] for row in json.loads(out)] == [0, 1]
    code, out, _ = run("list", str(dataset.root), "--outcome", "failure", "--text", "plug")
    assert out.split()[:2] == ["1", "failure"]


def test_an_outcome_that_does_not_exist_is_refused_with_the_list(dataset: Dataset) -> None:
    code, out, err = run("list", str(dataset.root), "--outcome", "foo")
    assert (code, out) == (1, "")
    assert "'foo' is unknown; choose from success, qualified_success, failure" in err
    assert run("list", str(dataset.root), "--outcome", "disputed")[0] == 0


def test_stats_counts_outcomes_with_an_interval(dataset: Dataset) -> None:
    code, out, _ = run("stats", str(dataset.root), "--json")
    assert code == 0
    figures = json.loads(out)
    assert figures["episodes"] == 3
    assert [group["successes"] for group in figures["by_task"]] == [1, 1]
    assert "task 'plug': 1 success, 1 failure; success 50%" in run("stats", str(dataset.root))[1]


def test_triage_says_that_nothing_stands_out(dataset: Dataset) -> None:
    code, out, err = run("triage", str(dataset.root))
    assert (code, out) == (0, "")
    assert "nothing stands out" in err
    assert json.loads(run("triage", str(dataset.root), "--json")[1]) == []


def test_rebuild_tells_its_progress_on_stderr_only(dataset: Dataset) -> None:
    code, out, err = run("rebuild", str(dataset.root), "--json")
    assert code == 0
    assert json.loads(out) == {"episodes": 3}
    assert err.splitlines()[-1].startswith("100 %")


def test_a_folder_that_is_no_dataset_is_one_sentence(tmp_path: Path) -> None:
    code, out, err = run("list", str(tmp_path))
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "is not a dataset" in err


def test_a_label_word_nobody_knows_is_refused(dataset: Dataset) -> None:
    code, _, err = run("list", str(dataset.root), "--labels", "gone")
    assert code == 1
    assert "choose from any, unreviewed" in err


def test_a_shared_catalogue_that_is_away_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    open_dataset(tmp_path / "d", create=True)
    monkeypatch.setenv("THENAR_CATALOGUE_URL", "postgresql://u:secret@127.0.0.1:1/x")
    result = CliRunner().invoke(cli, ["list", str(tmp_path / "d")])
    told = result.output + caplog.text
    assert result.exit_code == 1
    assert told.count("cannot be used") == 1
    assert "published" not in told
    assert "secret" not in told
