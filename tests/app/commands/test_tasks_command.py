"""``thenar tasks`` and ``thenar demonstrate``: what they print, and one sentence for a mistake."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from app.cli import cli


def run(*arguments: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


def test_list_names_every_group_and_success_test():
    code, out, _ = run("tasks", "list")
    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert {row[1] for row in rows} == {"force-gated", "plain", "occluded", "free"}
    assert ["press-the-plunger", "force-gated", "press"] in [row[:3] for row in rows]
    found = {task["name"]: task for task in json.loads(run("tasks", "list", "--json")[1])}
    assert found["insert-the-peg"]["scene"]["success"]["test"] == "insert"
    assert found["free-play"]["scene"] is None


def test_check_prints_the_three_arms_as_json():
    code, out, _ = run("tasks", "check", "--task", "press-the-plunger", "--trials", "1", "--json")
    figures = json.loads(out)
    assert code == 0
    assert figures["simulated"] is True
    arms = figures["tasks"]["press-the-plunger"]
    assert arms["demonstration"]["successes"] == arms["force"]["successes"] == 1
    assert arms["position"]["failures"] == {"pressed too little": 1}


def test_mistakes_are_one_sentence(tmp_path: Path):
    for words, says in (
        (("--task", "fly"), "task 'fly' is unknown; known tasks: "),
        (("--task", "free-play"), "has no scripted demonstrator"),
        (("--task", "press-the-plunger", "--size", "big"), "size 'big' is not WIDTHxHEIGHT"),
        (("--task", "press-the-plunger", "--rig", "leap"), "rig 'leap' has no simulated world"),
    ):
        code, out, err = run("demonstrate", tmp_path / "demo", "--no-pictures", *words)
        assert (code, out) == (1, "")
        assert says in err
        assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "demo").exists()
