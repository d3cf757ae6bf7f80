"""Merges the window's pulls with the script's and publishes ``operator/pulls``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus
from devices.clock import NS_PER_S
from devices.rig import MAX_PULLS, PULL_FIELDS, Rig
from devices.wire import pull_request_spec

REQUEST_AGE_NS = 500_000_000  # a window that stopped publishing has let go
PULL_RATE_HZ = 60.0


class PullMerger:
    """Publishes every pull of every operator at 60 Hz; does nothing on rigs without a world."""

    def __init__(self, bus: Bus, rig: Rig) -> None:
        self._publisher = bus.publisher(rig.stream("operator/pulls")) if rig.world else None
        self._requests = bus.subscriber(pull_request_spec(), depth=2)
        self._requested = np.zeros((MAX_PULLS, PULL_FIELDS))
        self._requested_ns = 0
        self._next_ns = 0

    def tick(self, scripted: NDArray[np.float64] | None, at_ns: int) -> None:
        """Publish when it is time; ``scripted`` are the script's rows or None."""
        if self._publisher is None or at_ns < self._next_ns:
            return
        period_ns = int(NS_PER_S / PULL_RATE_HZ)
        self._next_ns = max(self._next_ns + period_ns, at_ns - period_ns)
        sample = self._requests.newest()
        if sample is not None:
            self._requested, self._requested_ns = sample.data, sample.stamp_ns
        if at_ns - self._requested_ns > REQUEST_AGE_NS:
            self._requested = np.zeros_like(self._requested)
        self._publisher.send(merge_pulls(scripted, self._requested), at_ns)

    def close(self) -> None:
        """Let go of everything and release the stream; safe to call twice."""
        if self._publisher is not None:
            self._publisher.send(np.zeros((MAX_PULLS, PULL_FIELDS)))
            self._publisher.close()
            self._publisher = None


def merge_pulls(
    scripted: NDArray[np.float64] | None, requested: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return both operators' pulls ``(MAX_PULLS, PULL_FIELDS)``.

    A requested pull keeps its row where that is free, else takes the last free one, else replaces
    the script's last row: the person at the window comes first. Rows that are not finite are
    dropped.
    """
    rows = np.zeros((MAX_PULLS, PULL_FIELDS)) if scripted is None else scripted.copy()
    taken = rows[:, 0] > 0
    for index in np.flatnonzero((requested[:, 0] > 0) & np.isfinite(requested).all(axis=1)):
        free = np.flatnonzero(~taken)
        row = int(index) if not taken[index] else int(free[-1]) if len(free) else MAX_PULLS - 1
        rows[row] = requested[index]
        taken[row] = True
    return rows
