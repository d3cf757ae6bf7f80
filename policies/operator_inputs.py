"""What the operator process hears: the supervisor's word, the hand's pose, the window's wishes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from devices.bus import Bus
from devices.messages import SupervisorStatus
from devices.rig import HandConfig, Rig
from devices.wire import intent_spec

STATUS_AGE_NS = 500_000_000  # the supervisor speaks at 20 Hz; ten missed reports mean it is gone
POSE_AGE_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class Authority:
    """Who may move the hands now: a source's name (``none`` unless ACTIVE) and its epoch.

    ``cause`` is the supervisor's reason for its present state, for people.
    """

    source: str = "none"
    epoch: int = -1
    cause: str = field(default="", compare=False)


class SupervisorWatch:
    """Follows ``supervisor/status``; silence counts as no authority."""

    def __init__(self, bus: Bus) -> None:
        self._inbox = bus.inbox("supervisor/status")
        self._status: SupervisorStatus | None = None

    def authority(self, at_ns: int) -> Authority:
        """Return the authority at ``at_ns`` (host clock, ns)."""
        message = self._inbox.newest()
        if message is not None:
            try:
                self._status = SupervisorStatus.model_validate(message)
            except ValidationError:
                self._status = None
        status = self._status
        if status is None or at_ns - status.stamp_ns > STATUS_AGE_NS:
            return Authority(cause="the supervisor is silent")
        if status.state != "ACTIVE":
            return Authority(cause=f"{status.state}, {status.cause}".rstrip(", "))
        return Authority(status.authority, status.epoch, status.cause)


class LiveIntent:
    """The window's intent for one hand, followed only once it changes.

    Sliders stand somewhere when a hand is armed or a script ends; the hand must not run to them.
    ``rest`` remembers where they stand, and ``wanted`` is None until they move from there. A window
    that has not published anything yet moves with its first intent.
    """

    def __init__(self, bus: Bus, side: str) -> None:
        self._queue = bus.subscriber(intent_spec(side), depth=2)
        self._newest: NDArray[np.float64] | None = None
        self._resting: NDArray[np.float64] | None = None
        self._moved = False

    def rest(self) -> None:
        """Ignore the intent until it moves from where it stands."""
        self.wanted()  # takes over what is still queued
        self._resting = self._newest
        self._moved = False

    def wanted(self) -> NDArray[np.float64] | None:
        """Return the intent ``(23,)`` to follow, or None while it rests."""
        sample = self._queue.newest()
        if sample is not None and np.isfinite(sample.data).all():
            self._newest = sample.data
            rests = self._resting is not None and np.array_equal(sample.data, self._resting)
            self._moved = self._moved or not rests
        return self._newest if self._moved else None


class MeasuredPose:
    """The newest measured pose of one hand."""

    def __init__(self, bus: Bus, rig: Rig, hand: HandConfig) -> None:
        self._queue = bus.subscriber(rig.stream(f"{hand.side}/joints_measured"), depth=2)
        self._pose: NDArray[np.float64] | None = None
        self._stamp_ns = 0

    def newest(self, at_ns: int) -> NDArray[np.float64] | None:
        """Return the pose ``(J,)``, or None when there is none or it is too old at ``at_ns``."""
        sample = self._queue.newest()
        if sample is not None:
            self._pose, self._stamp_ns = sample.data, sample.stamp_ns
        if self._pose is None or at_ns - self._stamp_ns > POSE_AGE_NS:
            return None
        return self._pose


class ObjectWatch:
    """Where the objects of the simulated world are."""

    def __init__(self, bus: Bus, rig: Rig) -> None:
        spec = rig.stream("world/objects") if rig.world is not None else None
        self._queue = bus.subscriber(spec, depth=2) if spec is not None else None
        self._poses: NDArray[np.float64] | None = None

    def poll(self) -> None:
        """Take over the newest poses; call it every tick."""
        sample = self._queue.newest() if self._queue is not None else None
        if sample is not None:
            self._poses = sample.data

    def positions_m(self) -> dict[str, NDArray[np.float64]] | None:
        """Return the centre ``(3,)`` of every object by name, or None before the first report."""
        if self._queue is None or self._poses is None:
            return None
        return dict(zip(self._queue.spec.labels, self._poses[:, :3], strict=True))
