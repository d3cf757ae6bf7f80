"""Where catalogues live: SQLite in the dataset, or one PostgreSQL that several stations share.

Without ``THENAR_CATALOGUE_URL`` every dataset has ``catalogue.sqlite`` (write-ahead log,
``synchronous=FULL``). With it, the rows of all datasets stand in the tables of that database, told
apart by the dataset's identity. The statements are the same for both (SQLAlchemy Core).

Every write takes the dataset's next *revision* first and stamps its rows with it. Taking it holds
the dataset's row in ``revisions`` until the end of the transaction, so revisions become visible in
their order, and a reader that knows revision ``n`` has to fetch later rows only.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import lru_cache
from typing import Any

import sqlalchemy as sql
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from recorder.dataset import Dataset

ADDRESS_VARIABLE = "THENAR_CATALOGUE_URL"
LOCK_WAIT_S = 2.0  # well below what the recorder's bus queues hold
LOCK_RETRY_S = 0.01
STATEMENT_S = 20.0  # of a shared database; ten thousand rows take a tenth of it
RETRY_AFTER_S = 5.0  # a server that is away is not asked at every turn of a loop
MAKING_TABLES = 0x7468656E  # key of the lock that keeps two stations from making tables at once

_TYPES: dict[str, sql.types.TypeEngine] = {
    "int": sql.BigInteger(),
    "float": sql.Double(),
    "str": sql.Text(),
    "bool": sql.Boolean(),
}
_METADATA = sql.MetaData()


class DamagedCatalogueError(OSError):
    """The dataset's own catalogue is not an intact database of this version."""


class UnreachableCatalogueError(OSError):
    """The shared catalogue does not answer; the message is one sentence without the password."""


def table_of(name: str, record: type) -> sql.Table:
    """Describe the table of a dataclass with a ``uuid``; a second key names the dataset.

    Parameters
    ----------
    name : str
        Of the table.
    record : dataclass type
        Its fields become the columns: numbers, texts and truths as such, tuples as JSON. Floats
        may be NULL, which stands for NaN.
    """
    columns = []
    for item in fields(record):
        kind, _, optional = str(item.type).partition(" | ")
        empty = bool(optional) or kind == "float"
        if item.name != "uuid":
            columns.append(sql.Column(item.name, _TYPES.get(kind, sql.JSON()), nullable=empty))
    return sql.Table(
        name,
        _METADATA,
        sql.Column("dataset", sql.Text(), primary_key=True),
        sql.Column("uuid", sql.Text(), primary_key=True),
        *columns,
        sql.Column("revision", sql.BigInteger(), nullable=False, index=False),
    )


REVISIONS = sql.Table(
    "revisions",
    _METADATA,
    sql.Column("dataset", sql.Text(), primary_key=True),
    sql.Column("revision", sql.BigInteger(), nullable=False),
    sql.Column("rebuilt", sql.BigInteger(), nullable=False),
)


