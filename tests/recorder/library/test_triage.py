"""Triage puts the odd episode first and says why."""

from __future__ import annotations

import numpy as np
import pytest
from support.library_rows import library_row

from recorder.library.rows import LibraryRow
from recorder.library.triage import STRENGTH_MAX, robust_z, triage


def usual(count: int = 40, task: str = "plug", first: int = 0) -> list[LibraryRow]:
    """Episodes of a task that differ a little."""
    random = np.random.default_rng(count + first)
    return [
        library_row(
            first + number,
            task=task,
            duration_s=float(10 + random.uniform(-1, 1)),
            jerk=float(7 + random.uniform(-0.2, 0.2)),
            idle_share=float(0.08 + random.uniform(-0.02, 0.02)),
        )
        for number in range(count)
    ]


def test_nothing_stands_out_among_usual_episodes() -> None:
    assert triage(usual()) == []


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"idle_share": 0.41}, "idle 41 % (median 8 %)"),
        ({"jerk": 9.0}, "jerkier than 97 % of 'plug'"),
        ({"duration_s": 33.5}, "long: 33.5 s (median 10.0 s)"),
        ({"duration_s": 1.2}, "short: 1.2 s (median 10.0 s)"),
        ({"contact_losses": 1}, "contact lost once (median 0)"),
        ({"contact_losses": 3}, "contact lost 3 times (median 0)"),
        ({"gap_rate": 0.02, "worst_gap_s": 0.31}, "2 % of the samples lost, worst gap 0.31 s"),
        ({"gaps": 10}, "0.99 % of the samples lost"),
        (
            {"outcome": "disputed", "reviewers": ("a", "b"), "disagreement": 0.5},
            "2 reviewers disagree on outcome",
        ),
        (
            {"reviewers": ("a", "b", "c"), "disagreement": 0.25},
            "3 reviewers disagree on 25 % of the lanes",
        ),
    ],
)
def test_one_odd_episode_is_found_with_its_reason(facts: dict, reason: str) -> None:
    if not facts.keys() & {"gaps", "outcome", "reviewers"}:
        facts = {"jerk": 7.0, "idle_share": 0.08, **facts}
    rows = usual()
    rows[0] = library_row(0, **facts)
    median_s = np.median([row.episode.duration_s for row in rows])
    (item,) = triage(rows)
    assert (item.row, item.rank) == (rows[0], 1)
    assert item.reasons == (reason.replace("10.0 s)", f"{median_s:.1f} s)"),)
    assert item.score > 0


def test_the_strongest_reason_decides_and_comes_first() -> None:
    rows = usual()
    rows[3] = library_row(3, jerk=7.0, idle_share=0.8, duration_s=14.0)
    rows[5] = library_row(5, jerk=7.0, idle_share=0.2, duration_s=10.0)
    items = triage(rows)
    assert [item.row.episode.number for item in items] == [3, 5]
    assert items[0].reasons[0].startswith("idle 80 %")
    assert items[0].reasons[1].startswith("long")
    assert [item.rank for item in items] == [1, 2]
    assert items[0].score > items[1].score


def test_a_low_jerk_or_little_idling_is_no_reason() -> None:
    rows = usual()
    rows[0] = library_row(0, jerk=2.0, idle_share=0.0)
    assert triage(rows) == []


def test_tasks_are_compared_with_themselves_only() -> None:
    slow = [
        library_row(100 + number, task="open-the-jar", duration_s=60.0 + 0.1 * number)
        for number in range(10)
    ]
    assert triage([*usual(), *slow]) == []


def test_too_few_episodes_are_not_compared() -> None:
    assert triage([library_row(number, duration_s=10.0**number) for number in range(4)]) == []


def test_an_adjudicated_dispute_is_settled() -> None:
    row = library_row(0, outcome="success", outcome_by="adjudicated", disagreement=0.5)
    assert triage([row]) == []


def test_a_figure_that_is_not_a_number_is_passed_over() -> None:
    rows = [library_row(number, jerk=float("nan"), idle_share=0.1) for number in range(10)]
    assert triage(rows) == []


def test_scores_are_the_robust_z_of_the_median_and_its_deviation() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
    assert robust_z(values, 1e-9) == pytest.approx((values - 3.0) / 1.4826)
    assert robust_z(np.array([5.0, 5.0, 5.0, 6.0]), 0.5) == pytest.approx([0, 0, 0, 2.0])


def test_one_absurd_figure_cannot_outweigh_everything() -> None:
    rows = usual()
    rows[0] = library_row(0, duration_s=1e9)
    (item,) = triage(rows)
    assert item.score == STRENGTH_MAX
