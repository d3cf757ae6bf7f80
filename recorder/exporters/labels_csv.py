"""CSV of the labels: tidy tables for spreadsheets and statistics.

=================  ===============================================================================
``episodes.csv``   one line per episode: identity, task, operator, final outcome, quality, trim
``segments.csv``   one line per phase, event, contact, failure and recovery; final ones, and those
                   of each reviewer
``reviewers.csv``  one line per episode and reviewer: what each said, accepted or not
=================  ===============================================================================

RFC 4180: commas, quotes where needed, CRLF; UTF-8 without a mark. Times are ns and seconds after
the episode's first sample, whatever was trimmed. Empty means that nothing was said. A text that
begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return gets ``'`` before it, because
spreadsheets would calculate it.

With ``hide_people`` operators, reviewers and notes are empty, ``reviewers.csv`` is not written and
``segments.csv`` has the final labels only. Everything is small and written at the end.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recorder.dataset import Dataset, open_dataset
from recorder.exporters.episode_rows import EpisodeRows
from recorder.exporters.formats import ExportSet, ExportTarget
from recorder.exporters.plan import ExportPlan
from recorder.review.final import final_labels
from recorder.review.state import LabelState
from recorder.review.store import DamagedJournalError, read_state, reviewers_of

CALCULATED = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet take a cell for a formula
BYTES_PER_ROW = 1.0  # of an episode; the tables do not grow with the rows
NS_PER_S = 1e9
SAID = ("outcome", "quality", "failure_mode", "rejected", "trim_start_s", "trim_stop_s",
        "trim_start_ns", "trim_stop_ns", "instruction", "note")  # fmt: skip
EPISODES = ("number", "uuid", "wall_time", "duration_s", "task", "operator", "operator_source",
            "rig", "labels_by", "reviewers", "disputed", *SAID)  # fmt: skip
REVIEWERS = ("number", "uuid", "reviewer", "accepted", "views", *SAID)
SEGMENTS = ("number", "uuid", "reviewer", "lane", "label", "pair", "proposed", "start_s", "stop_s",
            "start_ns", "stop_ns")  # fmt: skip

Row = Mapping[str, Any]


class LabelsCsvWriter:
    """Writes the labels of all episodes as CSV tables."""

    passes_at_the_end = 0.0

    def begin(self, episodes: ExportSet, plan: ExportPlan, target: ExportTarget) -> None:
        """Learn what will come."""
        self._set, self._plan, self._target = episodes, plan, target

    def write(self, index: int, episode: EpisodeRows) -> dict[str, Any]:
        """Note the lines of one episode."""
        uuid = {"number": episode.number, "uuid": episode.uuid}
        recorded = episode.episode.attributes
        facts = uuid | {
            "wall_time": str(recorded["wall_time"]),
            "duration_s": round(float(recorded["duration_s"]), 9),
            "task": episode.task,
            "operator": episode.operator_code,
            "operator_source": episode.operator_source,
            "rig": episode.rig_name,
            "labels_by": episode.labels_by,
            "reviewers": ";".join(episode.reviewers),
        }
        said = said_of(episode.labels) | {
            "outcome": episode.outcome,
            "instruction": episode.instruction,
        }
        segments = [uuid | {"reviewer": ""} | row for row in segments_of(episode.labels)]
        return {"facts": facts | said, "segments": segments}

    def finish(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Write the tables."""
        dataset = open_dataset(self._plan.dataset)
        episodes = [self._with_disputed(dataset, one["facts"]) for one in results]
        segments = [row for one in results for row in one["segments"]]
        if not self._plan.hide_people:
            reviews = list(self._reviews(dataset))
            for head, state in reviews:
                own = {name: head[name] for name in ("number", "uuid", "reviewer")}
                segments += [own | row for row in segments_of(state)]
            self._table("reviewers.csv", REVIEWERS, [head for head, _ in reviews])
        self._table("episodes.csv", EPISODES, episodes)
        self._table("segments.csv", SEGMENTS, segments)

    @classmethod
    def bytes_per_row(cls, episodes: ExportSet, plan: ExportPlan) -> float:
        """Estimate of the bytes per row of an episode."""
        return BYTES_PER_ROW

    def _with_disputed(self, dataset: Dataset, facts: Row) -> Row:
        disputed = final_labels(dataset, facts["uuid"]).disputed
        return {**facts, "disputed": ";".join(disputed)}

    def _reviews(self, dataset: Dataset) -> Iterator[tuple[Row, LabelState]]:
        """Yield what each reviewer said of each episode; a damaged journal says nothing."""
        for facts in self._set.episodes:
            for reviewer in sorted(reviewers_of(dataset)):
                try:
                    state = read_state(dataset, reviewer, facts.uuid)
                except DamagedJournalError:
                    continue
                if state is not None and not state.is_empty:
                    head = {
                        "number": facts.number,
                        "uuid": facts.uuid,
                        "reviewer": reviewer,
                        "accepted": state.accepted,
                        "views": ";".join(state.views),
                    }
                    yield head | said_of(state), state

    def _table(self, name: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        with (
            self._target.file(name) as path,
            open(path, "w", newline="", encoding="utf-8") as file,
        ):
            table = csv.writer(file)
            table.writerow(columns)
            for row in rows:
                table.writerow([cell(row.get(column)) for column in columns])


def said_of(state: LabelState) -> dict[str, Any]:
    """Return the scalar lanes of a state by column."""
    trim = state.trim
    return {
        "outcome": state.outcome,
        "quality": state.quality,
        "failure_mode": state.failure_mode,
        "rejected": state.rejected,
        "instruction": state.instruction,
        "note": state.note,
        **(_times("trim_", trim.start_ns, trim.stop_ns) if trim else {}),
    }


def segments_of(state: LabelState) -> list[dict[str, Any]]:
    """Return everything in a state that has a time, in the order of lanes and times.

    A failure and its recovery have the same number in ``pair``; an event has no stop.
    """
    rows: list[dict[str, Any]] = []
    for phase in sorted(state.phases.values(), key=lambda one: one.start_ns):
        rows.append(_segment("phase", phase.label, phase.start_ns, phase.stop_ns))
    for mark in sorted(state.events.values(), key=lambda one: (one.at_ns, one.label)):
        rows.append(_segment("event", mark.label, mark.at_ns, None))
    for contact in sorted(state.contacts.values(), key=lambda one: (one.start_ns, one.finger)):
        row = _segment("contact", contact.finger, contact.start_ns, contact.stop_ns)
        rows.append(row | {"proposed": contact.proposed})
    recoveries = sorted(state.recoveries.values(), key=lambda one: one.failure.start_ns)
    for pair, one in enumerate(recoveries, start=1):
        for lane, span in (("failure", one.failure), ("recovery", one.recovery)):
            rows.append(_segment(lane, one.mode, span.start_ns, span.stop_ns) | {"pair": pair})
    return rows


def cell(value: Any) -> str:
    """Return a value as a cell: text safe from being calculated, nothing as an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(CALCULATED) else value
    return repr(value)


def _segment(lane: str, label: str, start_ns: int, stop_ns: int | None) -> dict[str, Any]:
    return {"lane": lane, "label": label, **_times("", start_ns, stop_ns)}


def _times(prefix: str, start_ns: int, stop_ns: int | None) -> dict[str, Any]:
    times = {f"{prefix}start_s": start_ns / NS_PER_S, f"{prefix}start_ns": start_ns}
    if stop_ns is not None:
        times |= {f"{prefix}stop_s": stop_ns / NS_PER_S, f"{prefix}stop_ns": stop_ns}
    return times
