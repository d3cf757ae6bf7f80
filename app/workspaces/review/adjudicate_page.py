"""Settling what two reviewers said differently: episodes, player, both labels, one key per pick."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QVBoxLayout, QWidget

from app.actions import ActionId
from app.workspaces.review.adjudicator import Adjudicator, said, told
from app.workspaces.review.player_actions import PlayerActions
from app.workspaces.review.review_desk import ReviewDesk
from recorder.episode import EpisodeError
from recorder.library.query import is_disputed
from recorder.player.episode_cache import EpisodeCache
from recorder.review.adjudication import ADJUDICATOR
from recorder.review.assignment import may_see_others
from recorder.review.audit import AuditRow, audit_trail
from recorder.review.folding import LabelError
from recorder.review.store import DamagedJournalError, EditConflict
from widgets.player.player_view import PlayerView
from widgets.review.adjudication_view import AdjudicationView, DisagreementLine
from widgets.review.label_strips import LabelStrips

PANEL_PX = 410
LIST_PX = 84  # about three episodes; the others scroll
AUDIT_SHOWN = 300
ITEM_ID = re.compile(r" [0-9a-f]{8}:")  # in titles of picks, for this program only


class AdjudicatePage(QWidget):
    """Disputed episodes and their disagreements.

    Parameters
    ----------
    desk : ReviewDesk
    cache : EpisodeCache
    say : callable
        Shows a sentence in the status strip.
    """

    def __init__(
        self,
        desk: ReviewDesk,
        cache: EpisodeCache,
        say: Callable[..., object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._cache, self._say = desk, cache, say
        self.open: Adjudicator | None = None
        self._uuids: list[str] = []
        self._keys = ("Z", "X", "V", "Return", "U")
        self.episodes = QListWidget()
        self.episodes.setFixedHeight(LIST_PX)
        self.episodes.setAccessibleName("Episodes on which reviewers differ")
        self.episodes.setProperty("keeps_keys", False)
        self.episodes.currentRowChanged.connect(self._on_chosen)
        self.player = PlayerView()
        self.playing = PlayerActions(self.player, lambda: None)
        self.strips = LabelStrips()
        self.view = AdjudicationView()
        self.empty = QLabel(
            "Nothing to settle: no episode has been finished by two reviewers who differ."
        )
        self.empty.setProperty("role", "dim")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._connect()
        self._lay_out()

    def _connect(self) -> None:
        self.player.time_changed.connect(self.strips.set_time)
        self.strips.time_picked.connect(self.player.seek)
        self.view.row_picked.connect(self._on_row)
        self.view.side_picked.connect(self._take)

    def _lay_out(self) -> None:
        middle = QVBoxLayout()
        middle.setSpacing(4)
        middle.addWidget(self.player, 1)
        middle.addWidget(self.strips)
        self.body = QWidget()
        row = QHBoxLayout(self.body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addLayout(middle, 1)
        side = QWidget()
        side.setFixedWidth(PANEL_PX)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.episodes)
        column.addWidget(self.view, 1)
        row.addWidget(side)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.body)
        layout.addWidget(self.empty)

    def set_keys(self, keys: dict[ActionId, str]) -> None:
        """Show other keys."""
        self._keys = (
            keys[ActionId.REVIEW_PICK_A],
            keys[ActionId.REVIEW_PICK_B],
            keys[ActionId.REVIEW_NEXT_DISAGREEMENT],
            keys[ActionId.REVIEW_ACCEPT],
            keys[ActionId.REVIEW_NEXT_PAIR],
        )
        self.draw()

    def load(self) -> None:
        """Find the disputed episodes; the open one stays open while it is among them."""
        desk = self._desk
        rows = [
            row
            for row in desk.library.rows()
            if (is_disputed(row) or (self.open and row.episode.uuid == self.open.uuid))
            and may_see_others(desk.dataset, desk.assignment, desk.reviewer, row.episode.uuid)
        ]
        self._uuids = [row.episode.uuid for row in rows]
        self.body.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.episodes.blockSignals(True)
        self.episodes.clear()
        for row in rows:
            self.episodes.addItem(f"{row.episode.number}  {row.episode.task}")
        self.episodes.blockSignals(False)
        if self.open is not None and self.open.uuid in self._uuids:
            self.episodes.setCurrentRow(self._uuids.index(self.open.uuid))
        elif rows:
            self.episodes.setCurrentRow(0)

    def _on_chosen(self, at: int) -> None:
        if not 0 <= at < len(self._uuids):
            return
        uuid = self._uuids[at]
        if self.open is not None and self.open.uuid == uuid:
            return
        desk = self._desk
        try:
            row = desk.library.row(uuid)
            who = row.review.reviewers
            episode = self._cache.open(desk.path_of(uuid))
            schema = desk.schema(row.episode.task)
            desk.note_look(uuid, "saw the others' labels in Adjudicate")
            station = f"{desk.reviewer}@{desk.store.station}"  # the store is nobody's: say who
            self.open = Adjudicator(desk.dataset, uuid, who, schema, station)
        except (
            EpisodeError,
            DamagedJournalError,
            EditConflict,
            KeyError,
            ValueError,
            OSError,
        ) as error:
            self._say(f"The episode cannot be adjudicated: {error}", "bad")
            return
        title = f"episode {row.episode.number}   {row.episode.task}"
        self.player.set_episode(episode, title)
        if desk.reviewer in who:
            self._say(
                f"{desk.reviewer} reviewed this episode; better let another one settle it.", "warn"
            )
        self._go()

    def draw(self) -> None:
        """Show what is settled now."""
        case = self.open
        key_a, key_b, key_next, key_accept, key_pair = self._keys
        if case is None:
            return
        a, b = case.pair
        settled = case.settled()
        self.view.set_sides(a, b, key_a, key_b)
        lines = [
            DisagreementLine(
                f"{one.at_ns / 1e9:.2f} s" if one.at_ns else "all",
                *told(one),
                settled.get(at, ""),
            )
            for at, one in enumerate(case.differences)
        ]
        self.view.set_lines(lines, case.current)
        done = len(settled)
        self.view.title.setText(f"{a} against {b}: {done} of {len(lines)} settled")
        others = [who for who in case.reviewers if who not in case.pair]
        pairs = f"{key_pair} compare with {', '.join(others)}   " if others else ""
        self.view.hint.setText(
            f"{key_next} next open one   {key_a} / {key_b} take one side   {pairs}"
            f"{key_accept} finish. The originals stay as they are."
            f"{self._own_case(case)}"
        )
        self.view.set_audit(_audit(self._desk, case.uuid))
        schema = case.review.schema
        duration_ns = self.player.transport.duration_ns
        captions = ((f"A  {a}", case.a), (f"B  {b}", case.b), ("settled", case.state))
        self.strips.set_strips(captions, schema, duration_ns)
        self.player.set_labels(case.state, schema)

    def _own_case(self, case: Adjudicator) -> str:
        me = self._desk.reviewer
        if me not in case.reviewers:
            return ""
        return f" {me} reviewed this episode: that {me} settles it is written into its audit trail."

    def _go(self) -> None:
        case = self.open
        if case is not None and 0 <= case.current < len(case.differences):
            at_ns = case.differences[case.current].at_ns
            if at_ns > 0:  # 0 means the whole episode, and its first picture comes later
                self.player.seek(at_ns)
            self.strips.set_focus_at(at_ns)
        self.draw()

    def _on_row(self, row: int) -> None:
        if self.open is not None:
            self.open.current = row
            self._go()

    def _take(self, side: str) -> None:
        case = self.open
        if case is None or not 0 <= case.current < len(case.differences):
            return
        reason = self.view.reason.text().strip()
        self._store(case, lambda: case.take("a" if side == "a" else "b", reason))
        self.view.reason.clear()
        self._go()

    def _store(self, case: Adjudicator, act: Callable[[], object]) -> None:
        try:
            act()
        except EditConflict:
            case.review.reload()
            self._say("Another station settles this episode too; theirs is shown now.", "warn")
        except (LabelError, DamagedJournalError, OSError) as error:
            self._say(str(error), "bad")

    def perform(self, action: ActionId) -> bool:
        """Do an action of adjudicating or playing; False when it is none of these."""
        case = self.open
        if self.playing.perform(action):
            return True
        if case is None:
            return False
        if action is ActionId.REVIEW_PICK_A:
            self._take("a")
        elif action is ActionId.REVIEW_PICK_B:
            self._take("b")
        elif action is ActionId.REVIEW_NEXT_DISAGREEMENT:
            if not case.next():
                self._say("Everything is settled; finish with the accept key.")
            self._go()
        elif action is ActionId.REVIEW_NEXT_PAIR:
            if not case.show_next_pair():
                self._say("Only two reviewers finished this episode.")
            self._go()
        elif action is ActionId.REVIEW_ACCEPT:
            self._accept(case)
        elif action in (ActionId.REVIEW_UNDO, ActionId.REVIEW_REDO):
            step = case.review.undo if action is ActionId.REVIEW_UNDO else case.review.redo
            self._store(case, step)
            self.draw()
        elif action in (ActionId.REVIEW_NEXT_EPISODE, ActionId.REVIEW_PREVIOUS_EPISODE):
            step_by = 1 if action is ActionId.REVIEW_NEXT_EPISODE else -1
            at = self.episodes.currentRow() + step_by
            self.episodes.setCurrentRow(min(max(at, 0), len(self._uuids) - 1))
        else:
            return False
        return True

    def _accept(self, case: Adjudicator) -> None:
        if case.left:
            self._say(f"{case.left} disagreements are not settled yet.", "warn")
            return
        self._store(case, case.accept)
        if not case.state.accepted:
            self.draw()
            return
        self._say("Settled and published.")
        self._desk.library.refresh(case.uuid)
        self.open = None
        self.load()
        if not self._uuids:
            self.player.set_episode(None)

    def close_episode(self) -> None:
        """Let the episode go."""
        self.player.set_episode(None)


def _who(row: AuditRow) -> str:
    """The reviewer; of an adjudication the person who settled it."""
    return row.station.partition("@")[0] if row.who == ADJUDICATOR else row.who


def _without_ids(row: AuditRow) -> str:
    return ITEM_ID.sub(":", row.title) or row.kind


def _audit(desk: ReviewDesk, uuid: str) -> list[tuple[str, str, str, str, str]]:
    rows = audit_trail(desk.dataset, uuid)[-AUDIT_SHOWN:]
    return [
        (row.when[11:19], _who(row), _without_ids(row), said(row.old), said(row.new))
        for row in reversed(rows)
    ]
