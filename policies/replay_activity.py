"""A replay as an activity of the operator process: load, ease in, follow, pause, end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_MS
from devices.messages import RunReplay
from devices.rig import Rig
from policies.activity import WaitingActivity
from policies.hand_source import HandSource
from policies.operator_inputs import Authority
from policies.replay import (
    Recording,
    ReplayError,
    ReplayTimeline,
    ease_seconds,
    load_recordings,
)

AHEAD_NS = 150 * NS_PER_MS  # a replay survives a pause of this process of that length


class ReplayActivity(WaitingActivity):
    """An episode played back on the hand.

    Parameters
    ----------
    rig : Rig
        The open rig.
    order : RunReplay
        What to replay and how.
    hands : sequence of HandSource
        The hands, in the rig's order.
    """

    kind: Literal["script", "replay"] = "replay"

    def __init__(self, rig: Rig, order: RunReplay, hands: Sequence[HandSource]) -> None:
        super().__init__(hands, ("replay",))
        self.name = order.episode
        self.detail: dict[str, Any] = {
            "speed": order.speed,
            "start_s": order.start_s,
            "with_forces": order.with_forces,
        }
        self._rig, self._order = rig, order
        self._paused = False
        self._timelines: dict[str, ReplayTimeline] = {}
        self._recordings: dict[str, Recording] = {}
        chains = {hand.hand.side: hand.kinematics for hand in hands}
        try:
            self._recordings = load_recordings(
                order.episode,
                rig,
                order.speed,
                order.start_s,
                chains if order.with_forces else None,
            )
        except ReplayError as error:
            self._end(str(error))

    def pause(self, paused: bool, at_ns: int) -> None:
        """Stay, or go on; before the replay has begun it does nothing."""
        if paused == self._paused or not self._timelines:
            return
        self._paused = paused
        for timeline in self._timelines.values():
            if paused:
                timeline.pause()
            else:
                timeline.resume(at_ns)

    @property
    def speed(self) -> float:
        """How fast the episode passes now; 0 while paused."""
        return 0.0 if self._paused or not self._timelines else self._order.speed

    def episode_s(self, at_ns: int) -> float | None:
        """Time within the episode at ``at_ns``, seconds; None before the ease-in has ended."""
        for timeline in self._timelines.values():
            recorded_s = timeline.recorded_s(at_ns)
            if recorded_s is not None:
                return self._order.start_s + recorded_s * self._order.speed
        return None

    def tick(self, authority: Authority, at_ns: int) -> None:
        """Advance to ``at_ns`` (host clock) under ``authority``."""
        if self.ended:
            return
        if self._begin_ns is None:
            poses = self._poses(authority, at_ns)
            if poses is None:
                return
            ease_s = ease_seconds(self._recordings, self._rig, poses)
            self._begin_ns = at_ns
            self._timelines = {
                side: ReplayTimeline(recording, poses[side], ease_s, at_ns)
                for side, recording in self._recordings.items()
            }
        if not self._keeps(authority):
            return
        for hand in self._hands:
            chunk = self._timelines[hand.hand.side].take(at_ns, at_ns + AHEAD_NS)
            if chunk is not None:
                hand.request_replay(authority.epoch, *chunk)
        if self._paused:
            return
        end_ns = max(timeline.end_ns for timeline in self._timelines.values())
        self.progress = min(1.0, (at_ns - self._begin_ns) / max(1, end_ns - self._begin_ns))
        if at_ns >= end_ns:
            self._end()

    def intent(self, side: str) -> NDArray[np.float64] | None:
        """Intent ``(23,)`` for the wearer on ``side``; a replay has none."""
        return None

    def pulls(self) -> NDArray[np.float64] | None:
        """Rows of ``operator/pulls``; a replay pulls nothing."""
        return None
