"""What labels and losses say along the time of an episode, as lines of a log.

Times are ns after the episode's first sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recorder.episode import Episode
from recorder.review.state import LabelState

INFO, WARNING = 2, 3  # levels of foxglove.Log


@dataclass(frozen=True)
class Note:
    """One line.

    Attributes
    ----------
    at_ns : int
    text : str
    level : int
    name : str
        Who says it.
    """

    at_ns: int
    text: str
    level: int = INFO
    name: str = "labels"

    def order(self) -> tuple[int, str, str]:
        """Place among the others."""
        return self.at_ns, self.name, self.text


def phase_notes(labels: LabelState) -> Iterator[Note]:
    """Yield the phase that holds from each time on; empty text where none does."""
    phases = sorted(labels.phases.values(), key=lambda phase: phase.start_ns)
    starts = {phase.start_ns for phase in phases}
    for phase in phases:
        yield Note(phase.start_ns, phase.label)
        if phase.stop_ns not in starts:
            yield Note(phase.stop_ns, "")


def spoken_notes(labels: LabelState, episode: Episode) -> Iterator[Note]:
    """Yield begin and end of everything that was labelled, and every gap of the ledger."""
    for phase in labels.phases.values():
        yield Note(phase.start_ns, f"phase {phase.label} begins")
        yield Note(phase.stop_ns, f"phase {phase.label} ends")
    for mark in labels.events.values():
        yield Note(mark.at_ns, f"event {mark.label}")
    for contact in labels.contacts.values():
        yield Note(contact.start_ns, f"contact {contact.finger} begins")
        if contact.stop_ns is not None:
            yield Note(contact.stop_ns, f"contact {contact.finger} ends")
    for recovery in labels.recoveries.values():
        what = f" ({recovery.mode})" if recovery.mode else ""
        yield Note(recovery.failure.start_ns, f"failure{what} begins")
        yield Note(recovery.recovery.start_ns, f"recovery{what} begins")
        yield Note(recovery.recovery.stop_ns, f"recovery{what} ends")
    for gap in episode.ledger:
        at_ns = max(0, int(gap["before_ns"]) - episode.start_stamp_ns)
        stream, first = gap["stream"].decode(), int(gap["first_missing_seq"])
        lost = f"{int(gap['count'])} samples missing from {first} on"
        yield Note(at_ns, f"{stream}: {gap['kind'].decode()}, {lost}", WARNING, "gaps")
