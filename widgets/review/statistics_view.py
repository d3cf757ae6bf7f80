"""Statistics of a library as six plots: days, lengths, outcomes, gaps and forces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from recorder.library.statistics import OUTCOMES, Histogram, LibraryStatistics, OutcomeGroup
from widgets.theme import color, colors, font

LABEL_STYLE = {"color": colors()["dim"], "font-size": "11px"}
OUTCOME_COLORS = {
    "success": "ok",
    "qualified_success": "accent",
    "failure": "bad",
    "cannot_judge": "warn",
    "disputed": "text",
    "unlabelled": "line",
}
OUTCOME_MARKS = {
    "success": "\N{CHECK MARK}",
    "qualified_success": "\N{ALMOST EQUAL TO}",
    "failure": "\N{MULTIPLICATION SIGN}",
    "cannot_judge": "?",
    "disputed": "\N{NOT EQUAL TO}",
    "unlabelled": "\N{MIDDLE DOT}",
}
BAR_SHARE = 0.8
GROUPS_MOST = 12
NAME_CHARS = 18
NAME_MARGIN_PX = 14
PLOT_MIN = QSize(260, 170)


class StatisticsView(QWidget):
    """Draws ``LibraryStatistics``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.summary = QLabel("No episodes.")
        self.summary.setFont(font(13))
        self.summary.setWordWrap(True)
        self.summary.setAccessibleName("Summary of the library")
        self.legend = QLabel(_legend())
        self.legend.setFont(font(11))
        self.days, self.lengths = _plot("Episodes per day"), _plot("Lengths, s")
        self.tasks, self.operators = _plot("Outcomes by task"), _plot("Outcomes by operator")
        self.gaps, self.forces = _plot("Samples lost, share"), _plot("Normal force, N")
        grid = QGridLayout()
        grid.setSpacing(8)
        panes = (self.days, self.lengths, self.gaps, self.tasks, self.operators, self.forces)
        for place, pane in enumerate(panes):
            grid.addWidget(pane, place // 3, place % 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addWidget(self.summary)
        layout.addWidget(self.legend)
        layout.addLayout(grid, 1)

    def sizeHint(self) -> QSize:
        return QSize(1100, 640)

    def say_counting(self) -> None:
        """Say that the figures are on their way."""
        self.summary.setText("Counting\N{HORIZONTAL ELLIPSIS}")

    def set_statistics(self, figures: LibraryStatistics) -> None:
        """Show the figures; plots without any say so."""
        self.summary.setText(
            f"{figures.episodes} episodes, {figures.hours:.1f} h; {figures.reviewed} reviewed, "
            f"{figures.rejected} rejected; figures of {figures.without_overview} not made yet. "
            "Shares with Wilson 95 % intervals describe; they are no test."
        )
        _bars(self.days, [day[5:] for day, _ in figures.per_day], [n for _, n in figures.per_day])
        _histogram(self.lengths, figures.lengths_s)
        _histogram(self.gaps, figures.gap_rates)
        _histogram(self.forces, figures.force_n)
        _groups(self.tasks, figures.by_task)
        _groups(self.operators, figures.by_operator)


def _legend() -> str:
    parts = [
        f"<span style='color:{color(OUTCOME_COLORS[name]).lighter(120).name()}'>\N{BLACK SQUARE}"
        f"</span> {OUTCOME_MARKS[name]} {name.replace('_', ' ')}"
        for name in OUTCOMES
    ]
    return "&nbsp;&nbsp; ".join(parts)


def _plot(title: str) -> pg.PlotWidget:
    plot = pg.PlotWidget(background=color("panel"))
    plot.setMinimumSize(PLOT_MIN)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(False, False)
    plot.hideButtons()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setAccessibleName(title)
    item = plot.getPlotItem()
    item.setTitle(title, color=colors()["dim"], size="9pt")
    for name in ("left", "bottom"):
        axis = item.getAxis(name)
        axis.setPen(color("line"))
        axis.setTextPen(color("dim"))
        axis.setStyle(tickFont=font(10))
        axis.enableAutoSIPrefix(False)
    return plot


def _say_empty(plot: pg.PlotWidget) -> None:
    text = pg.TextItem("nothing to show yet", color=colors()["dim"], anchor=(0.5, 0.5))
    plot.addItem(text)
    plot.setXRange(-1, 1)
    plot.setYRange(-1, 1)
    for name in ("left", "bottom"):
        plot.getPlotItem().getAxis(name).setTicks([[]])


def _bars(plot: pg.PlotWidget, names: Sequence[str], counts: Sequence[int]) -> None:
    plot.clear()
    if not any(counts):
        _say_empty(plot)
        return
    places = np.arange(len(counts))
    plot.addItem(
        pg.BarGraphItem(
            x=places, height=list(counts), width=BAR_SHARE, brush=color("accent"), pen=None
        )
    )
    every = max(1, -(-len(names) // 6))
    plot.getPlotItem().getAxis("bottom").setTicks(
        [[(at, name) for at, name in zip(places, names, strict=True) if at % every == 0]]
    )
    _whole_numbers(plot, max(counts))
    plot.setXRange(-0.6, len(counts) - 0.4, padding=0)


def _histogram(plot: pg.PlotWidget, figures: Histogram) -> None:
    names = [_edge(edge) for edge in figures.edges[:-1]]
    _bars(plot, names, figures.counts)


def _edge(value: float) -> str:
    return "0" if value == 0 else f"{value:g}".replace("e-0", "e-")


def _groups(plot: pg.PlotWidget, groups: Sequence[OutcomeGroup]) -> None:
    plot.clear()
    shown = sorted(groups, key=lambda group: -sum(group.counts.values()))[:GROUPS_MOST]
    if not shown:
        _say_empty(plot)
        return
    places = np.arange(len(shown))[::-1]
    start = np.zeros(len(shown))
    for name in OUTCOMES:
        lengths = np.array([group.counts.get(name, 0) for group in shown], float)
        if not lengths.any():
            continue
        plot.addItem(
            pg.BarGraphItem(
                x0=start, width=lengths, y=places, height=BAR_SHARE,
                brush=color(OUTCOME_COLORS[name]), pen=pg.mkPen(color("panel")),
            )
        )  # fmt: skip
        _mark(plot, name, start, lengths, places)
        start = start + lengths
    for at, group, end in zip(places, shown, start, strict=True):
        if group.share is not None:
            words = f" {group.share:.0%} ({group.low:.0%}\N{EN DASH}{group.high:.0%})"
            text = pg.TextItem(words, color=colors()["text"], anchor=(0, 0.5))
            text.setFont(font(10))
            text.setPos(end, at)
            plot.addItem(text)
    ticks = [(at, _short(group.name)) for at, group in zip(places, shown, strict=True)]
    names = plot.getPlotItem().getAxis("left")
    metrics = QFontMetrics(font(10))
    names.setWidth(max(metrics.horizontalAdvance(name) for _, name in ticks) + NAME_MARGIN_PX)
    names.setTicks([ticks])
    plot.getPlotItem().getAxis("bottom").setTicks(None)
    plot.setXRange(0, float(start.max()) * 1.6, padding=0.01)
    plot.setYRange(-0.6, len(shown) - 0.4, padding=0)


def _mark(plot: pg.PlotWidget, name: str, start, lengths, places) -> None:
    """Write the outcome's sign into bars that have room: colour never says it alone."""
    least = float((start + lengths).max()) * 0.06
    for x, width, y in zip(start, lengths, places, strict=True):
        if width > least:
            sign = pg.TextItem(OUTCOME_MARKS[name], color=colors()["panel"], anchor=(0.5, 0.5))
            sign.setPos(x + width / 2, y)
            plot.addItem(sign)


def _short(name: str) -> str:
    text = name or "(none)"
    return text if len(text) <= NAME_CHARS else text[: NAME_CHARS - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _whole_numbers(plot: pg.PlotWidget, most: int) -> None:
    step = max(1, int(10 ** np.floor(np.log10(max(1, most)))) // 2 or 1)
    while most / step > 6:
        step *= 2
    plot.getPlotItem().getAxis("left").setTicks(
        [[(value, str(value)) for value in range(0, most + step, step)]]
    )
    plot.setYRange(0, most * 1.1, padding=0)
