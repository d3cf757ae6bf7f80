"""What an export says of itself: choices, provenance and every row that was repeated.

It stands in ``thenar_export.json`` of every format. Nothing in it names a machine, a path or a
serial number, and with ``hide_people`` nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recorder.align import AGE_PERIODS
from recorder.exporters.actions import ACTION_MEANING
from recorder.exporters.episode_rows import EpisodeRows
from recorder.exporters.formats import AS_RECORDED, EpisodeFacts, ExportSet
from recorder.exporters.label_columns import segments_of
from recorder.exporters.plan import ExportPlan
from recorder.exporters.sampling import PICTURE_AGE_PERIODS
from recorder.header import software_version

EXPORT_SCHEMA = "thenar.export/1"


def episode_account(facts: EpisodeFacts, episode: EpisodeRows) -> dict[str, Any]:
    """Return what the export says of one episode."""
    return {
        "index": facts.index,
        "number": facts.number,
        "uuid": facts.uuid,
        "sha256": facts.sha256,
        "rows": episode.length,
        "start_stamp_ns": episode.start_stamp_ns,
        "trimmed_start_s": episode.trim_start_ns / 1e9,
        "task": episode.task,
        "instruction": episode.instruction,
        "operator": episode.operator_code,
        "operator_source": episode.operator_source,
        "outcome": episode.outcome,
        "failure_mode": episode.labels.failure_mode,
        "quality": episode.quality,
        "rejected": episode.labels.rejected,
        "note": episode.labels.note,
        "labels_by": episode.labels_by,
        "reviewers": list(episode.reviewers),
        "segments": segments(episode),
        "alignment": {clock.stream: clock.policy for clock in episode.clocks},
        "repeated_rows": {clock.stream: int((~clock.valid).sum()) for clock in episode.clocks},
    }


def segments(episode: EpisodeRows) -> dict[str, Any]:
    """Return phases, events, contacts and recoveries of an episode in seconds of its rows."""
    return segments_of(episode.labels, episode.trim_start_ns, episode.length, episode.rate_hz)


def export_account(
    plan: ExportPlan, chosen: ExportSet, episodes: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return ``thenar_export.json``."""
    return {
        "schema": EXPORT_SCHEMA,
        "program": f"thenar {software_version()}",
        "format": plan.format,
        "plan": plan.model_dump(mode="json", exclude={"dataset", "out"}),
        "rig": chosen.rig_name,
        "clock": {
            "row_time_ns": "round(row * 1e9 / rate_hz) after the episode's start_stamp_ns",
            "stamps": "host monotonic clock of the recording host, ns",
        },
        "action": None
        if plan.format in AS_RECORDED
        else {"definition": chosen.action, "meaning": ACTION_MEANING[chosen.action]},
        "alignment": {
            "policies": dict(episodes[0]["alignment"]) if episodes else {},
            "missing": "the nearest sample is repeated and the row is marked not valid",
            "largest_age_periods": {"pictures": PICTURE_AGE_PERIODS, "others": AGE_PERIODS},
        },
        "phases": list(chosen.phases),
        "cameras": {name: list(size) for name, size in chosen.cameras.items()},
        "rows": chosen.rows,
        "episodes": [
            {name: value for name, value in episode.items() if name != "alignment"}
            for episode in episodes
        ],
    }
