"""The history of one episode's labels, folded from journal entries: state, undo and redo.

A change can be undone; a new change forgets what could be redone. Publishing, looking at hidden
facts and restarts change neither.
"""

from __future__ import annotations

from collections.abc import Iterable

from recorder.review.entry import Entry
from recorder.review.folding import LabelError, fold
from recorder.review.state import LabelState


class History:
    """What entries add up to.

    Attributes
    ----------
    state : LabelState
        All edits so far, in order.
    undoable, redoable : list of Entry
        Changes that can be undone or redone, the next one last.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.state = LabelState()
        self.undoable: list[Entry] = []
        self.redoable: list[Entry] = []
        for entry in entries:
            self.take_in(entry)

    def take_in(self, entry: Entry) -> None:
        """Add the next entry; raises ``LabelError`` when it does not fit the ones before."""
        state, _ = fold(self.state, [edit.done() for edit in entry.edits])
        if entry.kind == "change":
            self.undoable.append(entry)
            self.redoable.clear()
        elif entry.kind == "undo":
            self.redoable.append(_taken(self.undoable, entry))
        elif entry.kind == "redo":
            self.undoable.append(_taken(self.redoable, entry))
        self.state = state


def _taken(stack: list[Entry], entry: Entry) -> Entry:
    if not stack or stack[-1].id != entry.refers:
        raise LabelError(f"it would {entry.kind} '{entry.refers}', which is not next")
    return stack.pop()
