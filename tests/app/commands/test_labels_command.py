"""``thenar labels``: labels, history, assignments and checks from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.reviewing import any_task, setting
from typer.testing import CliRunner

from app.commands.labels import cli
from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, open_dataset
from recorder.review.store import ReviewStore
from recorder.synthetic import SyntheticTake, write_take


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, str]:
    """A dataset with one episode that two reviewers have accepted, and its identity."""
    dataset = open_dataset(tmp_path_factory.mktemp("labels") / "dataset", create=True)
    write_take(dataset, SyntheticTake(number=0, seconds=0.5, cameras=()))
    catalogue = Catalogue(dataset)
    catalogue.rebuild()
    (row,) = catalogue.rows()
    for reviewer, quality in (("R1", 4), ("R2", 2)):
        review = ReviewStore(dataset, reviewer, f"desk-{reviewer}").open(row.uuid, any_task())
        review.apply(setting("outcome", "failure"))
        review.apply(setting("quality", quality))
        review.apply(setting("phases", {"label": "grasp", "start_ns": 1, "stop_ns": 2}, "p"))
        review.apply(setting("accepted", True))
        review.publish()
    return dataset, row.uuid


def call(*arguments: str | Path):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_labels_are_found_by_number_identity_and_file(recorded: tuple[Dataset, str]) -> None:
    dataset, uuid = recorded
    for name in ("0", uuid, dataset.episode_path(0)):
        facts = json.loads(call("show", dataset.root, name, "--json").output)
        assert facts["final"]["disputed"] == ["quality"]
        assert facts["final"]["state"]["outcome"] == "failure"
        assert facts["operator_outcome"] == "success"
        assert facts["reviewers"]["R1"]["quality"] == 4
    text = call("show", dataset.root, "0").output
    assert "final, by reviewers; disputed: quality" in text
    assert "R2, finished" in text
    assert "None" not in text
    missing = call("show", dataset.root, "7")
    assert (missing.exit_code, missing.output.count("\n")) == (1, 1)
    assert "has no episode '7'" in missing.output


def test_the_audit_names_who_when_old_and_new(recorded: tuple[Dataset, str]) -> None:
    dataset, _ = recorded
    rows = json.loads(call("audit", dataset.root, "0", "--json").output)
    quality = next(row for row in rows if row["lane"] == "quality" and row["who"] == "R2")
    assert (quality["old"], quality["new"], quality["station"]) == (None, 2, "desk-R2")
    assert rows == sorted(rows, key=lambda row: row["when"])
    assert "R2@desk-R2  change   quality: nothing -> 2" in call("audit", dataset.root, "0").output


def test_an_assignment_is_dealt_once(recorded: tuple[Dataset, str]) -> None:
    dataset, uuid = recorded
    made = call("assign", dataset.root, "--reviewers", "R1,R2", "--seed", "7", "--json")
    assert made.exit_code == 0, made.output
    facts = json.loads(made.output)
    assert (facts["blind"], facts["order"]["R1"]) == (True, [uuid])
    extended = call("assign", dataset.root, "--extend")
    assert "1 episodes, 2 reviewers each, blind, seed 7" in extended.output
    again = call("assign", dataset.root, "--reviewers", "R1,R2")
    assert again.exit_code == 1
    assert "--replace" in again.output
    replaced = call("assign", dataset.root, "--reviewers", "R1,R2", "--open", "--replace")
    assert "1 episodes, 2 reviewers each, open, seed 0" in replaced.output


def test_verify_finds_a_changed_line(recorded: tuple[Dataset, str]) -> None:
    dataset, uuid = recorded
    whole = call("verify", dataset.root)
    assert (whole.exit_code, whole.output) == (0, "2 journals, 10 lines, 0 damaged\n")
    path = dataset.root / "reviews" / "R1" / f"{uuid}.jsonl"
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"new":4', b'"new":5'))
    broken = call("verify", dataset.root, "--json")
    path.write_bytes(content)
    facts = json.loads(broken.output)
    assert (broken.exit_code, facts["ok"]) == (1, False)
    assert "line 3 is damaged" in facts["journals"][0]["problem"]


def test_a_damaged_journal_is_shown_as_far_as_it_is_whole_beside_the_others(
    recorded: tuple[Dataset, str],
) -> None:
    dataset, uuid = recorded
    path = dataset.root / "reviews" / "R1" / f"{uuid}.jsonl"
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"new":4', b'"new":5'))
    shown = call("show", dataset.root, "0", "--json")
    words = call("show", dataset.root, "0").stdout
    path.write_bytes(content)
    facts = json.loads(shown.stdout)
    assert shown.exit_code == 1
    assert (facts["reviewers"]["R1"]["outcome"], facts["reviewers"]["R1"]["accepted"]) == (
        "failure",
        None,
    )
    assert facts["reviewers"]["R2"]["quality"] == 2
    assert "line 3 is damaged" in facts["damaged"]["R1"]
    assert "R1, damaged: as far as it is whole" in words


def test_an_assignment_takes_only_codes_that_the_window_takes(
    recorded: tuple[Dataset, str],
) -> None:
    dataset, _ = recorded
    refused = call("assign", dataset.root, "--reviewers", "R1,alice", "--replace")
    assert refused.exit_code == 1
    assert "reviewer 'alice' is no code" in refused.output


def test_a_look_into_a_blind_review_is_refused_or_written_down(tmp_path: Path) -> None:
    dataset = open_dataset(tmp_path / "blind", create=True)
    write_take(dataset, SyntheticTake(number=0, seconds=0.2, cameras=()))
    assert call("assign", dataset.root, "--reviewers", "R1,R2").exit_code == 0
    (row,) = Catalogue(dataset).rows()
    refused = call("show", dataset.root, "0")
    assert refused.exit_code == 1
    assert "under blind review by R1, R2" in refused.output
    assert call("show", dataset.root, "0", "--reviewer", "R1").exit_code == 0
    assert "access" in call("audit", dataset.root, "0").output
    assert call("show", dataset.root, "0", "--reviewer", "R9").exit_code == 0
    for reviewer in ("R1", "R2"):
        ReviewStore(dataset, reviewer).open(row.uuid, any_task()).apply(setting("accepted", True))
    assert call("show", dataset.root, "0").exit_code == 0
