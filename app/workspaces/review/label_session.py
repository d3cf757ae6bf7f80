"""One reviewer at work on one episode: intents in, stored labels out. Free of Qt.

Ladder of a change
------------------
done                   on the device; ``saved`` says when, and how many edits there are
refused                nothing changes; the sentence is returned
changed elsewhere      nothing is written; ``conflict`` holds what was done there and the intent,
                       until ``take_theirs`` or ``apply_mine``
could not be stored    the change stays in the state that is shown and is tried again (``retry``)
journal damaged        nothing can be changed; ``saved`` says why
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.workspaces.review.questions import QUESTIONS, question_of
from recorder.review.audit import AuditRow
from recorder.review.folding import LabelError, fold
from recorder.review.labelling import Labeller
from recorder.review.refusal import LabelRefused, seconds
from recorder.review.snapping import Playhead
from recorder.review.state import Change, LabelState, ReviewOutcome
from recorder.review.store import DamagedJournalError, EditConflict, EpisodeReview
from widgets.review.label_view import LabelView, Question

Intent = Callable[[LabelState], Change | None]
HISTORY_SHOWN = 6
UNDONE = {"undo": "undid ", "redo": "again "}


@dataclass(frozen=True)
class Conflict:
    """What was done elsewhere, and what this reviewer meant to do.

    Attributes
    ----------
    theirs : tuple of AuditRow
    again : callable
        Does what was meant; on the labels as they are then.
    title : str
    """

    theirs: tuple[AuditRow, ...]
    again: Callable[[], str]
    title: str

    @property
    def sentence(self) -> str:
        """Who changed what, for the bar."""
        who = ", ".join(dict.fromkeys(f"{r.who} on station {r.station}" for r in self.theirs))
        what = ", ".join(dict.fromkeys(row.title for row in self.theirs if row.title))
        return f"{who or 'Another station'} changed this episode: {what or 'no title'}."


class LabelSession:
    """Labels of the episode that is open.

    Parameters
    ----------
    review : EpisodeReview
        The reviewer's store.
    labeller : Labeller
        Turns intents into changes.
    operator_outcome : str
        The operator's verdict; empty where the reviewer must not know it.
    blind : bool
    now : callable
        Wall time.
    """

    def __init__(
        self,
        review: EpisodeReview,
        labeller: Labeller,
        operator_outcome: str = "",
        blind: bool = False,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.review = review
        self.labeller = labeller
        self.operator_outcome = "" if blind else operator_outcome
        self.blind = blind
        self.asking = ""
        self._asked_at = Playhead(0)
        self._mode_left_open = False
        self.conflict: Conflict | None = None
        self._unsaved: list[Change] = []
        self._problem = ""
        self._saved_at: datetime | None = None
        self._now = now

    @property
    def state(self) -> LabelState:
        """What was said, stored or not yet."""
        state = self.review.state
        for change in self._unsaved:
            state = fold(state, change.edits)[0]
        return state

    @property
    def unsaved(self) -> bool:
        """Whether something on the screen is not on the device."""
        return bool(self._unsaved)

    def do(self, intent: Intent) -> str:
        """Do what is meant; returns a sentence when it is refused, else an empty string."""
        if self.conflict is not None:
            return "First decide above: take theirs, or apply yours again."
        if self._unsaved and not self.retry():
            return self._problem
        try:
            change = intent(self.state)
            if change is None:
                return ""
            self.review.apply(change)
        except (LabelRefused, LabelError, DamagedJournalError) as error:
            return str(error)
        except EditConflict as error:
            self.conflict = Conflict(error.theirs, lambda: self.do(intent), change.title)
            return ""
        except OSError as error:
            self._unsaved.append(change)
            self._fail(error)
            return ""
        self._succeed()
        return ""

    def undo(self) -> str:
        """Take the newest edit back."""
        if self._unsaved:
            self._unsaved.pop()
            self._problem = ""
            return ""
        return self._step_history(self.review.undo, "undo", "There is nothing to undo.")

    def redo(self) -> str:
        """Do the edit again that was taken back."""
        return self._step_history(self.review.redo, "redo", "There is nothing to do again.")

    def _step_history(self, step: Callable[[], Change | None], name: str, nothing: str) -> str:
        if self.conflict is not None:
            return "First decide above: take theirs, or apply yours again."
        try:
            done = step()
        except EditConflict as error:
            again = lambda: self._step_history(step, name, nothing)  # noqa: E731
            self.conflict = Conflict(error.theirs, again, name)
            return ""
        except (DamagedJournalError, OSError) as error:
            self._fail(error)
            return str(error)
        if done is None:
            return nothing
        self._succeed()
        return ""

    def take_theirs(self) -> None:
        """Adopt what was done elsewhere; what was meant here is let go."""
        self.review.reload()
        self.conflict = None

    def apply_mine(self) -> str:
        """Adopt what was done elsewhere, then do what was meant here as well."""
        conflict, self.conflict = self.conflict, None
        self.review.reload()
        return conflict.again() if conflict is not None else ""

    def retry(self) -> bool:
        """Try to store what could not be stored; True when nothing is left."""
        while self._unsaved:
            try:
                self.review.apply(self._unsaved[0])
            except OSError as error:
                self._fail(error)
                return False
            except (EditConflict, LabelError, DamagedJournalError) as error:
                self._fail(error)
                return False
            self._unsaved.pop(0)
            self._succeed()
        return True

    def accept(self, views: Sequence[str]) -> str:
        """Finish with the episode and publish its labels; a sentence when that is refused."""
        if self._lacks_mode and not self._mode_left_open:
            self._mode_left_open, self.asking = True, "failure_mode"
            return "Say how it failed: press a digit; accept again to leave it open."
        operator = self.operator_outcome or "unlabelled"
        refused = self.do(lambda state: self.labeller.accept(state, operator, views))
        if refused or self.conflict is not None or self._unsaved:
            return refused or self._problem
        return self.publish()

    @property
    def _lacks_mode(self) -> bool:
        state = self.state
        named = state.failure_mode is not None or not self.labeller.schema.failure_modes
        return state.outcome == "failure" and state.rejected is None and not named

    def publish(self) -> str:
        """Write the labels for others to read; a sentence when that is impossible."""
        try:
            self.review.publish()
        except EditConflict as error:
            self.conflict = Conflict(error.theirs, self.publish, "publish")
            return ""
        except (DamagedJournalError, OSError) as error:
            self._fail(error)
            return str(error)
        self._saved_at = self._now()
        return ""

    def outcome(self, value: ReviewOutcome) -> str:
        """Say how it went; a failure asks for its mode."""
        self.asking = ""
        refused = self.do(lambda state: self.labeller.outcome(state, value))
        if value == "failure" and self.labeller.schema.failure_modes and not refused:
            self.asking = "failure_mode"
        return refused

    def ask(self, kind: str, playhead: Playhead) -> None:
        """Let the next digit answer ``kind``; asked twice, it is asked no more."""
        self._asked_at = playhead
        self.asking = "" if self.asking == kind else kind

    def digit(self, number: int) -> str:
        """A digit answers the open question, else it is the quality."""
        if not self.asking:
            if number > 5:
                return "Quality goes from 1 to 5."
            return self.do(lambda state: self.labeller.quality(state, number))
        answer, at = QUESTIONS[self.asking].answer, self._asked_at
        refused = self.do(lambda state: answer(self.labeller, state, number, at))
        if not refused:
            self.asking = ""
        return refused

    def view(self, playhead: Playhead, place: str = "", reason: str = "") -> LabelView:
        """What the panel shows."""
        state, labeller = self.state, self.labeller
        following = labeller.contacts.next(state, playhead)
        failed_ns = labeller.failure_from_ns
        return LabelView(
            schema=labeller.schema,
            state=state,
            operator_outcome=self.operator_outcome,
            operator_counts=state.outcome is None and not state.accepted,
            reviewer=self.review.reviewer,
            place=place,
            reason=reason,
            saved=self.saved,
            save_failed=bool(self._problem or self.review.problem),
            question=question_of(self.asking, labeller, state) if self.asking else Question(),
            contacts_open=len(labeller.contacts.open(state)),
            next_contact=(
                f"{labeller.contacts.finger(following)} from {seconds(following.start_ns)}"
                if following
                else ""
            ),
            failure_from="" if failed_ns is None else seconds(failed_ns),
            history=self._history(),
            blind=self.blind,
        )

    @property
    def saved(self) -> str:
        """When the newest edit reached the device, or why it did not."""
        if self._problem or self.review.problem:
            return self._problem or self.review.problem
        count = sum(entry.kind in ("change", "undo", "redo") for entry in self.review.history)
        if self._saved_at is None:
            return f"{count} edits from before" if count else "nothing said yet"
        return f"saved {self._saved_at:%H:%M:%S}, edit {count}"

    def _history(self) -> tuple[str, ...]:
        lines = [f"not stored: {change.title}" for change in reversed(self._unsaved)]
        for entry in reversed(self.review.history):
            if len(lines) >= HISTORY_SHOWN:
                break
            if entry.kind in ("change", "undo", "redo"):
                lines.append(UNDONE.get(entry.kind, "") + entry.title)
        return tuple(lines)

    def _succeed(self) -> None:
        self._saved_at, self._problem = self._now(), ""

    def _fail(self, error: Exception) -> None:
        why = error.strerror or error if isinstance(error, OSError) else error
        self._problem = f"NOT SAVED: {why}. What you see is kept here and tried again."
