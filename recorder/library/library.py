"""The library of a dataset: its episodes with what reviewers and overviews say of them.

Rows come from the catalogue (``recorder.library.snapshot``); the meaning of a query's fields stands
in ``recorder.library.query``. Everything here can be made again from the files (``rebuild``).
"""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from recorder.catalogue import Catalogue
from recorder.catalogue_database import UnreachableCatalogueError
from recorder.dataset import Dataset
from recorder.library.query import select
from recorder.library.rows import LibraryQuery, LibraryRow, ReviewSummary
from recorder.library.snapshot import Snapshot
from recorder.overview.model import Overview, QualityFigures
from recorder.overview.store import load_overview
from recorder.progress import Progress, ProgressMeter, Report, quiet
from recorder.review.final import review_summary

log = logging.getLogger(__name__)

THUMBNAILS_KEPT = 2000  # of about 6 kB
READING_SHARE = 0.5  # of a rebuild's time that goes into the episode files
EVERYTHING = LibraryQuery()


class Library:
    """All published episodes of one dataset. Not thread-safe: one thread has one ``Library``.

    Parameters
    ----------
    dataset : Dataset
        Its catalogue is opened, and rebuilt when it is missing or damaged.

    Raises
    ------
    UnreachableCatalogueError
        The shared catalogue does not answer; one sentence without the password.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._catalogue = Catalogue(dataset)
        if self._catalogue.problem:
            raise UnreachableCatalogueError(self._catalogue.problem)
        self._snapshot = Snapshot(dataset)
        self._thumbnail = lru_cache(maxsize=THUMBNAILS_KEPT)(self._read_thumbnail)
        self._caught_up = False

    def rows(self, query: LibraryQuery = EVERYTHING) -> list[LibraryRow]:
        """Rows that match, by episode number, with everything recorded or labelled until now.

        Ten thousand rows take a few tenths of a second the first time and milliseconds after.

        Parameters
        ----------
        query : LibraryQuery
            See ``recorder.library.query``.

        Raises
        ------
        OSError
            The catalogue cannot be read.
        """
        self._snapshot.update()
        if not self._caught_up:
            self._catch_up()
        if query == EVERYTHING:
            return list(self._snapshot.rows)
        return select(self._snapshot.rows, query, self._snapshot.texts)

    def row(self, uuid: str) -> LibraryRow:
        """One row; raises ``KeyError`` when no such episode is published."""
        self._snapshot.update()
        return self._snapshot.row(uuid)

    def path_of(self, uuid: str) -> Path:
        """File of an episode; raises ``KeyError`` when no such episode is published."""
        return self.dataset.root / self.row(uuid).episode.path

    def thumbnail(self, uuid: str) -> bytes:
        """JPEG of one picture of the episode; empty without an overview or a camera."""
        return self._thumbnail(uuid)

    def refresh(self, uuid: str) -> LibraryRow:
        """Summarise labels and overview of one episode anew, after either has changed."""
        episode = self.row(uuid).episode
        overview = _overview_of(self.dataset, uuid)
        self._thumbnail.cache_clear()
        self._snapshot.store(
            {uuid: _summary_of(self.dataset, uuid, episode.outcome)},
            {} if overview is None else {uuid: overview.figures},
        )
        return self._snapshot.row(uuid)

    def missing_overviews(self) -> list[str]:
        """Identities of episodes without an overview, by number; found ones are taken in."""
        without = [row.episode.uuid for row in self.rows() if row.figures is None]
        found = {
            uuid: view.figures for uuid in without if (view := _overview_of(self.dataset, uuid))
        }
        if found:
            self._snapshot.store({}, found)
        return [uuid for uuid in without if uuid not in found]

    def rebuild(self, report: Report = quiet) -> int:
        """Make the catalogue anew from episode files, labels and overviews.

        Nothing is replaced before everything is read, so that ``Cancelled`` raised by ``report``
        leaves the library as it was. Episodes recorded meanwhile are not lost.

        Parameters
        ----------
        report : callable
            Told about every file.

        Returns
        -------
        int
            Number of rows, discarded and replaced episodes included.
        """
        files = self._catalogue.scan.rows(_share(report, 0.0, READING_SHARE))
        reviewed = self._reviewed_by_files()
        reviews: dict[str, ReviewSummary] = {}
        figures: dict[str, QualityFigures] = {}
        meter = ProgressMeter(len(files), _share(report, READING_SHARE, 1.0))
        for row in files:
            overview = _overview_of(self.dataset, row.uuid)
            if overview is not None:
                figures[row.uuid] = overview.figures
            if row.uuid in reviewed:
                reviews[row.uuid] = _summary_of(self.dataset, row.uuid, row.outcome)
            meter.advance(1, f"episode {row.number}")
        with self.dataset.locked():
            count = self._catalogue.rebuild()
        self._snapshot.store(reviews, figures, anew=True)
        return count

    def _catch_up(self) -> None:
        """Summarise labels that the tables do not know, as after the catalogue was lost."""
        known = {row.episode.uuid: row.episode.outcome for row in self._snapshot.rows}
        unknown = (self._reviewed_by_files() - self._snapshot.reviewed) & known.keys()
        if unknown:
            found = {uuid: _summary_of(self.dataset, uuid, known[uuid]) for uuid in unknown}
            self._snapshot.store(found, {})
        self._caught_up = True

    def _reviewed_by_files(self) -> set[str]:
        return {path.stem for path in (self.dataset.root / "reviews").glob("*/*.jsonl")}

    def _read_thumbnail(self, uuid: str) -> bytes:
        overview = _overview_of(self.dataset, uuid)
        return b"" if overview is None else overview.thumbnail_jpeg


def _share(report: Report, start: float, stop: float) -> Report:
    """A part of a longer job: its progress becomes a stretch of the whole's, as shares of 1."""

    def told(progress: Progress) -> None:
        done = progress.done / progress.total if progress.total else 1.0
        left_s = None if progress.left_s is None else progress.left_s / (stop - start)
        report(Progress(start + (stop - start) * done, 1.0, progress.what, left_s))

    return told


def _summary_of(dataset: Dataset, uuid: str, operator_outcome: str) -> ReviewSummary:
    return review_summary(dataset, uuid, operator_outcome)


def _overview_of(dataset: Dataset, uuid: str) -> Overview | None:
    try:
        return load_overview(dataset, uuid)
    except ValueError:  # a foreign file's identity may be anything
        return None
