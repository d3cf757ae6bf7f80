"""The library's table: moving and selecting are separate, so that both need single keys.

Arrows, Page Up/Down, Home and End move; Space selects or deselects and moves on; Shift and arrows
select a range; Ctrl+A selects all; Enter opens. With the mouse everything is as usual.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from widgets.library.episode_model import EpisodeModel
from widgets.library.picture_cache import PICTURE_SIZE
from widgets.theme import color, colors, font, icon

ROW_PX = 56
BAR_PX = 3  # of the mark at the current row
TICK_PX = 20
CELLS = """
QTableView, QTableView:focus { background: @panel; }
QTableView::item { padding: 4px 8px; background: transparent; }
QTableView::item:selected { background: @pressed; color: @text; }
QHeaderView::section { padding: 4px 11px; }
"""
OPEN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _RowDelegate(QStyledItemDelegate):
    """Draws cells; the current row has lines above and below instead of one framed cell."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        option.state &= ~QStyle.StateFlag.State_HasFocus
        super().paint(painter, option, index)
        table = self.parent()
        if table.currentIndex().row() == index.row():
            painter.fillRect(
                QRect(option.rect.left(), option.rect.bottom() - 1, option.rect.width(), 2),
                color("accent" if table.hasFocus() else "line"),
            )
            painter.fillRect(
                QRect(option.rect.left(), option.rect.top(), option.rect.width(), 2),
                color("accent" if table.hasFocus() else "line"),
            )


class _PictureDelegate(_RowDelegate):
    """Draws the small picture, and a tick over it where the row is selected."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasDecoration

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        box = QRect(0, 0, PICTURE_SIZE.width(), PICTURE_SIZE.height())
        box.moveCenter(option.rect.center())
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(picture, QPixmap):
            placed = QRect(0, 0, picture.width(), picture.height())
            placed.moveCenter(option.rect.center())
            painter.drawPixmap(placed, picture)
        else:
            painter.fillRect(box, color("raised"))
        if option.state & QStyle.StateFlag.State_Selected:
            tick = QRect(box.left(), box.bottom() - TICK_PX + 1, TICK_PX, TICK_PX)
            painter.fillRect(tick, color("accent"))
            icon("check-dark").paint(painter, tick.adjusted(3, 3, -3, -3))


class EpisodeTable(QTableView):
    """Table of episodes.

    Signals
    -------
    opened(str)
        Enter or a double click on this episode.
    search_asked()
        ``/`` was pressed.
    """

    opened = Signal(str)
    search_asked = Signal()

    def __init__(self, model: EpisodeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.setAccessibleName("Episodes")
        self.setShowGrid(False)
        self.setWordWrap(True)  # reasons and labels have room for two lines
        self.setFont(font(13))
        self.setIconSize(QSize(16, 16))
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalScrollBar().setSingleStep(ROW_PX // 2)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        self.setStyleSheet(_coloured(CELLS))
        header.setMinimumSectionSize(40)
        self.setItemDelegate(_RowDelegate(self))
        self.setItemDelegateForColumn(0, _PictureDelegate(self))
        self.doubleClicked.connect(self._on_double_clicked)
        self.fit_columns()

    def fit_columns(self) -> None:
        """Give every column of the model its width."""
        header = self.horizontalHeader()
        for place, column in enumerate(self._model.columns):
            fixed, rest = QHeaderView.ResizeMode.Interactive, QHeaderView.ResizeMode.Stretch
            header.setSectionResizeMode(place, fixed if column.width_px else rest)
            if column.width_px:
                header.resizeSection(place, column.width_px)

    @property
    def current_uuid(self) -> str:
        """Episode the keys act on; empty without one."""
        place = self.currentIndex().row()
        return self._model.uuid_at(place) if 0 <= place < len(self._model.rows) else ""

    def selected_uuids(self) -> list[str]:
        """Selected episodes, in the order shown."""
        places = sorted(
            place
            for stretch in self.selectionModel().selection()
            for place in range(stretch.top(), stretch.bottom() + 1)
        )
        return [self._model.uuid_at(place) for place in places]

    def restore(self, current: str, selected: Iterable[str]) -> None:
        """Make these current and selected again, as far as they are shown."""
        place = self._model.place_of(current)
        if self._model.rows:
            index = self._model.index(0 if place is None else place, 1)
            none = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(index, none)
            self.scrollTo(index)
        chosen = QItemSelection()
        for first, last in _stretches(
            place for uuid in selected if (place := self._model.place_of(uuid)) is not None
        ):
            last_column = self._model.columnCount() - 1
            chosen.select(self._model.index(first, 0), self._model.index(last, last_column))
        anew = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().select(chosen, anew)

    def selectionCommand(self, index: QModelIndex, event=None):
        plain = isinstance(event, QKeyEvent) and not (
            event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        )
        if plain:
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in OPEN_KEYS:
            if self.current_uuid:
                self.opened.emit(self.current_uuid)
        elif event.key() == Qt.Key.Key_Space:
            self._toggle()
        elif event.text() == "/":
            self.search_asked.emit()
        elif event.text().isprintable() and event.text() and not event.modifiers():
            event.ignore()  # letters belong to the workspace, not to Qt's search by first letter
        else:
            super().keyPressEvent(event)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()

    def _toggle(self) -> None:
        index = self.currentIndex()
        if not index.isValid():
            return
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(index, flags.Toggle | flags.Rows)
        if index.row() + 1 < len(self._model.rows):
            below = self._model.index(index.row() + 1, index.column())
            self.selectionModel().setCurrentIndex(below, flags.NoUpdate)

    def _on_double_clicked(self, index: QModelIndex) -> None:
        self.opened.emit(self._model.uuid_at(index.row()))


def _coloured(sheet: str) -> str:
    for name in ("panel", "pressed", "text"):
        sheet = sheet.replace(f"@{name}", colors()[name])
    return sheet


def _stretches(places: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of neighbouring numbers, as first and last."""
    runs: list[tuple[int, int]] = []
    for place in sorted(places):
        if runs and runs[-1][1] == place - 1:
            runs[-1] = runs[-1][0], place
        else:
            runs.append((place, place))
    return runs
