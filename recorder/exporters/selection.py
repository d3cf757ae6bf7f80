"""Which episodes an export contains, and whether they agree.

Rows of one export must mean the same: same hands, joints, pads, cameras and action. What differs is
refused with the name of the first episode that does, before anything is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder.catalogue import Catalogue, EpisodeRow
from recorder.dataset import Dataset, companions, open_dataset
from recorder.durability import free_bytes
from recorder.episode import Episode, EpisodeError
from recorder.exporters.actions import action_of, common_action
from recorder.exporters.episode_rows import (
    CONTROL,
    camera_streams,
    has_forces,
    sides_of,
    span_of,
)
from recorder.exporters.formats import AS_RECORDED, EpisodeFacts, ExportSet, writer_for
from recorder.exporters.label_columns import EpisodeLabels, episode_labels, phase_names
from recorder.exporters.plan import ActionDefinition, ExportError, ExportPlan
from recorder.progress import ProgressMeter, Report, quiet
from recorder.review.schema import load_label_schemas, schema_for

FLOAT_BYTES = 4
CLOCK_BYTES = 9  # a stamp and a mark
QUANTITIES = (
    "joints_measured",
    "joints_velocity_measured",
    "joints_effort_measured",
    "joints_sent",
    "fingertip_force",
    "taxels",
    "fingertip_pressure",
)


@dataclass(frozen=True)
class Skipped:
    """An episode that stays out, and why."""

    number: int
    reason: str


@dataclass(frozen=True)
class Selection:
    """What an export will contain.

    Attributes
    ----------
    chosen : ExportSet
        What the format writer is told.
    labels : tuple of EpisodeLabels
        Final labels of the episodes, in the same order.
    skipped : tuple of Skipped
    bytes : int
        Estimated size.
    free : int
        Bytes free where the export goes.
    """

    chosen: ExportSet
    labels: tuple[EpisodeLabels, ...]
    skipped: tuple[Skipped, ...]
    bytes: int
    free: int

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as JSON."""
        return {
            "episodes": len(self.chosen.episodes),
            "rows": self.chosen.rows,
            "bytes": self.bytes,
            "free": self.free,
            "action": self.chosen.action,
            "cameras": {name: list(size) for name, size in self.chosen.cameras.items()},
            "skipped": [{"episode": one.number, "reason": one.reason} for one in self.skipped],
        }


@dataclass(frozen=True)
class _Found:
    """One episode, opened once."""

    row: EpisodeRow
    path: Path
    labels: EpisodeLabels
    length: int
    action: ActionDefinition
    makeup: dict[str, Any]
    bytes_per_row: int


def select_episodes(plan: ExportPlan, report: Report = quiet) -> Selection:
    """Choose and compare the episodes of ``plan``; nothing is written.

    Raises
    ------
    ExportError
        No episode is left, or two of them do not go together.
    """
    dataset = open_dataset(plan.dataset)
    rows = _wanted(plan, Catalogue(dataset).rows())
    found: list[_Found] = []
    skipped: list[Skipped] = []
    meter = ProgressMeter(len(rows), report)
    for row in rows:
        labels = episode_labels(dataset, row.uuid, row.outcome)
        reason = _left_out(plan, labels)
        if reason:
            skipped.append(Skipped(row.number, reason))
        else:
            found.append(_look(plan, dataset, row, labels))
            if plan.format not in AS_RECORDED:
                _compare(found[0], found[-1])
        meter.advance(1, f"looking at episode {row.number}")
    if not found:
        first = f" (episode {skipped[0].number}: {skipped[0].reason})" if skipped else ""
        raise ExportError(f"no episode of '{plan.dataset}' is left to export{first}")
    chosen = _together(plan, found)
    numeric = sum(one.length * one.bytes_per_row for one in found)
    pictures = writer_for(plan.format).bytes_per_row(chosen, plan) * chosen.rows
    return Selection(
        chosen,
        tuple(one.labels for one in found),
        tuple(skipped),
        round(numeric + pictures),
        free_bytes(_nearest_folder(plan.out)),
    )


def _wanted(plan: ExportPlan, rows: Sequence[EpisodeRow]) -> list[EpisodeRow]:
    if not plan.episodes:
        return list(rows)
    by_number = {row.number: row for row in rows}
    missing = [number for number in plan.episodes if number not in by_number]
    if missing:
        there = f"{min(by_number)} to {max(by_number)}" if by_number else "none"
        raise ExportError(
            f"dataset '{plan.dataset}' has no published episode {missing[0]} (it has {there})"
        )
    return [by_number[number] for number in dict.fromkeys(plan.episodes)]


