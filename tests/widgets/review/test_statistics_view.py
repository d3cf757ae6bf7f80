"""Statistics and agreement as pictures: what is drawn, and what an empty library says."""

from __future__ import annotations

import pyqtgraph as pg
import pytest

from recorder.agreement.report import report_of
from recorder.catalogue import EpisodeRow
from recorder.library.rows import LibraryRow, ReviewSummary
from recorder.library.statistics import make_statistics
from recorder.overview.model import FORCE_BIN_EDGES_N, QualityFigures
from recorder.review.state import LabelState
from widgets.review.agreement_view import EMPTY_TEXT, AgreementView
from widgets.review.statistics_view import OUTCOME_MARKS, StatisticsView


def row(number: int, task: str, outcome: str, lost: float = 0.0) -> LibraryRow:
    episode = EpisodeRow(
        uuid=f"u{number}", number=number, status="published", path="", task=task,
        operator_code=f"P{number % 3:02d}", outcome=outcome, duration_s=5.0 + number,
        samples=1000, wall_time=f"2026-03-{1 + number % 9:02d}T10:00:00+00:00",
    )  # fmt: skip
    figures = QualityFigures(
        force_histogram=tuple(range(len(FORCE_BIN_EDGES_N))), gap_rate=lost, peak_force_n=3.0
    )
    review = ReviewSummary(outcome=outcome, outcome_by="reviewers", reviewers=("R1",))
    return LibraryRow(episode, review, figures)


def texts(plot: pg.PlotWidget) -> list[str]:
    items = plot.getPlotItem().items
    return [item.toPlainText() for item in items if isinstance(item, pg.TextItem)]


@pytest.fixture
def view(qtbot):
    made = StatisticsView()
    qtbot.addWidget(made)
    made.resize(1100, 640)
    made.show()
    return made


def test_share_of_successes_stands_beside_its_bar_with_the_interval(view):
    view.set_statistics(make_statistics([
        *(row(n, "plug", "success") for n in range(15)),
        *(row(n, "plug", "failure") for n in range(15, 20)),
    ]))  # fmt: skip
    shares = [text for text in texts(view.tasks) if "%" in text]
    assert shares == [" 75% (53%\N{EN DASH}89%)"]  # Wilson 15/20: .531 to .888


def test_every_outcome_with_room_carries_a_sign_beside_its_colour(view):
    rows = [row(n, "plug", ("success", "failure", "cannot_judge")[n % 3]) for n in range(9)]
    view.set_statistics(make_statistics(rows))
    shown = set(texts(view.tasks))
    assert {OUTCOME_MARKS[name] for name in ("success", "failure", "cannot_judge")} <= shown


def test_an_empty_library_says_so_in_every_plot(view):
    view.set_statistics(make_statistics([]))
    for plot in (view.days, view.lengths, view.tasks, view.operators):
        assert texts(plot) == ["nothing to show yet"]


def test_agreement_without_a_second_reviewer_says_what_to_do(qtbot):
    made = AgreementView()
    qtbot.addWidget(made)
    made.set_report(report_of({}, ["R1"], {}))
    assert made.summary.text() == EMPTY_TEXT
    assert not made.save_button.isEnabled()


def test_agreement_shows_figures_and_what_is_undefined(qtbot):
    made = AgreementView()
    qtbot.addWidget(made)
    said = LabelState(outcome="success", quality=4, accepted=True)
    other = LabelState(outcome="success", quality=3, accepted=True)
    made.set_report(report_of({"a": {"R1": said, "R2": other}}, ["R1", "R2"], {"a": 10**9}))
    shown = made.page.toPlainText()
    assert "undefined, no variation" in shown
    assert "raw agreement" in shown
    assert "None" not in shown
    assert made.save_button.isEnabled()
