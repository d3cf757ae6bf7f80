"""A reviewer's own labels of a dataset: open an episode, change, undo, redo, publish.

What ``apply``, ``undo`` and ``redo`` return is on the device. Undo and redo have no limit and no
end at a restart: both are read from the journal. Ladder: a change that cannot be -> ``LabelError``,
nothing written; the same reviewer wrote on another station -> ``EditConflict`` with what they did,
nothing written, until ``reload``; a damaged journal -> ``problem`` says which line, the state up
to it can be seen and nothing can be changed.
"""

from __future__ import annotations

import logging
import platform
import uuid as uuids
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from recorder.dataset import Dataset
from recorder.header import software_version
from recorder.review.audit import AuditRow, rows_of
from recorder.review.entry import Author, Draft, Entry
from recorder.review.folding import LabelError, fold, refuse_unknown
from recorder.review.history import History
from recorder.review.journal import (
    DamagedJournalError,
    ForeignEntriesError,
    Journal,
    ReviewerError,
    journal_path,
    reviewer_dir,
    reviewers_of,
)
from recorder.review.schema import LabelSchema
from recorder.review.snapshot import published_head, snapshot_path, write_snapshot
from recorder.review.state import Change, Edit, LabelState

log = logging.getLogger(__name__)

__all__ = [
    "DamagedJournalError",
    "EditConflict",
    "EpisodeReview",
    "LabelError",
    "ReviewStore",
    "ReviewerError",
    "new_item_id",
    "read_intact",
    "read_state",
    "reviewers_of",
]


class EditConflict(RuntimeError):
    """The same reviewer has changed the episode on another station; nothing was written.

    Attributes
    ----------
    theirs : tuple of AuditRow
        What was done there since this one last read. ``reload`` adopts it.
    """

    def __init__(self, theirs: Iterable[AuditRow]) -> None:
        self.theirs = tuple(theirs)
        stations = ", ".join(sorted({row.station for row in self.theirs})) or "another station"
        titles = ", ".join(dict.fromkeys(row.title for row in self.theirs if row.title))
        super().__init__(
            f"this episode was changed on {stations} meanwhile ({titles or 'no title'}); "
            "reload, then make the change again"
        )


