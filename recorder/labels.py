"""What is said about takes after they ended: outcome, discard, undo. Works at every stage.

A take that is still a log is labelled beside its log, and the finaliser carries that along; a
published episode is labelled beside its file. Neither the log nor the file is ever touched.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from devices.messages import Outcome
from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, append_label, companions, episode_number, read_labels


class EpisodeLabels:
    """Labels the takes and episodes of one dataset.

    Parameters
    ----------
    dataset : Dataset
        The dataset.
    catalogue : Catalogue
        Its catalogue.
    unpublished : callable
        Gives the logs that this recorder is writing or finalising.
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

    def undo_discard(self) -> tuple[int, Path | None]:
        """Bring back what was discarded last; returns its number and, if published, its file.

        Raises
        ------
        KeyError
            When nothing is discarded or its number is taken by now.
        """
        with self._dataset.locked():
            path = self._discarded_log()
            if path is not None:
                append_label(companions(path)[1], event="restored")
                return episode_number(path), None
        row = self._catalogue.undo_discard()
        return row.number, self._dataset.root / row.path

    def last_discarded(self) -> int | None:
        """Number of what ``undo_discard`` would bring back."""
        path = self._discarded_log()
        if path is not None:
            return episode_number(path)
        row = self._catalogue.last_discarded()
        return row.number if row else None

    def _log_of(self, number: int) -> Path | None:
        for path in self._unpublished():
            if episode_number(path) == number and path.exists():
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
