"""Fixtures of the recorder's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.postgres import MISSING, PROGRAMS, PostgresServer, own_server
from support.recording import write_log
from support.station_scene import Scene

from benchmarks.load import load_rig
from recorder.catalogue_database import ADDRESS_VARIABLE
from recorder.dataset import Dataset, open_dataset
from recorder.finalise import finalise_log


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """An empty dataset."""
    return open_dataset(tmp_path / "dataset", create=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, started once."""
    if not PROGRAMS.is_dir():
        pytest.skip(MISSING)
    with own_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with the dataset's own catalogue, and again with a shared one."""
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        monkeypatch.setenv(ADDRESS_VARIABLE, server.address)
    return request.param


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
