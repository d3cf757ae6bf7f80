"""One line of a reviewer's journal: what was done, by whom, where and with which words.

``docs/labels-format.md`` describes it field by field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recorder.review.folding import EditDone
from recorder.review.schema import LabelSchema
from recorder.review.state import Lane

FORMAT = "thenar.review/1"
NO_LINE = "0" * 64  # ``prev`` of the first line
NEUTRAL = ("publish", "access")  # kinds of entries that leave the labels as they are
EntryKind = Literal["change", "undo", "redo", "publish", "access"]


class StoredEdit(BaseModel):
    """One edit as a line holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lane: Lane
    item: str | None = None
    old: Any = None
    new: Any = None

    def done(self) -> EditDone:
        """The same as a value."""
        return EditDone(self.lane, self.item, self.old, self.new)


class SchemaMark(BaseModel):
    """Which label schema was on the screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    version: int
    fingerprint: str


class Entry(BaseModel):
    """One line of a journal.

    Attributes
    ----------
    id : str
        Of this line; ``undo`` and ``redo`` name a change by it.
    episode : str
        Identity of the episode.
    time : str
        UTC, ISO 8601 with milliseconds; for people, the order of lines is what counts.
    refers : str
        Id of the change that is undone or redone; empty otherwise.
    edits : tuple of StoredEdit
        What this line changes, undo and redo included.
    prev : str
        SHA-256 of the line before, without its line end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: Literal["thenar.review/1"] = FORMAT
    id: str = Field(min_length=1)
    episode: str
    time: str
    reviewer: str
    station: str
    program: str
    schema_: SchemaMark = Field(alias="schema")
    kind: EntryKind
    title: str = ""
    refers: str = ""
    edits: tuple[StoredEdit, ...] = ()
    prev: str = Field(pattern=r"^[0-9a-f]{64}$")

    def line(self) -> bytes:
        """The line, without its line end."""
        return self.model_dump_json(by_alias=True).encode()


@dataclass(frozen=True)
class Draft:
    """What is to be appended; the journal adds identity, time and chain."""

    kind: EntryKind
    title: str = ""
    refers: str = ""
    edits: tuple[EditDone, ...] = ()


@dataclass(frozen=True)
class Author:
    """Who writes: reviewer, station, program version and label schema on the screen."""

    reviewer: str
    station: str
    program: str
    schema: SchemaMark

    @classmethod
    def of(cls, reviewer: str, station: str, program: str, schema: LabelSchema) -> Author:
        """The author who works with ``schema``."""
        mark = SchemaMark(task=schema.task, version=schema.version, fingerprint=schema.fingerprint)
        return cls(reviewer, station, program, mark)
