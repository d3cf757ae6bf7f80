"""Timed action chunks: which action is due now, when chunks come late, overlap or stop coming.

A policy answers with a chunk: actions and the host time at which each is due. A schedule says what
is due at a moment, by one of three policies:

``latest``
    the newest chunk answers from the moment it is there (receding horizon)
``ensemble``
    the mean of all chunks that speak of the moment, weighted by ``exp(-rate i)``, ``i`` counted
    from the oldest (ACT, arXiv 2304.13705; KineDex uses 8 steps and a rate of -0.01). Two ways
    round an obstacle have a mean that runs into it, so it is not the default
``committed``
    what is due before a new chunk can count stays as it was, and the new chunk takes over within
    ``blend_ns`` (after real-time chunking, arXiv 2506.07339, without its guidance of the sampler)

A chunk whose every action is past when it arrives is refused; so is one made from an observation
older than ``observation_max_ns``. When nothing is due any more the schedule answers None: the
caller stops asking, and the supervisor holds the hand.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_MS

ChunkMode = Literal["latest", "ensemble", "committed"]
OBSERVATION_MAX_NS = 1000 * NS_PER_MS
BLEND_NS = 100 * NS_PER_MS
ENSEMBLE_RATE = -0.01
ENSEMBLE_CHUNKS = 8


@dataclass(frozen=True)
class ActionChunk:
    """What a policy wants for the next moments.

    Attributes
    ----------
    observed_ns : int
        Stamp of the newest observation it was made from, host monotonic clock.
    due_ns : (N,) int64 array
        When every action is due, increasing, same clock.
    positions : (N, J) float64 array
        Joint positions in ``HandSpec`` order and units.
    forces_n : (N, P) float64 array
        Normal force wanted of every pad, N.
    """

    observed_ns: int
    due_ns: NDArray[np.int64]
    positions: NDArray[np.float64]
    forces_n: NDArray[np.float64]

    def problem(self, joints: int, pads: int) -> str:
        """Why it cannot be used by a hand of ``joints`` and ``pads``, or empty."""
        count = len(self.due_ns)
        if not count or self.positions.shape != (count, joints):
            return f"positions have shape {self.positions.shape}; expected ({count}, {joints})"
        if self.forces_n.shape != (count, pads):
            return f"forces have shape {self.forces_n.shape}; expected ({count}, {pads})"
        if (np.diff(self.due_ns) <= 0).any():
            return "due times do not increase"
        for name, values in (("positions", self.positions), ("forces", self.forces_n)):
            if not np.isfinite(values).all():
                row, column = np.argwhere(~np.isfinite(values))[0]
                return f"{name}[{row}, {column}] is {values[row, column]}; expected a finite number"
        return ""


@dataclass(frozen=True)
class Due:
    """What is due at one moment.

    Attributes
    ----------
    positions : (J,) float64 array
    forces_n : (P,) float64 array
    chunk_age_ns : int
        Age of the newest observation that has a say in it.
    """

    positions: NDArray[np.float64]
    forces_n: NDArray[np.float64]
    chunk_age_ns: int


class ChunkSchedule:
    """Chunks of one hand, and what they say of a moment.

    Parameters
    ----------
    joints, pads : int
        Size of the hand.
    mode : {"latest", "ensemble", "committed"}
    blend_ns : int
        How long a new chunk takes over in mode ``committed``.
    rate : float
        Of ``ensemble``; negative: newer chunks count more.
    """

    def __init__(
        self,
        joints: int,
        pads: int,
        mode: ChunkMode = "latest",
        blend_ns: int = BLEND_NS,
        rate: float = ENSEMBLE_RATE,
        observation_max_ns: int = OBSERVATION_MAX_NS,
    ) -> None:
        self.mode: ChunkMode = mode
        self.late = 0
        self._joints, self._pads = joints, pads
        self._blend_ns, self._rate, self._observation_max_ns = blend_ns, rate, observation_max_ns
        self._chunks: deque[tuple[ActionChunk, int]] = deque(maxlen=ENSEMBLE_CHUNKS)

    def add(self, chunk: ActionChunk, at_ns: int) -> str:
        """Take ``chunk``, which arrived at ``at_ns``; a sentence when it is refused, else empty."""
        problem = chunk.problem(self._joints, self._pads)
        if problem:
            return f"chunk refused: {problem}"
        if self._chunks and chunk.observed_ns < self._chunks[-1][0].observed_ns:
            self.late += 1
            return "chunk refused: it is older than the one before it"
        if chunk.due_ns[-1] <= at_ns:
            self.late += 1
            late_ms = (at_ns - int(chunk.due_ns[-1])) / NS_PER_MS
            return f"chunk refused: its last action was due {late_ms:.0f} ms ago"
        age_ns = at_ns - chunk.observed_ns
        if age_ns > self._observation_max_ns:
            self.late += 1
            return (
                f"chunk refused: made from an observation {age_ns / NS_PER_MS:.0f} ms old; the "
                f"limit is {self._observation_max_ns / NS_PER_MS:.0f} ms"
            )
        self._chunks.append((chunk, at_ns))
        return ""

    def clear(self) -> None:
        """Forget every chunk, e.g. when another source takes the hand."""
        self._chunks.clear()

    def due(self, at_ns: int) -> Due | None:
        """What is due at ``at_ns``, between two actions linear; None when nothing is."""
        while self._chunks and self._chunks[0][0].due_ns[-1] < at_ns:
            self._chunks.popleft()
        speaking = [
            (chunk, since)
            for chunk, since in self._chunks
            if chunk.due_ns[0] <= at_ns <= chunk.due_ns[-1]
        ]
        if not speaking:
            return None
        if self.mode == "ensemble":
            weights = np.exp(-self._rate * np.arange(len(speaking)))
        else:
            weights = np.zeros(len(speaking))
            weights[-1] = 1.0
            if self.mode == "committed" and len(speaking) > 1:
                since = max(speaking[-1][1], int(speaking[-1][0].due_ns[0]))
                weights[-1] = min(1.0, max(0, at_ns - since) / max(1, self._blend_ns))
                weights[-2] = 1.0 - weights[-1]
        weights = weights / weights.sum()
        said = [_at(chunk, at_ns) for chunk, _ in speaking]
        positions = sum(weight * one[0] for weight, one in zip(weights, said, strict=True))
        forces = sum(weight * one[1] for weight, one in zip(weights, said, strict=True))
        newest = max(
            chunk.observed_ns for (chunk, _), w in zip(speaking, weights, strict=True) if w > 0
        )
        return Due(np.asarray(positions), np.asarray(forces), at_ns - newest)

    @property
    def end_ns(self) -> int | None:
        """When the last action of all is due; None without a chunk."""
        return max((int(chunk.due_ns[-1]) for chunk, _ in self._chunks), default=None)


def _at(chunk: ActionChunk, at_ns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    after = int(np.searchsorted(chunk.due_ns, at_ns))
    if chunk.due_ns[after] == at_ns:
        return chunk.positions[after], chunk.forces_n[after]
    before = after - 1
    span = int(chunk.due_ns[after] - chunk.due_ns[before])
    share = (at_ns - int(chunk.due_ns[before])) / span
    mixed = (1 - share) * chunk.positions[before] + share * chunk.positions[after]
    return mixed, (1 - share) * chunk.forces_n[before] + share * chunk.forces_n[after]
