"""An episode as a player sees it: at an instant, each stream shows its newest sample until then.

``frame_at`` compares whole nanoseconds, so what is shown at an instant is the recorded sample of
that instant at any speed and in either direction.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.stream import NO_DEVICE_STAMP, StreamSpec
from recorder.overview.gaps import gap_spans
from recorder.overview.model import GapSpan, Overview
from recorder.player.frame_reader import BUDGET_BYTES, FrameReader

AHEAD_S = 0.4  # of real time that is decoded ahead: covers one slow read of a cold disk
FASTEST_AHEAD = 2.0  # above, pictures are passed over and decoding each would only be in the way
AROUND = 3  # samples decoded to either side of a still picture, for stepping
MOST_NUMBERS = 512  # of one sample of a stream that is cached in full; taxels have more
OPENING_MOST_NS = NS_PER_S  # a camera that starts later is no reason to skip the beginning


@dataclass(frozen=True, slots=True)
class Frame:
    """The recorded sample of an instant.

    Attributes
    ----------
    index : int
        Position within its stream.
    stamp_ns : int
        Host monotonic clock at receipt.
    time_ns : int
        The same after the episode's first sample.
    data : ndarray
        With the stream's dtype and shape, pictures as RGB, read-only.
    """

    index: int
    stamp_ns: int
    time_ns: int
    data: NDArray


@dataclass(frozen=True)
class RecordedEvent:
    """One sample of an event stream: when, in which stream, and its JSON facts."""

    time_ns: int
    stream: str
    facts: Mapping[str, Any]


class PlayerEpisode:
    """An open episode for playing.

    The file closes with ``close`` or when nobody holds the object any more.

    Parameters
    ----------
    path : Path
        The episode file.
    overview : Overview, optional
        What was made of it before; may be set later through ``overview``.
    budget_bytes : int
        Decoded samples kept at most, all streams together.

    Raises
    ------
    EpisodeError
        The file cannot be opened as an episode.
    """

    def __init__(
        self, path: Path, overview: Overview | None = None, budget_bytes: int = BUDGET_BYTES
    ) -> None:
        self.path = path
        self.overview = overview
        self._reader = FrameReader(path, budget_bytes)
        weakref.finalize(self, self._reader.end).atexit = False
        self._budget_bytes = budget_bytes
        episode = self._reader.episode
        self.uuid = str(episode.attributes["uuid"])
        self.start_stamp_ns = episode.start_stamp_ns
        self.duration_ns = round(episode.duration_s * NS_PER_S)
        self.attributes: Mapping[str, Any] = episode.attributes
        self._specs = {name: part.spec for name, part in episode.streams.items()}
        self._times_ns: dict[str, NDArray[np.int64]] = {}
        self._numbers: dict[str, NDArray[np.float32]] = {}
        self._offsets_ns: dict[str, NDArray[np.int64] | None] = {}
        with self._reader.reading:
            self.rig: Mapping[str, Any] = episode.rig
            self.gaps: tuple[GapSpan, ...] = gap_spans(episode)

    def streams(self) -> list[StreamSpec]:
        """Every stream of the episode, in the order of its rig."""
        return list(self._specs.values())

    def spec(self, stream: str) -> StreamSpec:
        """One stream; raises ``KeyError`` naming those there are."""
        if stream not in self._specs:
            raise KeyError(f"no stream '{stream}'; this episode has {', '.join(self._specs)}")
        return self._specs[stream]

    @property
    def opening_ns(self) -> int:
        """First instant at which every picture stream has a frame; 0 if that takes too long."""
        begun = [
            int(self.frame_times_ns(spec.name)[0])
            for spec in self.streams()
            if spec.is_image and len(self.frame_times_ns(spec.name))
        ]
        latest_ns = max(begun, default=0)
        return latest_ns if latest_ns <= OPENING_MOST_NS else 0

    def frame_times_ns(self, stream: str) -> NDArray[np.int64]:
        """(N,) int64 times of the samples after the episode's first sample, ns, rising."""
        times = self._times_ns.get(stream)
        if times is None:
            self.spec(stream)
            with self._reader.reading:
                stamps = self._reader.episode.streams[stream].stamp_ns
            times = stamps - self.start_stamp_ns
            times.flags.writeable = False
            self._times_ns[stream] = times
        return times

    def index_at(self, stream: str, time_ns: int) -> int:
        """Position of the newest sample with ``time <= time_ns``; -1 before the first."""
        times = self.frame_times_ns(stream)
        return int(np.searchsorted(times, np.int64(time_ns), side="right")) - 1

    def frame_at(self, stream: str, time_ns: int) -> Frame | None:
        """The recorded sample of an instant; None before the first one.

        Parameters
        ----------
        stream : str
            Any stream; events give their JSON bytes.
        time_ns : int
            After the episode's first sample.

        Raises
        ------
        UnreadableSample
            The sample is damaged.
        """
        return self.frame(stream, self.index_at(stream, time_ns))

    def frame(self, stream: str, index: int) -> Frame | None:
        """Sample ``index`` of a stream; None when there is no such sample."""
        times = self.frame_times_ns(stream)
        if not 0 <= index < len(times):
            return None
        time_ns = int(times[index])
        data = self._reader.sample(stream, index)
        return Frame(index, time_ns + self.start_stamp_ns, time_ns, data)

    def numeric(self, stream: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """A whole stream of numbers: times in ns, (N,), and values, (N, ...) float32.

        Kept after the first call.

        Raises
        ------
        ValueError
            For pictures, events and taxels, which are too large to hold in full.
        """
        spec = self.spec(stream)
        if spec.is_image or spec.variable or int(np.prod(spec.shape)) > MOST_NUMBERS:
            raise ValueError(
                f"stream '{stream}' is not held in full; ask for its samples with frame_at, "
                "or for its lane in the overview"
            )
        times = self.frame_times_ns(stream)
        values = self._numbers.get(stream)
        if values is None:
            with self._reader.reading:
                rows = self._reader.episode.streams[stream].rows(slice(None))
            values = rows.astype(np.float32)
            values.flags.writeable = False
            self._numbers[stream] = values
        return times, values

    def events(self) -> list[RecordedEvent]:
        """What the event streams say, by time; samples that are no JSON objects are left out."""
        found = list(self._read_events())
        return sorted(found, key=lambda event: event.time_ns)

    def _read_events(self) -> Iterator[RecordedEvent]:
        for name, spec in self._specs.items():
            if not spec.variable:
                continue
            for index, time_ns in enumerate(self.frame_times_ns(name)):
                try:
                    facts = json.loads(bytes(self._reader.sample(name, index)))
                except ValueError:
                    continue
                if isinstance(facts, dict):
                    yield RecordedEvent(int(time_ns), name, facts)

    def gap_at(self, stream: str, time_ns: int) -> GapSpan | None:
        """The gap of a stream that an instant lies in: its picture is older than it should be."""
        return next(
            (
                gap
                for gap in self.gaps
                if gap.stream == stream and gap.start_ns <= time_ns < gap.stop_ns
            ),
            None,
        )

    def device_offset_ms(self, stream: str, index: int) -> float | None:
        """How much later than the quickest sample of its stream this one arrived, ms.

        Receipt stamp less device stamp, less the smallest such difference of the stream: the two
        clocks count from different moments, and the quickest delivery is the best guess at what
        separates them. None where the device has no clock.
        """
        offsets = self._device_offsets_ns(stream)
        return None if offsets is None else float(offsets[index]) / 1e6

    def _device_offsets_ns(self, stream: str) -> NDArray[np.int64] | None:
        if stream not in self._offsets_ns:
            self.spec(stream)
            with self._reader.reading:
                part = self._reader.episode.streams[stream]
                device = part.device_stamp_ns
                offsets = part.stamp_ns - device
            known = len(device) > 0 and bool(np.all(device != NO_DEVICE_STAMP))
            self._offsets_ns[stream] = offsets - offsets.min() if known else None
        return self._offsets_ns[stream]

    def prefetch(self, streams: Sequence[str], time_ns: int, velocity: float = 0.0) -> None:
        """Decode in the background what will be asked for next; returns at once.

        Parameters
        ----------
        streams : sequence of str
            Those that are shown.
        time_ns : int
            Now.
        velocity : float
            Direction times speed of playing; 0 while it stands still, then the samples around
            ``time_ns`` are decoded for stepping.
        """
        if abs(velocity) > FASTEST_AHEAD:
            return
        rows = [list(self._ahead(stream, time_ns, velocity)) for stream in streams]
        longest = max((len(row) for row in rows), default=0)
        mixed = [row[at] for at in range(longest) for row in rows if at < len(row)]
        room = self._budget_bytes // 2
        self._reader.wish(self._within(mixed, room))

    def _ahead(self, stream: str, time_ns: int, velocity: float) -> Iterator[tuple[str, int]]:
        at, count = self.index_at(stream, time_ns), len(self.frame_times_ns(stream))
        if velocity == 0.0:
            order = [at, *(at + side * n for n in range(1, AROUND + 1) for side in (1, -1))]
        else:
            until = self.index_at(stream, time_ns + round(velocity * AHEAD_S * NS_PER_S))
            order = range(at, until + 2) if velocity > 0 else range(at, until - 2, -1)
        return ((stream, index) for index in order if 0 <= index < count)

    def _within(self, keys: list[tuple[str, int]], room: int) -> Iterator[tuple[str, int]]:
        for key in keys:
            room -= self._specs[key[0]].nbytes
            if room < 0:
                return
            yield key

    def is_decoded(self, stream: str, time_ns: int) -> bool:
        """Whether ``frame_at`` would answer without reading the file."""
        return self._reader.has(stream, self.index_at(stream, time_ns))

    @property
    def held_bytes(self) -> int:
        """Bytes of decoded samples kept now."""
        return self._reader.held_bytes

    @property
    def closed(self) -> bool:
        """Whether it was closed; samples that are kept are then gone too."""
        return self._reader.closed

    def close(self) -> None:
        """Close the file; what was handed out stays valid. Safe to call twice."""
        self._reader.close()
