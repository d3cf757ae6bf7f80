"""The set-up scripts: pins for everything, and a clear sentence when packages are missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from support.repository import ROOT


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {normal(name): pinned for name, pinned in pairs}


def declared() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["dev"]
    return [re.match(r"[A-Za-z0-9_.-]+", line).group() for line in lines]


def test_every_declared_dependency_is_pinned(pins):
    assert [name for name in declared() if normal(name) not in pins] == []


def test_installed_versions_are_the_pinned_ones(pins):
    installed = {name: version(name).split("+")[0] for name in declared()}
    assert installed == {name: pins[normal(name)] for name in declared()}


def test_torch_is_pinned_to_the_version_of_the_house(pins):
    assert pins["torch"] == "2.13.0"


def test_opencv_is_the_headless_build_only(pins):
    assert "opencv-python-headless" in pins
    assert not {"opencv-python", "opencv-contrib-python"} & set(pins)


def test_licence_is_apache_2():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def command_that(directory: Path, name: str, script: str) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="needs Debian's package database")
def test_missing_packages_without_root_are_named_with_the_exact_command(tmp_path: Path):
    packages = tmp_path / "packages.txt"
    packages.write_text("# none such\nthenar-no-such-package  # really\n")
    command_that(tmp_path, "id", "echo 1000")
    command_that(tmp_path, "sudo", "exit 1")
    run = subprocess.run(
        [ROOT / ".ci/setup"],
        env={
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "THENAR_PACKAGE_LIST": str(packages),
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    wanted = "sudo apt-get install -y --no-install-recommends thenar-no-such-package"
    assert wanted in run.stderr


def test_continuous_integration_calls_the_test_command_of_the_readme():
    assert "make test" in (ROOT / ".ci/run").read_text()
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert "make test" in (ROOT / "README.md").read_text()
