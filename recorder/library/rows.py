"""A library row: what the catalogue, the labels and the overview say of one episode together."""

from __future__ import annotations

from dataclasses import dataclass, field

from recorder.catalogue import EpisodeRow
from recorder.overview.model import QualityFigures

OUTCOMES = (
    "success",
    "qualified_success",
    "failure",
    "cannot_judge",
    "disputed",
    "unlabelled",
)  # of a ``ReviewSummary``


@dataclass(frozen=True)
class ReviewSummary:
    """What reviewers said, folded for filters and statistics.

    Attributes
    ----------
    outcome : str
        Final outcome: adjudicated, else what all reviewers agree on, else ``disputed``; the
        operator's own while nobody reviewed it.
    outcome_by : str
        ``adjudicated``, ``reviewers``, ``operator`` or ``nobody``.
    quality : int or None
        Median of the reviewers' quality, rounded down.
    reviewers : tuple of str
        Who finished with it.
    begun : tuple of str
        Who said something and has not finished.
    rejected : str
        Reason; empty when kept.
    trimmed : bool
    phases, events, contacts : int
        Number of items.
    disagreement : float
        0 when all reviewers agree, 1 when no lane does; 0 with fewer than two.
    text : str
        Instruction and notes, for the search.
    failure_mode : str
    """

    outcome: str = "unlabelled"
    outcome_by: str = "nobody"
    quality: int | None = None
    reviewers: tuple[str, ...] = ()
    rejected: str = ""
    trimmed: bool = False
    phases: int = 0
    events: int = 0
    contacts: int = 0
    disagreement: float = 0.0
    text: str = ""
    failure_mode: str = ""
    begun: tuple[str, ...] = ()


@dataclass(frozen=True)
class LibraryRow:
    """One line of the library.

    Attributes
    ----------
    episode : EpisodeRow
        From the catalogue.
    review : ReviewSummary
        From the labels.
    figures : QualityFigures or None
        From the overview; None until it is made.
    """

    episode: EpisodeRow
    review: ReviewSummary = field(default_factory=ReviewSummary)
    figures: QualityFigures | None = None


@dataclass(frozen=True)
class LibraryQuery:
    """What to show. Every field that is set must hold; an empty one does not count.

    Attributes
    ----------
    text : str
        Words that all occur in task, instruction, note, operator code or number.
    tasks, operators, outcomes, sources : frozenset of str
    since, until : str
        ISO dates (inclusive) of the wall time.
    quality_least, quality_most : int or None
    labels : str
        ``any``, ``unreviewed``, ``reviewed``, ``disputed``, ``rejected``, ``kept``, ``trimmed``.
    with_gaps : bool or None
    length_least_s, length_most_s : float or None
    """

    text: str = ""
    tasks: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    since: str = ""
    until: str = ""
    quality_least: int | None = None
    quality_most: int | None = None
    labels: str = "any"
    with_gaps: bool | None = None
    length_least_s: float | None = None
    length_most_s: float | None = None
