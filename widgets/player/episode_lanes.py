"""Which lanes an episode has, from its streams and its overview."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from devices.stream import StreamSpec
from recorder.player.player_episode import PlayerEpisode
from widgets.player.frame_lane import FrameLane, IdleLane, LogLane
from widgets.player.lane import Lane
from widgets.player.lane_values import LaneValues
from widgets.player.value_lanes import CurveLane, HeatLane

MEASURED = "/joints_measured"


def stream_lanes(episode: PlayerEpisode, finger: str = "", blind: bool = False) -> list[Lane]:
    """Lanes of everything recorded: forces, taxels, joints, pictures, events.

    Parameters
    ----------
    episode : PlayerEpisode
        The episode.
    finger : str
        Whose joints are drawn, each in a row of its own; all fingers when empty.
    blind : bool
        Leave out the logs: they tell who or what moved the hand, and may hold a verdict.
    """
    specs = episode.streams()
    sides = {spec.name.split("/")[0] for spec in specs if spec.name.endswith(MEASURED)}
    lanes: list[Lane] = []
    if episode.overview is not None and episode.overview.idle:
        lanes.append(IdleLane(episode.overview.idle))
    lanes += [_force_lane(episode, spec, len(sides)) for spec in specs if spec.kind == "force"]
    lanes += [
        _taxel_lane(episode, spec, len(sides))
        for spec in specs
        if spec.kind == "taxels" and episode.overview and spec.name in episode.overview.lanes
    ]
    lanes += [
        _joint_lane(episode, spec, len(sides), finger)
        for spec in specs
        if spec.name.endswith(MEASURED)
    ]
    lanes += [_frame_lane(episode, spec) for spec in specs if spec.is_image]
    if not blind:
        lanes += [_log_lane(episode, spec) for spec in specs if spec.variable]
    return lanes


def fingers_of(episode: PlayerEpisode) -> tuple[str, ...]:
    """Names of the fingers that feel, of the first stream that has any."""
    for spec in episode.streams():
        if spec.kind in ("force", "taxels"):
            return spec.labels
    return ()


def joint_groups(episode: PlayerEpisode) -> tuple[str, ...]:
    """Names of the fingers (and the wrist) that have joints."""
    for spec in episode.streams():
        if spec.name.endswith(MEASURED):
            return tuple(name for name, _ in _by_finger(spec))
    return ()


def _values(
    episode: PlayerEpisode, spec: StreamSpec, rows_of: Callable[[NDArray], NDArray]
) -> LaneValues:
    summary = episode.overview.lanes.get(spec.name) if episode.overview else None
    numeric = None if spec.kind == "taxels" else partial(episode.numeric, spec.name)
    return LaneValues(summary, numeric, rows_of, episode.duration_ns)


def _named(spec: StreamSpec, word: str, hands: int) -> str:
    return f"{spec.name.split('/')[0]} {word}" if hands > 1 else word


def _force_lane(episode: PlayerEpisode, spec: StreamSpec, hands: int) -> Lane:
    values = _values(episode, spec, lambda rows: rows[..., 2])
    groups = [(finger, [row]) for row, finger in enumerate(spec.labels)]
    return CurveLane(spec.name, _named(spec, "force", hands), values, groups, "N", filled=True)


def _taxel_lane(episode: PlayerEpisode, spec: StreamSpec, hands: int) -> Lane:
    values = _values(episode, spec, lambda rows: rows[..., 2].sum(axis=-1))
    return HeatLane(spec.name, _named(spec, "taxels", hands), values, spec.labels)


def _joint_lane(episode: PlayerEpisode, spec: StreamSpec, hands: int, finger: str) -> Lane:
    groups = _by_finger(spec)
    if finger:
        members = next((members for name, members in groups if name == finger), [])
        groups = [(spec.labels[m].split(f"{finger}_")[-1].replace("_", " "), [m]) for m in members]
    values = _values(episode, spec, np.asarray)
    return CurveLane(spec.name, _named(spec, "joints", hands), values, groups, spec.unit)


def _by_finger(spec: StreamSpec) -> list[tuple[str, list[int]]]:
    side = spec.name.split("/")[0]
    groups: dict[str, list[int]] = {}
    for index, label in enumerate(spec.labels):
        groups.setdefault(label.removeprefix(f"{side}_").split("_")[0], []).append(index)
    return list(groups.items())


def _frame_lane(episode: PlayerEpisode, spec: StreamSpec) -> Lane:
    gaps: Sequence = [gap for gap in episode.gaps if gap.stream == spec.name]
    title = spec.name.removesuffix("/visuotactile").replace("/", " ").replace("_", " ")
    return FrameLane(spec.name, title, episode.frame_times_ns(spec.name), spec.rate_hz, gaps)


def _log_lane(episode: PlayerEpisode, spec: StreamSpec) -> Lane:
    times_ns = episode.frame_times_ns(spec.name)

    def text_of(index: int) -> str:
        frame = episode.frame(spec.name, index)
        return "" if frame is None else event_text(bytes(frame.data))

    title = f"{spec.name.split('/')[0]} log"
    return LogLane(spec.name, title, times_ns, text_of)


def event_text(stored: bytes) -> str:
    """An event in words: its name first, then its plain facts."""
    try:
        facts = json.loads(stored)
    except ValueError:
        return "unreadable event"
    if not isinstance(facts, dict):
        return str(facts)
    name = str(facts.pop("event", facts.pop("kind", "event")))
    rest = [
        f"{key} {value}"
        for key, value in facts.items()
        if isinstance(value, str | int) and value != "" and not key.endswith("_ns")
    ]
    return ", ".join([name.replace("_", " "), *rest])
