"""The house plan, checked: imports go down only and the packages are ours."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from support.repository import PACKAGES, ROOT


def test_imports_keep_every_contract():
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", PACKAGES)
def test_package_of_this_generic_name_is_the_one_of_this_repository(name: str):
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parent == ROOT / name


def test_devices_recorder_and_policies_load_without_qt_or_torch():
    code = (
        "import sys, pkgutil, importlib\n"
        "import devices.supervision, recorder, policies\n"
        "for package in (devices.supervision, recorder):\n"
        "    for item in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(item.name)\n"
        "unwanted = ('PySide6', 'pyqtgraph', 'vispy', 'torch')\n"
        "print([name for name in unwanted if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr
