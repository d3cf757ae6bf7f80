"""MCAP: every recorded sample with its real stamp, one file per episode; opens in Foxglove.

::

    episode_000012.mcap
    ├── /right/joints_measured ...  numbers as JSON, see ``mcap_messages``
    ├── /front/rgb                  foxglove.CompressedImage, the recorded JPEG or PNG itself
    ├── /front/depth                foxglove.RawImage, 16UC1 in steps of the channel's ``unit``
    ├── /labels/phase, /labels/log  final labels; the log also says where samples were lost
    └── metadata thenar.episode, thenar.labels, thenar.export

Nothing is aligned, resampled or repeated: a stream has as many messages as samples inside the trim.
Times of messages are the wall time at which record was pressed plus the monotonic time since then,
so they show the day of the take and keep the exact distances; each message says its monotonic
``stamp_ns`` too. Chunks carry CRCs and are compressed by Zstandard.

With ``hide_people`` the streams of JSON events stay out as well: they hold free text.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mcap.writer import CompressionType, Writer

from recorder.episode import Episode, EpisodeStream
from recorder.exporters.episode_rows import EpisodeRows, camera_streams
from recorder.exporters.formats import ExportSet, ExportTarget
from recorder.exporters.label_columns import segments_of
from recorder.exporters.mcap_labels import Note, phase_notes, spoken_notes
from recorder.exporters.mcap_messages import (
    LOG_SCHEMA,
    PHASE_SCHEMA,
    as_json,
    log_message,
    message_kind,
    phase_message,
)
from recorder.exporters.plan import ExportPlan
from recorder.header import software_version
from recorder.review.state import LabelState

LIBRARY = "thenar"
PHASES, LOG = "/labels/phase", "/labels/log"
CHUNK_BYTES = 4 << 20
PICTURE_KINDS = ("image", "visuotactile", "depth", "mask")
BYTES_PER_PIXEL = 0.4  # of a JPEG, as measured on simulated scenes
OUTSIDE = 10_000_000_000_000_000_000  # later than any stamp


class McapWriter:
    """Writes one MCAP file per episode."""

    passes_at_the_end = 0.0

    def begin(self, episodes: ExportSet, plan: ExportPlan, target: ExportTarget) -> None:
        """Learn what will come."""
        self._set, self._plan, self._target = episodes, plan, target

    def write(self, index: int, episode: EpisodeRows) -> dict[str, Any]:
        """Write the file of one episode."""
        name = f"episode_{episode.number:06d}.mcap"
        with self._target.file(name) as path, open(path, "wb") as file:
            writer = Writer(file, CHUNK_BYTES, CompressionType.ZSTD)
            writer.start(profile="", library=LIBRARY)
            _File(self._plan, writer, episode, self._target).write()
            self._put_metadata(writer, episode)
            writer.finish()
        return {"file": name}

    def finish(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Nothing is left to do: every file is complete."""

    @classmethod
    def bytes_per_row(cls, episodes: ExportSet, plan: ExportPlan) -> float:
        """Estimate of the bytes the pictures and depth of one row take."""
        return BYTES_PER_PIXEL * sum(w * h for w, h in episodes.cameras.values())

    def _put_metadata(self, writer: Writer, episode: EpisodeRows) -> None:
        facts = self._set.episodes[self._index_of(episode)]
        recorded = episode.episode.attributes
        person = {} if self._plan.hide_people else {"operator_code": episode.operator_code}
        about = {
            "uuid": episode.uuid,
            "number": str(episode.number),
            "task": episode.task,
            "instruction": episode.instruction,
            "operator_source": episode.operator_source,
            "rig": episode.rig_name,
            "sha256": facts.sha256,
            "wall_time": str(recorded["wall_time"]),
            "press_stamp_ns": str(recorded["press_stamp_ns"]),
            "start_stamp_ns": str(recorded["start_stamp_ns"]),
            "recorded_by": str(recorded["software_version"]),
            **person,
        }
        labels = {
            "outcome": episode.outcome,
            "by": episode.labels_by,
            "quality": "" if episode.quality is None else str(episode.quality),
            "failure_mode": episode.labels.failure_mode or "",
            "rejected": episode.labels.rejected or "",
            "note": episode.labels.note or "",
            "reviewers": json.dumps(list(episode.reviewers)),
            "segments": json.dumps(_segments(episode.labels, episode.episode), sort_keys=True),
        }
        trim = episode.labels.trim if self._plan.trim else None
        export = {
            "program": f"thenar {software_version()}",
            "message_times": "wall_time + (stamp_ns - press_stamp_ns)",
            "stamp_ns": "host monotonic clock of the recording host, ns",
            "trimmed": "" if trim is None else json.dumps(trim.model_dump(), sort_keys=True),
        }
        for name, data in (("episode", about), ("labels", labels), ("export", export)):
            writer.add_metadata(f"thenar.{name}", data)

    def _index_of(self, episode: EpisodeRows) -> int:
        uuids = [facts.uuid for facts in self._set.episodes]
        return uuids.index(episode.uuid)


