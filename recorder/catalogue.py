"""The catalogue: one row per episode, so that a library of thousands opens at once.

The files stay the truth. A catalogue that is missing or damaged is rebuilt from them
(``rebuild``); a row never says anything that an episode file and its labels do not.

Where the catalogue is a database that stations share (``recorder.catalogue_database``) and it does
not answer, nothing stops: reads come from the files themselves, and a row that could not be
written is remembered in ``DATASET/uncatalogued/`` and brought in by whoever opens or writes the
catalogue next.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import h5py
import sqlalchemy as sql

from recorder.catalogue_database import (
    CatalogueDatabase,
    DamagedCatalogueError,
    UnreachableCatalogueError,
    table_of,
)
from recorder.dataset import (
    Dataset,
    append_label,
    companions,
    episode_number,
    read_labels,
)
from recorder.durability import fsync_path
from recorder.layout import attributes_of
from recorder.progress import ProgressMeter, Report, quiet

log = logging.getLogger(__name__)

PUBLISHED, DISCARDED, REPLACED = "published", "discarded", "replaced"


@dataclass(frozen=True)
class EpisodeRow:
    """What the catalogue knows of one episode.

    Attributes
    ----------
    uuid : str
        Identity; survives a change of number.
    number : int
        Episode number.
    status : str
        ``published``, ``discarded`` or ``replaced`` (recorded again under its number).
    path : str
        Episode file, relative to the dataset.
    duration_s : float
        From the first to the last sample.
    samples, gaps, bytes : int
        Samples stored, samples known to be lost, size of the file.
    wall_time : str
        When the take began, ISO 8601; metadata only.
    discard_order : int
        Rises with every discard; ``undo discard`` takes the highest.
    """

    uuid: str
    number: int
    status: str
    path: str
    task: str = ""
    instruction: str = ""
    operator_code: str = ""
    source: str = "none"
    outcome: str = "unlabelled"
    duration_s: float = 0.0
    samples: int = 0
    gaps: int = 0
    bytes: int = 0
    rig: str = ""
    wall_time: str = ""
    discard_order: int = 0


EPISODES = table_of("episodes", EpisodeRow)


class FileScan:
    """Rows read from the episode files; a file that has not changed is read once."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._seen: dict[Path, tuple[tuple[int, ...], EpisodeRow]] = {}

    def rows(self, report: Report = quiet) -> list[EpisodeRow]:
        """Rows of all published and trashed episodes, by number; unreadable files are passed over.

        Raises
        ------
        Cancelled
            From ``report``; what was read so far is remembered.
        """
        paths = (*self._dataset.published(), *self._dataset.trashed())
        meter = ProgressMeter(len(paths), report)
        found = {}
        for path in paths:
            try:
                stamps = _stamps_of(path)
                known = self._seen.get(path)
                if known is None or known[0] != stamps:
                    known = stamps, row_of(self._dataset, path)
                found[path] = self._seen[path] = known
            except (OSError, KeyError) as error:
                log.warning("episode '%s' cannot be read: %s", path, error)
            meter.advance(1, path.name)
        self._seen = found
        rows = [row for _, row in found.values()]
        return sorted(rows, key=lambda row: (row.number, row.discard_order, row.uuid))


