"""Search and filters of the library, in two lines."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import QDoubleValidator, QKeyEvent, QRegularExpressionValidator
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from recorder.library.query import LABELS
from recorder.library.rows import LibraryQuery, LibraryRow
from widgets.library.choice_button import ChoiceButton
from widgets.library.episode_columns import outcome_word

DAY = QRegularExpression(r"\d{0,4}(-\d{0,2}(-\d{0,2})?)?")
GAPS = (("gaps: any", None), ("with gaps", True), ("no gaps", False))
ANY = "any"
CONTROL_PX = 30  # the least the style sheet allows


class _SearchBox(QLineEdit):
    """The search line; Down and Enter go on to the table."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
            return
        super().keyPressEvent(event)


class FilterBar(QWidget):
    """What to show.

    Signals
    -------
    changed(LibraryQuery)
        A person changed a filter.
    done()
        The search was ended with Enter or Down.
    """

    changed = Signal(object)
    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self.search = _SearchBox()
        self.search.setPlaceholderText("Search task, instruction, note, operator, number   ( / )")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search episodes")
        self.search.left.connect(self.done)
        self.task = ChoiceButton("task")
        self.operator = ChoiceButton("operator")
        self.outcome = ChoiceButton("outcome", outcome_word)
        self.source = ChoiceButton("source")
        self.labels = QComboBox()
        for word in LABELS:
            self.labels.addItem(f"labels: {word}" if word == ANY else word, word)
        self.gaps = QComboBox()
        for text, value in GAPS:
            self.gaps.addItem(text, value)
        self.since = _field("YYYY-MM-DD", "First day (UTC)", 104, QRegularExpressionValidator(DAY))
        self.until = _field("YYYY-MM-DD", "Last day (UTC)", 104, QRegularExpressionValidator(DAY))
        self.shortest = _field("s", "Shortest length in seconds", 60, _seconds())
        self.longest = _field("s", "Longest length in seconds", 60, _seconds())
        self.quality_least = _quality("Least quality")
        self.quality_most = _quality("Most quality")
        self.clear_button = QPushButton("Clear")
        self.clear_button.setToolTip("Show every episode again (Esc)")
        self.clear_button.setAccessibleName("Clear all filters")
        self.clear_button.clicked.connect(self.clear)
        _name(self.labels, "Labels filter", "Reviewed, disputed, rejected, trimmed")
        _name(self.gaps, "Gaps filter", "Episodes with or without lost samples")
        for button in (self.task, self.operator, self.outcome, self.source, self.clear_button):
            button.setFixedHeight(CONTROL_PX)
        self._lay_out()
        self._connect()
        self._show_clear()

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        for line in (first, second):
            line.setSpacing(8)
            line.setContentsMargins(0, 0, 0, 0)
        first.addWidget(self.search, 1)
        for button in (self.task, self.operator, self.outcome, self.source):
            first.addWidget(button)
        groups = (
            ("date", self.since, self.until),
            ("quality", self.quality_least, self.quality_most),
            ("length", self.shortest, self.longest),
        )
        for title, low, high in groups:
            second.addWidget(_dim(title))
            second.addWidget(low)
            second.addWidget(_dim("to"))
            second.addWidget(high)
            second.addSpacing(8)
        second.addWidget(self.labels)
        second.addWidget(self.gaps)
        second.addStretch(1)
        second.addWidget(self.clear_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(first)
        layout.addLayout(second)

    def _connect(self) -> None:
        for field in (self.search, self.since, self.until, self.shortest, self.longest):
            field.textChanged.connect(self._on_changed)
        for button in (self.task, self.operator, self.outcome, self.source):
            button.changed.connect(self._on_changed)
        for combo in (self.labels, self.gaps, self.quality_least, self.quality_most):
            combo.currentIndexChanged.connect(self._on_changed)

    @property
    def query(self) -> LibraryQuery:
        """The filters as they stand."""
        return LibraryQuery(
            text=self.search.text().strip(),
            tasks=self.task.chosen,
            operators=self.operator.chosen,
            outcomes=self.outcome.chosen,
            sources=self.source.chosen,
            since=self.since.text(),
            until=self.until.text(),
            quality_least=self.quality_least.currentData(),
            quality_most=self.quality_most.currentData(),
            labels=self.labels.currentData(),
            with_gaps=self.gaps.currentData(),
            length_least_s=_number(self.shortest),
            length_most_s=_number(self.longest),
        )

    def set_query(self, query: LibraryQuery) -> None:
        """Set the filters, without ``changed``."""
        self._quiet = True
        self.search.setText(query.text)
        self.task.choose(query.tasks)
        self.operator.choose(query.operators)
        self.outcome.choose(query.outcomes)
        self.source.choose(query.sources)
        self.since.setText(query.since)
        self.until.setText(query.until)
        for combo, value in (
            (self.quality_least, query.quality_least),
            (self.quality_most, query.quality_most),
            (self.labels, query.labels),
            (self.gaps, query.with_gaps),
        ):
            combo.setCurrentIndex(max(0, combo.findData(value)))
        for field, bound in (
            (self.shortest, query.length_least_s),
            (self.longest, query.length_most_s),
        ):
            field.setText("" if bound is None else f"{bound:g}")
        self._quiet = False
        self._show_clear()

    def offer(self, rows: Sequence[LibraryRow]) -> None:
        """Offer the values that occur in ``rows``."""
        self.task.set_values({row.episode.task for row in rows})
        self.operator.set_values({row.episode.operator_code for row in rows})
        self.outcome.set_values({row.review.outcome for row in rows})
        self.source.set_values({row.episode.source for row in rows})

    def set_blind(self, blind: bool) -> None:
        """Take away (and clear) the filters that would tell who did what and what was said."""
        telling = (self.operator, self.outcome, self.source, self.labels)
        for control in (*telling, self.quality_least, self.quality_most):
            control.setEnabled(not blind)
        if blind:
            seen = self.query
            self.set_query(
                LibraryQuery(
                    text=seen.text,
                    tasks=seen.tasks,
                    since=seen.since,
                    until=seen.until,
                    with_gaps=seen.with_gaps,
                    length_least_s=seen.length_least_s,
                    length_most_s=seen.length_most_s,
                )
            )

    def clear(self) -> None:
        """Show everything again."""
        if self.query != LibraryQuery():
            self.set_query(LibraryQuery())
            self.changed.emit(self.query)

    def _on_changed(self) -> None:
        if not self._quiet:
            self._show_clear()
            self.changed.emit(self.query)

    def _show_clear(self) -> None:
        self.clear_button.setEnabled(self.query != LibraryQuery())


def _seconds() -> QDoubleValidator:
    return QDoubleValidator(0.0, 1e6, 2)


def _number(field: QLineEdit) -> float | None:
    try:
        return float(field.text().replace(",", "."))
    except ValueError:
        return None


def _field(hint: str, name: str, width_px: int, validator) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText(hint)
    field.setFixedWidth(width_px)
    validator.setParent(field)
    field.setValidator(validator)
    _name(field, name, name)
    return field


def _quality(name: str) -> QComboBox:
    combo = QComboBox()
    combo.addItem(ANY, None)
    for value in range(1, 6):
        combo.addItem(str(value), value)
    _name(combo, name, f"{name}, 1 (poor) to 5 (excellent)")
    return combo


def _name(widget: QWidget, name: str, tip: str) -> None:
    widget.setAccessibleName(name)
    widget.setToolTip(tip)


def _dim(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "dim")
    return label
