"""The ledger of an episode in the episode's own time."""

from __future__ import annotations

from recorder.episode import Episode
from recorder.overview.model import GapSpan


def gap_spans(episode: Episode) -> tuple[GapSpan, ...]:
    """Rows of the ledger as stretches of time, by start.

    The ledger knows the samples around a gap. Missing samples are taken to be spread evenly
    between them, so a span begins when the first of them was due and ends with the first that
    arrived: one sample lost at 30 Hz is a span of 33 ms, not of 67.
    """
    zero = episode.start_stamp_ns
    spans = []
    for row in episode.ledger:
        before, after, count = int(row["before_ns"]), int(row["after_ns"]), int(row["count"])
        before = max(before, zero)
        start = before + (after - before) // (count + 1) if count else before
        spans.append(
            GapSpan(row["stream"].decode(), row["kind"].decode(), start - zero, after - zero, count)
        )
    return tuple(sorted(spans, key=lambda span: (span.start_ns, span.stream)))
