"""Lint, format, types, and what has no place in this house."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from support.repository import PACKAGES, ROOT, python_files, shown

TOOLS = Path(sys.executable).parent
LINES_MAX = 400
DRAWERS = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}
CODE = python_files(*PACKAGES, "benchmarks")
ALL = python_files(*PACKAGES, "benchmarks", "tests")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TOOLS / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True
    )


def test_ruff_finds_nothing():
    checked = run("ruff", "check", "--no-cache", "--output-format=concise", ".")
    assert checked.returncode == 0, checked.stdout


def test_every_file_is_formatted():
    checked = run("ruff", "format", "--no-cache", "--check", ".")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.timeout(300)
def test_types_of_devices_and_recorder_are_sound():
    checked = run("basedpyright")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", ALL, ids=shown)
def test_file_is_short_enough_to_read_in_one_go(path: Path):
    lines = len(path.read_text().splitlines())
    assert lines <= LINES_MAX, f"{shown(path)} has {lines} lines (limit {LINES_MAX}); split it"


def test_no_file_is_a_drawer():
    found = [shown(path) for path in CODE if path.stem in DRAWERS or path.parent.name in DRAWERS]
    assert not found


def weights_only(call: ast.Call) -> bool:
    """Whether the call says ``weights_only=True`` in so many words."""
    said = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    return said.get("weights_only") == "True"


def forbidden(tree: ast.AST) -> list[str]:
    """Uses of pickle, eval, exec, torch.load and shell=True in ``tree``."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] == "pickle"]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pickle":
            found.append("pickle")
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in ("eval", "exec") or (name == "torch.load" and not weights_only(node)):
                found.append(name)
            for keyword in node.keywords:
                if keyword.arg == "shell" and ast.unparse(keyword.value) != "False":
                    found.append("shell=True")
                if keyword.arg == "allow_pickle" and ast.unparse(keyword.value) != "False":
                    found.append("allow_pickle")
    return found


@pytest.mark.parametrize("path", CODE, ids=shown)
def test_file_runs_no_foreign_code(path: Path):
    assert forbidden(ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=trusted)",
        "subprocess.run(command, shell=True)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_the_search_for_foreign_code_finds_it(line: str):
    assert forbidden(ast.parse(line))
