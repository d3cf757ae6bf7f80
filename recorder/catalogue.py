"""The catalogue: one SQLite row per episode, so that a library of thousands opens at once.

The files stay the truth. A catalogue that is missing or damaged is rebuilt from them
(``rebuild``); a row never says anything that an episode file and its labels do not.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import h5py

from recorder.dataset import (
    Dataset,
    append_label,
    companions,
    episode_number,
    read_labels,
)
from recorder.durability import fsync_path
from recorder.layout import attributes_of

log = logging.getLogger(__name__)

LOCK_WAIT_S = 2.0  # well below what the recorder's bus queues hold
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


_COLUMNS = tuple(item.name for item in fields(EpisodeRow))
_TYPES = {"int": "INTEGER", "float": "REAL", "str": "TEXT"}
_CREATE = "CREATE TABLE IF NOT EXISTS episodes ({}, PRIMARY KEY (uuid))".format(
    ", ".join(f"{item.name} {_TYPES[str(item.type)]} NOT NULL" for item in fields(EpisodeRow))
)


class DamagedCatalogueError(OSError):
    """The catalogue file is not an intact database."""


class Catalogue:
    """The catalogue of one dataset. Each call opens its own connection; any thread may call.

    A catalogue that is missing or damaged is rebuilt from the files when it is opened.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        missing = not dataset.catalogue_path.exists()
        try:
            with self._connection() as connection:
                found = [row[1] for row in connection.execute("PRAGMA table_info(episodes)")]
                if found != list(_COLUMNS):
                    raise DamagedCatalogueError("it was made by another version of the program")
            if missing:
                self.rebuild()
        except DamagedCatalogueError as error:
            log.warning("catalogue of '%s' is damaged (%s); rebuilding it", dataset.root, error)
            for suffix in ("", "-wal", "-shm"):
                Path(f"{dataset.catalogue_path}{suffix}").unlink(missing_ok=True)
            self.rebuild()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.dataset.catalogue_path, timeout=LOCK_WAIT_S)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(_CREATE)
            with connection:
                yield connection
        except sqlite3.OperationalError as error:  # full, locked or unreachable: not damaged
            raise OSError(f"catalogue of '{self.dataset.root}': {error}") from error
        except sqlite3.DatabaseError as error:
            raise DamagedCatalogueError(str(error)) from error
        finally:
            connection.close()

    def put(self, row: EpisodeRow) -> None:
        """Insert or replace the row of ``row.uuid``."""
        marks = ", ".join(f":{name}" for name in _COLUMNS)
        with self._connection() as connection:
            connection.execute(f"INSERT OR REPLACE INTO episodes VALUES ({marks})", asdict(row))

    def rows(self, status: str | None = PUBLISHED) -> list[EpisodeRow]:
        """Rows by episode number; ``status=None`` for all of them."""
        query = f"SELECT {', '.join(_COLUMNS)} FROM episodes"
        with self._connection() as connection:
            if status is None:
                found = connection.execute(f"{query} ORDER BY number, discard_order, uuid")
            else:
                found = connection.execute(f"{query} WHERE status = ? ORDER BY number", (status,))
            return [EpisodeRow(*values) for values in found]

    def published(self, number: int) -> EpisodeRow | None:
        """The published episode ``number``, or None."""
        return next((row for row in self.rows() if row.number == number), None)

    def last_discarded(self) -> EpisodeRow | None:
        """What ``undo discard`` would bring back, or None; a file that is gone does not count."""
        rows = [r for r in self.rows(DISCARDED) if (self.dataset.root / r.path).exists()]
        return max(rows, key=lambda row: row.discard_order, default=None)

    def rebuild(self) -> int:
        """Write the rows anew from the episode files; returns their number."""
        rows = []
        for path in (*self.dataset.published(), *self.dataset.trashed()):
            try:
                rows.append(row_of(self.dataset, path))
            except (OSError, KeyError) as error:
                log.warning("episode '%s' cannot be read: %s", path, error)
        marks = ", ".join(f":{name}" for name in _COLUMNS)
        with self._connection() as connection:
            connection.execute("DELETE FROM episodes")
            connection.executemany(
                f"INSERT OR REPLACE INTO episodes VALUES ({marks})", [asdict(row) for row in rows]
            )
        return len(rows)

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
