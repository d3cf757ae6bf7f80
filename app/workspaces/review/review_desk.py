"""A reviewer at a dataset: what they may see, in which order, and their labels. Free of Qt.

In a blind assignment the operator's verdict, code and notes and the other reviewers' labels are
hidden from everyone who reviews: rows are masked here, before any widget sees them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from app.actions import ActionId, action
from app.workspaces.review.label_session import LabelSession
from app.workspaces.review.review_queue import ReviewQueue
from recorder.dataset import Dataset
from recorder.library.library import Library
from recorder.library.rows import LibraryRow, ReviewSummary
from recorder.library.triage import TriageItem, triage
from recorder.player.player_episode import PlayerEpisode
from recorder.review.assignment import (
    Assignment,
    AssignmentError,
    load_assignment,
    visible_facts,
)
from recorder.review.final import final_labels
from recorder.review.labelling import STEP_NS, Labeller
from recorder.review.schema import (
    LabelSchema,
    LabelSchemaError,
    key_conflicts,
    load_label_schemas,
    schema_for,
)
from recorder.review.state import LabelState
from recorder.review.store import ReviewStore, read_state
from widgets.player.episode_lanes import fingers_of

log = logging.getLogger(__name__)
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


class ReviewDesk:
    """Everything a reviewer needs that is no widget.

    Parameters
    ----------
    dataset : Dataset
    reviewer, station : str
        Who reviews, and where; an empty station is the host's name.
    reaction_ms : int
        The reviewer's reaction time.
    """

    def __init__(
        self, dataset: Dataset, reviewer: str, station: str = "", reaction_ms: int = 250
    ) -> None:
        self.dataset = dataset
        self.library = Library(dataset)
        self.problems: list[str] = []
        self._station = station
        self._reaction_ns = reaction_ms * NS_PER_MS
        self._known: dict[str, LibraryRow] = {}
        self._schemas = self._load_schemas()
        self.assignment = self._load_assignment()
        self.set_reviewer(reviewer)

    def _load_schemas(self) -> dict[str, LabelSchema]:
        try:
            return load_label_schemas(self.dataset.root)
        except LabelSchemaError as error:
            self.problems.append(f"{error}; the built-in labels are used")
            return load_label_schemas()

    def _load_assignment(self) -> Assignment | None:
        try:
            return load_assignment(self.dataset)
        except AssignmentError as error:
            self.problems.append(str(error))
            return None

    def set_reviewer(self, reviewer: str, uuid: str = "") -> None:
        """Review as ``reviewer`` from now on, with episode ``uuid`` on the screen.

        Who reviewed blind and now sees as somebody who does not is written down, see
        ``note_look``; raises like it, and stays who they are.
        """
        if uuid and not self._is_blind(reviewer):
            self.note_look(uuid, f"saw everything as {reviewer}")
        self.reviewer = reviewer
        self.store = ReviewStore(self.dataset, reviewer, self._station)
        self.done = self.store.reviewed()

    @property
    def blind(self) -> bool:
        """Whether this reviewer must not know the operator's verdict and the others' labels."""
        return self._is_blind(self.reviewer)

    def _is_blind(self, reviewer: str) -> bool:
        return self.assignment is not None and self.assignment.hides_from(reviewer)

    def schema(self, task: str) -> LabelSchema:
        """Words of a task's labels."""
        return schema_for(self._schemas, task)

    def key_conflicts(self, keys: Mapping[ActionId, str]) -> list[str]:
        """One sentence per key of a label that does nothing, because an action has it."""
        reserved = [key for item, key in keys.items() if action(item).workspace in ("", "Review")]
        return [
            each for schema in self._schemas.values() for each in key_conflicts(schema, reserved)
        ]

    def rows(self) -> list[LibraryRow]:
        """All published episodes, as this reviewer may see them."""
        rows = self.library.rows()
        self._known = {row.episode.uuid: row for row in rows}
        return [self._masked(row) for row in rows] if self.blind else rows

    def row(self, uuid: str) -> LibraryRow:
        """One episode, as this reviewer may see it; raises ``KeyError`` when it is gone."""
        row = self._row(uuid)
        return self._masked(row) if self.blind else row

    def _row(self, uuid: str) -> LibraryRow:
        """The row as last read: what an episode is does not change while it is reviewed."""
        return self._known.get(uuid) or self.library.row(uuid)

    def _masked(self, row: LibraryRow) -> LibraryRow:
        mine = (self.reviewer,) if row.episode.uuid in self.done else ()
        begun = (self.reviewer,) if self.reviewer in row.review.begun else ()
        facts = vars(row.episode)
        hidden = facts.keys() - visible_facts(facts, self.assignment, self.reviewer).keys()
        blanks = {name: "hidden" if name == "outcome" else "" for name in hidden}
        episode = replace(row.episode, **blanks)
        review = ReviewSummary("hidden", reviewers=mine, begun=begun)
        return replace(row, episode=episode, review=review)

    def queue(
        self,
        rows: Sequence[LibraryRow],
        ranked: Sequence[TriageItem],
        shown: Sequence[str],
        chosen: Sequence[str] = (),
    ) -> ReviewQueue:
        """Episodes in the order this reviewer should see them.

        The assignment's order for whoever has a part in it; else what was chosen by hand, when that
        is more than one; else what the filters leave (``shown``), the unusual first.
        """
        reasons = {item.row.episode.uuid: item.reasons[0] for item in ranked if item.reasons}
        assigned = self.assignment.queue(self.reviewer) if self.assignment else ()
        if assigned:
            there = {row.episode.uuid for row in rows}
            return ReviewQueue([uuid for uuid in assigned if uuid in there], {}, self.done)
        if len(chosen) > 1:
            return ReviewQueue(chosen, reasons, self.done)
        visible = set(shown)
        first = [u for u in (item.row.episode.uuid for item in ranked) if u in visible]
        return ReviewQueue([*first, *shown], reasons, self.done)

    def ranked(self, rows: Sequence[LibraryRow]) -> list[TriageItem]:
        """The triage queue of these rows."""
        return triage(rows)

    def path_of(self, uuid: str) -> Path:
        """File of an episode; raises ``KeyError`` when it is gone."""
        return self.dataset.root / self._row(uuid).episode.path

    def labels(self, episode: PlayerEpisode) -> LabelSession:
        """This reviewer's labels of an open episode.

        Raises
        ------
        DamagedJournalError, OSError
            The journal cannot be read.
        """
        row = self._row(episode.uuid)
        schema = self.schema(row.episode.task)
        review = self.store.open(episode.uuid, schema)
        return LabelSession(review, self.labeller(episode), row.episode.outcome, self.blind)

    def labels_beside(self, uuid: str) -> LabelState:
        """Labels of an episode to look at: this reviewer's own, else all reviewers' together.

        In a blind review the own ones only. Raises ``DamagedJournalError``.
        """
        own = read_state(self.dataset, self.reviewer, uuid)
        if self.blind or (own is not None and not own.is_empty):
            return own or LabelState()
        return final_labels(self.dataset, uuid, self._row(uuid).episode.outcome).state

    def labeller(self, episode: PlayerEpisode) -> Labeller:
        """Intents of an episode, with what its overview proposes as far as that is known."""
        overview = episode.overview
        attributes = episode.attributes
        instruction = str(attributes.get("instruction", ""))
        pictures = [spec.rate_hz for spec in episode.streams() if spec.is_image and spec.rate_hz]
        return Labeller(
            self.schema(str(attributes.get("task", ""))),
            episode.duration_ns,
            overview.candidates if overview else (),
            overview.speed_minima_ns if overview else (),
            self._reaction_ns,
            round(NS_PER_S / pictures[0]) if pictures else STEP_NS,
            instructions=[instruction] if instruction else [],
            fingers=fingers_of(episode),
        )

    def note_look(self, uuid: str, what: str) -> None:
        """Write into this reviewer's journal that something of a blind review was seen.

        Labels changed afterwards can then be told from those given blind. Once for each ``what``.

        Raises
        ------
        DamagedJournalError, EditConflict, OSError
            It could not be written, and must not be shown.
        """
        if not self.blind:
            return
        review = self.store.open(uuid, self.schema(self._row(uuid).episode.task))
        if not any(entry.kind == "access" and entry.title == what for entry in review.history):
            review.note_access(what)

    def accepted(self, uuid: str) -> None:
        """Note that this reviewer has finished with an episode."""
        self.done.add(uuid)
