"""Library rows made by hand."""

from __future__ import annotations

from dataclasses import fields

from recorder.catalogue import EpisodeRow
from recorder.library.rows import LibraryRow, ReviewSummary
from recorder.overview.model import QualityFigures


def library_row(number: int = 0, **facts) -> LibraryRow:
    """A row; ``facts`` go to the episode, the review or the figures, whichever has the field."""
    review = {name: facts.pop(name) for name in _names(ReviewSummary) & facts.keys()}
    figures = {name: facts.pop(name) for name in _names(QualityFigures) & facts.keys()}
    episode = {
        "uuid": f"{number:032x}",
        "number": number,
        "status": "published",
        "path": f"episodes/episode_{number:06d}.h5",
        "task": "plug",
        "instruction": "plug the charger",
        "operator_code": "P07",
        "source": "kinesthetic",
        "duration_s": 10.0,
        "samples": 1000,
        "wall_time": "2026-01-05T08:00:00.000+00:00",
        **facts,
    }
    made = QualityFigures(**figures) if figures else None
    return LibraryRow(EpisodeRow(**episode), ReviewSummary(**review), made)


def _names(record: type) -> set[str]:
    return {item.name for item in fields(record)}
