"""What stands for a person: one rule for the window, the settings and the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.settings import Settings, load_settings
from recorder.dataset import open_dataset
from recorder.pseudonym import code_problem
from widgets.operator_code import OperatorCode

GOOD = ("R1", "P07", "ABC1234")
BAD = ("", "r1", "Jane Doe", "ABCD1", "R12345", "R1\n", "alice")


@pytest.mark.parametrize("code", GOOD)
def test_codes_are_taken(code: str) -> None:
    assert code_problem("reviewer", code) == ""
    assert Settings(reviewer=code, operator_code=code).reviewer == code


@pytest.mark.parametrize("code", BAD)
def test_what_is_none_is_said_with_an_example(code: str) -> None:
    problem = code_problem("reviewer", code)
    assert problem.startswith(f"reviewer '{code}' is no code of one to three capital letters")
    assert "such as P07 or R1" in problem
    with pytest.raises(ValueError, match="is no code of"):
        Settings(reviewer=code)


@pytest.mark.parametrize("words", [("review",), ("labels", "assign")])
def test_the_commands_refuse_a_name_with_the_same_sentence(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THENAR_SETTINGS", str(tmp_path / "settings.json"))
    open_dataset(tmp_path / "dataset", create=True)
    option = "--reviewers" if "assign" in words else "--reviewer"
    result = CliRunner().invoke(cli, [*words, str(tmp_path / "dataset"), option, "Jane Doe"])
    assert result.exit_code == 1
    assert code_problem("reviewer", "Jane Doe") in result.output
    assert "[A-Z]" not in result.output


def test_a_stored_name_is_put_aside_with_that_sentence(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"reviewer": "Jane"}))
    settings, problems = load_settings(path)
    assert settings.reviewer == "R1"
    (said,) = problems
    assert said.startswith("setting 'reviewer': reviewer 'Jane' is no code of")


def test_the_field_takes_what_the_rule_takes(qapp) -> None:
    field = OperatorCode()
    for code in GOOD:
        field.setText(code)
        assert field.code == code
    field.setText("R12345")
    assert field.code == ""
    field.deleteLater()
