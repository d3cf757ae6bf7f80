"""Measured against recorded while an episode is replayed: where the hand is off, how far."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.messages import OperatorStatus
from recorder.episode import Episode

STATUS_AGE_S = 0.5  # an older status says nothing of where the replay is


@dataclass(frozen=True)
class TrackingError:
    """Difference of the measured from the recorded joints of one hand.

    Attributes
    ----------
    rms_rad, max_rad : float
        Over all finger joints (and wrist angles) so far, rad.
    worst_joint : str
        Joint with the largest difference.
    max_m : float
        Largest difference of the wrist's sliding joints, m; 0 without them.
    samples : int
        Measured samples compared.
    """

    rms_rad: float = 0.0
    max_rad: float = 0.0
    worst_joint: str = ""
    max_m: float = 0.0
    samples: int = 0


class RecordedJoints:
    """Measured joints of an episode by time, for every hand.

    Parameters
    ----------
    path : Path
        Episode file; read once.
    """

    def __init__(self, path: Path) -> None:
        self._tables: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        self.labels: dict[str, tuple[str, ...]] = {}
        with Episode(path) as episode:
            self.duration_s = episode.duration_s
            for name, stream in episode.streams.items():
                side, _, quantity = name.rpartition("/")
                if quantity == "joints_measured" and len(stream):
                    rows = stream.rows(slice(None)).astype(np.float64)
                    self._tables[side] = stream.time_s, rows
                    self.labels[side] = stream.spec.labels

    @property
    def sides(self) -> tuple[str, ...]:
        """Hands of the episode."""
        return tuple(self._tables)

    def table(self, side: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Times (N,) s and measured joints (N, J) of a hand."""
        return self._tables[side]

    def at(self, side: str, time_s: float) -> NDArray[np.float64]:
        """Joints ``(J,)`` at a time, between samples on a straight line."""
        times_s, rows = self._tables[side]
        after = int(np.clip(np.searchsorted(times_s, time_s), 1, max(1, len(times_s) - 1)))
        if len(times_s) == 1:
            return rows[0]
        span_s = times_s[after] - times_s[after - 1]
        share = np.clip((time_s - times_s[after - 1]) / span_s, 0.0, 1.0) if span_s > 0 else 0.0
        return rows[after - 1] + share * (rows[after] - rows[after - 1])


class ReplayTracker:
    """Compares what the hand does with what was recorded.

    Parameters
    ----------
    recorded : RecordedJoints
        What is replayed.
    """

    def __init__(self, recorded: RecordedJoints) -> None:
        self.recorded = recorded
        self._rows: dict[str, list[tuple[float, NDArray[np.float64]]]] = {
            side: [] for side in recorded.sides
        }
        self._status: OperatorStatus | None = None

    def note_status(self, status: OperatorStatus) -> None:
        """Learn where in the episode the replay is."""
        self._status = status

    def note_measured(self, side: str, stamp_ns: int, joints: NDArray[np.float64]) -> None:
        """Compare one measured sample; ignored while the replay eases in, pauses or is over."""
        status = self._status
        if status is None or status.episode_s is None or status.speed <= 0:
            return
        since_s = (stamp_ns - status.stamp_ns) / NS_PER_S
        if abs(since_s) > STATUS_AGE_S or side not in self._rows:
            return
        time_s = status.episode_s + since_s * status.speed
        if 0.0 <= time_s <= self.recorded.duration_s:
            self._rows[side].append((time_s, np.asarray(joints, np.float64).copy()))

    def curve(self, side: str, joint: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Episode times and measured values of one joint so far."""
        rows = self._rows[side]
        return (
            np.array([time_s for time_s, _ in rows]),
            np.array([values[joint] for _, values in rows]),
        )

    def error(self, side: str) -> TrackingError:
        """How far the measured joints were off so far."""
        rows = self._rows[side]
        if not rows:
            return TrackingError()
        off = np.stack([values - self.recorded.at(side, time_s) for time_s, values in rows])
        return tracking_error(off, self.recorded.labels[side])


def tracking_error(off: NDArray[np.float64], labels: tuple[str, ...]) -> TrackingError:
    """Sum up differences ``(N, J)``; the labels tell the wrist's sliding joints."""
    slides = np.array(["wrist_" in label and label[-1] in "xyz" for label in labels])
    turned, slid = np.abs(off[:, ~slides]), np.abs(off[:, slides])
    turning = [label for label, slide in zip(labels, slides, strict=True) if not slide]
    return TrackingError(
        rms_rad=float(np.sqrt((turned**2).mean())),
        max_rad=float(turned.max()),
        worst_joint=turning[int(np.argmax(turned.max(axis=0)))],
        max_m=float(slid.max()) if slid.size else 0.0,
        samples=len(off),
    )
