"""What is said about takes after they ended: outcome, discard, undo. Works at every stage.

A take that is still a log is labelled beside its log, and the finaliser carries that along; a
published episode is labelled beside its file. Neither the log nor the file is ever touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from devices.messages import Outcome
from recorder.catalogue import Catalogue
from recorder.dataset import (
    Dataset,
    append_label,
    companions,
    episode_number,
    episode_uuid,
    read_labels,
)


@dataclass(frozen=True)
class Restored:
    """What ``undo_discard`` brought back.

    Attributes
    ----------
    was, number : int
        The number it was discarded under, and the one it has now.
    uuid : str
        Its identity.
    path : Path or None
        Its file; None while it is still a log.
    """

    was: int
    number: int
    uuid: str
    path: Path | None = None


class EpisodeLabels:
    """Labels the takes and episodes of one dataset.

    Parameters
    ----------
    dataset : Dataset
        The dataset.
    catalogue : Catalogue
        Its catalogue.
    unpublished : callable
        Gives the logs that this recorder is writing or finalising, newest first.
    """

    def __init__(
        self, dataset: Dataset, catalogue: Catalogue, unpublished: Callable[[], list[Path]]
    ) -> None:
        self._dataset = dataset
        self._catalogue = catalogue
        self._unpublished = unpublished

    def set_outcome(self, number: int, outcome: Outcome) -> None:
        """Set the outcome of a take or an episode; raises ``KeyError`` when there is none."""
        with self._dataset.locked():
            path = self._log_of(number)
            if path is not None:
                append_label(companions(path)[1], event="outcome", outcome=outcome)
                return
        self._catalogue.set_outcome(number, outcome)

    def discard(self, number: int) -> bool:
        """Discard a take or an episode; returns whether it was published already.

        Raises
        ------
        KeyError
            When there is none.
        """
        with self._dataset.locked():
            path = self._log_of(number)
            if path is not None:
                order = self._dataset.next_discard_order()
                append_label(companions(path)[1], event="discarded", order=order)
                return False
        self._catalogue.discard(number)
        return True

    def undo_discard(self) -> Restored:
        """Bring back what was discarded last; raises ``KeyError`` when nothing is."""
        with self._dataset.locked():
            path = self._discarded_log()
            if path is not None:
                append_label(companions(path)[1], event="restored")
                number = episode_number(path)
                return Restored(number, number, episode_uuid(path) or "")
        was, row = self._catalogue.undo_discard()
        return Restored(was, row.number, row.uuid, self._dataset.root / row.path)

    def last_discarded(self) -> int | None:
        """Number of what ``undo_discard`` would bring back."""
        path = self._discarded_log()
        if path is not None:
            return episode_number(path)
        row = self._catalogue.last_discarded()
        return row.number if row else None

    def newest(self, takes: Mapping[str, Outcome]) -> tuple[int, Outcome] | None:
        """Number and outcome of the newest of ``takes`` that is not discarded; None without one.

        Parameters
        ----------
        takes : mapping of str to str
            By identity, newest last, the outcome each had when it was stopped.
        """
        logs = {episode_uuid(path): path for path in self._unpublished() if path.exists()}
        rows = {row.uuid: row for row in self._catalogue.rows()}
        for uuid in reversed(list(takes)):
            if uuid in rows:
                return rows[uuid].number, cast(Outcome, rows[uuid].outcome)
            if uuid in logs:
                said = read_labels(companions(logs[uuid])[1])
                if not said.discarded:
                    outcome = said.outcome or takes[uuid]
                    return episode_number(logs[uuid]), cast(Outcome, outcome)
        return None

    def _log_of(self, number: int) -> Path | None:
        """The newest unpublished take under ``number`` that is not discarded."""
        for path in self._unpublished():
            discarded = read_labels(companions(path)[1]).discarded
            if episode_number(path) == number and path.exists() and not discarded:
                return path
        return None

    def _discarded_log(self) -> Path | None:
        """The unpublished take that was discarded, when that was the last discard of all."""
        marked = {
            path: read_labels(companions(path)[1]) for path in self._unpublished() if path.exists()
        }
        found = [path for path, labels in marked.items() if labels.discarded]
        newest = max(found, key=lambda path: marked[path].discard_order, default=None)
        row = self._catalogue.last_discarded()
        if newest and row and row.discard_order > marked[newest].discard_order:
            return None
        return newest
