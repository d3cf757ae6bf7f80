"""A catalogue that stations share, and what happens when its server is away."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from support.postgres import PostgresServer
from support.recording import write_log

from recorder.catalogue import EPISODES, Catalogue
from recorder.catalogue_database import (
    ADDRESS_VARIABLE,
    CatalogueDatabase,
    UnreachableCatalogueError,
)
from recorder.dataset import Dataset, open_dataset
from recorder.finalise import finalise_log
from recorder.library.library import Library


@pytest.fixture(autouse=True)
def shared(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS_VARIABLE, postgres.address)


@pytest.fixture
def stopped(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The server, stopped now and started again at the end at the latest."""
    postgres.stop()
    yield postgres
    if not postgres.runs():
        postgres.start()


def publish(dataset: Dataset, *numbers: int) -> None:
    for number in numbers:
        finalise_log(dataset, write_log(dataset, number=number, seconds=0.1))


def numbers(dataset: Dataset) -> list[int]:
    """Numbers the database itself has, without the files."""
    with CatalogueDatabase(dataset, (EPISODES,)).connection() as connection:
        found = connection.execute(EPISODES.select().where(EPISODES.c.dataset == dataset.uuid))
        return sorted(row.number for row in found)


def test_datasets_share_tables_and_see_only_their_own_rows(
    dataset: Dataset, tmp_path: Path
) -> None:
    other = open_dataset(tmp_path / "other", create=True)
    publish(dataset, 0, 1)
    publish(other, 5)
    assert [row.number for row in Catalogue(dataset).rows()] == [0, 1]
    assert [row.number for row in Catalogue(other).rows()] == [5]
    Catalogue(other).rebuild()
    assert numbers(dataset) == [0, 1]
    assert not dataset.catalogue_path.exists()


def test_a_take_is_published_while_the_server_is_away(
    dataset: Dataset, postgres: PostgresServer, stopped: PostgresServer, caplog
) -> None:
    log = write_log(dataset, number=3, seconds=0.1)
    with caplog.at_level(logging.WARNING):
        done = finalise_log(dataset, log)
    assert done.path is not None
    assert done.path.exists()
    assert not log.exists()
    (said,) = {record.getMessage() for record in caplog.records}
    assert said.startswith("shared catalogue 'postgresql://thenar@")
    assert "cannot be used: " in said
    assert "secret-word" not in said
    assert "\n" not in said
    assert [row.number for row in Catalogue(dataset).rows()] == [3], "read from the files"
    stopped.start()
    assert [row.number for row in Catalogue(dataset).rows()] == [3]
    assert numbers(dataset) == [3]


def test_what_was_missed_comes_in_with_the_next_opening(
    dataset: Dataset, stopped: PostgresServer
) -> None:
    stopped.start()
    publish(dataset, 0, 1)
    stopped.stop()
    publish(dataset, 2)
    away = Catalogue(dataset)
    away.set_outcome(0, "failure")
    away.discard(1)
    assert [(row.number, row.outcome) for row in away.rows()] == [(0, "failure"), (2, "success")]
    assert away.undo_discard()[1].number == 1
    away.discard(1)
    assert away.published(1) is None
    stopped.start()
    assert numbers(dataset) == [0, 1], "nobody has opened it yet"
    rows = Catalogue(dataset).rows(None)
    assert [(row.number, row.status, row.outcome) for row in rows] == [
        (0, "published", "failure"),
        (1, "discarded", "success"),
        (2, "published", "success"),
    ]
    assert rows == Catalogue(dataset).scan.rows()
    assert list((dataset.root / "uncatalogued").iterdir()) == []


def test_the_library_says_in_one_sentence_that_the_server_is_away(
    dataset: Dataset, stopped: PostgresServer
) -> None:
    with pytest.raises(
        UnreachableCatalogueError, match="^shared catalogue .* cannot be used: [^\n]*$"
    ):
        Library(dataset)


def test_a_server_that_is_away_is_not_asked_again_at_once(
    dataset: Dataset, stopped: PostgresServer
) -> None:
    database = CatalogueDatabase(dataset, (EPISODES,))
    for _ in range(2):
        with pytest.raises(UnreachableCatalogueError), database.connection():
            pass
    stopped.start()
    with pytest.raises(UnreachableCatalogueError), database.connection():
        pass
    assert Catalogue(dataset).rows() == []


def test_episodes_recorded_without_the_shared_catalogue_come_in(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    publish(dataset, 0)
    monkeypatch.delenv(ADDRESS_VARIABLE)
    publish(dataset, 1)
    assert [row.number for row in Catalogue(dataset).rows()] == [0, 1]
    monkeypatch.setenv(ADDRESS_VARIABLE, postgres.address)
    assert [row.number for row in Catalogue(dataset).rows()] == [0, 1]
    assert not dataset.catalogue_path.exists(), "it would be stale from now on"
    publish(dataset, 2)
    monkeypatch.delenv(ADDRESS_VARIABLE)
    assert [row.number for row in Catalogue(dataset).rows()] == [0, 1, 2]


def test_another_version_is_refused_with_a_way_out(
    dataset: Dataset, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgres.new_database()
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE episodes (uuid TEXT PRIMARY KEY, number INTEGER)")
    monkeypatch.setenv(ADDRESS_VARIABLE, address)
    assert "run the same version at every station" in Catalogue(dataset).problem


@pytest.mark.parametrize(
    "address",
    [
        "mysql://root:secret-word@host/db",
        "nonsense secret-word",
        "postgresql://u:secret-word@127.0.0.1:1/x",
    ],
)
def test_an_address_that_leads_nowhere_costs_no_take(
    dataset: Dataset, address: str, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    monkeypatch.setenv(ADDRESS_VARIABLE, address)
    publish(dataset, 0)
    catalogue = Catalogue(dataset)
    assert [row.number for row in catalogue.rows()] == [0]
    assert catalogue.problem.startswith("shared catalogue ")
    assert "secret-word" not in catalogue.problem + caplog.text


def test_without_an_address_the_catalogue_is_a_file_of_the_dataset(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE)
    publish(dataset, 0)
    connection = sqlite3.connect(dataset.catalogue_path)
    assert connection.execute("SELECT dataset, number FROM episodes").fetchall() == [
        (dataset.uuid, 0)
    ]
    connection.close()
