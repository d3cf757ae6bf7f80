"""One page about an episode, as data and as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recorder.dataset import NUMBERED, companions, episode_number
from recorder.episode import Episode, EpisodeError


@dataclass(frozen=True)
class StreamSummary:
    """One stream of an episode.

    Attributes
    ----------
    name, kind, encoding, unit : str
        From the stream's description.
    shape : tuple of int
        Shape of one sample.
    samples, lost : int
        Stored, and missing by the ledger.
    nominal_hz, measured_hz : float
        Rate by the rig, and by the stamps.
    worst_interval_ms : float
        Longest time between two samples.
    bytes : int
        Space of the samples in the file.
    """

    name: str
    kind: str
    encoding: str
    unit: str
    shape: tuple[int, ...]
    samples: int
    lost: int
    nominal_hz: float
    measured_hz: float
    worst_interval_ms: float
    bytes: int


@dataclass(frozen=True)
class EpisodeSummary:
    """What a person wants to know about an episode at a glance."""

    path: Path
    episode: int
    uuid: str
    rig: str
    task: str
    instruction: str
    operator_code: str
    operator_source: str
    outcome: str
    end_reason: str
    wall_time: str
    duration_s: float
    pre_roll_s: float
    samples: int
    lost_samples: int
    bytes: int
    software_version: str
    checksum: str
    streams: tuple[StreamSummary, ...]

    def text(self) -> str:
        """The page, 100 columns wide."""
        lines = [
            f"episode {self.episode}   {self.path}",
            f"task         {self.task or '-'}   {self.instruction}".rstrip(),
            f"rig          {self.rig}   moved by {self.operator_source}, "
            f"operator {self.operator_code or '-'}",
            f"outcome      {self.outcome}   ended: {self.end_reason}",
            f"time         {self.duration_s:.2f} s from {self.wall_time}, "
            f"{self.pre_roll_s:.2f} s of it before the press",
            f"samples      {self.samples} stored, {self.lost_samples} lost, "
            f"{self.bytes / 1e6:.1f} MB",
            f"checksum     {self.checksum or 'none beside the file'}",
            f"written by   thenar {self.software_version}, {self.uuid}",
            "",
            f"{'stream':<32}{'samples':>8}{'lost':>6}{'Hz':>8}{'of':>6}{'worst ms':>10}"
            f"{'MB':>9}  stored as",
        ]
        for item in self.streams:
            size = "x".join(str(n) for n in item.shape)
            lines.append(
                f"{item.name:<32}{item.samples:>8}{item.lost:>6}{item.measured_hz:>8.1f}"
                f"{item.nominal_hz:>6.0f}{item.worst_interval_ms:>10.1f}{item.bytes / 1e6:>9.2f}"
                f"  {item.encoding} {size} {item.unit if item.unit != '1' else ''}".rstrip()
            )
        return "\n".join(lines)


def inspect_episode(path: Path) -> EpisodeSummary:
    """Summarise an episode file; its number is the one in its name.

    Raises
    ------
    EpisodeError
        When the path is not an episode file.
    """
    if path.is_dir():
        raise EpisodeError(
            f"'{path}' is a folder; name one of its episodes, such as "
            f"'{path / 'episodes' / 'episode_000000.h5'}'"
        )
    checksum = companions(path)[0]
    with Episode(path) as episode:
        facts = episode.attributes
        lost = dict.fromkeys(episode.streams, 0)
        for row in episode.ledger:
            lost[row["stream"].decode()] += int(row["count"])
        streams = []
        for name, stream in episode.streams.items():
            spec = stream.spec
            intervals_s = np.diff(stream.stamp_ns) / 1e9
            streams.append(
                StreamSummary(
                    name=name,
                    kind=spec.kind,
                    encoding=spec.encoding,
                    unit=spec.unit,
                    shape=spec.shape,
                    samples=len(stream),
                    lost=lost[name],
                    nominal_hz=spec.rate_hz,
                    measured_hz=1 / float(intervals_s.mean())
                    if len(intervals_s) and intervals_s.mean() > 0
                    else 0.0,
                    worst_interval_ms=1000 * float(intervals_s.max()) if len(intervals_s) else 0.0,
                    bytes=stream.stored_bytes,
                )
            )
        return EpisodeSummary(
            path=path,
            episode=episode_number(path) if NUMBERED.match(path.name) else int(facts["episode"]),
            uuid=str(facts["uuid"]),
            rig=str(facts["rig_name"]),
            task=str(facts["task"]),
            instruction=str(facts["instruction"]),
            operator_code=str(facts["operator_code"]),
            operator_source=str(facts["operator_source"]),
            outcome=episode.outcome,
            end_reason=str(facts["end_reason"]),
            wall_time=str(facts["wall_time"]),
            duration_s=float(facts["duration_s"]),
            pre_roll_s=max(0.0, (facts["press_stamp_ns"] - facts["start_stamp_ns"]) / 1e9),
            samples=int(facts["samples"]),
            lost_samples=int(facts["lost_samples"]),
            bytes=path.stat().st_size,
            software_version=str(facts["software_version"]),
            checksum=checksum.read_text().split()[0] if checksum.exists() else "",
            streams=tuple(streams),
        )
