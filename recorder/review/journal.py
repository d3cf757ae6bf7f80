"""The journal of one reviewer about one episode: append-only lines, each naming the one before.

::

    DATASET/reviews/<reviewer>/<uuid>.jsonl        one JSON object per line, oldest first
    DATASET/reviews/<reviewer>/<uuid>.jsonl.torn   ends of writes that a kill cut off

Every line carries ``prev``, the SHA-256 of the line before it (64 zeros in the first), so that a
line that was changed, removed or put in later is found. A line counts once ``append`` has
returned: it is then on the device.

Ladder: a last line without its line end was never acknowledged -> readers pass over it and the
next writer sets it aside; a whole line that is damaged -> ``problem`` names
it, the lines before it are still read, and nothing is appended any more; the disk is full or
fails -> the file is cut back to what was acknowledged and ``OSError`` is raised; another station
wrote meanwhile -> ``ForeignEntriesError``, nothing is written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import uuid as uuids
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from devices.exclusive import lock
from recorder.dataset import Dataset
from recorder.durability import O_BINARY, fsync_path
from recorder.review.entry import NEUTRAL, NO_LINE, Author, Draft, Entry, StoredEdit
from recorder.review.folding import LabelError

REVIEWER = re.compile(r"^[A-Za-z0-9_-]{1,32}\Z")
EPISODE = re.compile(r"^[0-9A-Za-z][0-9A-Za-z_-]{0,63}\Z")
ADJUDICATOR = "adjudicated"  # the store in which disputes are settled
LARGEST_LINE = 4 << 20  # bytes; a line of this program is a few hundred


class ReviewerError(ValueError):
    """A reviewer or an episode cannot be named like this; the message is one clear sentence."""


class DamagedJournalError(ValueError):
    """A journal has a damaged line; the message names file and line."""


class ForeignEntriesError(RuntimeError):
    """Another station has written since this one last read.

    Attributes
    ----------
    entries : tuple of Entry
        What it wrote.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__(f"{len(entries)} entries of another station have not been read yet")
        self.entries = tuple(entries)


def reviews_dir(dataset: Dataset) -> Path:
    """Folder of all reviewers of a dataset."""
    return dataset.root / "reviews"


def is_reviewer(code: str) -> bool:
    """Whether ``code`` can be a person's; the adjudicator's store is nobody's own."""
    return REVIEWER.match(code) is not None and code != ADJUDICATOR


def reviewer_dir(dataset: Dataset, reviewer: str) -> Path:
    """Folder of one reviewer; raises ``ReviewerError`` when the code is none."""
    if not REVIEWER.match(reviewer):
        raise ReviewerError(
            f"reviewer '{reviewer}' is not a code of 1 to 32 letters, digits, '_' and '-'; "
            "use a code, not a name"
        )
    return reviews_dir(dataset) / reviewer


def journal_path(dataset: Dataset, reviewer: str, uuid: str) -> Path:
    """Journal of ``reviewer`` about episode ``uuid``; raises ``ReviewerError``."""
    if not EPISODE.match(uuid):
        raise ReviewerError(f"'{uuid}' is not the identity of an episode")
    return reviewer_dir(dataset, reviewer) / f"{uuid}.jsonl"


def reviewers_of(dataset: Dataset) -> list[str]:
    """Codes of everyone with a folder in the dataset, the adjudicator among them, by name."""
    folder = reviews_dir(dataset)
    if not folder.is_dir():
        return []
    return sorted(p.name for p in folder.iterdir() if REVIEWER.match(p.name) and p.is_dir())


def line_hash(line: bytes) -> str:
    """SHA-256 of a line without its line end, in hexadecimal digits."""
    return hashlib.sha256(line).hexdigest()