def _left_out(plan: ExportPlan, labels: EpisodeLabels) -> str:
    if labels.problems:
        return f"its labels cannot be trusted: {labels.problems[0]}"
    if labels.state.rejected and not plan.include_rejected:
        return f"rejected: {labels.state.rejected}"
    if labels.rejection_disputed and not plan.include_rejected:
        return "reviewers differ on rejecting it; settle it in Adjudicate, or include rejected ones"
    if plan.require_outcome and labels.outcome not in plan.require_outcome:
        return f"outcome is {labels.outcome}"
    return ""


def _look(plan: ExportPlan, dataset: Dataset, row: EpisodeRow, labels: EpisodeLabels) -> _Found:
    path = dataset.root / row.path
    try:
        with Episode(path) as episode:
            _, length = span_of(plan, episode, labels)
            source = str(episode.attributes["operator_source"])
            action = action_of(plan.action, source, has_forces(episode))
            makeup = _makeup(plan, episode)
            streams = [
                episode.stream(f"{side}/{quantity}")
                for side in sides_of(episode)
                for quantity in QUANTITIES
                if f"{side}/{quantity}" in episode.streams
            ]
            entries = sum(
                stream.spec.nbytes // _item_bytes(stream.spec.dtype) for stream in streams
            )
            width = entries * FLOAT_BYTES + (len(streams) + len(makeup["cameras"])) * CLOCK_BYTES
    except (EpisodeError, KeyError, OSError) as error:
        said = error.args[0] if isinstance(error, KeyError) else error
        raise ExportError(f"episode {row.number} cannot be exported: {said}") from None
    return _Found(row, path, labels, length, action, makeup, width)


def _item_bytes(dtype: str) -> int:
    return int(dtype[-1])


def _makeup(plan: ExportPlan, episode: Episode) -> dict[str, Any]:
    """What must be the same in all episodes, in the order it is compared."""
    sides = sides_of(episode)
    sizes = {}
    for name in camera_streams(episode, plan.cameras):
        height, width = episode.stream(name).spec.shape[:2]
        sizes[name] = plan.image_size or (width, height)
    return {
        "rig": str(episode.attributes["rig_name"]),
        "hands": {str(hand["side"]): str(hand["model"]) for hand in episode.rig["hands"]},
        "joints": {side: episode.stream(f"{side}/joints_measured").spec.labels for side in sides},
        "cameras": sizes,
        "streams": {
            name: episode.streams[name].spec.shape
            for name in (*(f"{s}/{q}" for s in sides for q in QUANTITIES), CONTROL)
            if len(episode.streams.get(name, ()))
        },
    }


def _compare(first: _Found, other: _Found) -> None:
    for what, value in first.makeup.items():
        if other.makeup[what] != value:
            raise ExportError(
                f"episode {other.row.number} has other {what} than episode {first.row.number} "
                f"({_difference(value, other.makeup[what])}); export them apart with --episodes, "
                "or choose only what both have"
            )


def _difference(a: Any, b: Any) -> str:
    if not isinstance(a, dict):
        return f"{b} instead of {a}"
    for key in [*a, *b]:
        if a.get(key) != b.get(key):
            mine, theirs = a.get(key), b.get(key)
            if mine is None or theirs is None:
                return f"'{key}' is only in one"
            return f"'{key}' is {theirs} instead of {mine}"
    return "in another order"


def _together(plan: ExportPlan, found: Sequence[_Found]) -> ExportSet:
    alike = found[:1] if plan.format in AS_RECORDED else found
    action = common_action((one.row.number, one.row.source, one.action) for one in alike)
    schemas = load_label_schemas(plan.dataset)
    tasks = dict.fromkeys(one.row.task for one in found)
    phases = phase_names(
        ([term.name for term in schema_for(schemas, task).phases] for task in tasks),
        (one.labels.state for one in found),
    )
    facts: list[EpisodeFacts] = []
    first_row = 0
    for index, one in enumerate(found):
        state = one.labels.state
        facts.append(
            EpisodeFacts(
                index=index,
                number=one.row.number,
                uuid=one.row.uuid,
                path=one.path,
                sha256=_sha256(one.path),
                length=one.length,
                first_row=first_row,
                task=one.row.task,
                text=state.instruction or one.row.instruction or one.row.task or "no task given",
                outcome=one.labels.outcome,
                quality=state.quality,
                operator_code="" if plan.hide_people else one.row.operator_code,
            )
        )
        first_row += one.length
    return ExportSet(
        tuple(facts),
        action,
        tuple(phases),
        tuple(dict.fromkeys(one.text for one in facts)),
        found[0].makeup["rig"],
        found[0].makeup["cameras"],
    )


def _sha256(path: Path) -> str:
    """Checksum beside the file, as published with it; computed where it is missing."""
    beside = companions(path)[0]
    if beside.exists():
        return beside.read_text().split()[0]
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _nearest_folder(path: Path) -> Path:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
