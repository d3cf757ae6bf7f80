"""Fixtures of the recorder's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.recording import write_log

from recorder.dataset import Dataset, open_dataset
from recorder.finalise import finalise_log


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """An empty dataset."""
    return open_dataset(tmp_path / "dataset", create=True)


@pytest.fixture
def episode_path(dataset: Dataset) -> Path:
    """A published half-second episode with every kind of stream."""
    path = finalise_log(dataset, write_log(dataset)).path
    assert path is not None
    return path
