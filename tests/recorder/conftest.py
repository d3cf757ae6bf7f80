"""Fixtures of the recorder's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recording import write_log
from support.station_scene import Scene

from benchmarks.load import load_rig
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


@pytest.fixture
def scene(session_file) -> Iterator[Scene]:
    """A station of a small rig whose finalising waits for ``settle``."""
    made = Scene(session_file(load_rig(128, 96)))
    yield made
    made.close()