@dataclass
class Journal:
    """One journal file: what was read of it, and appending to it.

    Attributes
    ----------
    path : Path
        The file; it is made by the first append.
    entries : list of Entry
        Lines read so far.
    head : str
        Hash of the last of them.
    size : int
        Bytes of the file that they fill.
    last : int
        Bytes of the last of them, with its line end.
    problem : str
        One sentence about the first damaged line; empty while all is well.
    """

    path: Path
    entries: list[Entry] = field(default_factory=list)
    head: str = NO_LINE
    size: int = 0
    last: int = 0
    problem: str = ""

    def read(self) -> list[Entry]:
        """Read what has been added since the last call; returns those entries.

        A file that is no longer what was read before (shorter, or another last line) is a
        problem; it is not read again by itself.
        """
        try:
            fd = os.open(self.path, os.O_RDONLY | O_BINARY)
        except FileNotFoundError:
            if self.size:
                self.problem = f"'{self.path}' is gone since it was read; restore it"
            return []
        try:
            return self._take_in(fd)
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Callable[[Draft, Author], Entry]]:
        """Hold the file against other stations; yields the function that appends.

        Raises
        ------
        DamagedJournalError
            When a line is damaged.
        ForeignEntriesError
            When another station has changed labels; ``read`` takes its entries in. What only
            published or looked is taken in at once.
        OSError
            When the disk is full or fails; what was not acknowledged is taken back.
        """
        self._make_folder()
        create = 0 if self.size else os.O_CREAT
        fd = os.open(self.path, os.O_RDWR | os.O_APPEND | O_BINARY | create, 0o644)
        try:
            lock(fd)
            foreign = replace(self, entries=list(self.entries))
            found = foreign._take_in(fd)
            if foreign.problem:
                self.problem = foreign.problem
                raise DamagedJournalError(foreign.problem)
            self._set_torn_end_aside(fd, foreign.size)
            if any(entry.kind not in NEUTRAL for entry in found):
                raise ForeignEntriesError(found)
            self._take_in(fd)
            yield lambda draft, author: self._append(fd, draft, author)
        finally:
            os.close(fd)

    def _append(self, fd: int, draft: Draft, author: Author) -> Entry:
        entry = Entry(
            id=uuids.uuid4().hex,
            episode=self.path.stem,
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            reviewer=author.reviewer,
            station=author.station,
            program=author.program,
            schema=author.schema,
            kind=draft.kind,
            title=draft.title,
            refers=draft.refers,
            edits=tuple(
                StoredEdit(lane=e.lane, item=e.item, old=e.old, new=e.new) for e in draft.edits
            ),
            prev=self.head,
        )
        line = entry.line()
        if len(line) > LARGEST_LINE:
            raise LabelError(
                f"'{draft.title[:80]}' is too much for one change: {len(line)} bytes, at most "
                f"{LARGEST_LINE}; make it in parts"
            )
        try:
            written = os.write(fd, line + b"\n")
            if written <= len(line):
                raise OSError(f"'{self.path}': only {written} bytes of a line could be written")
            os.fsync(fd)
            if self.size == 0:
                fsync_path(self.path.parent)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, self.size)
            raise
        self._count(entry, line)
        return entry

    def _take_in(self, fd: int) -> list[Entry]:
        """Read whole lines behind ``size`` from the open file; sets ``problem``."""
        end = os.fstat(fd).st_size
        if self.problem:
            return []
        if end < self.size or not self._still_ends_as_read(fd):
            self.problem = (
                f"'{self.path}' is no longer what was read from it "
                f"({end} bytes, {self.size} were read); close the episode and restore the file"
            )
            return []
        added: list[Entry] = []
        tail = _read_at(fd, self.size, end - self.size)
        for line in tail.split(b"\n")[:-1]:
            try:
                entry = self._checked(line)
            except (ValidationError, ValueError) as error:
                self.problem = (
                    f"'{self.path}', line {len(self.entries) + 1} is damaged ({_cause(error)}); "
                    "restore the file from a backup, nothing is written to it until then"
                )
                break
            self._count(entry, line)
            added.append(entry)
        return added

    def _count(self, entry: Entry, line: bytes) -> None:
        self.entries.append(entry)
        self.head = line_hash(line)
        self.last = len(line) + 1
        self.size += self.last

    def _checked(self, line: bytes) -> Entry:
        if len(line) > LARGEST_LINE:
            raise ValueError(f"{len(line)} bytes, a line has at most {LARGEST_LINE}")
        entry = Entry.model_validate_json(line)
        if entry.prev != self.head:
            raise ValueError("it does not follow the line before it")
        if entry.episode != self.path.stem or entry.reviewer != self.path.parent.name:
            raise ValueError(
                f"it is of reviewer '{entry.reviewer}' about episode '{entry.episode}'"
            )
        return entry

    def _still_ends_as_read(self, fd: int) -> bool:
        if not self.entries:
            return True
        return line_hash(_read_at(fd, self.size - self.last, self.last)[:-1]) == self.head

    def _set_torn_end_aside(self, fd: int, size: int) -> None:
        """Move what follows the last whole line into the ``.torn`` file. Call it locked."""
        torn = _read_at(fd, size, os.fstat(fd).st_size - size)
        if not torn:
            return
        with open(self.path.with_name(self.path.name + ".torn"), "ab") as aside:
            aside.write(torn + b"\n")
            aside.flush()
            os.fsync(aside.fileno())
        os.ftruncate(fd, size)
        os.fsync(fd)

    def _make_folder(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            fsync_path(folder.parent)
            fsync_path(folder.parent.parent)


def _read_at(fd: int, start: int, count: int) -> bytes:
    os.lseek(fd, start, os.SEEK_SET)
    parts = []
    while count > 0 and (part := os.read(fd, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _cause(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}" if where else str(first["msg"])
    return str(error)