class _File:
    """All messages of one episode in the order of their stamps."""

    def __init__(
        self, plan: ExportPlan, writer: Writer, rows: EpisodeRows, target: ExportTarget
    ) -> None:
        self._plan, self._writer, self._rows, self._target = plan, writer, rows, target
        self._episode = rows.episode
        self._start_ns = self._episode.start_stamp_ns
        facts = self._episode.attributes
        self._wall_ns = wall_time_ns(str(facts["wall_time"])) - int(facts["press_stamp_ns"])
        trim = rows.labels.trim if plan.trim else None
        self._first_ns = self._start_ns + (0 if trim is None else trim.start_ns)
        self._end_ns = OUTSIDE if trim is None else self._start_ns + trim.stop_ns

    def write(self) -> None:
        streams = [self._episode.stream(name) for name in exported_streams(self._plan, self._rows)]
        sources: list[Iterator[tuple[int, int, int, int, bytes]]] = []
        for place, stream in enumerate(streams):
            channel, kind = self._open(stream)
            sources.append(self._samples(place, stream, channel, kind))
        sources.append(self._notes(len(streams), PHASES, PHASE_SCHEMA))
        sources.append(self._notes(len(streams) + 1, LOG, LOG_SCHEMA))
        total = sum(len(stream) for stream in streams) or 1
        share = self._rows.length * max(1, len(self._rows.cameras)) / total
        for stamp_ns, _, sequence, channel, data in heapq.merge(*sources, key=lambda m: m[:3]):
            at_ns = self._wall_ns + stamp_ns
            self._writer.add_message(channel, at_ns, data, at_ns, sequence % (1 << 32))
            self._target.tick(share)

    def _open(self, stream: EpisodeStream) -> tuple[int, Any]:
        kind = message_kind(stream, self._plan.image_size)
        topic = f"/{stream.name}"
        schema = self._writer.register_schema(kind.schema_name, "jsonschema", as_json(kind.schema))
        spec = stream.spec
        about = {
            "kind": spec.kind,
            "unit": spec.unit,
            "frame": spec.frame,
            "rate_hz": f"{spec.rate_hz:g}",
        }
        return self._writer.register_channel(topic, "json", schema, about), kind

    def _samples(
        self, place: int, stream: EpisodeStream, channel: int, kind: Any
    ) -> Iterator[tuple[int, int, int, int, bytes]]:
        for index in range(len(stream)):
            stamp_ns = int(stream.stamp_ns[index])
            if self._first_ns <= stamp_ns < self._end_ns:
                data = kind.message(stream, index, self._wall_ns + stamp_ns)
                yield stamp_ns, place, int(stream.seq[index]), channel, data

    def _notes(
        self, place: int, topic: str, schema: Mapping[str, Any]
    ) -> Iterator[tuple[int, int, int, int, bytes]]:
        number = self._writer.register_schema(schema["title"], "jsonschema", as_json(schema))
        channel = self._writer.register_channel(topic, "json", number)
        labels = self._rows.labels
        notes = phase_notes(labels) if topic == PHASES else spoken_notes(labels, self._episode)
        say = phase_message if topic == PHASES else log_message
        for sequence, note in enumerate(sorted(notes, key=Note.order)):
            stamp_ns = self._start_ns + note.at_ns
            if self._first_ns <= stamp_ns < self._end_ns:
                yield (
                    stamp_ns,
                    place,
                    sequence,
                    channel,
                    say(note, self._wall_ns + stamp_ns, stamp_ns),
                )


def exported_streams(plan: ExportPlan, rows: EpisodeRows) -> list[str]:
    """Return the streams that go into the file.

    All numbers; the chosen cameras, and depth of the devices these belong to; events unless people
    are hidden.
    """
    episode = rows.episode
    cameras = camera_streams(episode, plan.cameras)
    devices = {name.partition("/")[0] for name in cameras}
    chosen = []
    for name, stream in episode.streams.items():
        kind = stream.spec.kind
        if kind in PICTURE_KINDS:
            depth = kind == "depth" and name.partition("/")[0] in devices
            wanted = name in cameras or depth
        else:
            wanted = not (stream.spec.variable and plan.hide_people)
        if wanted and len(stream):
            chosen.append(name)
    return chosen


def wall_time_ns(text: str) -> int:
    """Return an ISO 8601 time as ns since 1970, exact to the microsecond it is written with."""
    moment = datetime.fromisoformat(text)
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    since = moment - epoch
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


def _segments(labels: LabelState, episode: Episode) -> dict[str, Any]:
    """Phases, events, contacts and recoveries in seconds after the episode's first sample."""
    return segments_of(labels, 0, round(episode.duration_s * 1e6) + 1, 1_000_000)
