"""Which rows a query asks for.

``labels`` of a query means:

==============  ================================================================================
``any``         everything
``unreviewed``  nobody has finished with it
``reviewed``    at least one reviewer has finished with it
``disputed``    reviewers disagree in some lane and nobody has adjudicated
``rejected``    rejected, with a reason
``kept``        reviewed and not rejected
``trimmed``     a part is cut off
==============  ================================================================================

Dates are those of the stored wall time, which is UTC. A bound on the quality leaves out episodes
without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping

from recorder.library.rows import LibraryQuery, LibraryRow

Check = Callable[[LibraryRow], bool]

LABELS: dict[str, Check] = {
    "any": lambda row: True,
    "unreviewed": lambda row: not row.review.reviewers,
    "reviewed": lambda row: bool(row.review.reviewers),
    "disputed": lambda row: is_disputed(row),
    "rejected": lambda row: bool(row.review.rejected),
    "kept": lambda row: bool(row.review.reviewers) and not row.review.rejected,
    "trimmed": lambda row: row.review.trimmed,
}


def is_disputed(row: LibraryRow) -> bool:
    """Whether reviewers disagree and nobody has adjudicated."""
    review = row.review
    differ = review.outcome == "disputed" or review.disagreement > 0
    return differ and review.outcome_by != "adjudicated"


def search_text(row: LibraryRow) -> str:
    """What the text search looks in: task, instruction, notes, operator and number, folded."""
    episode = row.episode
    number = f"{episode.number:06d}"
    parts = (episode.task, episode.instruction, row.review.text, episode.operator_code, number)
    return "\n".join(parts).casefold()


def select(
    rows: Iterable[LibraryRow], query: LibraryQuery, texts: MutableMapping[str, str] | None = None
) -> list[LibraryRow]:
    """The rows for which everything set in ``query`` holds, in their order.

    Parameters
    ----------
    rows : iterable of LibraryRow
        To choose from.
    query : LibraryQuery
        What to show; see the module for the meaning of its fields.
    texts : mutable mapping of str to str, optional
        ``search_text`` by uuid, where it is known already; what is missing is added.

    Raises
    ------
    ValueError
        When ``labels`` is none of the words above.
    """
    checks = _checks(query, texts)
    return [row for row in rows if all(check(row) for check in checks)]


def _checks(query: LibraryQuery, texts: MutableMapping[str, str] | None) -> list[Check]:
    """One check per field that is set, the cheap ones first."""
    checks: list[Check] = []
    if query.tasks:
        checks.append(lambda row: row.episode.task in query.tasks)
    if query.operators:
        checks.append(lambda row: row.episode.operator_code in query.operators)
    if query.outcomes:
        checks.append(lambda row: row.review.outcome in query.outcomes)
    if query.sources:
        checks.append(lambda row: row.episode.source in query.sources)
    if query.labels not in LABELS:
        raise ValueError(f"labels '{query.labels}' is unknown; choose from {', '.join(LABELS)}")
    if query.labels != "any":
        checks.append(LABELS[query.labels])
    if query.with_gaps is not None:
        checks.append(lambda row: (row.episode.gaps > 0) == query.with_gaps)
    checks += _bounds(query)
    words = query.text.casefold().split()
    if words:
        known = {} if texts is None else texts

        def holds_words(row: LibraryRow) -> bool:
            text = known.get(row.episode.uuid)
            if text is None:
                text = known[row.episode.uuid] = search_text(row)
            return all(word in text for word in words)

        checks.append(holds_words)
    return checks


def _bounds(query: LibraryQuery) -> list[Check]:
    checks: list[Check] = []
    since, until = query.since, query.until
    if since:
        checks.append(lambda row: row.episode.wall_time[: len(since)] >= since)
    if until:
        checks.append(lambda row: row.episode.wall_time[: len(until)] <= until)
    least, most = query.quality_least, query.quality_most
    if least is not None or most is not None:
        low, high = least if least is not None else 1, most if most is not None else 5
        checks.append(
            lambda row: row.review.quality is not None and low <= row.review.quality <= high
        )
    shortest, longest = query.length_least_s, query.length_most_s
    if shortest is not None:
        checks.append(lambda row: row.episode.duration_s >= shortest)
    if longest is not None:
        checks.append(lambda row: row.episode.duration_s <= longest)
    return checks
