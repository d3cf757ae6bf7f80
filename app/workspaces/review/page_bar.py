"""The line above the pages of Review: which page, which dataset, who reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTabBar, QWidget

from widgets.operator_code import OperatorCode


class PageBar(QWidget):
    """Tabs of the pages, and the reviewer's code.

    Parameters
    ----------
    pages : sequence of str
        Names, in order.
    """

    page_chosen = Signal(str)
    reviewer_changed = Signal(str)

    def __init__(self, pages: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages = list(pages)
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.setAccessibleName("Pages of Review")
        for name in pages:
            self.tabs.addTab(name)
        self.tabs.currentChanged.connect(lambda at: self.page_chosen.emit(self._pages[at]))
        self.place = QLabel()
        self.place.setProperty("role", "dim")
        self.place.setTextFormat(Qt.TextFormat.PlainText)
        caption = QLabel("reviewer")
        caption.setProperty("role", "dim")
        self.reviewer = OperatorCode()
        self.reviewer.setAccessibleName("Code of the reviewer")
        self.reviewer.editingFinished.connect(self._on_reviewer)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.tabs)
        layout.addStretch(1)
        layout.addWidget(self.place)
        layout.addSpacing(8)
        layout.addWidget(caption)
        layout.addWidget(self.reviewer)

    def show_page(self, name: str) -> None:
        """Mark the page that is shown."""
        self.tabs.setCurrentIndex(self._pages.index(name))

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Show the key of each page as its tooltip."""
        for at, name in enumerate(self._pages):
            self.tabs.setTabToolTip(at, f"{name}  {keys.get(name, '')}".rstrip())

    def _on_reviewer(self) -> None:
        if self.reviewer.code:
            self.reviewer_changed.emit(self.reviewer.code)
