"""All episodes of a dataset as a table that is searched, filtered, sorted and ranked.

Keys: ``/`` goes to the search, Enter or Down from there to the table, Escape clears the filters;
``widgets.library.episode_table`` has the keys of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from recorder.library.query import select
from recorder.library.rows import LibraryQuery, LibraryRow
from recorder.library.triage import TriageItem
from widgets.library.episode_columns import (
    BLIND_COLUMNS,
    LIBRARY_COLUMNS,
    NUMBER,
    PICTURE,
    RANK,
    TRIAGE_COLUMNS,
)
from widgets.library.episode_model import EpisodeModel
from widgets.library.episode_table import EpisodeTable
from widgets.library.filter_bar import CONTROL_PX, FilterBar
from widgets.library.picture_cache import PictureCache

NO_EPISODES = "No episodes yet: record some in the Record workspace, or import a dataset."
NO_MATCH = "No episode matches; Esc clears the filters."
NOTHING_STANDS_OUT = "Nothing stands out among these episodes."
NO_FIGURES = "Nothing stands out yet: the overviews of {} of {} episodes are still to be made."


class LibraryView(QWidget):
    """Table of episodes with a filter bar. It filters by itself: give it every row.

    Signals
    -------
    opened(str)
        Identity of the episode that was chosen with Enter or a double click.
    query_changed(LibraryQuery)
        A person changed the filters.
    selection_changed()
        What ``selected`` returns may have changed.
    """

    opened = Signal(str)
    query_changed = Signal(object)
    selection_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[LibraryRow] = []
        self._texts: dict[str, str] = {}
        self._triage: dict[str, TriageItem] = {}
        self._blind = False
        self._library_order = NUMBER, False
        self._pictures = PictureCache(self)
        self._model = EpisodeModel(self._pictures)
        self.table = EpisodeTable(self._model)
        self.filters = FilterBar()
        self.count = QLabel()
        self.count.setAccessibleName("Number of episodes shown")
        self.position = QLabel()
        self.position.setProperty("role", "dim")
        self.triage_button = QToolButton()
        self.triage_button.setText("Triage")
        self.triage_button.setCheckable(True)
        self.triage_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.triage_button.setToolTip("Rank the episodes that deserve a look, with the reasons")
        self.triage_button.setAccessibleName("Triage queue")
        self.sorting = QComboBox()
        self.sorting.setToolTip("Order of the rows; a click on a column's head does the same")
        self.sorting.setAccessibleName("Sort by")
        self.direction = QToolButton()
        for button in (self.triage_button, self.direction):
            button.setFixedHeight(CONTROL_PX)
        self.direction.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.empty = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("role", "dim")
        self.empty.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.table)
        self._pages.addWidget(self.empty)
        self.setFocusProxy(self.table)
        self._lay_out()
        self._connect()
        self._offer_orders()
        self._refill()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.triage_button)
        line.addSpacing(4)
        line.addWidget(self.count)
        line.addWidget(self.position)
        line.addStretch(1)
        sort = QLabel("sort by")
        sort.setProperty("role", "dim")
        line.addWidget(sort)
        line.addWidget(self.sorting)
        line.addWidget(self.direction)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.filters)
        layout.addLayout(line)
        layout.addWidget(self._pages, 1)

    def _connect(self) -> None:
        self.filters.changed.connect(self._on_query_changed)
        self.filters.done.connect(self.table.setFocus)
        self.table.opened.connect(self.opened)
        self.table.search_asked.connect(self.focus_search)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.table.selectionModel().currentRowChanged.connect(self._on_selection_changed)
        self.table.horizontalHeader().sectionClicked.connect(self._on_header_clicked)
        self.triage_button.toggled.connect(self._on_triage_toggled)
        self.sorting.activated.connect(self._on_sorting_chosen)
        self.direction.clicked.connect(self._on_direction_clicked)

    # --- what it is given --------------------------------------------------------------------

    def set_rows(self, rows: Sequence[LibraryRow]) -> None:
        """Show these rows, as far as the filters let them; current and selected ones stay."""
        before = {row.episode.uuid: row for row in self._rows}
        self._rows = list(rows)
        same = (row.episode.uuid for row in rows if before.get(row.episode.uuid) is row)
        self._texts = {uuid: self._texts[uuid] for uuid in same if uuid in self._texts}
        self._pictures.forget_missing()
        self.filters.offer(self._rows)
        self._refill()

    def set_thumbnails(self, thumbnail: Callable[[str], bytes]) -> None:
        """Where pictures come from: JPEG by identity, empty without one. Called when idle."""
        self._pictures.set_source(thumbnail)
        self.table.viewport().update()

    def set_triage(self, items: Sequence[TriageItem]) -> None:
        """The ranked queue that the Triage button shows."""
        self._triage = {item.row.episode.uuid: item for item in items}
        if self.is_triage:
            self._refill()

    def set_query(self, query: LibraryQuery) -> None:
        """Set the filters, as restored from the settings; no ``query_changed``."""
        self.filters.set_query(query)
        self._refill()

    def set_blind(self, blind: bool) -> None:
        """Hide operator, source and everything that anybody said; the search skips notes too."""
        if blind == self._blind:
            return
        self._blind = blind
        self.triage_button.setChecked(False)
        self.triage_button.setEnabled(not blind)
        self.filters.set_blind(blind)
        self._texts = {}
        if blind:
            self._model.sorted_by, self._model.descending = NUMBER, False
        self._refill()
        self._offer_orders()

    def set_current(self, uuid: str) -> None:
        """Make an episode the current one, where it is shown."""
        if self._model.place_of(uuid) is not None:
            self.table.restore(uuid, self.table.selected_uuids())

    def step(self, rows: int) -> None:
        """Go that many rows down (or up) and give the keyboard to the table."""
        self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)
        here = self.table.currentIndex().row() + rows
        if self._model.rows:
            self.set_current(self._model.uuid_at(min(max(here, 0), len(self._model.rows) - 1)))

    # --- what it says ------------------------------------------------------------------------

    @property
    def query(self) -> LibraryQuery:
        """The filters as they stand."""
        return self.filters.query

    @property
    def is_triage(self) -> bool:
        """Whether the ranked queue is shown."""
        return self.triage_button.isChecked()

    @property
    def current(self) -> str:
        """Identity of the episode the keys act on; empty without one."""
        return self.table.current_uuid

    def selected(self) -> list[str]:
        """Identities of the selected episodes in the order shown; the current one without any."""
        return self.table.selected_uuids() or ([self.current] if self.current else [])

    def marked(self) -> list[str]:
        """Identities of the selected episodes alone; empty where none is selected."""
        return self.table.selected_uuids()

    def shown(self) -> list[str]:
        """Identities of all rows that match, in the order shown."""
        return [row.episode.uuid for row in self._model.rows]

    def focus_search(self) -> None:
        """Put the cursor into the search box."""
        self.filters.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filters.search.selectAll()

    # --- keeping it current ------------------------------------------------------------------

    def _refill(self) -> None:
        current, chosen = self.table.current_uuid, self.table.selected_uuids()
        had_focus = self.table.hasFocus()
        rows = [_blinded(row) for row in self._rows] if self._blind else self._rows
        shown = select(rows, self.filters.query, self._texts)
        if self.is_triage:
            shown = [row for row in shown if row.episode.uuid in self._triage]
        columns = TRIAGE_COLUMNS if self.is_triage else LIBRARY_COLUMNS
        columns = BLIND_COLUMNS if self._blind else columns
        other_columns = columns is not self._model.columns
        self._model.show(shown, columns, self._triage)
        if other_columns:
            self.table.fit_columns()
        self.table.restore(current, chosen)
        self._pages.setCurrentWidget(self.table if shown else self.empty)
        self.empty.setText(self._why_empty())
        if had_focus:
            (self.table if shown else self.filters.search).setFocus()
        self._on_selection_changed()

    def _why_empty(self) -> str:
        if not self._rows:
            return NO_EPISODES
        if self.filters.query != LibraryQuery():
            return NO_MATCH
        without = sum(row.figures is None for row in self._rows)
        return NO_FIGURES.format(without, len(self._rows)) if without else NOTHING_STANDS_OUT

    def _on_query_changed(self, query: LibraryQuery) -> None:
        self._refill()
        self.query_changed.emit(query)

    def _on_selection_changed(self) -> None:
        shown, chosen = len(self._model.rows), len(self.table.selected_uuids())
        total = len(self._triage) if self.is_triage else len(self._rows)
        what = "unusual episodes" if self.is_triage else "episodes"
        counted = f"{shown} {what}" if shown == total else f"{shown} of {total} {what}"
        self.count.setText(counted)
        parts = [f"{self.table.currentIndex().row() + 1} of {shown}"] if shown else []
        parts += [f"{chosen} selected"] if chosen else []
        self.position.setText("   ".join(parts))
        self.selection_changed.emit()

    # --- order -------------------------------------------------------------------------------

    def _offer_orders(self) -> None:
        self.sorting.clear()
        for place, column in enumerate(self._model.columns):
            if column is not PICTURE:
                self.sorting.addItem(column.name, place)
        self._show_order()

    def _order(self, place: int, descending: bool) -> None:
        current, chosen = self.table.current_uuid, self.table.selected_uuids()
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self._model.sort(place, order)
        self.table.restore(current, chosen)
        self._show_order()
        self._on_selection_changed()

    def _show_order(self) -> None:
        column, descending = self._model.sorted_by, self._model.descending
        self.sorting.setCurrentText(column.name)
        self.direction.setText("descending" if descending else "ascending")
        self.direction.setToolTip("Turn the order round")
        self.direction.setAccessibleName(f"Order: {self.direction.text()}")

    def _on_header_clicked(self, place: int) -> None:
        column = self._model.columns[place]
        again = column is self._model.sorted_by
        self._order(place, not self._model.descending if again else False)

    def _on_sorting_chosen(self, _chosen: int) -> None:
        self._order(self.sorting.currentData(), self._model.descending)

    def _on_direction_clicked(self) -> None:
        self._order(self.sorting.currentData(), not self._model.descending)

    def _on_triage_toggled(self, on: bool) -> None:
        if on:
            self._library_order = self._model.sorted_by, self._model.descending
            self._model.sorted_by, self._model.descending = RANK, False
        else:
            self._model.sorted_by, self._model.descending = self._library_order
        self._refill()
        self._offer_orders()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.filters.query != LibraryQuery():
            self.filters.clear()
            if self._model.rows:
                self.table.setFocus()
        elif event.text() == "/":
            self.focus_search()
        else:
            super().keyPressEvent(event)


def _blinded(row: LibraryRow) -> LibraryRow:
    """The row without anything that was said, so that neither search nor tooltip tells it."""
    return LibraryRow(replace(row.episode, operator_code="", source="", outcome=""))
