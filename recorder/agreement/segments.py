"""Agreement on segments and instants; every interval half-open, times in ns.

There is no consensus on one measure of agreement on segments, so several are given, each by name.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from devices.clock import NS_PER_S
from recorder.review.state import Contact, Interval, Phase

IOU_LEVELS = (0.10, 0.25, 0.50)  # the usual ones of temporal action segmentation
CONTACT_TOLERANCE_NS = 100_000_000
NOTHING = -1.0  # framewise: no phase here


def temporal_iou(first: Interval, second: Interval) -> float:
    """Intersection over union of two half-open intervals, 0 to 1."""
    shared = min(first.stop_ns, second.stop_ns) - max(first.start_ns, second.start_ns)
    if shared <= 0:
        return 0.0
    joined = max(first.stop_ns, second.stop_ns) - min(first.start_ns, second.start_ns)
    return shared / joined


def framewise(
    phases: Sequence[Phase], labels: Sequence[str], duration_ns: int, rate_hz: float
) -> NDArray[np.float64]:
    """Number of the phase at every frame ``k / rate_hz``; ``NOTHING`` where none is.

    Parameters
    ----------
    phases : sequence of Phase
    labels : sequence of str
        Gives each label its number.
    duration_ns : int
        Frames at ``0 <= time < duration_ns``.
    rate_hz : float
        Frames per second.
    """
    period_ns = NS_PER_S / rate_hz
    frames = np.arange(int(np.ceil(duration_ns / period_ns)))
    time_ns = np.rint(frames * period_ns).astype(np.int64)
    out = np.full(len(frames), NOTHING)
    for phase in phases:
        inside = (time_ns >= phase.start_ns) & (time_ns < phase.stop_ns)
        out[inside] = labels.index(phase.label)
    return out


def matched(possible: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Largest one-to-one matching of rows to columns where ``possible`` (M, N) is true."""
    if not possible.size:
        return []
    partner = maximum_bipartite_matching(csr_matrix(possible), perm_type="column")
    return [(row, int(column)) for row, column in enumerate(partner) if column >= 0]


def segment_f1(first: Sequence[Phase], second: Sequence[Phase], iou: float) -> float | None:
    """F1 of segments with the same label and ``temporal_iou >= iou``, matched one to one.

    None when neither side has a segment. Symmetric in its two sides.
    """
    if not first and not second:
        return None
    possible = np.array(
        [[a.label == b.label and temporal_iou(a, b) >= iou for b in second] for a in first], bool
    ).reshape(len(first), len(second))
    return 2.0 * len(matched(possible)) / (len(first) + len(second))


def edit_score(first: Sequence[Phase], second: Sequence[Phase]) -> float | None:
    """1 less the Levenshtein distance of the label sequences over the longer one's length.

    Source: the segmental edit score of Lea et al., Temporal Convolutional Networks (2017).
    """
    a, b = [phase.label for phase in first], [phase.label for phase in second]
    if not a and not b:
        return None
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return 1.0 - row[-1] / max(len(a), len(b))


def boundary_errors_ms(first: Sequence[Phase], second: Sequence[Phase]) -> dict[str, list[float]]:
    """Distance of the boundaries of phases that overlap and have the same label, ms.

    Returns
    -------
    dict of str to list of float
        ``<label> start`` and ``<label> end``, for pairs matched one to one.
    """
    possible = np.array(
        [[a.label == b.label and temporal_iou(a, b) > 0 for b in second] for a in first], bool
    ).reshape(len(first), len(second))
    errors: dict[str, list[float]] = {}
    for i, j in matched(possible):
        a, b = first[i], second[j]
        errors.setdefault(f"{a.label} start", []).append(abs(a.start_ns - b.start_ns) / 1e6)
        errors.setdefault(f"{a.label} end", []).append(abs(a.stop_ns - b.stop_ns) / 1e6)
    return errors


def contact_f1(
    first: Sequence[Contact], second: Sequence[Contact], tolerance_ns: int = CONTACT_TOLERANCE_NS
) -> float | None:
    """F1 of contacts of the same finger that start within ``tolerance_ns``, one to one.

    None when neither side has a contact.
    """
    if not first and not second:
        return None
    possible = np.array(
        [
            [a.finger == b.finger and abs(a.start_ns - b.start_ns) <= tolerance_ns for b in second]
            for a in first
        ],
        bool,
    ).reshape(len(first), len(second))
    return 2.0 * len(matched(possible)) / (len(first) + len(second))
