"""Every stream's health in one table: state, rate, lost samples, age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from widgets.freshness import GONE_AFTER_S, LATE_LEAST_S, LATE_PERIODS, STALE_AFTER_S, age_text
from widgets.marks import SEVERITY, WORDS, Level, level_color, paint_mark
from widgets.theme import color, font

UPDATE_MS = 200
SLOW_SHARE = 0.8  # below this share of the nominal rate a stream counts as late
COLUMNS = ("state", "stream", "Hz", "lost", "age")
SIDES = {"right": "R", "left": "L"}  # what is left of the side where a name has no room


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """What is known of one stream.

    Attributes
    ----------
    name : str
        Stream name.
    nominal_hz, rate_hz : float
        Rate promised by the rig (0 for events) and rate seen.
    lost : int
        Samples lost, from ``seq``.
    age_s : float or None
        Age of the newest sample; None before the first.
    stale_after_s : float
        Age from which the stream is stale.
    intermittent : bool
        Flows only while something happens; silence is no fault.
    """

    name: str
    nominal_hz: float
    rate_hz: float = 0.0
    lost: int = 0
    age_s: float | None = None
    stale_after_s: float = STALE_AFTER_S
    intermittent: bool = False

    @property
    def level(self) -> Level:
        """How far the stream can be trusted."""
        if self.age_s is None:
            return "off"
        if self.nominal_hz == 0:
            return "ok"
        if self.intermittent and self.age_s > self.stale_after_s:
            return "off"
        if self.age_s > GONE_AFTER_S:
            return "gone"
        if self.age_s > self.stale_after_s:
            return "stale"
        late_after_s = max(LATE_LEAST_S, LATE_PERIODS / self.nominal_hz)
        slow = 0 < self.rate_hz < SLOW_SHARE * self.nominal_hz
        return "late" if self.age_s > late_after_s or slow else "ok"


class _HealthModel(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[StreamHealth] = []
        self._texts: list[tuple[str, ...]] = []

    def show(self, rows: list[StreamHealth]) -> None:
        texts = [_row_text(row) for row in rows]
        if len(rows) != len(self.rows):
            self.beginResetModel()
            self.rows, self._texts = rows, texts
            self.endResetModel()
            return
        old, self.rows, self._texts = self._texts, rows, texts
        for place, (before, after) in enumerate(zip(old, texts, strict=True)):
            if before != after:
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(COLUMNS) - 1))

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts[index.row()][column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return _mark_icon(row.level)
        if role == Qt.ItemDataRole.ForegroundRole:
            if column == 0:
                return level_color(row.level)
            return color("warn") if column == 3 and row.lost else color("text")
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                f"{row.name}: {WORDS[row.level]}, {row.rate_hz:.1f} of {row.nominal_hz:g} Hz, "
                f"{row.lost} lost, age {age_text(row.age_s)}"
            )
        return None


class _NameDelegate(QStyledItemDelegate):
    """Draws a stream's name so that its end, which tells it from its neighbours, survives."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        style = option.widget.style()
        margin = style.pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, option) + 1
        option.text = fitted_name(option.text, option.rect.width() - 2 * margin, option.fontMetrics)


class HealthTable(QWidget):
    """Table of all streams, updated in place at most five times a second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _HealthModel()
        self._pending: Sequence[StreamHealth] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(UPDATE_MS)
        self._timer.timeout.connect(self._on_due)
        self.summary = QLabel("streams")
        self.summary.setProperty("role", "title")
        self.worst_first = QCheckBox("worst first")
        self.worst_first.setToolTip("Put the streams in trouble on top")
        self.worst_first.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.worst_first.toggled.connect(self._on_order_changed)
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 4)
        head.setSpacing(12)
        head.addWidget(self.summary)
        head.addStretch(1)
        head.addWidget(self.worst_first)
        self.view = QTableView()
        self.view.setModel(self._model)
        self.view.setShowGrid(False)
        self.view.setFont(font(12))
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(20)
        self.view.verticalHeader().setMinimumSectionSize(16)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.view.setItemDelegateForColumn(1, _NameDelegate(self.view))
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setWordWrap(False)
        self.view.setIconSize(QSize(10, 10))
        header = self.view.horizontalHeader()
        header.setFont(font(11))
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionsClickable(False)
        for section, width in ((0, 66), (2, 48), (3, 34), (4, 52)):
            header.resizeSection(section, width)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)
        self.setMinimumSize(340, 96)

    def sizeHint(self) -> QSize:
        return QSize(400, 240)

    def set_health(self, rows: Sequence[StreamHealth]) -> None:
        """Show ``rows`` now, or with the next update when the last one was under 0.2 s ago."""
        self._pending = rows
        if not self._timer.isActive():
            self._on_due()
            self._timer.start()

    def text(self, row: int, column: int) -> str:
        """The text of one cell, as shown."""
        return self._model.data(self._model.index(row, column))

    def levels(self) -> dict[str, Level]:
        """Level of every stream shown."""
        return {row.name: row.level for row in self._model.rows}

    def _on_order_changed(self) -> None:
        if self._pending is None:
            self._pending = self._model.rows
        self._on_due()

    def _on_due(self) -> None:
        if self._pending is None:
            return
        rows = list(self._pending)
        if self.worst_first.isChecked():
            rows.sort(key=lambda row: -SEVERITY[row.level])
        self._pending = None
        self._model.show(rows)
        counts: dict[str, int] = {}
        for row in sorted(rows, key=lambda row: -SEVERITY[row.level]):
            word = WORDS[row.level]
            counts[word] = counts.get(word, 0) + 1
        parts = [f"{count} {word}" for word, count in counts.items()]
        self.summary.setText(f"streams: {', '.join(parts[:2])}" if parts else "streams")
        self.summary.setToolTip(", ".join(parts))


def fitted_name(name: str, room_px: int, metrics: QFontMetrics) -> str:
    """Shorten a stream's name: first the side to a letter, then the start of what it carries.

    Parameters
    ----------
    name : str
        Name of the stream, ``<place>/<what>``.
    room_px : int
        Width there is.
    metrics : QFontMetrics
        Of the font it is drawn in.
    """
    if metrics.horizontalAdvance(name) <= room_px:
        return name
    place, _, what = name.partition("/")
    side, *part = place.split("_", 1)
    head = "_".join([SIDES[side], *part]) + "/" if side in SIDES else f"{place}/"
    left_px = room_px - metrics.horizontalAdvance(head)
    return head + metrics.elidedText(what, Qt.TextElideMode.ElideLeft, left_px)


def _row_text(row: StreamHealth) -> tuple[str, ...]:
    digits = 1 if row.rate_hz < 99.95 else 0
    rate = f"{row.rate_hz:.{digits}f}" if row.nominal_hz else "events"
    return WORDS[row.level], row.name, rate, str(row.lost), age_text(row.age_s)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column < 2 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


@cache
def _mark_icon(level: Level) -> QIcon:
    pixmap = QPixmap(20, 20)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_mark(painter, QRectF(1, 1, 18, 18), level)
    painter.end()
    return QIcon(pixmap)
