"""Filters: everything that is set must hold, and nothing else counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.library_rows import library_row

from recorder.library.query import select
from recorder.library.rows import LibraryQuery, LibraryRow

WORDS = ("plug", "ball", "Straße", "P07", "12")
DAYS = ("2026-01-05", "2026-01-31", "2026-02-01", "2027-01-01")
CODES = ("P01", "P07")
OUTCOMES = ("success", "failure", "disputed", "unlabelled")
SOURCES = ("kinesthetic", "scripted")
LABELS = ("any", "unreviewed", "reviewed", "disputed", "rejected", "kept", "trimmed")

ROWS = st.lists(
    st.builds(
        library_row,
        number=st.integers(0, 130),
        task=st.sampled_from(("plug", "ball")),
        instruction=st.sampled_from(("plug the charger", "die Straße")),
        operator_code=st.sampled_from(CODES),
        source=st.sampled_from(SOURCES),
        duration_s=st.sampled_from((0.5, 5.0, 60.0)),
        gaps=st.sampled_from((0, 3)),
        wall_time=st.sampled_from(DAYS).map(lambda day: f"{day}T23:59:59.000+00:00"),
        outcome=st.sampled_from(OUTCOMES),
        outcome_by=st.sampled_from(("adjudicated", "reviewers", "operator")),
        quality=st.sampled_from((None, 1, 3, 5)),
        reviewers=st.sampled_from(((), ("R1",), ("R1", "R2"))),
        rejected=st.sampled_from(("", "blurred")),
        trimmed=st.booleans(),
        disagreement=st.sampled_from((0.0, 0.5)),
        text=st.sampled_from(("", "slipped, BALL fell")),
    ),
    max_size=12,
)


def some(values: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


QUERIES = st.builds(
    LibraryQuery,
    text=st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join),
    tasks=some(("plug", "ball")),
    operators=some(CODES),
    outcomes=some(OUTCOMES),
    sources=some(SOURCES),
    since=st.sampled_from(("", *DAYS, "2026", "2026-02")),
    until=st.sampled_from(("", *DAYS, "2026")),
    quality_least=st.sampled_from((None, 1, 3)),
    quality_most=st.sampled_from((None, 3, 5)),
    labels=st.sampled_from(LABELS),
    with_gaps=st.sampled_from((None, True, False)),
    length_least_s=st.sampled_from((None, 0.5, 5.0)),
    length_most_s=st.sampled_from((None, 5.0, 60.0)),
)


def naive(row: LibraryRow, query: LibraryQuery) -> bool:
    """The rules of a query once more, the slow and plain way."""
    episode, review = row.episode, row.review
    text = f"{episode.task} {episode.instruction} {review.text} {episode.operator_code}"
    text = f"{text} {episode.number:06d}".casefold()
    if not all(word.casefold() in text for word in query.text.split()):
        return False
    chosen = (
        (query.tasks, episode.task),
        (query.operators, episode.operator_code),
        (query.outcomes, review.outcome),
        (query.sources, episode.source),
    )
    if any(wanted and value not in wanted for wanted, value in chosen):
        return False
    day = episode.wall_time[:10]
    if query.since and day[: len(query.since)] < query.since:
        return False
    if query.until and day[: len(query.until)] > query.until:
        return False
    if (query.quality_least or query.quality_most) and review.quality is None:
        return False
    if query.quality_least and review.quality < query.quality_least:
        return False
    if query.quality_most and review.quality > query.quality_most:
        return False
    if query.with_gaps is not None and bool(episode.gaps) != query.with_gaps:
        return False
    if query.length_least_s is not None and episode.duration_s < query.length_least_s:
        return False
    if query.length_most_s is not None and episode.duration_s > query.length_most_s:
        return False
    reviewed = len(review.reviewers) > 0
    differ = review.outcome == "disputed" or review.disagreement != 0
    return {
        "any": True,
        "unreviewed": not reviewed,
        "reviewed": reviewed,
        "disputed": differ and review.outcome_by != "adjudicated",
        "rejected": review.rejected != "",
        "kept": reviewed and review.rejected == "",
        "trimmed": review.trimmed,
    }[query.labels]


@given(rows=ROWS, query=QUERIES)
def test_a_query_selects_what_the_plain_rules_select(
    rows: list[LibraryRow], query: LibraryQuery
) -> None:
    assert select(rows, query) == [row for row in rows if naive(row, query)]


@given(rows=ROWS)
def test_an_empty_query_selects_everything_in_order(rows: list[LibraryRow]) -> None:
    assert select(rows, LibraryQuery()) == rows


def test_words_may_stand_anywhere_and_in_any_case() -> None:
    row = library_row(12, text="Thumb slipped")
    for text in ("PLUG slipped", "000012", "p07 charger thumb", "12"):
        assert select([row], LibraryQuery(text=text)) == [row]
    assert select([row], LibraryQuery(text="plug socket")) == []


def test_remembered_texts_are_used_and_completed() -> None:
    first, second = library_row(1), library_row(2)
    texts = {first.episode.uuid: "something else"}
    assert select([first, second], LibraryQuery(text="plug"), texts) == [second]
    assert "plug the charger" in texts[second.episode.uuid]


def test_a_label_word_nobody_knows_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'gone' is unknown; choose from any, unreviewed"):
        select([], LibraryQuery(labels="gone"))
