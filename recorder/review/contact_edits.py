"""Contacts: candidates from the forces, confirmed or refused, and contacts set by hand.

Candidates are confirmed or refused one by one, nearest to the playhead first. A confirmed one keeps
the id of its candidate, so that moving its edges does not bring the candidate back; a refused one
is remembered by that id in the lane ``refused``. Neither touches what was confirmed before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recorder.overview.model import ContactCandidate
from recorder.review.refusal import LabelRefused, seconds
from recorder.review.snapping import Playhead, Snapping
from recorder.review.state import Change, Contact, Edit, LabelState


def candidate_id(candidate: ContactCandidate) -> str:
    """Id of the contact that a candidate becomes."""
    return f"{candidate.side}-{candidate.finger}-{candidate.start_ns}"


def holds(contact: Contact, at_ns: int) -> bool:
    """Whether the finger touches at the instant."""
    return contact.start_ns <= at_ns and (contact.stop_ns is None or at_ns < contact.stop_ns)


class ContactEdits:
    """Turns intents about contacts into changes.

    Parameters
    ----------
    candidates : sequence of ContactCandidate
        Touches proposed from the forces.
    snapping : Snapping
        Instants of the episode.
    new_id : callable
        Makes ids of items.
    """

    def __init__(
        self,
        candidates: Sequence[ContactCandidate],
        snapping: Snapping,
        new_id: Callable[[], str],
    ) -> None:
        inside = [one for one in candidates if one.start_ns < snapping.duration_ns]
        self.candidates = tuple(sorted(inside, key=lambda one: one.start_ns))
        self._two_hands = len({one.side for one in candidates}) > 1
        self._snapping = snapping
        self._new_id = new_id

    def finger(self, candidate: ContactCandidate) -> str:
        """Name of a candidate's finger in the labels; with its hand where there are two."""
        return f"{candidate.side}/{candidate.finger}" if self._two_hands else candidate.finger

    def open(self, state: LabelState) -> tuple[ContactCandidate, ...]:
        """Candidates that were neither confirmed nor refused, by start."""
        done = {*state.refused, *state.contacts}
        return tuple(one for one in self.candidates if candidate_id(one) not in done)

    def next(self, state: LabelState, playhead: Playhead) -> ContactCandidate | None:
        """The open candidate whose start is nearest to the instant that is meant."""
        at_ns = self._snapping.meant(playhead)
        waiting = self.open(state)
        return min(waiting, key=lambda one: abs(one.start_ns - at_ns), default=None)

    def confirm(self, state: LabelState, playhead: Playhead) -> Change:
        """The nearest open candidate is a contact."""
        one = self.next(state, playhead)
        if one is None:
            raise LabelRefused("There is no contact candidate left to confirm.")
        return self.confirm_one(state, one)

    def confirm_one(self, state: LabelState, one: ContactCandidate) -> Change:
        """This candidate is a contact, even if it was refused before."""
        stop_ns = min(one.stop_ns, self._snapping.duration_ns)
        contact = Contact(
            finger=self.finger(one), start_ns=one.start_ns, stop_ns=stop_ns, proposed=True
        )
        name = candidate_id(one)
        edits = [Edit("contacts", name, contact.model_dump())]
        if name in state.refused:
            edits.append(Edit("refused", None, [each for each in state.refused if each != name]))
        return Change(f"contact {contact.finger} from {seconds(one.start_ns)}", tuple(edits))

    def reject(self, state: LabelState, playhead: Playhead) -> Change:
        """The nearest open candidate is no contact."""
        one = self.next(state, playhead)
        if one is None:
            raise LabelRefused(
                "There is no contact candidate left to refuse; a confirmed one is taken away by "
                "deleting it."
            )
        title = f"no contact {self.finger(one)} from {seconds(one.start_ns)}"
        return Change(title, (Edit("refused", None, [*state.refused, candidate_id(one)]),))

    def by_hand(self, state: LabelState, finger: str, playhead: Playhead) -> Change:
        """``finger`` touches from now on; pressed again while it touches, until now."""
        at_ns = self._snapping.instant(playhead)
        for item, contact in state.contacts.items():
            running = contact.stop_ns is None and contact.start_ns < at_ns
            if contact.finger == finger and running:
                ended = {**contact.model_dump(), "stop_ns": at_ns}
                return Change(
                    f"contact {finger} until {seconds(at_ns)}", (Edit("contacts", item, ended),)
                )
        contact = Contact(finger=finger, start_ns=at_ns)
        edit = Edit("contacts", self._new_id(), contact.model_dump())
        return Change(f"contact {finger} from {seconds(at_ns)}", (edit,))