class CatalogueDatabase:
    """The tables of one dataset. Each use opens its own connection; any thread may call.

    Parameters
    ----------
    dataset : Dataset
        Whose rows are read and written.
    tables : sequence of Table
        Tables that must exist, besides ``REVISIONS``.
    """

    def __init__(self, dataset: Dataset, tables: Sequence[sql.Table]) -> None:
        self.dataset = dataset
        self._tables = (*tables, REVISIONS)
        self._address = os.environ.get(ADDRESS_VARIABLE, "")
        self._made = False
        self._refused: tuple[float, str] | None = None

    @property
    def shared(self) -> bool:
        """Whether several stations share the database."""
        return bool(self._address)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One transaction.

        Raises
        ------
        OSError
            The dataset's own database is locked or its disk full.
        DamagedCatalogueError
            It is not an intact database.
        UnreachableCatalogueError
            The shared database does not answer or refuses.
        """
        if self._refused and time.monotonic() < self._refused[0] + RETRY_AFTER_S:
            raise UnreachableCatalogueError(self._refused[1])
        try:
            with self._engine().begin() as connection:
                self._make_tables(connection)
                yield connection
        except DBAPIError as error:
            raise self._explained(error) from error
        except SQLAlchemyError as error:
            raise self._away(type(error).__name__) from error
        self._refused = None

    def check(self, connection: Connection, table: sql.Table) -> None:
        """Raise unless the columns found are the ones this version writes."""
        found = list(connection.execute(sql.text(f"SELECT * FROM {table.name} WHERE 1 = 0")).keys())
        if found == [column.name for column in table.columns]:
            return
        if self.shared:
            raise self._away(
                f"table '{table.name}' was made by another version of the program; run the same "
                "version at every station or give the new one a database of its own"
            )
        raise DamagedCatalogueError("it was made by another version of the program")

    def revision(self, connection: Connection) -> tuple[int, int] | None:
        """Newest revision and that of the last rebuild; None for a dataset never written."""
        query = sql.select(REVISIONS.c.revision, REVISIONS.c.rebuilt)
        row = connection.execute(query.where(REVISIONS.c.dataset == self.dataset.uuid)).first()
        return None if row is None else (row.revision, row.rebuilt)

    def next_revision(self, connection: Connection, rebuilt: bool = False) -> int:
        """Take the next revision; call it before anything else that writes."""
        following = {"revision": REVISIONS.c.revision + 1}
        if rebuilt:
            following["rebuilt"] = REVISIONS.c.revision + 1
        statement = self._insert(REVISIONS).values(dataset=self.dataset.uuid, revision=1, rebuilt=1)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["dataset"], set_=following)
        )
        now = self.revision(connection)
        assert now is not None
        return now[0]

    def upsert(
        self,
        connection: Connection,
        table: sql.Table,
        revision: int,
        rows: Sequence[Mapping[str, Any]],
    ) -> None:
        """Insert or replace the rows of their ``uuid``."""
        if not rows:
            return
        statement = self._insert(table)
        replaced = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if not column.primary_key
        }
        stamp = {"dataset": self.dataset.uuid, "revision": revision}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["dataset", "uuid"], set_=replaced),
            [{**row, **stamp} for row in rows],
        )

    def _insert(self, table: sql.Table) -> sqlite.Insert | postgresql.Insert:
        return postgresql.insert(table) if self.shared else sqlite.insert(table)

    def _engine(self) -> Engine:
        if not self.shared:
            return _own_engine(str(self.dataset.catalogue_path))
        try:
            url = make_url(self._address)
        except SQLAlchemyError:
            raise self._away("it is not an address; " + _EXAMPLE) from None
        if url.get_backend_name() not in ("postgresql", "postgres"):
            raise self._away(f"'{url.get_backend_name()}' is not supported; " + _EXAMPLE)
        return _shared_engine(url.set(drivername="postgresql+psycopg"))

    def _make_tables(self, connection: Connection) -> None:
        if self.shared:
            if self._made:
                return
            connection.execute(sql.select(sql.func.pg_advisory_xact_lock(MAKING_TABLES)))
        for table in self._tables:  # the file may have been deleted since the last time
            connection.execute(CreateTable(table, if_not_exists=True))
        self._made = True

    def _explained(self, error: DBAPIError) -> OSError:
        reason = str(error.orig).strip().partition("\n")[0]
        if self.shared:
            return self._away(reason)
        if isinstance(error, OperationalError):  # full, locked or unreachable: not damaged
            return OSError(f"catalogue of '{self.dataset.root}': {reason}")
        return DamagedCatalogueError(reason)

    def _away(self, reason: str) -> UnreachableCatalogueError:
        text = f"shared catalogue {_without_password(self._address)} cannot be used: {reason}"
        self._refused = time.monotonic(), text
        return UnreachableCatalogueError(text)


_EXAMPLE = f"set {ADDRESS_VARIABLE} to postgresql://user@host/database, or unset it"


def _without_password(address: str) -> str:
    try:
        url = make_url(address)
    except SQLAlchemyError:
        return f"({ADDRESS_VARIABLE})"
    plain = URL.create(
        url.drivername, username=url.username, host=url.host, port=url.port, database=url.database
    )
    return f"'{plain.render_as_string()}'"


@lru_cache(maxsize=32)
def _own_engine(path: str) -> Engine:
    engine = sql.create_engine(
        URL.create("sqlite", database=path),
        poolclass=NullPool,
        connect_args={"timeout": LOCK_WAIT_S, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _on_connected(connection: Any, _record: object) -> None:
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous=FULL")

    return engine


def _use_write_ahead_log(connection: Any) -> None:
    """Switch to WAL; while another process does so SQLite says "locked" without waiting."""
    deadline_s = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline_s:
                raise
            time.sleep(LOCK_RETRY_S)
        else:
            return


@lru_cache(maxsize=4)
def _shared_engine(url: URL) -> Engine:
    limits = f"-c lock_timeout={LOCK_WAIT_S * 1e3:.0f} -c statement_timeout={STATEMENT_S * 1e3:.0f}"
    return sql.create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "connect_timeout": int(LOCK_WAIT_S),
            "tcp_user_timeout": int(LOCK_WAIT_S * 1e3),
            "options": limits,
            "application_name": "thenar",
        },
    )
