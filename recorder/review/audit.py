"""Who said what about an episode and what stood there before; whether a journal is whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder.dataset import Dataset
from recorder.review.entry import NO_LINE, Entry
from recorder.review.journal import (
    DamagedJournalError,
    Journal,
    journal_path,
    reviewers_of,
    reviews_dir,
)
from recorder.review.snapshot import published_head, snapshot_path


@dataclass(frozen=True)
class AuditRow:
    """One value that was replaced, or one act without a value.

    Attributes
    ----------
    who, station : str
        Reviewer and machine.
    when : str
        UTC, ISO 8601 with milliseconds.
    lane : str
        Lane that changed; empty for ``publish`` and ``access``.
    item : str or None
        Id within a list lane.
    old, new : JSON value
        None where nothing stood.
    title : str
        What the reviewer did, in words.
    kind : str
        ``change``, ``undo``, ``redo``, ``publish`` or ``access``.
    """

    who: str
    when: str
    station: str
    lane: str
    item: str | None
    old: Any
    new: Any
    title: str
    kind: str = "change"


@dataclass(frozen=True)
class ChainReport:
    """What a check of one journal found.

    Attributes
    ----------
    path : Path
        The journal.
    lines : int
        Intact lines from its start.
    head : str
        Hash of the last of them.
    problem : str
        One sentence about what is wrong; empty when the chain is whole.
    """

    path: Path
    lines: int
    head: str
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether every line follows the one before it."""
        return not self.problem


def rows_of(entries: Iterable[Entry]) -> list[AuditRow]:
    """Audit rows of journal entries, in their order."""
    rows = []
    for entry in entries:
        facts = (entry.reviewer, entry.time, entry.station)
        if not entry.edits:
            rows.append(AuditRow(*facts, "", None, None, None, entry.title, entry.kind))
        for edit in entry.edits:
            rows.append(
                AuditRow(*facts, edit.lane, edit.item, edit.old, edit.new, entry.title, entry.kind)
            )
    return rows


def audit_trail(dataset: Dataset, uuid: str) -> list[AuditRow]:
    """Everything everyone did about an episode, by time; one reviewer's acts keep their order.

    Raises
    ------
    DamagedJournalError
        When a journal has a damaged line.
    """
    rows: list[AuditRow] = []
    for reviewer in reviewers_of(dataset):
        journal = Journal(journal_path(dataset, reviewer, uuid))
        journal.read()
        if journal.problem:
            raise DamagedJournalError(journal.problem)
        rows += rows_of(journal.entries)
    return sorted(rows, key=lambda row: row.when)


def verify_chain(path: Path) -> ChainReport:
    """Check that every line of a journal follows the one before, up to what was published.

    A chain alone does not show that its last lines were cut off; the published state beside it
    names the line it was made after, and that line must be there.
    """
    journal = Journal(path)
    journal.read()
    problem = journal.problem
    if not problem and not path.exists():
        problem = f"'{path}' does not exist"
    published = snapshot_path(path)
    if not problem and published.exists():
        problem = _published_problem(published, journal)
    return ChainReport(path, len(journal.entries), journal.head, problem)


def verify_chains(dataset: Dataset) -> list[ChainReport]:
    """``verify_chain`` of every journal of a dataset, by reviewer and episode."""
    return [verify_chain(path) for path in sorted(reviews_dir(dataset).glob("*/*.jsonl"))]


def _published_problem(published: Path, journal: Journal) -> str:
    try:
        head = published_head(published)
    except ValueError as error:
        return str(error)
    heads = {NO_LINE, journal.head, *(entry.prev for entry in journal.entries)}
    if head not in heads:
        return (
            f"'{journal.path}' ends before the line that '{published.name}' was published after; "
            "restore it from a backup"
        )
    return ""
