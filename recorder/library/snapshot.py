"""All rows of a dataset in memory, kept current by fetching what is newer than what is known.

Besides the episodes of the catalogue there are two tables of derived figures: ``reviews``
(``ReviewSummary``) and ``figures`` (``QualityFigures``). Both can be lost and made again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from recorder.catalogue import EPISODES, PUBLISHED, EpisodeRow
from recorder.catalogue_database import CatalogueDatabase, DamagedCatalogueError, table_of
from recorder.dataset import Dataset
from recorder.library.rows import LibraryRow, ReviewSummary
from recorder.overview.model import OVERVIEW_VERSION, QualityFigures


@dataclass(frozen=True)
class StoredFigures(QualityFigures):
    """Figures with the version of the overview they come from; others count as missing."""

    overview_version: int = OVERVIEW_VERSION


REVIEWS = table_of("reviews", ReviewSummary)
FIGURES = table_of("figures", StoredFigures)


class Snapshot:
    """The rows of one dataset as of the newest ``update``.

    Attributes
    ----------
    rows : list of LibraryRow
        Published episodes, by number.
    texts : dict of str to str
        ``search_text`` by uuid, of rows that were searched.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.rows: list[LibraryRow] = []
        self.texts: dict[str, str] = {}
        self._database = CatalogueDatabase(dataset, (EPISODES, REVIEWS, FIGURES))
        self._known = 0
        self._episodes: dict[str, EpisodeRow] = {}
        self._reviews: dict[str, ReviewSummary] = {}
        self._figures: dict[str, QualityFigures] = {}
        self._by_uuid: dict[str, LibraryRow] = {}
        self._make_derived_tables()

    @property
    def reviewed(self) -> frozenset[str]:
        """Identities with a stored review summary."""
        return frozenset(self._reviews)

    def row(self, uuid: str) -> LibraryRow:
        """The row of a published episode; raises ``KeyError`` without one."""
        if uuid not in self._by_uuid:
            raise KeyError(f"no published episode has the identity '{uuid}'")
        return self._by_uuid[uuid]

    def update(self) -> bool:
        """Fetch what changed since; returns whether anything did.

        Raises
        ------
        OSError
            The catalogue cannot be read; ``rows`` stay as they were.
        """
        with self._database.connection() as connection:
            newest, rebuilt = self._database.revision(connection) or (0, 0)
            if newest == self._known:
                return False
            since = self._known if self._known and rebuilt <= self._known else 0
            fetched = [
                self._fetch(connection, table, since) for table in (EPISODES, REVIEWS, FIGURES)
            ]
        if since == 0:
            for kept in (self._episodes, self._reviews, self._figures):
                kept.clear()
            self._by_uuid.clear()
        self._take_in(*fetched)
        self._known = newest
        return True

    def store(
        self,
        reviews: Mapping[str, ReviewSummary],
        figures: Mapping[str, QualityFigures],
        anew: bool = False,
    ) -> None:
        """Write derived figures, with ``anew`` in place of all that were there, and update."""
        mine = self._database.dataset.uuid
        with self._database.connection() as connection:
            revision = self._database.next_revision(connection, rebuilt=anew)
            for table, values in ((REVIEWS, reviews), (FIGURES, figures)):
                if anew:
                    connection.execute(sql.delete(table).where(table.c.dataset == mine))
                rows = [_stored(table, uuid, value) for uuid, value in values.items()]
                self._database.upsert(connection, table, revision, rows)
        self.update()

    def _make_derived_tables(self) -> None:
        """Replace derived tables of another version; a shared database is only complained about."""
        with self._database.connection() as connection:
            for table in (REVIEWS, FIGURES):
                try:
                    self._database.check(connection, table)
                except DamagedCatalogueError:
                    table.drop(connection)
                    table.create(connection)

    def _fetch(self, connection: Connection, table: sql.Table, since: int) -> Sequence[sql.Row]:
        skipped = ("dataset", "revision")
        columns = [column for column in table.columns if column.name not in skipped]
        query = sql.select(*columns).where(table.c.dataset == self._database.dataset.uuid)
        if since:
            query = query.where(table.c.revision > since)
        return connection.execute(query).all()

    def _take_in(self, episodes: Any, reviews: Any, figures: Any) -> None:
        changed = set()
        for values in episodes:
            self._episodes[values[0]] = EpisodeRow(*values)
            changed.add(values[0])
        for uuid, *values in reviews:
            self._reviews[uuid] = _read(ReviewSummary, values)
            changed.add(uuid)
        for uuid, *values in figures:
            *values, version = values
            if version == OVERVIEW_VERSION:
                self._figures[uuid] = _read(QualityFigures, values)
                changed.add(uuid)
        for uuid in changed:
            self._combine(uuid)
        if changed:
            self.rows = sorted(self._by_uuid.values(), key=lambda row: row.episode.number)

    def _combine(self, uuid: str) -> None:
        episode = self._episodes.get(uuid)
        self.texts.pop(uuid, None)
        if episode is None or episode.status != PUBLISHED:
            self._by_uuid.pop(uuid, None)
            return
        review = current_review(self._reviews.get(uuid), episode.outcome)
        row = LibraryRow(episode, review, self._figures.get(uuid))
        self._by_uuid[uuid] = row


def current_review(stored: ReviewSummary | None, operator_outcome: str) -> ReviewSummary:
    """What holds now: the operator may have changed the outcome since it was summarised."""
    if stored is None:
        return _said_by_operator(operator_outcome)
    if stored.outcome_by in ("operator", "nobody"):
        said = _said_by_operator(operator_outcome)
        return replace(stored, outcome=said.outcome, outcome_by=said.outcome_by)
    return stored


@lru_cache(maxsize=16)
def _said_by_operator(outcome: str) -> ReviewSummary:
    by = "nobody" if outcome == "unlabelled" else "operator"
    return ReviewSummary(outcome=outcome, outcome_by=by)


def _stored(table: sql.Table, uuid: str, value: ReviewSummary | QualityFigures) -> dict[str, Any]:
    values = {"uuid": uuid, **asdict(value)}
    if table is FIGURES:
        values["overview_version"] = OVERVIEW_VERSION
    return {name: _null_for_nan(item) for name, item in values.items()}


def _null_for_nan(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _read(record: type, values: list[Any]) -> Any:
    """A record from its columns in order: lists as tuples, NULL in a float as NaN."""
    tuples, floats = _places(record)
    for at in tuples:
        values[at] = tuple(values[at])
    if None in values:
        for at in floats:
            values[at] = math.nan if values[at] is None else values[at]
    return record(*values)


@lru_cache(maxsize=4)
def _places(record: type) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the tuples and the floats of a record are."""
    kinds = [str(item.type).partition("[")[0] for item in fields(record)]
    tuples = tuple(at for at, kind in enumerate(kinds) if kind == "tuple")
    return tuples, tuple(at for at, kind in enumerate(kinds) if kind == "float")
