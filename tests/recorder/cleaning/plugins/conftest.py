"""Plug-ins of a test lie in a configuration folder of its own."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import support.fake_inpainter
import yaml

from recorder.cleaning.plugins.manifest import Plugin, read_plugin
from recorder.cleaning.plugins.shelf import accept, user_folder

LICENCE = {"name": "Test-1.0", "kind": "open", "text": "Do what you like."}
PROGRAM = support.fake_inpainter.__file__


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def install() -> Callable[..., Plugin]:
    """Write a manifest into the user's folder, and accept it unless told otherwise."""

    def install(id: str = "fake", accepted: bool = True, **manifest: Any) -> Plugin:  # noqa: A002
        folder = user_folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{id}.plugin.yaml"
        path.write_text(yaml.safe_dump({"id": id, "licence": LICENCE, **manifest}))
        plugin = read_plugin(path)
        if accepted:
            accept(plugin)
        return plugin

    return install


@pytest.fixture
def install_program(install) -> Callable[..., Plugin]:
    """Install the fake program so that it does what ``how`` says."""

    def install_program(how: str = "paints", **manifest: Any) -> Plugin:
        command = [sys.executable, PROGRAM, how, "{frames}", "{masks}", "{out}"]
        manifest = {"task": "fill", "format": "subprocess", "command": command, **manifest}
        return install(**manifest)

    return install_program


@pytest.fixture
def install_model(install) -> Callable[..., Plugin]:
    """Install bytes as an ONNX model."""

    def install_model(stored: bytes, **manifest: Any) -> Plugin:
        user_folder().mkdir(parents=True, exist_ok=True)
        (user_folder() / "model.onnx").write_bytes(stored)
        sha256 = hashlib.sha256(stored).hexdigest()
        facts = {"task": "fill", "format": "onnx", "file": "model.onnx", "sha256": sha256}
        return install(**{**facts, **manifest})

    return install_model
