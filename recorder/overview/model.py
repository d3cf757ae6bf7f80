"""What is known of an episode at a glance; made once from its streams, kept beside the dataset.

An overview is derived: it can be deleted and made again, and says nothing the file does not. Times
are seconds or nanoseconds after the episode's first sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

OVERVIEW_VERSION = 1  # raise it when any figure below is computed differently
COLUMNS = 1200  # of a lane over the whole episode: no screen shows more

LaneKind = Literal["joints", "force", "taxels", "encoders", "pressure", "rate"]


@dataclass(frozen=True)
class LaneSummary:
    """A stream as a strip of columns, evenly over the episode.

    Attributes
    ----------
    stream : str
        Stream it was made from.
    kind : str
        How to draw it. ``rate`` is the interval to the picture before, in ms.
    labels : tuple of str
        Names of the rows: joints, fingers.
    unit : str
        Of the values. Forces and taxels are summed per finger: normal (z) force in N.
    low, high : (columns, rows) float32 array
        Smallest and largest value within the column. A sample stands for the columns up to the
        next one unless that is late (``recorder.overview.lanes``); in gaps the columns are NaN.
    """

    stream: str
    kind: LaneKind
    labels: tuple[str, ...]
    unit: str
    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True)
class ContactCandidate:
    """A touch proposed from the forces, for a reviewer to confirm.

    Attributes
    ----------
    side, finger : str
        Which hand and pad.
    start_ns, stop_ns : int
        Half-open, after the first sample.
    peak_n : float
        Largest normal force within, N.
    """

    side: str
    finger: str
    start_ns: int
    stop_ns: int
    peak_n: float


@dataclass(frozen=True)
class GapSpan:
    """Samples that are missing: a row of the ledger in the episode's own time."""

    stream: str
    kind: str
    start_ns: int
    stop_ns: int
    count: int


@dataclass(frozen=True)
class QualityFigures:
    """Figures of one episode that filters and triage use.

    Attributes
    ----------
    jerk : float
        Dimensionless log jerk of the joints' motion; larger is jerkier. Source and formula stand
        in ``recorder.overview.quality``.
    idle_s, idle_share : float
        Time in which nothing moves and no force changes, and its share of the length.
    longest_idle_s : float
        Longest such stretch.
    contacts, contact_losses : int
        Touches, and touches that ended while the hand was still closing or holding and came back
        within a second.
    peak_force_n : float
        Largest normal force of any pad.
    force_histogram : tuple of int
        Samples with force, all pads together: bin i from edge i of ``FORCE_BIN_EDGES_N`` up to
        edge i + 1, the last one without end; below the first edge is no touch.
    gap_rate : float
        Samples lost of all that should be there.
    worst_gap_s : float
        Longest interval of any camera or joint stream, seconds.
    """

    jerk: float = 0.0
    idle_s: float = 0.0
    idle_share: float = 0.0
    longest_idle_s: float = 0.0
    contacts: int = 0
    contact_losses: int = 0
    peak_force_n: float = 0.0
    force_histogram: tuple[int, ...] = ()
    gap_rate: float = 0.0
    worst_gap_s: float = 0.0


FORCE_BIN_EDGES_N: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


@dataclass(frozen=True)
class Overview:
    """Everything that can be shown of an episode without opening its pictures.

    Attributes
    ----------
    uuid : str
        Episode it belongs to.
    duration_s : float
        Length of the episode.
    lanes : mapping of str to LaneSummary
        By stream name.
    candidates : tuple of ContactCandidate
        By start.
    speed_minima_ns : tuple of int
        Instants at which the hand all but stands still between two motions; where phases tend to
        begin. Used for snapping, with the starts and stops of ``candidates``.
    idle : tuple of (int, int)
        Half-open idle stretches, ns.
    gaps : tuple of GapSpan
        Rows of the ledger.
    figures : QualityFigures
        For filters and triage.
    thumbnail_jpeg : bytes
        One picture of the episode, at most 192 pixels wide; empty without cameras.
    """

    uuid: str
    duration_s: float
    lanes: Mapping[str, LaneSummary]
    candidates: tuple[ContactCandidate, ...]
    speed_minima_ns: tuple[int, ...]
    idle: tuple[tuple[int, int], ...]
    gaps: tuple[GapSpan, ...]
    figures: QualityFigures
    thumbnail_jpeg: bytes
