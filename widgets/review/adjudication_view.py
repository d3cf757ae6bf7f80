"""Where two reviewers differ, one line each, with what was settled, why, and the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from widgets.theme import font

COLUMNS = ("at", "what", "A", "B", "settled")
AUDIT_COLUMNS = ("when", "who", "what", "was", "is")
LINE_PX = 26
WIDEST_PX = 126  # of a column; the whole text is in the tooltip


@dataclass(frozen=True)
class DisagreementLine:
    """One disagreement as the table shows it: all texts."""

    at: str
    what: str
    a: str
    b: str
    settled: str = ""


class AdjudicationView(QFrame):
    """Disagreements of one episode.

    The table is moved through by the actions of the window; picking is theirs too. Pressing a row
    goes there.
    """

    row_picked = Signal(int)
    side_picked = Signal(str)  # "a" or "b"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.title = QLabel()
        self.title.setFont(font(13, bold=True))
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.hint = QLabel()
        self.hint.setProperty("role", "dim")
        self.hint.setFont(font(11))
        self.hint.setWordWrap(True)
        self.table = _table(COLUMNS, "Disagreements")
        self.table.cellClicked.connect(lambda row, _: self.row_picked.emit(row))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("reason for the next pick (optional)")
        self.reason.setAccessibleName("Reason for the next pick")
        self.reason.returnPressed.connect(self.reason.clearFocus)
        self.buttons = {side: QPushButton() for side in ("a", "b")}
        for side, button in self.buttons.items():
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, chosen=side: self.side_picked.emit(chosen))
        self.audit = _table(AUDIT_COLUMNS, "Audit trail")
        for side, who in (("a", "first"), ("b", "second")):
            self.buttons[side].setAccessibleName(f"take what the {who} reviewer said")
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("what reviewers said")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.table, 1)
        column.addWidget(self.reason)
        for button in self.buttons.values():
            column.addWidget(button)
        self.tabs.addTab(page, "Disagreements")
        self.tabs.addTab(self.audit, "Audit trail")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.hint)
        layout.addWidget(self.tabs, 1)

    def set_sides(self, a: str, b: str, key_a: str, key_b: str) -> None:
        """Name the two reviewers and the keys that take theirs."""
        for side, name, key in (("a", a, key_a), ("b", b, key_b)):
            self.buttons[side].setText(f"Take {name}'s  {key}".rstrip())
        self.table.setHorizontalHeaderLabels(["at", "what", f"A  {a}", f"B  {b}", "settled"])

    def set_lines(self, lines: Sequence[DisagreementLine], current: int) -> None:
        """Show the disagreements; ``current`` is the one that is looked at, -1 for none."""
        _fill(self.table, [(n.at, n.what, n.a, n.b, n.settled) for n in lines])
        if 0 <= current < len(lines):
            self.table.selectRow(current)
        else:
            self.table.clearSelection()

    def set_audit(self, rows: Sequence[tuple[str, str, str, str, str]]) -> None:
        """Show who said what, newest first."""
        _fill(self.audit, rows)


def _table(columns: Sequence[str], name: str) -> QTableWidget:
    table = QTableWidget(0, len(columns))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(list(columns))
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(LINE_PX)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setFont(font(11))
    table.setProperty("keeps_keys", False)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setMaximumSectionSize(WIDEST_PX)
    header.setStretchLastSection(True)
    return table


def _fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    table.setRowCount(len(rows))
    for at, texts in enumerate(rows):
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(at, column, item)
