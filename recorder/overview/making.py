"""Makes the overview of one episode from its streams."""

from __future__ import annotations

from pathlib import Path

from recorder.episode import Episode
from recorder.overview.gaps import gap_spans
from recorder.overview.model import Overview, QualityFigures


def make_overview(path: Path) -> Overview:
    """Read an episode once and sum it up; the first version knows gaps only.

    Raises
    ------
    EpisodeError
        The file cannot be read as an episode.
    """
    with Episode(path) as episode:
        return Overview(
            uuid=str(episode.attributes["uuid"]),
            duration_s=episode.duration_s,
            lanes={},
            candidates=(),
            speed_minima_ns=(),
            idle=(),
            gaps=gap_spans(episode),
            figures=QualityFigures(),
            thumbnail_jpeg=b"",
        )