class Catalogue:
    """The catalogue of one dataset. Each call opens its own connection; any thread may call.

    A catalogue that is missing or damaged is rebuilt from the files when it is opened. A shared one
    that is away stops neither reading nor writing.

    Attributes
    ----------
    dataset : Dataset
        Whose catalogue it is.
    scan : FileScan
        The rows as the files have them.
    problem : str
        Why the shared database could not be used last time; empty while all is well.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.scan = FileScan(dataset)
        self.problem = self._told = ""
        self._database = CatalogueDatabase(dataset, (EPISODES,))
        self._uncatalogued = dataset.root / "uncatalogued"
        try:
            self._open()
        except UnreachableCatalogueError as error:
            self.problem = str(error)  # told by whoever needs it
        except DamagedCatalogueError as error:
            log.warning("catalogue of '%s' is rebuilt from its files: %s", dataset.root, error)
            self._remove_own()
            self.rebuild()

    def _open(self) -> None:
        with self._database.connection() as connection:
            self._database.check(connection, EPISODES)
            written_before = self._database.revision(connection) is not None
        stale = self._database.shared and self.dataset.catalogue_path.exists()
        if stale or not written_before:  # somebody worked here without the shared catalogue
            self.rebuild()
        if stale:
            self._remove_own()
        self._bring_in()

    def _remove_own(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.dataset.catalogue_path}{suffix}").unlink(missing_ok=True)

    def put(self, row: EpisodeRow) -> None:
        """Insert or replace the row of ``row.uuid``; a shared catalogue may get it later."""
        try:
            self._write(row)
            self._bring_in()
        except UnreachableCatalogueError as error:
            self._note(error)
            self._uncatalogued.mkdir(exist_ok=True)
            marker = self._uncatalogued / Path(row.path).name
            marker.write_text(row.path)
            fsync_path(marker)
            fsync_path(self._uncatalogued)

    def revision(self) -> tuple[int, int] | None:
        """Other after everything that was written; None while the shared catalogue is away."""
        try:
            with self._database.connection() as connection:
                return self._database.revision(connection)
        except UnreachableCatalogueError as error:
            self._note(error)
            return None

    def rows(self, status: str | None = PUBLISHED) -> list[EpisodeRow]:
        """Rows by episode number; ``status=None`` for all of them."""
        try:
            return self._find(*(() if status is None else (EPISODES.c.status == status,)))
        except UnreachableCatalogueError as error:
            self._note(error)
            return [row for row in self.scan.rows() if status in (None, row.status)]

    def published(self, number: int) -> EpisodeRow | None:
        """The published episode ``number``, or None."""
        try:
            found = self._find(EPISODES.c.status == PUBLISHED, EPISODES.c.number == number)
        except UnreachableCatalogueError as error:
            self._note(error)
            path = self.dataset.episode_path(number)
            found = [row_of(self.dataset, path)] if path.exists() else []
        return found[0] if found else None

    def last_discarded(self) -> EpisodeRow | None:
        """What ``undo discard`` would bring back, or None; a file that is gone does not count."""
        rows = [r for r in self.rows(DISCARDED) if (self.dataset.root / r.path).exists()]
        return max(rows, key=lambda row: row.discard_order, default=None)

    def rebuild(self) -> int:
        """Write the rows anew from the episode files; returns their number.

        Raises
        ------
        UnreachableCatalogueError
            When the shared catalogue does not answer.
        """
        rows = self.scan.rows()
        mine = EPISODES.c.dataset == self.dataset.uuid
        with self._database.connection() as connection:
            revision = self._database.next_revision(connection, rebuilt=True)
            connection.execute(sql.delete(EPISODES).where(mine))
            self._database.upsert(connection, EPISODES, revision, [asdict(row) for row in rows])
        return len(rows)

    def _write(self, row: EpisodeRow) -> None:
        with self._database.connection() as connection:
            revision = self._database.next_revision(connection)
            self._database.upsert(connection, EPISODES, revision, [asdict(row)])
        self.problem = self._told = ""

    def _find(self, *conditions: sql.ColumnElement[bool]) -> list[EpisodeRow]:
        columns = (EPISODES.c[item.name] for item in fields(EpisodeRow))
        mine = EPISODES.c.dataset == self.dataset.uuid
        order = EPISODES.c.number, EPISODES.c.discard_order, EPISODES.c.uuid
        with self._database.connection() as connection:
            found = connection.execute(
                sql.select(*columns).where(mine, *conditions).order_by(*order)
            )
            rows = [EpisodeRow(*values) for values in found]
        self.problem = self._told = ""
        return rows

    def _bring_in(self) -> None:
        """Write the rows that the shared catalogue missed while it was away."""
        if not self._uncatalogued.is_dir():
            return
        for marker in sorted(self._uncatalogued.iterdir()):
            try:
                path = self.dataset.root / marker.read_text()
                before = marker.stat().st_mtime_ns
                if path.exists():
                    self._write(row_of(self.dataset, path))
                if marker.stat().st_mtime_ns == before:
                    marker.unlink()
            except UnreachableCatalogueError:
                raise
            except FileNotFoundError:  # somebody else was faster
                continue
            except (OSError, KeyError) as error:
                log.warning("'%s' stays out of the catalogue: %s", marker, error)

    def _note(self, error: UnreachableCatalogueError) -> None:
        self.problem = str(error)
        if self._told != self.problem:
            log.warning("%s; the dataset's files are used meanwhile", error)
            self._told = self.problem

    def set_outcome(self, number: int, outcome: str) -> None:
        """Label the published episode ``number``; its file is left alone.

        Raises
        ------
        KeyError
            When no such episode is published.
        """
        with self.dataset.locked():
            row = self._need(number)
            path = self.dataset.root / row.path
            append_label(companions(path)[1], event="outcome", uuid=row.uuid, outcome=outcome)
            self.put(row_of(self.dataset, path))

    def discard(self, number: int) -> EpisodeRow:
        """Move the published episode ``number`` to the trash; raises ``KeyError`` without one."""
        with self.dataset.locked():
            row = self._need(number)
            target = self.dataset.trash_path(row.number, row.uuid)
            return self.move(self.dataset.root / row.path, target, "discarded", row.uuid)

    def undo_discard(self) -> tuple[int, EpisodeRow]:
        """Bring the last discarded episode back under its number, or the next free one.

        Returns
        -------
        tuple of int and EpisodeRow
            The number it was discarded under, and its row now. The two numbers differ when the
            old one was recorded again meanwhile.

        Raises
        ------
        KeyError
            When nothing is discarded.
        """
        with self.dataset.locked():
            row = self.last_discarded()
            if row is None:
                raise KeyError("no discarded episode to bring back")
            target = self.dataset.episode_path(row.number)
            if target.exists():
                target = self.dataset.episode_path(self.dataset.next_number())
            back = self.move(self.dataset.root / row.path, target, "restored", row.uuid)
            return row.number, back

    def move(self, source: Path, target: Path, event: str, uuid: str) -> EpisodeRow:
        """Move an episode with its companions and note why. The caller holds the dataset's lock."""
        checksum, labels = companions(source)
        new_checksum, new_labels = companions(target)
        order = 0 if event == "restored" else self.dataset.next_discard_order()
        append_label(labels, event=event, uuid=uuid, order=order)
        if checksum.exists():
            digest = checksum.read_text().split()[0]
            new_checksum.write_text(f"{digest}  {target.name}\n")
        new_labels.write_bytes(labels.read_bytes())
        fsync_path(new_labels)
        source.rename(target)
        checksum.unlink(missing_ok=True)
        labels.unlink()
        fsync_path(source.parent)
        fsync_path(target.parent)
        row = row_of(self.dataset, target)
        self.put(row)
        return row

    def _need(self, number: int) -> EpisodeRow:
        row = self.published(number)
        if row is None:
            raise KeyError(f"episode {number} is not published in '{self.dataset.root}'")
        return row


