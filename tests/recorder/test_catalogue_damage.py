"""A catalogue in the dataset that is damaged or of another version is rebuilt by itself."""

from __future__ import annotations

import sqlite3

import pytest
from support.recording import write_log

from recorder.catalogue import EPISODES, Catalogue
from recorder.catalogue_database import ADDRESS_VARIABLE, CatalogueDatabase
from recorder.dataset import Dataset
from recorder.finalise import finalise_log


@pytest.fixture(autouse=True)
def _own_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)


def publish(dataset: Dataset, *numbers: int) -> None:
    for number in numbers:
        finalise_log(dataset, write_log(dataset, number=number, seconds=0.1))


def test_a_damaged_catalogue_is_rebuilt_by_itself(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    for path in dataset.root.glob("catalogue.sqlite-*"):
        path.unlink()
    dataset.catalogue_path.write_bytes(b"this was a database" * 500)
    assert [row.number for row in Catalogue(dataset).rows()] == [0, 1]


def test_a_catalogue_of_another_version_is_rebuilt_by_itself(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    with sqlite3.connect(dataset.catalogue_path) as connection:
        connection.execute("ALTER TABLE episodes DROP COLUMN discard_order")
    connection.close()
    assert [row.number for row in Catalogue(dataset).rows()] == [0, 1]


def test_a_catalogue_of_the_first_version_is_rebuilt_by_itself(dataset: Dataset) -> None:
    publish(dataset, 0)
    for path in dataset.root.glob("catalogue.sqlite*"):
        path.unlink()
    with sqlite3.connect(dataset.catalogue_path) as connection:
        connection.execute("CREATE TABLE episodes (uuid TEXT, number INTEGER, PRIMARY KEY (uuid))")
    connection.close()
    assert [row.number for row in Catalogue(dataset).rows()] == [0]


def test_every_write_of_the_own_catalogue_is_synced(dataset: Dataset) -> None:
    with CatalogueDatabase(dataset, (EPISODES,)).connection() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"


def test_a_locked_catalogue_is_a_sentence_and_not_damage(dataset: Dataset) -> None:
    publish(dataset, 0)
    before = dataset.catalogue_path.stat().st_ino
    (row,) = Catalogue(dataset).rows()
    holder = sqlite3.connect(dataset.catalogue_path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(OSError, match="catalogue of .* locked"):
        Catalogue(dataset).put(row)
    holder.rollback()
    holder.close()
    assert dataset.catalogue_path.stat().st_ino == before
