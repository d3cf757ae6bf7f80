"""Makes the overview of one episode from its streams."""

from __future__ import annotations

from pathlib import Path

from devices.clock import NS_PER_S
from recorder.episode import Episode, EpisodeError
from recorder.overview.candidates import contact_candidates, speed_minima_ns
from recorder.overview.gaps import gap_spans
from recorder.overview.lanes import make_lanes
from recorder.overview.model import Overview
from recorder.overview.quality import idle_stretches, quality_figures
from recorder.overview.signals import grid_ns, hand_motions, pad_forces, taxel_sums
from recorder.overview.thumbnail import make_thumbnail


def make_overview(path: Path) -> Overview:
    """Read the numbers of an episode and one of its pictures, and sum them up.

    Raises
    ------
    EpisodeError
        The file cannot be read as an episode, or one of its number streams is damaged.
    """
    with Episode(path) as episode:
        try:
            return _make(episode)
        except OSError as error:
            raise EpisodeError(
                f"'{path}' is damaged ({error}); check it with 'thenar verify'"
            ) from error


def _make(episode: Episode) -> Overview:
    duration_ns = round(episode.duration_s * NS_PER_S)
    grid = grid_ns(duration_ns)
    gaps = gap_spans(episode)
    sums = taxel_sums(episode)
    motions = hand_motions(episode, grid)
    forces = pad_forces(episode, sums)
    candidates = contact_candidates(forces, duration_ns)
    idle = idle_stretches(motions, forces, grid)
    return Overview(
        uuid=str(episode.attributes["uuid"]),
        duration_s=episode.duration_s,
        lanes=make_lanes(episode, duration_ns, sums),
        candidates=candidates,
        speed_minima_ns=speed_minima_ns(motions, grid),
        idle=idle,
        gaps=gaps,
        figures=quality_figures(episode, motions, forces, candidates, idle, gaps),
        thumbnail_jpeg=make_thumbnail(episode),
    )