def _stamps_of(path: Path) -> tuple[int, ...]:
    labels = companions(path)[1]
    both = [path.stat()] + ([labels.stat()] if labels.exists() else [])
    return tuple(value for stat in both for value in (stat.st_mtime_ns, stat.st_size, stat.st_ino))


def row_of(dataset: Dataset, path: Path) -> EpisodeRow:
    """Build the row of an episode file from its attributes and labels."""
    with h5py.File(path, "r") as file:
        facts = attributes_of(file)
    labels = read_labels(companions(path)[1])
    trashed = path.parent == dataset.trash_dir
    return EpisodeRow(
        uuid=str(facts["uuid"]),
        number=episode_number(path),
        status=(labels.reason or DISCARDED) if trashed else PUBLISHED,
        path=str(path.relative_to(dataset.root)),
        task=str(facts["task"]),
        instruction=str(facts["instruction"]),
        operator_code=str(facts["operator_code"]),
        source=str(facts["operator_source"]),
        outcome=labels.outcome or str(facts["outcome"]),
        duration_s=float(facts["duration_s"]),
        samples=int(facts["samples"]),
        gaps=int(facts["lost_samples"]),
        bytes=path.stat().st_size,
        rig=str(facts["rig_name"]),
        wall_time=str(facts["wall_time"]),
        discard_order=labels.discard_order if trashed else 0,
    )
