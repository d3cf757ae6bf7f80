"""Read an episode as rows on the common clock of an export.

Row ``k`` is at ``round(k * 1e9 / rate)`` ns after the (trimmed) start. Columns there are:

=============================  ==============================================================
``observation.state``          measured joints of all hands side by side, rad or m
``observation.velocity``       their measured velocities, where the hand reports them
``observation.effort``         their measured efforts, where the hand reports them
``observation.force.<side>``   force per pad, ``pads x 3`` flattened, N
``observation.taxels.<side>``  ``pads x taxels x 3`` flattened, N; never interpolated
``observation.pressure.<side>``  pressure per pad, Pa
``sent``                       joints sent to the hand, when the action is what was measured
``control``                    state, authority (who moved the hand) and epoch per row
``label.*``                    what the final labels say of the row
=============================  ==============================================================

Ladder: a sample is missing -> the nearest one, marked not valid; a whole numeric stream is empty ->
zeros, marked not valid everywhere; no measured joints or no pictures of a chosen camera -> an error
that names the episode; a picture does not decode -> an error that names the frame.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from recorder.dataset import episode_number, open_dataset
from recorder.episode import Episode, EpisodeError, EpisodeStream
from recorder.exporters.actions import action_of, join
from recorder.exporters.label_columns import (
    EpisodeLabels,
    episode_labels,
    label_columns,
    phase_names,
    without_people,
)
from recorder.exporters.plan import ActionDefinition, ExportError, ExportPlan
from recorder.exporters.rows import CameraColumn, Column, ExportEpisode, StreamClock
from recorder.exporters.sampling import pick, row_times_ns, rows_before, values_at
from recorder.review.schema import load_label_schemas, schema_for

CONTROL = "supervisor/control"
GROUND_TRUTH = "_without_operator"  # made by the simulation, not seen by a camera


@dataclass
class EpisodeRows(ExportEpisode):
    """One episode as rows; usable while its file is open.

    Attributes
    ----------
    trim_start_ns : int
        Of row 0, after the episode's first sample.
    start_stamp_ns : int
        Of row 0, host monotonic clock.
    action_definition : str
        ``auto`` resolved.
    phases : tuple of str
        Names ``label.phase`` counts within.
    labels_by, reviewers
        Who the labels come from.
    """

    trim_start_ns: int
    action_definition: ActionDefinition
    phases: tuple[str, ...]
    labels_by: str
    reviewers: tuple[str, ...]
    episode: Episode

    def frames(self, camera: CameraColumn) -> Iterator[NDArray[np.uint8]]:
        """Yield N RGB pictures ``(height, width, 3)``; each recorded frame is decoded once."""
        stream = self.episode.stream(camera.name)
        width, height = camera.size
        shown, picture = -1, np.empty((0, 0, 3), np.uint8)
        for index in camera.index:
            if index != shown:
                shown = int(index)
                picture = self._decode(stream, shown)
                if picture.shape[:2] != (height, width):
                    smaller = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
                    picture = np.asarray(smaller, np.uint8)
            yield picture

    def _decode(self, stream: EpisodeStream, index: int) -> NDArray[np.uint8]:
        try:
            return stream.frame(index)
        except (OSError, ValueError) as error:
            raise ExportError(
                f"episode {self.number}: picture {index} of '{stream.name}' cannot be read "
                f"({error}); leave the episode or the camera out"
            ) from None


def camera_streams(episode: Episode, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Return the image streams to export; all colour and visuotactile ones by default.

    Raises
    ------
    ExportError
        A wanted stream is not there or has no colour pictures.
    """
    there = tuple(
        name
        for name, stream in episode.streams.items()
        if stream.spec.kind in ("image", "visuotactile") and stream.spec.shape[2:] == (3,)
    )
    if wanted is None:
        return tuple(name for name in there if not name.endswith(GROUND_TRUTH))
    for name in wanted:
        if name not in there:
            raise ExportError(
                f"'{episode.path.name}' has no colour camera '{name}'; it has "
                f"{', '.join(there) or 'none'}"
            )
    return tuple(wanted)


def sides_of(episode: Episode) -> tuple[str, ...]:
    """Return the sides of the hands in the order of the rig."""
    return tuple(str(hand["side"]) for hand in episode.rig["hands"])


def force_stream(episode: Episode, side: str) -> EpisodeStream | None:
    """Return what normal forces per pad are taken from: fingertip forces, else summed taxels."""
    for quantity in ("fingertip_force", "taxels"):
        stream = episode.streams.get(f"{side}/{quantity}")
        if stream is not None and len(stream):
            return stream
    return None


def has_forces(episode: Episode) -> bool:
    """Whether every hand has a force per pad."""
    return all(force_stream(episode, side) is not None for side in sides_of(episode))