class EpisodeReview:
    """One reviewer's labels of one episode, open for editing. Use it from one thread."""

    def __init__(self, path: Path, author: Author, schema: LabelSchema) -> None:
        self.path = path
        self.schema = schema
        self._author = author
        self._journal = Journal(path)
        self._history = History()
        self._inconsistent = ""
        self._adopt(self._journal.read())
        self._mend()

    @property
    def uuid(self) -> str:
        """Identity of the episode."""
        return self.path.stem

    @property
    def reviewer(self) -> str:
        """Code of the reviewer."""
        return self._author.reviewer

    @property
    def state(self) -> LabelState:
        """What the reviewer has said so far."""
        return self._history.state

    @property
    def problem(self) -> str:
        """Why nothing can be changed; empty while it can."""
        return self._journal.problem or self._inconsistent

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return not self.problem and bool(self._history.undoable)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone change to redo."""
        return not self.problem and bool(self._history.redoable)

    @property
    def history(self) -> tuple[Entry, ...]:
        """All entries of the journal, oldest first."""
        return tuple(self._journal.entries)

    def apply(self, change: Change) -> LabelState:
        """Make a change; a change that changes nothing is not written.

        Raises
        ------
        LabelError
            When a value is not of its lane's type, a name is unknown or phases would overlap.
        EditConflict
            When another station has written; call ``reload`` and apply again.
        DamagedJournalError
            When the journal has a damaged line.
        OSError
            When it could not be brought to the device.
        """
        refuse_unknown(change, self.schema)
        _, done = fold(self.state, change.edits)
        if done:
            self._append(Draft("change", change.title, edits=tuple(done)))
        return self.state

    def undo(self) -> Change | None:
        """Undo the newest change; returns it, None without one. Raises like ``apply``."""
        if not self._history.undoable:
            return None
        undone = self._history.undoable[-1]
        back = tuple(edit.done().inverse for edit in reversed(undone.edits))
        self._append(Draft("undo", undone.title, refers=undone.id, edits=back))
        return _change_of(undone)

    def redo(self) -> Change | None:
        """Redo what was undone last; returns it, None without one. Raises like ``apply``."""
        if not self._history.redoable:
            return None
        redone = self._history.redoable[-1]
        again = tuple(edit.done() for edit in redone.edits)
        self._append(Draft("redo", redone.title, refers=redone.id, edits=again))
        return _change_of(redone)

    def reload(self) -> bool:
        """Adopt what another station wrote; returns whether there was anything."""
        added = self._journal.read()
        self._adopt(added)
        return bool(added)

    def note_access(self, what: str) -> None:
        """Write down that something hidden was looked at. Raises like ``apply``."""
        self._append(Draft("access", what))

    def publish(self) -> Path:
        """Write the state to ``<uuid>.labels.json`` as one act; returns that file.

        The three versions before stay beside it. Publishing twice without a change writes once.
        Raises like ``apply``.
        """
        path = snapshot_path(self.path)
        entries = self._journal.entries
        with self._writing() as append:
            if entries and entries[-1].kind == "publish" and self._is_published(path):
                return path
            entry = append(Draft("publish", "published"), self._author)
            return write_snapshot(self.path, self.state, self._author, entry, self._journal.head)

    def close(self) -> None:
        """Nothing is held open between calls; here so that callers can say they are done."""

    def _append(self, draft: Draft) -> None:
        with self._writing() as append:
            entry = append(draft, self._author)
        self._adopt([entry])

    def _adopt(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            try:
                self._history.take_in(entry)
            except LabelError as error:
                self._inconsistent = (
                    f"'{self.path}': entry '{entry.title}' of {entry.time} does not fit the ones "
                    f"before it: {error}; restore the file from a backup"
                )
                return

    def _is_published(self, path: Path) -> bool:
        try:
            return published_head(path) == self._journal.head
        except ValueError as error:
            log.warning("%s", error)
            return False

    def _mend(self) -> None:
        """Set the end of a write that was cut off aside, once no other station is writing."""
        if self.problem or not self.path.exists():
            return
        if self.path.stat().st_size == self._journal.size:
            return
        try:
            with self._journal.writing():
                pass
        except (ForeignEntriesError, DamagedJournalError):
            self._adopt(self._journal.read())
        except OSError as error:
            log.warning("'%s' has a torn end that stays for now: %s", self.path, error)

    @contextmanager
    def _writing(self) -> Iterator[Callable[[Draft, Author], Entry]]:
        if self.problem:
            raise DamagedJournalError(self.problem)
        try:
            with self._journal.writing() as append:
                yield append
        except ForeignEntriesError as error:
            raise EditConflict(rows_of(error.entries)) from None


class ReviewStore:
    """The labels of one reviewer in one dataset, in files of their own.

    Parameters
    ----------
    dataset : Dataset
        The dataset.
    reviewer : str
        Code of 1 to 32 letters, digits, ``_`` and ``-``; ``adjudicated`` is the adjudicator's.
    station : str
        This machine; its network name by default.

    Raises
    ------
    ReviewerError
        When the code is none.
    """

    def __init__(self, dataset: Dataset, reviewer: str, station: str = "") -> None:
        self.folder = reviewer_dir(dataset, reviewer)
        self.dataset = dataset
        self.reviewer = reviewer
        self.station = station or platform.node() or "unknown"
        self._seen: dict[Path, tuple[tuple[int, int], bool]] = {}

    def open(self, uuid: str, schema: LabelSchema) -> EpisodeReview:
        """The labels of episode ``uuid``; a torn last line of the journal is set aside first."""
        path = journal_path(self.dataset, self.reviewer, uuid)
        author = Author.of(self.reviewer, self.station, self._program, schema)
        return EpisodeReview(path, author, schema)

    def reviewed(self) -> set[str]:
        """Identities of the episodes this reviewer has accepted; damaged journals do not count.

        Journals that did not change since the last call are not read again.
        """
        found = {path: path.stat() for path in self.folder.glob("*.jsonl")}
        for path, stat in found.items():
            seen = (stat.st_size, stat.st_mtime_ns)
            if self._seen.get(path, (None, False))[0] != seen:
                self._seen[path] = (seen, _is_accepted(path))
        return {path.stem for path in found if self._seen[path][1]}

    @cached_property
    def _program(self) -> str:
        return software_version()


def new_item_id() -> str:
    """A new id for an item of a list lane; unique across reviewers and stations."""
    return uuids.uuid4().hex[:12]


def read_state(dataset: Dataset, reviewer: str, uuid: str) -> LabelState | None:
    """What ``reviewer`` has said about an episode; None when nothing was ever written.

    Raises
    ------
    DamagedJournalError
        When the journal has a damaged line.
    """
    return _state_at(journal_path(dataset, reviewer, uuid))


def read_intact(dataset: Dataset, reviewer: str, uuid: str) -> tuple[LabelState | None, str]:
    """What ``reviewer`` has said, of a damaged journal up to the damage.

    Returns
    -------
    LabelState or None
        None when nothing was ever written.
    str
        What is wrong with the journal; empty when it is whole.
    """
    journal = Journal(journal_path(dataset, reviewer, uuid))
    entries = journal.read()
    try:
        return (History(entries).state if entries else None), journal.problem
    except LabelError as error:
        return LabelState(), f"'{journal.path}' contradicts itself: {error}"


def _state_at(path: Path) -> LabelState | None:
    journal = Journal(path)
    entries = journal.read()
    if journal.problem:
        raise DamagedJournalError(journal.problem)
    try:
        return History(entries).state if entries else None
    except LabelError as error:
        raise DamagedJournalError(f"'{path}' contradicts itself: {error}") from None


def _is_accepted(path: Path) -> bool:
    try:
        state = _state_at(path)
    except DamagedJournalError as error:
        log.warning("%s", error)
        return False
    return state is not None and state.accepted


def _change_of(entry: Entry) -> Change:
    return Change(entry.title, tuple(Edit(e.lane, e.item, e.new) for e in entry.edits))
