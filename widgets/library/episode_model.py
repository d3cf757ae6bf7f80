"""The library's rows as a Qt table model: an order, a set of columns, pictures as they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from recorder.library.rows import LibraryRow
from recorder.library.triage import TriageItem
from widgets.library.episode_columns import (
    GAPS,
    LIBRARY_COLUMNS,
    NOTHING,
    NUMBER,
    OUTCOME,
    OUTCOME_ICONS,
    PICTURE,
    Column,
)
from widgets.library.picture_cache import PictureCache
from widgets.theme import color, icon

UUID_ROLE = int(Qt.ItemDataRole.UserRole)
Role = Qt.ItemDataRole
UPWARDS, DOWNWARDS = (
    "\N{BLACK UP-POINTING SMALL TRIANGLE}",
    "\N{BLACK DOWN-POINTING SMALL TRIANGLE}",
)


class EpisodeModel(QAbstractTableModel):
    """Rows in the order of one column.

    Attributes
    ----------
    columns : tuple of Column
    rows : list of LibraryRow
        As shown.
    sorted_by : Column
    descending : bool
    """

    def __init__(self, pictures: PictureCache) -> None:
        super().__init__()
        self.columns: tuple[Column, ...] = LIBRARY_COLUMNS
        self.rows: list[LibraryRow] = []
        self.sorted_by = NUMBER
        self.descending = False
        self._items: Mapping[str, TriageItem] = {}
        self._places: dict[str, int] = {}
        self._pictures = pictures
        pictures.came.connect(self._on_picture_came)

    def show(
        self,
        rows: Sequence[LibraryRow],
        columns: tuple[Column, ...],
        items: Mapping[str, TriageItem],
    ) -> None:
        """Show rows; ``items`` are their places in the triage queue, by uuid."""
        self.beginResetModel()
        self.columns, self._items = columns, items
        self.rows = list(rows)
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order by a column; rows that are equal there stay by number."""
        if not 0 <= column < len(self.columns):
            return
        self.beginResetModel()
        self.sorted_by = self.columns[column]
        self.descending = order == Qt.SortOrder.DescendingOrder
        self._arrange()
        self.endResetModel()

    def place_of(self, uuid: str) -> int | None:
        """Row of an episode; None when it is not shown."""
        return self._places.get(uuid)

    def uuid_at(self, place: int) -> str:
        """Identity of the episode in a row."""
        return self.rows[place].episode.uuid

    def _arrange(self) -> None:
        key, items = self.sorted_by.key, self._items
        self.rows.sort(
            key=lambda row: key(row, items.get(row.episode.uuid)), reverse=self.descending
        )
        self._places = {row.episode.uuid: place for place, row in enumerate(self.rows)}

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def headerData(self, section, orientation, role=Role.DisplayRole):
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Role.DisplayRole:
            return "" if column is PICTURE else self._heading(column)
        if role == Role.TextAlignmentRole:
            return _alignment(column)
        if role in (Role.ToolTipRole, Role.AccessibleTextRole):
            return column.tip or column.name
        return None

    def _heading(self, column: Column) -> str:
        if column is not self.sorted_by:
            return column.name
        arrow = DOWNWARDS if self.descending else UPWARDS
        return f"{arrow} {column.name}" if column.right else f"{column.name} {arrow}"

    def data(self, index: QModelIndex, role: int = Role.DisplayRole):
        row, column = self.rows[index.row()], self.columns[index.column()]
        if role == Role.DisplayRole:
            return column.text(row, self._items.get(row.episode.uuid))
        if role == Role.TextAlignmentRole:
            return _alignment(column)
        if role == Role.DecorationRole:
            return self._decoration(row, column)
        if role == Role.ForegroundRole:
            return self._shade(row, column)
        if role == Role.ToolTipRole:
            return self._tip(row, column)
        if role == Role.AccessibleTextRole:
            return f"{column.name}: {column.text(row, self._items.get(row.episode.uuid))}"
        if role == UUID_ROLE:
            return row.episode.uuid
        return None

    def _decoration(self, row: LibraryRow, column: Column):
        if column is PICTURE:
            return self._pictures.picture(row.episode.uuid)
        if column is OUTCOME and row.review.outcome in OUTCOME_ICONS:
            return icon(*OUTCOME_ICONS[row.review.outcome])
        return None

    def _shade(self, row: LibraryRow, column: Column):
        if column is GAPS:
            return color("warn" if row.episode.gaps else "dim")
        if column is OUTCOME and row.review.outcome == "unlabelled":
            return color("dim")
        if column.text(row, self._items.get(row.episode.uuid)) == NOTHING:
            return color("dim")
        return color("text")

    def _tip(self, row: LibraryRow, column: Column) -> str:
        if column is OUTCOME:
            mode = f" ({row.review.failure_mode})" if row.review.failure_mode else ""
            return f"{row.review.outcome.replace('_', ' ')}{mode}, by {row.review.outcome_by}"
        said = column.text(row, self._items.get(row.episode.uuid))
        return row.episode.instruction or said if column.name == "task" else said

    def _on_picture_came(self, uuid: str) -> None:
        place = self._places.get(uuid)
        if place is not None:
            index = self.index(place, 0)
            self.dataChanged.emit(index, index, [Role.DecorationRole])


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
