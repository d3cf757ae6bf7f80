"""What a reviewer means, as changes of a ``LabelState``: one intent, one change, always valid.

The labeller never writes. It returns a ``Change`` for the store, or None when everything is said
already, and raises ``LabelRefused`` with one sentence when the intent means nothing here. Instants
come from ``recorder.review.snapping``, phases from ``recorder.review.phase_edits``, contacts from
``recorder.review.contact_edits`` (``Labeller.contacts``).

Recovery pairs take two presses: the first notes where things went wrong, the second where putting
them right began; the recovery then runs to the end of the phase of that instant, else to the limit
(end of the trim or of the episode). A third press inside the newest recovery ends it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

from recorder.overview.model import ContactCandidate
from recorder.review.boundaries import boundaries_ns, move_boundary
from recorder.review.contact_edits import ContactEdits, holds
from recorder.review.phase_edits import (
    end_phase,
    move_last_stop,
    phase_at,
    phase_limit,
    press_phase,
)
from recorder.review.refusal import LabelRefused, seconds
from recorder.review.schema import LabelSchema, Term
from recorder.review.snapping import REACTION_NS, SNAP_NS, Playhead, Snapping
from recorder.review.state import (
    Change,
    Edit,
    Interval,
    LabelState,
    ListLane,
    Mark,
    Recovery,
    ReviewOutcome,
    ScalarLane,
)
from recorder.review.store import new_item_id

STEP_NS = 33_333_333  # one picture at 30 Hz
OUTCOME_TITLES: dict[ReviewOutcome, str] = {
    "success": "success",
    "qualified_success": "qualified success",
    "failure": "failure",
    "cannot_judge": "cannot judge",
}


class Labeller:
    """Turns intents into changes, for one episode.

    Parameters
    ----------
    schema : LabelSchema
        Words of the episode's task.
    duration_ns : int
        Length of the episode; every label lies in ``[0, duration_ns]``.
    candidates : sequence of ContactCandidate
        Touches proposed from the forces.
    speed_minima_ns : iterable of int
        Further instants that phases are drawn to.
    reaction_ns : int
        The reviewer's reaction time.
    step_ns : int
        Interval between two pictures; boundaries are nudged by it.
    instructions : sequence of str
        Texts to choose by number; the schema's when it has any, else these (at most nine).
    fingers : sequence of str
        Names of the fingers a contact may be set for by hand.
    new_id : callable
        Makes ids of items.
    """

    def __init__(
        self,
        schema: LabelSchema,
        duration_ns: int,
        candidates: Sequence[ContactCandidate] = (),
        speed_minima_ns: Iterable[int] = (),
        reaction_ns: int = REACTION_NS,
        step_ns: int = STEP_NS,
        *,
        instructions: Sequence[str] = (),
        fingers: Sequence[str] = (),
        new_id: Callable[[], str] = new_item_id,
    ) -> None:
        self.schema = schema
        self.duration_ns = duration_ns
        self.step_ns = step_ns
        self.instructions = tuple(schema.instructions or instructions)[:9]
        named = (*fingers, *(one.finger for one in candidates))
        self.fingers = tuple(dict.fromkeys(named))
        self.failure_from_ns: int | None = None
        self._new_id = new_id
        edges = [edge for one in candidates for edge in (one.start_ns, one.stop_ns)]
        self.snapping = Snapping(duration_ns, (*edges, *speed_minima_ns), reaction_ns, SNAP_NS)
        self.contacts = ContactEdits(candidates, self.snapping, new_id)

    # verdict

    def outcome(self, state: LabelState, value: ReviewOutcome) -> Change | None:
        """Say how it went; a failure mode goes when it is no longer a failure."""
        edits = list(_scalar(state, "outcome", value))
        if value != "failure":
            edits += _scalar(state, "failure_mode", None)
        return _change(f"outcome {OUTCOME_TITLES[value]}", edits)

    def failure_mode(self, state: LabelState, number: int) -> Change | None:
        """Choose failure mode ``number`` (from 1); says failure as well."""
        term = _numbered(self.schema.failure_modes, number, "failure mode")
        edits = [
            *_scalar(state, "outcome", "failure"),
            *_scalar(state, "failure_mode", term.name),
        ]
        return _change(f"failure: {term.title.lower()}", edits)

    def quality(self, state: LabelState, value: int) -> Change | None:
        """Rate from 1 (poor) to 5 (excellent)."""
        if not 1 <= value <= 5:
            raise LabelRefused(f"quality {value} is not between 1 and 5")
        return _change(f"quality {value}", _scalar(state, "quality", value))

    def instruction(self, state: LabelState, number: int) -> Change | None:
        """Choose instruction ``number`` (from 1) of the list."""
        if not 1 <= number <= len(self.instructions):
            raise LabelRefused(f"there is no instruction {number}; {_count(self.instructions)}")
        return self.instruction_text(state, self.instructions[number - 1])

    def instruction_text(self, state: LabelState, text: str) -> Change | None:
        """Write the instruction; empty takes it away."""
        return _change("instruction", _scalar(state, "instruction", text.strip() or None))

    def note(self, state: LabelState, text: str) -> Change | None:
        """Write the note; empty takes it away."""
        return _change("note", _scalar(state, "note", text.strip() or None))

    def reject(self, state: LabelState, number: int) -> Change | None:
        """Leave the episode out for reason ``number`` (from 1); the same again keeps it."""
        term = _numbered(self.schema.reject_reasons, number, "reject reason")
        if state.rejected == term.name:
            return self.keep(state)
        return _change(f"rejected: {term.title.lower()}", _scalar(state, "rejected", term.name))

    def keep(self, state: LabelState) -> Change | None:
        """Take the rejection back."""
        return _change("kept again", _scalar(state, "rejected", None))

    def accept(
        self, state: LabelState, operator_outcome: str = "unlabelled", views: Sequence[str] = ()
    ) -> Change | None:
        """Finish with the episode.

        Parameters
        ----------
        state : LabelState
        operator_outcome : str
            The operator's verdict, taken over when nothing was said; pass ``unlabelled`` to a
            reviewer who must not know it.
        views : sequence of str
            Streams that were on the screen.

        Raises
        ------
        LabelRefused
            When there is no outcome and the episode is not rejected.
        """
        edits: list[Edit] = []
        if state.outcome is None and operator_outcome in get_args(ReviewOutcome):
            edits += _scalar(state, "outcome", operator_outcome)
        elif state.outcome is None and state.rejected is None:
            raise LabelRefused("Say the outcome first: there is no verdict to accept.")
        seen = sorted({*state.views, *views})
        if tuple(seen) != state.views:
            edits.append(Edit("views", None, seen))
        if not state.accepted:
            edits.append(Edit("accepted", None, True))
        return _change("accepted", edits)

    # stretches and instants

    def phase(
        self, state: LabelState, name: str, playhead: Playhead, snap: bool | None = None
    ) -> Change | None:
        """The phase ``name`` begins now, or ends when it is the one that runs."""
        term = self._term(self.schema.phases, name, "phase")
        at_ns = self.snapping.instant(playhead, snap)
        edits, what = press_phase(state, name, at_ns, self.duration_ns, self._new_id)
        if not edits:
            raise LabelRefused(f"{term.title} cannot begin at the very end of the episode.")
        words = {"from": "from", "until": "until", "away": "taken away at", "on": "goes on after"}
        return _change(f"{term.title} {words[what]} {seconds(at_ns)}", edits)

    def phase_end(
        self, state: LabelState, playhead: Playhead, snap: bool | None = None
    ) -> Change | None:
        """The phase that runs ends now and no other begins."""
        at_ns = self.snapping.instant(playhead, snap)
        edits, label = end_phase(state, at_ns)
        if not edits:
            raise LabelRefused(f"No phase runs at {seconds(at_ns)}.")
        return _change(f"{self._title(label)} until {seconds(at_ns)}", edits)

    def event(self, state: LabelState, name: str, playhead: Playhead) -> Change:
        """Mark the event ``name`` now."""
        term = self._term(self.schema.events, name, "event")
        at_ns = self.snapping.meant(playhead)
        mark = Mark(label=name, at_ns=at_ns)
        edit = Edit("events", self._new_id(), mark.model_dump())
        return Change(f"{term.title} at {seconds(at_ns)}", (edit,))

    def trim_start(self, state: LabelState, playhead: Playhead) -> Change | None:
        """What training should see begins now."""
        at_ns = self.snapping.meant(playhead)
        old_stop = self._trim_stop(state)
        stop_ns = old_stop if old_stop > at_ns else self.duration_ns
        return self._trim(state, at_ns, stop_ns, f"trim from {seconds(at_ns)}")

    def trim_stop(self, state: LabelState, playhead: Playhead) -> Change | None:
        """What training should see ends now."""
        at_ns = self.snapping.meant(playhead)
        start_ns = state.trim.start_ns if state.trim and state.trim.start_ns < at_ns else 0
        return self._trim(state, start_ns, at_ns, f"trim until {seconds(at_ns)}")

    def trim_clear(self, state: LabelState) -> Change | None:
        """Training should see the whole episode; a last phase that ran to its end goes on."""
        if state.trim is None:
            return None
        edits = move_last_stop(state, state.trim.stop_ns, self.duration_ns)
        return _change("no trim", [*_scalar(state, "trim", None), *edits])

    def recovery(self, state: LabelState, playhead: Playhead) -> Change | None:
        """Mark a failure and its recovery; see the module's text for the presses."""
        at_ns = self.snapping.meant(playhead)
        newest = next(reversed(list(state.recoveries.items())), None)
        if self.failure_from_ns is None:
            if newest and newest[1].recovery.start_ns < at_ns < newest[1].recovery.stop_ns:
                pair = newest[1].model_dump()
                pair["recovery"]["stop_ns"] = at_ns
                return _change(
                    f"recovery until {seconds(at_ns)}", [Edit("recoveries", newest[0], pair)]
                )
            self.failure_from_ns = at_ns
            return None
        failed_ns, self.failure_from_ns = self.failure_from_ns, None
        running = phase_at(state, at_ns)
        limit = phase_limit(state, at_ns, self.duration_ns)
        stop_ns = min(running[1].stop_ns, limit) if running else limit
        if not failed_ns < at_ns < stop_ns:
            raise LabelRefused(
                f"A recovery cannot begin at {seconds(at_ns)}: the failure began at "
                f"{seconds(failed_ns)} and the episode ends at {seconds(stop_ns)}."
            )
        pair = Recovery(
            failure=Interval(start_ns=failed_ns, stop_ns=at_ns),
            recovery=Interval(start_ns=at_ns, stop_ns=stop_ns),
            mode=state.failure_mode or "",
        )
        return _change(
            f"recovery from {seconds(at_ns)}",
            [Edit("recoveries", self._new_id(), pair.model_dump())],
        )

    # repair

    def delete(self, state: LabelState, lane: ListLane, item: str) -> Change | None:
        """Take one item away; neighbours stay as they are."""
        if item not in getattr(state, lane):
            return None
        return Change(f"{lane.removesuffix('s')} taken away", (Edit(lane, item, None),))

    def delete_at(self, state: LabelState, playhead: Playhead) -> Change:
        """Take away what is under the instant: an event, else a contact, else the phase."""
        at_ns = self.snapping.meant(playhead)
        for item, mark in state.events.items():
            if abs(mark.at_ns - at_ns) <= self.snapping.within_ns:
                return Change(
                    f"{self._title(mark.label)} taken away", (Edit("events", item, None),)
                )
        for item, pair in state.recoveries.items():
            if pair.failure.start_ns <= at_ns < pair.recovery.stop_ns:
                return Change("recovery taken away", (Edit("recoveries", item, None),))
        for item, contact in state.contacts.items():
            if holds(contact, at_ns):
                title = f"contact {contact.finger} taken away"
                return Change(title, (Edit("contacts", item, None),))
        running = phase_at(state, at_ns)
        if running is None:
            raise LabelRefused(f"There is no label at {seconds(at_ns)}.")
        title = f"{self._title(running[1].label)} taken away"
        return Change(title, (Edit("phases", running[0], None),))

    def nudge(self, state: LabelState, playhead: Playhead, steps: int) -> tuple[Change, int]:
        """Move the boundary nearest to the playhead by ``steps`` pictures.

        Returns
        -------
        Change
        int
            Where the boundary is now, ns: the player goes there.
        """
        edges = boundaries_ns(state)
        if not edges:
            raise LabelRefused("There is no boundary to move yet.")
        old_ns = min(edges, key=lambda edge: abs(edge - playhead.time_ns))
        wanted_ns = old_ns + steps * self.step_ns
        edits, new_ns = move_boundary(state, old_ns, wanted_ns, self.duration_ns)
        if not edits:
            raise LabelRefused(f"The boundary at {seconds(old_ns)} has no room to move.")
        return Change(f"boundary to {seconds(new_ns)}", edits), new_ns

    def _trim(self, state: LabelState, start_ns: int, stop_ns: int, title: str) -> Change | None:
        if not 0 <= start_ns < stop_ns <= self.duration_ns:
            raise LabelRefused("A trim needs some of the episode to stay: move the playhead first.")
        trim = {"start_ns": start_ns, "stop_ns": stop_ns}
        edits = move_last_stop(state, self._trim_stop(state), stop_ns)
        return _change(title, [*_scalar(state, "trim", trim), *edits])

    def _trim_stop(self, state: LabelState) -> int:
        return state.trim.stop_ns if state.trim else self.duration_ns

    def _term(self, terms: Sequence[Term], name: str, kind: str) -> Term:
        for term in terms:
            if term.name == name:
                return term
        known = ", ".join(term.name for term in terms) or "none"
        raise LabelRefused(f"{kind} '{name}' is not in this task's labels; it has {known}")

    def _title(self, name: str) -> str:
        for term in (*self.schema.phases, *self.schema.events):
            if term.name == name:
                return term.title
        return name


def _numbered(terms: Sequence[Term], number: int, kind: str) -> Term:
    if not 1 <= number <= len(terms):
        raise LabelRefused(f"there is no {kind} {number}; {_count(terms)}")
    return terms[number - 1]


def _count(choices: Sequence[object]) -> str:
    return f"the list has {len(choices)}" if choices else "the list is empty"


def _scalar(state: LabelState, lane: ScalarLane, value: Any) -> tuple[Edit, ...]:
    """The edit that sets a scalar lane; none when it holds the value already."""
    now = getattr(state, lane)
    if isinstance(now, Interval):
        now = now.model_dump()
    return () if now == value else (Edit(lane, None, value),)


def _change(title: str, edits: Iterable[Edit]) -> Change | None:
    edits = tuple(edits)
    return Change(title, edits) if edits else None
