"""Reviewers' labels of one episode and the adjudicator's, which are stored for themselves. No Qt.

What all agree on is taken over when the episode is first opened. Two reviewers stand against each
other at a time; with more than two the first pair that differs comes first. Each pick is one change
of the adjudicator's own labels whose title names the disagreement, so that it is known after a
restart which are settled. What was picked in one pair is settled in the others too, where it is
about the same lane or item. The reviewers' journals are never written.
"""

from __future__ import annotations

from itertools import combinations
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
    reviewers : tuple of str
        Whose labels stand against each other, two or more.
    schema : LabelSchema
    station : str
    """

    def __init__(
        self,
        dataset: Dataset,
        uuid: str,
        reviewers: tuple[str, ...],
        schema: LabelSchema,
        station: str = "",
    ) -> None:
        self.uuid, self.reviewers = uuid, reviewers
        self._states = {who: read_state(dataset, who, uuid) or LabelState() for who in reviewers}
        self._differences = {
            (one, two): disagreements(self._states[one], self._states[two])
            for one, two in combinations(reviewers, 2)
        }
        self.review = ReviewStore(dataset, ADJUDICATOR, station).open(uuid, schema)
        if not self.review.history:
            common = self._agreed_by_all()
            if common.edits:
                self.review.apply(common)
        pairs = list(self._differences)
        differing = [pair for pair in pairs if self._differences[pair]]
        waiting = [pair for pair in pairs if self._open(pair)]
        self._show([*waiting, *differing, *pairs][0])

    def _show(self, pair: tuple[str, str]) -> None:
        self.pair = pair
        self.differences = self._differences[pair]
        self.current = next(iter(self._open(pair)), 0 if self.differences else -1)

    def show_next_pair(self) -> bool:
        """Compare the next two reviewers; False where there are only two."""
        pairs = list(self._differences)
        self._show(pairs[(pairs.index(self.pair) + 1) % len(pairs)])
        return len(pairs) > 1

    @property
    def a(self) -> LabelState:
        """What the first of the pair said."""
        return self._states[self.pair[0]]

    @property
    def b(self) -> LabelState:
        """What the second of the pair said."""
        return self._states[self.pair[1]]

    def _agreed_by_all(self) -> Change:
        disputed = {
            place
            for found in self._differences.values()
            for each in found
            for place in _places(each)
        }
        common = agreed(*(self._states[who] for who in self.reviewers[:2]))
        edits = [edit for edit in common.edits if (edit.lane, edit.item) not in disputed]
        return Change(common.title, tuple(edits))

    @property
    def state(self) -> LabelState:
        """What is settled so far."""
        return self.review.state

    def settled(self) -> dict[int, str]:
        """By disagreement of the pair, whose was taken and why, as the history says it."""
        return self._settled(self.pair)

    def _settled(self, pair: tuple[str, str]) -> dict[int, str]:
        picked = self._picked()
        judged = {
            place: picked[mark]
            for who, found in self._differences.items()
            for each in found
            if (mark := self._mark(each)) in picked and self._stands(each, who, picked[mark])
            for place in _places(each)
        }
        return {
            at: judged[place]
            for at, each in enumerate(self._differences[pair])
            for place in _places(each)
            if place in judged
        }

    def _stands(self, difference: Disagreement, pair: tuple[str, str], taken: str) -> bool:
        """Whether what was taken is still there: a later pick may have needed its place."""
        who = taken.partition(" ")[0]
        if difference.lane != "phases" or who not in pair:
            return True
        item = difference.item_a if who == pair[0] else difference.item_b
        return item is None or item in self.state.phases

    def _picked(self) -> dict[str, str]:
        """What was taken, by the mark of its disagreement, without what was undone."""
        standing: dict[str, str] = {}
        titles = {entry.id: entry.title for entry in self.review.history}
        for entry in self.review.history:
            if entry.kind == "change":
                standing[entry.id] = entry.title
            elif entry.kind == "undo":
                standing.pop(entry.refers, None)
            elif entry.kind == "redo":
                standing[entry.refers] = titles[entry.refers]
        parts = [title.partition(": ") for title in standing.values()]
        return {mark: what for mark, _, what in parts if what}

    def _open(self, pair: tuple[str, str]) -> list[int]:
        done = self._settled(pair)
        return [at for at in range(len(self._differences[pair])) if at not in done]

    @property
    def left(self) -> int:
        """Disagreements of any pair that are not settled yet."""
        return sum(len(self._open(pair)) for pair in self._differences)

    def take(self, side: Side, reason: str = "") -> None:
        """Settle the current disagreement as one side says; goes on to the next open one.

        Raises
        ------
        EditConflict, LabelError, OSError
            As when any label is stored.
        """
        difference = self.differences[self.current]
        who = self.pair[0 if side == "a" else 1]
        title = f"{self._mark(difference)}: {who}{f' ({reason})' if reason else ''}"
        change = pick(self.state, difference, side, self._states[who])
        self.review.apply(Change(title, change.edits))
        if self.current not in self.settled():
            self._note(title)
        self.next()

    def _note(self, title: str) -> None:
        """Keep a pick that changes no label: it still is a decision, and stands in the note."""
        lines = [line for line in (self.state.note or "").splitlines() if line]
        self.review.apply(Change(title, (Edit("note", None, "\n".join([*lines, title])),)))

    def next(self) -> bool:
        """Go to the next disagreement that is not settled, in this pair, then in the next ones."""
        pairs = list(self._differences)
        here = pairs.index(self.pair)
        for pair in [*pairs[here:], *pairs[:here]]:
            waiting = self._open(pair)
            if not waiting:
                continue
            if pair != self.pair:
                self._show(pair)
            else:
                self.current = next((at for at in waiting if at > self.current), waiting[0])
            return True
        return False

    def accept(self) -> None:
        """Finish and publish; raises like ``take``."""
        if not self.state.accepted:
            self.review.apply(Change("adjudicated", (Edit("accepted", None, True),)))
        self.review.publish()

    def _mark(self, difference: Disagreement) -> str:
        item = difference.item_a or difference.item_b or ""
        return f"{difference.lane} at {difference.at_ns / 1e9:.2f} s {item[:8]}".rstrip()


def _places(difference: Disagreement) -> list[tuple[str, str | None]]:
    """Lane and item (None for a lane of one value) that a disagreement is about."""
    items = [item for item in (difference.item_a, difference.item_b) if item]
    return [(difference.lane, item) for item in items] or [(difference.lane, None)]


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
