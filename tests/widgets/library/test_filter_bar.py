"""The filter bar says exactly what a query holds, both ways."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from support.library_rows import library_row

from recorder.library.rows import LibraryQuery
from widgets.library.filter_bar import FilterBar

FULL = LibraryQuery(
    text="plug",
    tasks=frozenset({"plug", "a task nobody recorded"}),
    operators=frozenset({"P07"}),
    outcomes=frozenset({"success", "qualified_success"}),
    sources=frozenset({"scripted"}),
    since="2026-01-05",
    until="2026-02",
    quality_least=2,
    quality_most=4,
    labels="kept",
    with_gaps=False,
    length_least_s=1.5,
    length_most_s=60.0,
)


@pytest.fixture
def bar(shown) -> FilterBar:
    made = FilterBar()
    made.offer([library_row(0), library_row(1, task="ball", outcome="disputed")])
    shown(made, 1200, 80)
    return made


def test_a_query_survives_the_way_through_the_bar(bar: FilterBar, qtbot) -> None:
    with qtbot.assertNotEmitted(bar.changed):
        bar.set_query(FULL)
    assert bar.query == FULL
    bar.offer([library_row(0)])
    assert bar.query == FULL, "values that no row has any more stay chosen"


def test_clear_shows_everything_and_says_so_once(bar: FilterBar, qtbot) -> None:
    assert not bar.clear_button.isEnabled()
    bar.set_query(FULL)
    said: list[LibraryQuery] = []
    bar.changed.connect(said.append)
    bar.clear_button.click()
    assert said == [LibraryQuery()]
    assert bar.query == LibraryQuery()
    assert not bar.clear_button.isEnabled()


def test_values_are_ticked_with_keys_while_the_list_stays_open(bar: FilterBar, qtbot) -> None:
    said: list[LibraryQuery] = []
    bar.changed.connect(said.append)
    menu = bar.task.menu()
    menu.popup(bar.task.mapToGlobal(bar.task.rect().bottomLeft()))
    qtbot.waitUntil(menu.isVisible)
    for _ in range(2):
        qtbot.keyClick(menu, Qt.Key.Key_Down)
        qtbot.keyClick(menu, Qt.Key.Key_Space)
    assert menu.isVisible()
    menu.close()
    assert said[-1].tasks == {"ball", "plug"}
    assert bar.task.text().startswith("task: 2")
    assert bar.task.accessibleName() == "task filter: ball, plug"


def test_outcomes_are_offered_in_words(bar: FilterBar) -> None:
    assert [action.text() for action in bar.outcome.menu().actions()] == ["disputed", "unlabelled"]


@pytest.mark.parametrize(
    ("typed", "held"), [("2026-01", "2026-01"), ("yesterday", ""), ("2026-01-05x", "2026-01-05")]
)
def test_only_days_can_be_typed_as_days(bar: FilterBar, qtbot, typed: str, held: str) -> None:
    qtbot.keyClicks(bar.since, typed)
    assert bar.query.since == held


def test_a_length_that_is_no_number_yet_does_not_count(bar: FilterBar, qtbot) -> None:
    qtbot.keyClicks(bar.shortest, "x")
    assert bar.query.length_least_s is None
    qtbot.keyClicks(bar.shortest, "2.5")
    assert bar.query.length_least_s == 2.5
