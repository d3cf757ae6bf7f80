"""The library of the dataset: search, filters, triage, and the queue that follows from them."""

from __future__ import annotations

import logging
from typing import Any

from pydantic import TypeAdapter, ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from app.workspaces.review.review_desk import ReviewDesk
from app.workspaces.review.review_queue import ReviewQueue
from recorder.library.rows import LibraryQuery, LibraryRow
from recorder.library.triage import TriageItem
from widgets.library.library_view import LibraryView

log = logging.getLogger(__name__)
QUERY = TypeAdapter(LibraryQuery)


class LibraryPage(QWidget):
    """All episodes that can be reviewed.

    Parameters
    ----------
    desk : ReviewDesk
        Gives the rows.
    """

    opened = Signal(str)
    failed = Signal(str)  # the catalogue cannot be read; said once until it can

    def __init__(self, desk: ReviewDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._problem = ""
        self.rows: list[LibraryRow] = []
        self.ranked: list[TriageItem] = []
        self.view = LibraryView()
        self.view.set_thumbnails(desk.library.thumbnail)
        self.view.opened.connect(self.opened)
        self.empty = QLabel(
            "No episodes yet. Record some in Record, or bring a dataset in with Import."
        )
        self.empty.setProperty("role", "dim")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(shown)
        self._pages.addWidget(self.empty)

    def load(self) -> bool:
        """Show what the dataset holds now; returns whether that differs from before."""
        try:
            rows = self._desk.rows()
        except OSError as error:
            if str(error) != self._problem:
                self._problem = str(error)
                self.failed.emit(f"The library cannot be read: {error}")
            return False
        self._problem = ""
        if rows == self.rows and self.rows:
            return False
        self.rows = rows
        self.ranked = self._desk.ranked(rows)
        self.view.set_rows(rows)
        self.view.set_triage(self.ranked)
        self._pages.setCurrentIndex(0 if rows else 1)
        return True

    def queue(self) -> ReviewQueue:
        """The order in which the episodes shown come."""
        return self._desk.queue(self.rows, self.ranked, self.view.shown(), self.view.selected())

    @property
    def filters(self) -> dict[str, Any]:
        """The filters that are set, as JSON values for the settings."""
        return QUERY.dump_python(self.view.query, mode="json", exclude_defaults=True)

    def set_filters(self, filters: dict[str, Any]) -> None:
        """Set remembered filters; damaged ones are dropped."""
        try:
            self.view.set_query(QUERY.validate_python(filters))
        except ValidationError as error:
            log.warning("the library's filters in the settings cannot be used: %s", error)

    def show_pictures_again(self) -> None:
        """Ask for the thumbnails anew, after overviews were made."""
        self.view.set_thumbnails(self._desk.library.thumbnail)
