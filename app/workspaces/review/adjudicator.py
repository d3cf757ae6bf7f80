"""Two reviewers' labels of one episode and the third opinion, which is stored for itself. No Qt.

What both agree on is taken over when the episode is first opened. Each pick is one change of the
adjudicator's own labels whose title names the disagreement, so that it is known after a restart
which are settled; the reviewers' journals are never written.
"""

from __future__ import annotations

from typing import Any, Literal

from recorder.dataset import Dataset
from recorder.review.adjudication import ADJUDICATOR, Disagreement, agreed, disagreements, pick
from recorder.review.schema import LabelSchema
from recorder.review.state import Change, Contact, Edit, Interval, LabelState, Mark, Phase, Recovery
from recorder.review.store import ReviewStore, read_state

Side = Literal["a", "b"]


class Adjudicator:
    """One episode before the adjudicator.

    Parameters
    ----------
    dataset : Dataset
    uuid : str
        The episode.
    reviewers : (str, str)
        Whose labels stand against each other.
    schema : LabelSchema
    station : str
    """

    def __init__(
        self,
        dataset: Dataset,
        uuid: str,
        reviewers: tuple[str, str],
        schema: LabelSchema,
        station: str = "",
    ) -> None:
        self.uuid, self.reviewers = uuid, reviewers
        self.a = read_state(dataset, reviewers[0], uuid) or LabelState()
        self.b = read_state(dataset, reviewers[1], uuid) or LabelState()
        self.differences = disagreements(self.a, self.b)
        self.review = ReviewStore(dataset, ADJUDICATOR, station).open(uuid, schema)
        if not self.review.history:
            common = agreed(self.a, self.b)
            if common.edits:
                self.review.apply(common)
        self.current = next(iter(self._open()), 0 if self.differences else -1)

    @property
    def state(self) -> LabelState:
        """What is settled so far."""
        return self.review.state

    def settled(self) -> dict[int, str]:
        """By disagreement, whose was taken and why, as the history of the labels says it."""
        standing: dict[str, str] = {}
        for entry in self.review.history:
            if entry.kind == "change":
                standing[entry.id] = entry.title
            elif entry.kind == "undo":
                standing.pop(entry.refers, None)
            elif entry.kind == "redo":
                titles = {old.id: old.title for old in self.review.history}
                standing[entry.refers] = titles[entry.refers]
        found = {}
        for title in standing.values():
            mark, _, what = title.partition(": ")
            for at, difference in enumerate(self.differences):
                if what and mark == self._mark(difference):
                    found[at] = what
        return found

    def _open(self) -> list[int]:
        done = self.settled()
        return [at for at in range(len(self.differences)) if at not in done]

    @property
    def left(self) -> int:
        """Disagreements not settled yet."""
        return len(self._open())

    def take(self, side: Side, reason: str = "") -> None:
        """Settle the current disagreement as one side says; goes on to the next open one.

        Raises
        ------
        EditConflict, LabelError, OSError
            As when any label is stored.
        """
        difference = self.differences[self.current]
        who = self.reviewers[0 if side == "a" else 1]
        title = f"{self._mark(difference)}: {who}{f' ({reason})' if reason else ''}"
        self.review.apply(Change(title, pick(self.state, difference, side).edits))
        if self.current not in self.settled():
            self._note(title)
        self.next()

    def _note(self, title: str) -> None:
        """Keep a pick that changes no label: it still is a decision, and stands in the note."""
        lines = [line for line in (self.state.note or "").splitlines() if line]
        self.review.apply(Change(title, (Edit("note", None, "\n".join([*lines, title])),)))

    def next(self) -> bool:
        """Go to the next disagreement that is not settled, from here on and round again."""
        waiting = self._open()
        if not waiting:
            return False
        self.current = next((at for at in waiting if at > self.current), waiting[0])
        return True

    def accept(self) -> None:
        """Finish and publish; raises like ``take``."""
        if not self.state.accepted:
            self.review.apply(Change("adjudicated", (Edit("accepted", None, True),)))
        self.review.publish()

    def _mark(self, difference: Disagreement) -> str:
        item = difference.item_a or difference.item_b or ""
        return f"{difference.lane} at {difference.at_ns / 1e9:.2f} s {item[:8]}".rstrip()


def told(difference: Disagreement) -> tuple[str, str, str]:
    """What differs, and what each side says of it; the name only once where both share it."""
    a, b = difference.a, difference.b
    names = {_name(value) for value in (a, b) if value is not None}
    lane = difference.lane.replace("_", " ")
    if len(names) == 1 and (name := names.pop()):
        return f"{lane.removesuffix('s')} {name}", _short(a), _short(b)
    return lane, said(a), said(b)


def _name(value: Any) -> str:
    if isinstance(value, Contact):
        return value.finger
    return value.label if isinstance(value, Phase | Mark) else ""


def _short(value: Any) -> str:
    name = _name(value)
    return said(value).removeprefix(name).strip()


def said(value: Any) -> str:
    """A value of a lane in words."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, Phase):
        return f"{value.label} {_span(value)}"
    if isinstance(value, Mark):
        return f"{value.label} {value.at_ns / 1e9:.2f}"
    if isinstance(value, Contact):
        stop = "" if value.stop_ns is None else f" - {value.stop_ns / 1e9:.2f}"
        return f"{value.finger} {value.start_ns / 1e9:.2f}{stop}"
    if isinstance(value, Recovery):
        return f"failed {value.failure.start_ns / 1e9:.2f}, recovery {_span(value.recovery)}"
    if isinstance(value, Interval):
        return _span(value)
    return str(value).replace("_", " ")


def _span(value: Interval) -> str:
    return f"{value.start_ns / 1e9:.2f} - {value.stop_ns / 1e9:.2f}"