def span_of(plan: ExportPlan, episode: Episode, labels: EpisodeLabels) -> tuple[int, int]:
    """Return first row time and row count: ``(ns after the first sample, rows)``."""
    end_ns = round(episode.duration_s * NS_PER_S) + 1  # the last sample counts
    start_ns = 0
    trim = labels.state.trim
    if plan.trim and trim is not None:
        start_ns, end_ns = min(trim.start_ns, end_ns), min(trim.stop_ns, end_ns)
    return start_ns, rows_before(end_ns - start_ns, plan.rate_hz)


@contextlib.contextmanager
def open_export_episode(
    plan: ExportPlan,
    path: Path,
    final_labels: EpisodeLabels | None = None,
    phases: Sequence[str] | None = None,
) -> Iterator[EpisodeRows]:
    """Open an episode for a format writer.

    Parameters
    ----------
    plan : ExportPlan
        Rate, cameras, action, policies, trim and what to hide.
    path : Path
        The episode file.
    final_labels : EpisodeLabels, optional
        Read from the dataset's reviews by default.
    phases : sequence of str, optional
        Names ``label.phase`` counts within; those of the task's schema and of the labels by
        default.

    Raises
    ------
    ExportError
        The episode cannot be exported as planned; the message is one sentence.
    """
    try:
        episode = Episode(path)
    except EpisodeError as error:
        raise ExportError(str(error)) from None
    with episode:
        facts = episode.attributes
        labels = final_labels
        if labels is None:
            labels = episode_labels(open_dataset(plan.dataset), str(facts["uuid"]), episode.outcome)
        if phases is None:
            schema = schema_for(load_label_schemas(plan.dataset), str(facts["task"]))
            phases = phase_names([[term.name for term in schema.phases]], [labels.state])
        if plan.hide_people:
            labels = without_people(labels)
        try:
            rows = _rows(plan, episode, labels, tuple(phases))
        except (KeyError, OSError) as error:
            said = error.args[0] if isinstance(error, KeyError) else error
            raise ExportError(f"episode '{path.name}' cannot be exported: {said}") from None
        yield rows


def _rows(
    plan: ExportPlan, episode: Episode, labels: EpisodeLabels, phases: tuple[str, ...]
) -> EpisodeRows:
    facts = episode.attributes
    number = episode_number(episode.path)
    trim_start_ns, length = span_of(plan, episode, labels)
    if length < 2:
        raise ExportError(
            f"episode {number}: {length} rows at {plan.rate_hz} Hz are left; a dataset needs two"
        )
    relative_ns = trim_start_ns + row_times_ns(length + 1, plan.rate_hz)
    reader = _Reader(plan, episode, relative_ns + episode.start_stamp_ns)
    definition = action_of(plan.action, str(facts["operator_source"]), has_forces(episode))
    columns = reader.observations()
    if definition != "sent" and reader.has("joints_sent"):
        columns["sent"] = reader.joints("sent", "joints_sent")
    action = reader.action(definition)
    for column in label_columns(labels.state, relative_ns[:-1], phases, reader.pads()):
        columns[column.name] = column
    cameras = tuple(reader.camera(name) for name in camera_streams(episode, plan.cameras))
    return EpisodeRows(
        number=number,
        uuid=str(facts["uuid"]),
        task=str(facts["task"]),
        instruction=labels.state.instruction or str(facts["instruction"]),
        operator_code="" if plan.hide_people else str(facts["operator_code"]),
        operator_source=str(facts["operator_source"]),
        rig_name=str(facts["rig_name"]),
        outcome=labels.outcome,
        quality=labels.state.quality,
        labels=labels.state,
        length=length,
        rate_hz=plan.rate_hz,
        time_s=np.arange(length) / plan.rate_hz,
        start_stamp_ns=int(relative_ns[0] + episode.start_stamp_ns),
        action=action,
        columns=columns,
        cameras=cameras,
        clocks=tuple(reader.clocks.values()),
        trim_start_ns=trim_start_ns,
        action_definition=definition,
        phases=phases,
        labels_by=labels.by,
        reviewers=labels.reviewers,
        episode=episode,
    )


