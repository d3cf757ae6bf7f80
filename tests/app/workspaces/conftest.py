"""Clean in the real window, on a few episodes that are cleaned by a cleaner without eyes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.clean_window import CleanWindow
from support.fake_cleaner import FAKE, dataset_of_takes
from support.repository import ROOT

from recorder.cleaning.job import run_clean
from recorder.cleaning.plan import CleanPlan


@pytest.fixture(scope="session")
def cleaned_takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes; the first is cleaned."""
    dataset = dataset_of_takes(tmp_path_factory.mktemp("clean") / "dataset", count=3)
    run_clean(CleanPlan(dataset=dataset.root, episodes=(0,)), methods=FAKE)
    return dataset.root


@pytest.fixture
def root(cleaned_takes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests"), str(ROOT)]))
    return Path(shutil.copytree(cleaned_takes, tmp_path / "dataset"))


@pytest.fixture
def window(qapp, root: Path) -> Iterator[CleanWindow]:
    opened = CleanWindow(root)
    yield opened
    if not opened.closed:
        opened.close()
