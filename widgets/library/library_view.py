"""All episodes of a dataset as a table that is searched, filtered and ranked."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from recorder.library.rows import LibraryQuery, LibraryRow
from recorder.library.triage import TriageItem


class LibraryView(QWidget):
    """Table of episodes with a filter bar; it filters by itself, so give it all rows.

    Signals
    -------
    opened(str)
        Identity of the episode that was chosen with Enter or a double click.
    query_changed(LibraryQuery)
        The filters have changed.
    selection_changed()
        ``selected`` has changed.
    """

    opened = Signal(str)
    query_changed = Signal(object)
    selection_changed = Signal()

    def set_rows(self, rows: list[LibraryRow]) -> None:
        """Show these rows, as far as the filters let them."""

    def set_thumbnails(self, thumbnail: Callable[[str], bytes]) -> None:
        """Where pictures come from: JPEG by identity, empty without one."""

    def set_triage(self, items: list[TriageItem]) -> None:
        """The ranked queue of the triage view."""

    def set_query(self, query: LibraryQuery) -> None:
        """Set the filters, as restored from the settings."""

    def selected(self) -> list[str]:
        """Identities of the selected episodes, in the order shown."""
        return []

    def focus_search(self) -> None:
        """Put the cursor into the search box."""
