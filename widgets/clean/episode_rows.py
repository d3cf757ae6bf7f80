"""Episodes of a dataset and how far their cleaning is, as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from recorder.cleaning.layers import RESIDUE_WARNS
from widgets.theme import color

STATE_WORDS = {
    "": "\N{HORIZONTAL ELLIPSIS}",
    "none": "no",
    "proposed": "proposed",
    "accepted": "accepted \N{CHECK MARK}",
    "redo": "redo \N{CLOCKWISE OPEN CIRCLE ARROW}",
    "failed": "failed \N{MULTIPLICATION SIGN}",
}
WARNINGS = "\N{WARNING SIGN}"
COLUMNS = ("no.", "task", "cleaned", "guess")
Where = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class CleanRow:
    """One episode and its cleaning.

    Attributes
    ----------
    uuid : str
    number : int
    task : str
    state : str
        ``none``, ``proposed``, ``accepted``, ``redo`` or ``failed``; empty while it is not known.
    warnings : tuple of str
        Sentences.
    residue : float or None
        Share of the filled pixels that was guessed.
    error : str
        Why it failed.
    """

    uuid: str
    number: int
    task: str = ""
    state: str = ""
    warnings: tuple[str, ...] = ()
    residue: float | None = None
    error: str = ""


class CleanEpisodeModel(QAbstractTableModel):
    """Rows for a table view; the box of a row marks it for the next batch."""

    marks_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.marked: set[str] = set()
        self.rows: list[CleanRow] = []
        self._places: dict[str, int] = {}

    def set_rows(self, rows: Sequence[CleanRow]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self._places = {row.uuid: place for place, row in enumerate(self.rows)}
        self.marked &= set(self._places)
        self.endResetModel()

    def toggle(self, uuid: str) -> None:
        """Mark an episode, or take its mark away."""
        self.marked ^= {uuid}
        cell = self.index(self._places[uuid], 0)
        self.dataChanged.emit(cell, cell)
        self.marks_changed.emit()

    def flags(self, index: Where) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else flags

    def setData(self, index: Where, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or index.column() != 0:
            return False
        self.toggle(self.rows[index.row()].uuid)
        return True

    def put(self, row: CleanRow) -> None:
        """Replace the row of one episode."""
        place = self._places[row.uuid]
        if self.rows[place] != row:
            self.rows[place] = row
            self.dataChanged.emit(self.index(place, 0), self.index(place, len(COLUMNS) - 1))

    def place_of(self, uuid: str) -> int | None:
        """Place of an episode in the table."""
        return self._places.get(uuid)

    def rowCount(self, parent: Where = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Where = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: Where, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, column)
        if role == Qt.ItemDataRole.CheckStateRole and column == "no.":
            on = row.uuid in self.marked
            return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            said = (f"{row.number}  {_text(row, 'task')}", row.error, *row.warnings)
            return "\n".join(one for one in said if one)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == "guess":
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            return _shade(row, column)
        return None


def _text(row: CleanRow, column: str) -> str:
    if column == "no.":
        return str(row.number)
    if column == "task":
        return row.task or "free play"
    if column == "cleaned":
        return STATE_WORDS.get(row.state, row.state)
    warned = f"{WARNINGS}{len(row.warnings)}" if row.warnings else ""
    guessed = "" if row.residue is None else f"{100 * row.residue:.1f} %"
    return f"{warned} {guessed}".strip()


def _shade(row: CleanRow, column: str) -> Any:
    if column == "cleaned":
        shades = {"accepted": "ok", "failed": "bad", "redo": "warn", "none": "dim", "": "dim"}
        return color(shades.get(row.state, "text"))
    if column == "guess" and (row.warnings or (row.residue or 0.0) > RESIDUE_WARNS):
        return color("warn")
    return None
