"""Statistics of a library add up."""

from __future__ import annotations

import json

import pytest
from support.library_rows import library_row

from recorder.library.statistics import CONFIDENCE, make_statistics, wilson_interval


def test_an_empty_library_has_statistics_too() -> None:
    figures = make_statistics([])
    assert (figures.episodes, figures.hours, figures.per_day, figures.by_task) == (0, 0, (), ())
    assert sum(figures.force_n.counts) == 0
    json.dumps(figures.as_dict(), allow_nan=False)


def test_outcomes_by_task_carry_the_wilson_interval() -> None:
    rows = [library_row(n, outcome="success" if n < 5 else "failure") for n in range(10)]
    rows += [library_row(20, outcome="unlabelled"), library_row(21, outcome="disputed")]
    rows += [library_row(22, outcome="qualified_success", task="other", operator_code="P02")]
    plug, other = sorted(make_statistics(rows).by_task, key=lambda group: group.name, reverse=True)
    assert plug.name == "plug"
    assert plug.counts == {"success": 5, "failure": 5, "disputed": 1, "unlabelled": 1}
    assert list(plug.counts) == ["success", "failure", "disputed", "unlabelled"]
    assert (plug.judged, plug.successes, plug.share) == (10, 5, 0.5)
    assert plug.low == pytest.approx(0.2366, abs=1e-4)
    assert plug.high == pytest.approx(0.7634, abs=1e-4)
    assert (other.judged, other.successes, other.share) == (1, 0, 0.0)


NEWCOMBE = [  # Newcombe, Statistics in Medicine 17 (1998), table I, and statsmodels' own results
    (81, 263, 0.95, 0.2553, 0.3662),
    (15, 148, 0.95, 0.0624, 0.1605),
    (0, 20, 0.95, 0.0, 0.1611),
    (1, 29, 0.95, 0.0061, 0.1718),
    (5, 10, 0.90, 0.2692718, 0.7307282),
    (32, 32, 0.95, 0.8928208, 1.0),
]


@pytest.mark.parametrize(("successes", "judged", "confidence", "low", "high"), NEWCOMBE)
def test_the_interval_equals_the_published_values(
    successes: int, judged: int, confidence: float, low: float, high: float
) -> None:
    digits = 7 if confidence == 0.90 or successes == judged else 4
    found = wilson_interval(successes, judged, confidence)
    assert found == pytest.approx((low, high), abs=0.51 * 10**-digits)
    if confidence == CONFIDENCE:
        rows = [
            library_row(n, outcome="success" if n < successes else "failure") for n in range(judged)
        ]
        (group,) = make_statistics(rows).by_task
        assert (group.low, group.high) == found


def test_nothing_judged_gives_no_share() -> None:
    (group,) = make_statistics([library_row(0, outcome="unlabelled")]).by_operator
    assert (group.name, group.share, group.low, group.high) == ("P07", None, None, None)


@pytest.mark.parametrize("longest_s", [0.2, 3.0, 11.9, 12.0, 75.0, 4000.0, 1e6])
def test_every_length_falls_into_a_bin(longest_s: float) -> None:
    rows = [library_row(n, duration_s=longest_s * n / 9) for n in range(10)]
    lengths = make_statistics(rows).lengths_s
    assert sum(lengths.counts) == 10
    assert len(lengths.counts) <= 24
    assert len(lengths.edges) == len(lengths.counts) + 1


def test_days_lengths_and_reviews_are_counted() -> None:
    rows = [
        library_row(0, duration_s=1800.0, reviewers=("R1",), rejected="blurred"),
        library_row(1, duration_s=1800.0, wall_time="2026-01-07T00:00:00+00:00", jerk=1.0),
    ]
    figures = make_statistics(rows)
    assert figures.hours == 1.0
    assert figures.per_day == (("2026-01-05", 1), ("2026-01-07", 1))
    assert (figures.reviewed, figures.rejected, figures.without_overview) == (1, 1, 1)


def test_gap_rates_count_lost_of_due_samples() -> None:
    rows = [library_row(0, samples=900, gaps=100), library_row(1, samples=1000, gaps=0)]
    figures = make_statistics(rows)
    assert figures.gap_rate_by_task == (("plug", 0.05),)
    assert figures.gap_rates.counts[0] == 1
    assert figures.gap_rates.counts[-1] == 1
    assert sum(figures.gap_rates.counts) == 2


def test_force_histograms_are_summed() -> None:
    rows = [library_row(n, force_histogram=(1, 2, 3, 4, 5, 6, 7, 8, 9)) for n in range(2)]
    force = make_statistics([*rows, library_row(3)]).force_n
    assert force.counts == (2, 4, 6, 8, 10, 12, 14, 16, 18)
    assert force.edges[0] == 0.1
    assert force.edges[-1] == float("inf")
    assert make_statistics(rows).as_dict()["force_n"]["edges"][-1] is None
