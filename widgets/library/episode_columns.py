"""The columns of the library's table: what each shows, says aloud and sorts by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from recorder.library.rows import LibraryRow
from recorder.library.triage import TriageItem

OUTCOME_WORDS = {
    "success": "success",
    "qualified_success": "qualified",
    "failure": "failure",
    "cannot_judge": "cannot judge",
    "disputed": "disputed",
    "unlabelled": "unlabelled",
}
OUTCOME_ICONS = {
    "success": ("success", "ok"),
    "qualified_success": ("success", "warn"),
    "failure": ("fail", "bad"),
    "disputed": ("difference", "warn"),
}
OUTCOME_ORDER = tuple(OUTCOME_WORDS)
NOTHING = "\N{EN DASH}"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
        Key, and what stands in the header.
    width_px : int
        0 for columns that share what is left.
    text : callable
        What a row shows; ``item`` is its place in the triage queue.
    key : callable
        What a row is sorted by.
    right : bool
        Numbers stand to the right.
    tip : str
        Of the header.
    """

    name: str
    width_px: int
    text: Callable[[LibraryRow, TriageItem | None], str]
    key: Callable[[LibraryRow, TriageItem | None], Any]
    right: bool = False
    tip: str = ""


def outcome_word(outcome: str) -> str:
    """An outcome as people say it."""
    return OUTCOME_WORDS.get(outcome, outcome.replace("_", " "))


def _labels_text(row: LibraryRow) -> str:
    review = row.review
    if review.rejected:
        return f"rejected: {review.rejected.replace('_', ' ')}"
    count = len(review.reviewers)
    parts = ["reviewed" if count == 1 else f"{count} reviewers"] if count else []
    parts += [f"begun by {', '.join(review.begun)}"] if review.begun else []
    for number, what in ((review.phases, "phase"), (review.contacts, "contact")):
        if number:
            parts.append(f"{number} {what}{'' if number == 1 else 's'}")
    if review.trimmed:
        parts.append("trimmed")
    return ", ".join(parts) or NOTHING


def _outcome_place(row: LibraryRow) -> int:
    known = row.review.outcome in OUTCOME_WORDS
    return OUTCOME_ORDER.index(row.review.outcome) if known else len(OUTCOME_ORDER)


def _quality_text(row: LibraryRow, item: TriageItem | None) -> str:
    return NOTHING if row.review.quality is None else str(row.review.quality)


def _date_text(row: LibraryRow, item: TriageItem | None) -> str:
    return row.episode.wall_time[:16].replace("T", " ") or NOTHING


PICTURE = Column("picture", 92, lambda row, item: "", lambda row, item: row.episode.number)
NUMBER = Column(
    "number",
    88,
    lambda row, item: str(row.episode.number),
    lambda row, item: row.episode.number,
    right=True,
    tip="Episode number",
)
TASK = Column(
    "task",
    0,
    lambda row, item: row.episode.task or NOTHING,
    lambda row, item: (row.episode.task.casefold(), row.episode.number),
    tip="Task that was taught",
)
OPERATOR = Column(
    "operator",
    88,
    lambda row, item: row.episode.operator_code or NOTHING,
    lambda row, item: (row.episode.operator_code, row.episode.number),
    tip="Code of the person who demonstrated",
)
SOURCE = Column(
    "source",
    112,
    lambda row, item: row.episode.source,
    lambda row, item: (row.episode.source, row.episode.number),
    tip="Who or what moved the hand",
)
OUTCOME = Column(
    "outcome",
    132,
    lambda row, item: outcome_word(row.review.outcome),
    lambda row, item: (_outcome_place(row), row.episode.number),
    tip="Adjudicated, else what reviewers agree on, else the operator's own",
)
QUALITY = Column(
    "quality",
    80,
    _quality_text,
    lambda row, item: (row.review.quality or 0, row.episode.number),
    right=True,
    tip="1 (poor) to 5 (excellent); median of the reviewers",
)
LABELS = Column(
    "labels",
    0,
    lambda row, item: _labels_text(row),
    lambda row, item: (_labels_text(row), row.episode.number),
    tip="What reviewers have said",
)
LENGTH = Column(
    "length",
    80,
    lambda row, item: f"{row.episode.duration_s:.1f} s",
    lambda row, item: (row.episode.duration_s, row.episode.number),
    right=True,
    tip="From the first to the last sample",
)
GAPS = Column(
    "lost",
    68,
    lambda row, item: str(row.episode.gaps),
    lambda row, item: (row.episode.gaps, row.episode.number),
    right=True,
    tip="Samples known to be missing",
)
DATE = Column(
    "date (UTC)",
    152,
    _date_text,
    lambda row, item: (row.episode.wall_time, row.episode.number),
    tip="When the take began",
)
RANK = Column(
    "rank",
    72,
    lambda row, item: str(item.rank) if item else NOTHING,
    lambda row, item: item.rank if item else 0,
    right=True,
    tip="1 is what to look at first",
)
REASONS = Column(
    "why",
    0,
    lambda row, item: "; ".join(item.reasons) if item else NOTHING,
    lambda row, item: -item.score if item else 0.0,
    tip="What is unusual about it, strongest first",
)

LIBRARY_COLUMNS = (
    PICTURE,
    NUMBER,
    TASK,
    OPERATOR,
    SOURCE,
    OUTCOME,
    QUALITY,
    LABELS,
    LENGTH,
    GAPS,
    DATE,
)
BLIND_COLUMNS = (PICTURE, NUMBER, TASK, LENGTH, GAPS, DATE)
_NARROW_TASK = replace(TASK, width_px=152)
TRIAGE_COLUMNS = (
    PICTURE,
    RANK,
    NUMBER,
    REASONS,
    _NARROW_TASK,
    OPERATOR,
    OUTCOME,
    QUALITY,
    LENGTH,
    GAPS,
)