class _Reader:
    """Brings the streams of one episode to ``at_ns``, which holds one time more than rows."""

    def __init__(self, plan: ExportPlan, episode: Episode, at_ns: NDArray[np.int64]) -> None:
        self._plan, self._episode = plan, episode
        self._now_ns, self._next_ns = at_ns[:-1], at_ns[1:]
        self._sides = sides_of(episode)
        self.clocks: dict[str, StreamClock] = {}

    def has(self, quantity: str) -> bool:
        return all(len(self._episode.streams.get(f"{side}/{quantity}", ())) for side in self._sides)

    def pads(self) -> tuple[str, ...]:
        return tuple(f"{side}_{finger}" for side in self._sides for finger in self._fingers(side))

    def _fingers(self, side: str) -> tuple[str, ...]:
        for quantity in ("fingertip_force", "taxels", "fingertip_pressure"):
            stream = self._episode.streams.get(f"{side}/{quantity}")
            if stream is not None:
                return _row_names(stream)
        return ()

    def observations(self) -> dict[str, Column]:
        found = {"observation.state": self.joints("observation.state", "joints_measured")}
        for name in ("velocity", "effort"):
            if self.has(f"joints_{name}_measured"):
                key = f"observation.{name}"
                found[key] = self.joints(key, f"joints_{name}_measured")
        for quantity, short in (
            ("fingertip_force", "force"),
            ("taxels", "taxels"),
            ("fingertip_pressure", "pressure"),
        ):
            for side in self._sides:
                if f"{side}/{quantity}" in self._episode.streams:
                    name = f"observation.{short}.{side}"
                    found[name] = self._one(name, f"{side}/{quantity}", self._now_ns)
        if len(self._episode.streams.get(CONTROL, ())):
            found["control"] = self._one("control", CONTROL, self._now_ns)
        return found

    def joints(self, name: str, quantity: str, later: bool = False) -> Column:
        parts = []
        for side in self._sides:
            stream = self._episode.stream(f"{side}/{quantity}")
            if not len(stream):
                raise ExportError(
                    f"'{self._episode.path.name}': stream '{stream.name}' is empty; "
                    "leave the episode out or choose another action"
                )
            at_ns = self._next_ns if later else self._now_ns
            parts.append(self._one(name, stream.name, at_ns, keep_clock=not later))
        return join(name, parts)

    def action(self, definition: ActionDefinition) -> Column:
        if definition == "sent":
            return self.joints("action", "joints_sent")
        joints = self.joints("action", "joints_measured", later=True)
        if definition == "next_measured":
            return joints
        return join("action", [joints, *(self._normal_force(side) for side in self._sides)])

    def _normal_force(self, side: str) -> Column:
        stream = force_stream(self._episode, side)
        if stream is None:
            raise ExportError(
                f"'{self._episode.path.name}': the {side} hand has no forces; choose the action "
                "'next_measured'"
            )
        whole = self._one("action", stream.name, self._next_ns, keep_clock=False)
        forces = whole.data.reshape(len(whole.data), *whole.shape)
        normal = forces[..., 2] if forces.ndim == 3 else forces[..., 2].sum(axis=2)
        names = tuple(f"{side}_{finger}_normal_force" for finger in self._fingers(side))
        return Column("action", normal, names, "N", normal.shape[1:], whole.valid, whole.stamp_ns)

    def _one(
        self, name: str, stream_name: str, at_ns: NDArray[np.int64], keep_clock: bool = True
    ) -> Column:
        stream = self._episode.stream(stream_name)
        data, valid, stamp_ns, policy = values_at(stream, at_ns, self._plan.alignment)
        if keep_clock:
            key = stream_name.replace("/", "_")
            self.clocks[stream_name] = StreamClock(stream_name, key, policy, valid, stamp_ns)
        flat = data.reshape(len(data), -1)
        names = _entry_names(stream)
        return Column(name, flat, names, stream.spec.unit, stream.spec.shape, valid, stamp_ns)

    def camera(self, name: str) -> CameraColumn:
        stream = self._episode.stream(name)
        if not len(stream):
            raise ExportError(
                f"'{self._episode.path.name}': camera '{name}' has no pictures; leave the camera "
                "or the episode out"
            )
        picked = pick(stream, self._now_ns, self._plan.alignment)
        key = name.replace("/", "_")
        stamp_ns = stream.stamp_ns[picked.index]
        self.clocks[name] = StreamClock(name, key, picked.policy, picked.valid, stamp_ns)
        height, width = stream.spec.shape[:2]
        size = self._plan.image_size or (width, height)
        return CameraColumn(name, key, size, picked.index, picked.valid, stamp_ns)


def _entry_names(stream: EpisodeStream) -> tuple[str, ...]:
    """Name every entry of a flattened sample: joints, ``thumb_x``, or ``thumb_17_z``."""
    shape, rows = stream.spec.shape, _row_names(stream)
    side = stream.name.partition("/")[0]
    if stream.spec.kind == "joints":
        return rows
    names = [f"{side}_{row}" for row in rows]
    for size in shape[1:-1]:
        names = [f"{name}_{n}" for name in names for n in range(size)]
    if len(shape) > 1:
        axes = ("x", "y", "z") if shape[-1] == 3 else tuple(str(n) for n in range(shape[-1]))
        names = [f"{name}_{axis}" for name in names for axis in axes]
    return tuple(names)


def _row_names(stream: EpisodeStream) -> tuple[str, ...]:
    """Name the first axis of a sample: its labels, or numbers where it has none."""
    count, labels = stream.spec.shape[0], stream.spec.labels
    return labels[:count] if len(labels) >= count else tuple(str(n) for n in range(count))
