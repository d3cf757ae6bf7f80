"""The window's memory: saved atomically, salvaged field by field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.settings import Settings, load_settings, save_settings


def test_settings_survive_a_restart(tmp_path: Path):
    path = tmp_path / "settings.json"
    settings = Settings(rig="sim-leap", task="pick_ball", countdown=True)
    settings.splitters = {"columns": [500, 300, 280]}
    save_settings(settings, path)
    again, problems = load_settings(path)
    assert again == settings
    assert problems == []


def test_a_damaged_field_costs_that_field_only(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"rig": "sim-leap", "countdown": "soon", "operator_code": "P07"}))
    settings, problems = load_settings(path)
    assert (settings.rig, settings.operator_code, settings.countdown) == ("sim-leap", "P07", False)
    assert len(problems) == 1
    assert "countdown" in problems[0]
    assert "soon" in problems[0]


@pytest.mark.parametrize("text", ["", "{not json", '["a list"]', "\x00\x00"])
def test_an_unreadable_file_costs_no_start_and_is_kept(tmp_path: Path, text: str):
    path = tmp_path / "settings.json"
    path.write_text(text)
    settings, problems = load_settings(path)
    assert settings == Settings()
    assert len(problems) == 1
    assert path.with_name("settings.json.damaged").read_text() == text


def test_an_absent_file_is_no_problem(tmp_path: Path):
    assert load_settings(tmp_path / "none.json") == (Settings(), [])


def test_an_interrupted_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "settings.json"
    save_settings(Settings(rig="sim-leap"), path)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.settings.os.replace", crash)
    with pytest.raises(KeyboardInterrupt):
        save_settings(Settings(rig="sim-allegro"), path)
    assert load_settings(path)[0].rig == "sim-leap"


def test_names_that_could_identify_a_person_are_refused_as_operator_code(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"operator_code": "Jane Doe, +49 30 1234567"}))
    settings, problems = load_settings(path)
    assert settings.operator_code == "P01"
    assert "operator_code" in problems[0]
