"""One episode: the player, and the label panel beside it. Keys and presses become intents.

The page is given a ``LabelSession`` per episode and draws again after everything it does. Live
phase keys mean the playhead minus the reaction time; see ``recorder.review.snapping``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.actions import ActionId
from app.workspaces.review.conflict_bar import ConflictBar
from app.workspaces.review.label_session import Intent, LabelSession
from app.workspaces.review.player_actions import PlayerActions
from recorder.player.player_episode import PlayerEpisode
from recorder.review.labelling import Labeller
from recorder.review.snapping import Playhead
from recorder.review.state import LIST_LANES, Change, LabelState
from widgets.player.player_view import PlayerView
from widgets.review.label_panel import LabelPanel

PANEL_KEYS = {
    "success": ActionId.REVIEW_SUCCESS,
    "qualified_success": ActionId.REVIEW_QUALIFIED,
    "failure": ActionId.REVIEW_FAILURE,
    "cannot_judge": ActionId.REVIEW_CANNOT_JUDGE,
    "accept": ActionId.REVIEW_ACCEPT,
    "contact": ActionId.REVIEW_CONTACT,
    "contact_reject": ActionId.REVIEW_CONTACT_REJECT,
    "trim_start": ActionId.REVIEW_TRIM_START,
    "trim_stop": ActionId.REVIEW_TRIM_STOP,
    "trim_clear": ActionId.REVIEW_TRIM_CLEAR,
    "recovery": ActionId.REVIEW_RECOVERY,
    "instruction": ActionId.REVIEW_INSTRUCTION,
    "note": ActionId.REVIEW_NOTE,
    "reject": ActionId.REVIEW_REJECT,
    "phase_end": ActionId.REVIEW_MARK_PHASE_END,
    **{f"quality_{n}": ActionId(f"review.quality_{n}") for n in range(1, 6)},
}
CONFLICT_WAYS = (ActionId.REVIEW_PICK_A, ActionId.REVIEW_PICK_B)  # theirs, mine
OUTCOMES = {
    ActionId.REVIEW_SUCCESS: "success",
    ActionId.REVIEW_QUALIFIED: "qualified_success",
    ActionId.REVIEW_FAILURE: "failure",
    ActionId.REVIEW_CANNOT_JUDGE: "cannot_judge",
}
DIGITS = {ActionId(f"review.quality_{n}"): n for n in range(1, 6)} | {
    ActionId(f"review.choice_{n}"): n for n in range(6, 10)
}


class EpisodePage(QWidget):
    """Player and labels of the open episode.

    Parameters
    ----------
    keys : mapping of ActionId to str
        Key of every action, shown in the panel.
    say : callable
        Shows a sentence; second argument is ``warn`` or ``ok``.
    """

    labels_changed = Signal()

    def __init__(
        self,
        keys: Mapping[ActionId, str],
        say: Callable[..., object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._say = say
        self.session: LabelSession | None = None
        self._place, self._reason = "", ""
        self._selected: tuple[str, str] | None = None
        self._overview_seen = False
        self.player = PlayerView()
        self.panel = LabelPanel({name: keys[item] for name, item in PANEL_KEYS.items()})
        self.bar = ConflictBar()
        self._set_keys(keys)
        self.playing = PlayerActions(self.player, lambda: self.session)
        self._connect()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.player, 1)
        row.addWidget(self.panel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.bar)
        layout.addLayout(row, 1)
        self.panel.setEnabled(False)

    def _connect(self) -> None:
        panel = self.panel
        self.player.time_changed.connect(self._on_time)
        self.player.item_picked.connect(self._on_item_picked)
        panel.outcome_chosen.connect(lambda value: self._told(self._session.outcome(value)))
        panel.quality_chosen.connect(
            lambda n: self.do(lambda state: self._session.labeller.quality(state, n))
        )
        panel.number_chosen.connect(lambda n: self._told(self._session.digit(n)))
        panel.phase_pressed.connect(self.phase)
        panel.event_pressed.connect(self.event_now)
        panel.asked.connect(lambda name: self.perform(PANEL_KEYS[name]))
        panel.note_typed.connect(
            lambda text: self.do(lambda state: self._session.labeller.note(state, text))
        )
        panel.instruction_typed.connect(
            lambda text: self.do(lambda state: self._session.labeller.instruction_text(state, text))
        )
        panel.keyboard_returned.connect(self.player.setFocus)
        self.bar.take_theirs.connect(self._take_theirs)
        self.bar.apply_mine.connect(self._apply_mine)

    @property
    def _session(self) -> LabelSession:
        assert self.session is not None
        return self.session

    @property
    def playhead(self) -> Playhead:
        """Where the player stands."""
        transport = self.player.transport
        return Playhead(transport.time_ns, transport.playing, transport.speed, transport.direction)

    def show_episode(
        self,
        episode: PlayerEpisode,
        session: LabelSession,
        *,
        title: str,
        people: str,
        place: str,
        reason: str,
    ) -> None:
        """Open an episode with its labels; it starts from the beginning, standing still."""
        self.session = session
        self._place, self._reason, self._selected = place, reason, None
        self._overview_seen = episode.overview is not None
        self.player.set_blind(session.blind)
        self.player.set_episode(episode, title, people)
        self.panel.setEnabled(True)
        self.player.setFocus()
        self.draw()

    def late_overview(self) -> bool:
        """Whether the overview has come after the episode was opened; True once."""
        episode = self.player.episode
        if episode is None or self._overview_seen or episode.overview is None:
            return False
        self._overview_seen = True
        return True

    def use_candidates(self, labeller: Labeller) -> None:
        """Go on with a labeller that knows the overview; nothing that was said is lost."""
        labeller.failure_from_ns = self._session.labeller.failure_from_ns
        self._session.labeller = labeller
        self.player.timeline.set_episode(self.player.episode)
        self.player.set_zoom(self.player.zoom)
        self.draw()

    def set_keys(self, keys: Mapping[ActionId, str]) -> None:
        """Show other keys in the panel."""
        self._set_keys(keys)
        self.draw()

    def _set_keys(self, keys: Mapping[ActionId, str]) -> None:
        self.panel.set_keys({name: keys[item] for name, item in PANEL_KEYS.items()})
        self.bar.set_keys(keys[ActionId.REVIEW_PICK_A], keys[ActionId.REVIEW_PICK_B])

    def draw(self) -> None:
        """Show the labels as they are now."""
        if self.session is None:
            return
        view = self.session.view(self.playhead, self._place, self._reason)
        self.panel.set_view(view, self.playhead.time_ns)
        self.player.set_labels(view.state, view.schema)
        conflict = self.session.conflict
        self.bar.show_conflict(conflict.sentence if conflict else "")

    def do(self, intent: Intent) -> None:
        """Do what is meant, show the outcome of it."""
        if self.session is not None:
            self._told(self.session.do(intent))

    def _told(self, refused: str) -> None:
        if refused:
            self._say(refused, "warn")
        self.draw()
        self.labels_changed.emit()

    def _on_time(self, time_ns: int) -> None:
        self.panel.set_time(time_ns)

    def _on_item_picked(self, lane: str, item: str) -> None:
        self._selected = (lane, item)
        self.player.select_item(lane, item)
        episode = self.player.episode
        if lane == "candidates" and episode is not None and episode.overview is not None:
            one = episode.overview.candidates[int(item)]
            self.do(lambda state: self._session.labeller.contacts.confirm_one(state, one))

    # keys

    def press_key(self, key: str) -> bool:
        """A key of the schema's phases and events."""
        session = self.session
        if session is None:
            return False
        for term in session.labeller.schema.phases:
            if term.key == key:
                self.phase(term.name)
                return True
        for term in session.labeller.schema.events:
            if term.key == key:
                self.event_now(term.name)
                return True
        return False

    def phase(self, name: str) -> None:
        """The phase begins, or ends, now."""
        playhead = self.playhead
        self.do(lambda state: self._session.labeller.phase(state, name, playhead))

    def event_now(self, name: str) -> None:
        """The event happens now."""
        playhead = self.playhead
        self.do(lambda state: self._session.labeller.event(state, name, playhead))

    def perform(self, action: ActionId) -> bool:
        """Do an action of playing or labelling; False when it is none of these."""
        if self.session is None:
            return False
        if self.playing.perform(action):
            return True
        session, hand, at = self.session, self.session.labeller, self.playhead
        intents: dict[ActionId, Intent] = {
            ActionId.REVIEW_MARK_PHASE_END: lambda state: hand.phase_end(state, at),
            ActionId.REVIEW_CONTACT: lambda state: hand.contacts.confirm(state, at),
            ActionId.REVIEW_CONTACT_REJECT: lambda state: hand.contacts.reject(state, at),
            ActionId.REVIEW_TRIM_START: lambda state: hand.trim_start(state, at),
            ActionId.REVIEW_TRIM_STOP: lambda state: hand.trim_stop(state, at),
            ActionId.REVIEW_TRIM_CLEAR: hand.trim_clear,
            ActionId.REVIEW_RECOVERY: lambda state: hand.recovery(state, at),
            ActionId.REVIEW_DELETE: lambda state: self._delete(state, at),
        }
        if session.conflict is not None and action in CONFLICT_WAYS:
            (self._take_theirs if action is CONFLICT_WAYS[0] else self._apply_mine)()
        elif action in intents:
            self.do(intents[action])
        elif action in OUTCOMES:
            self._told(session.outcome(OUTCOMES[action]))
        elif action in DIGITS:
            self._told(session.digit(DIGITS[action]))
        elif action in (ActionId.REVIEW_NUDGE_BACK, ActionId.REVIEW_NUDGE_FORWARD):
            self._nudge(1 if action is ActionId.REVIEW_NUDGE_FORWARD else -1)
        elif action is ActionId.REVIEW_UNDO:
            self._told(session.undo())
        elif action is ActionId.REVIEW_REDO:
            self._told(session.redo())
        else:
            return self._ask(action, at)
        return True

    def _ask(self, action: ActionId, at: Playhead) -> bool:
        session = self._session
        if action is ActionId.REVIEW_REJECT:
            session.ask("reject", at)
        elif action is ActionId.REVIEW_CONTACT_BY_HAND:
            session.ask("contact", at)
        elif action is ActionId.REVIEW_INSTRUCTION:
            if session.asking == "instruction" or not session.labeller.instructions:
                session.asking = ""
                self.panel.edit_instruction()
            else:
                session.ask("instruction", at)
        elif action is ActionId.REVIEW_NOTE:
            self.panel.edit_note()
        else:
            return False
        self.draw()
        return True

    def _delete(self, state: LabelState, at: Playhead) -> Change | None:
        lane, item = self._selected or ("", "")
        self._selected = None
        if lane in LIST_LANES and item in getattr(state, lane):
            return self._session.labeller.delete(state, lane, item)
        return self._session.labeller.delete_at(state, at)

    def _nudge(self, steps: int) -> None:
        moved: list[int] = []
        playhead = self.playhead

        def intent(state: LabelState) -> Change:
            change, at_ns = self._session.labeller.nudge(state, playhead, steps)
            moved.append(at_ns)
            return change

        self.do(intent)
        if moved:
            self.player.pause()
            self.player.seek(moved[-1])

    def _take_theirs(self) -> None:
        self._session.take_theirs()
        self._told("")

    def _apply_mine(self) -> None:
        self._told(self._session.apply_mine())
