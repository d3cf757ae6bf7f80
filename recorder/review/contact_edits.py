"""Contacts: candidates from the forces, confirmed or skipped, and contacts set by hand.

Candidates are confirmed one by one, nearest to the playhead first. A confirmed one keeps the id of
its candidate, so that moving its edges does not bring the candidate back. Skipping a candidate
says nothing in the labels: what is not confirmed is not a contact.
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
        self.skipped: set[str] = set()
        self._snapping = snapping
        self._new_id = new_id

    def finger(self, candidate: ContactCandidate) -> str:
        """Name of a candidate's finger in the labels; with its hand where there are two."""
        return f"{candidate.side}/{candidate.finger}" if self._two_hands else candidate.finger

    def open(self, state: LabelState) -> tuple[ContactCandidate, ...]:
        """Candidates that were neither confirmed nor skipped, by start."""
        done = self.skipped | set(state.contacts)
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
        stop_ns = min(one.stop_ns, self._snapping.duration_ns)
        contact = Contact(
            finger=self.finger(one), start_ns=one.start_ns, stop_ns=stop_ns, proposed=True
        )
        edit = Edit("contacts", candidate_id(one), contact.model_dump())
        return Change(f"contact {contact.finger} from {seconds(one.start_ns)}", (edit,))

    def reject(self, state: LabelState, playhead: Playhead) -> Change | None:
        """Take the contact under the instant away; without one, skip the nearest candidate."""
        at_ns = self._snapping.meant(playhead)
        under = [i for i, c in state.contacts.items() if holds(c, at_ns)]
        if under:
            item = max(under, key=lambda i: state.contacts[i].start_ns)
            self.skipped.add(item)
            finger = state.contacts[item].finger
            return Change(f"no contact {finger}", (Edit("contacts", item, None),))
        one = self.next(state, playhead)
        if one is None:
            raise LabelRefused("There is no contact candidate left to skip.")
        self.skipped.add(candidate_id(one))
        return None

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
