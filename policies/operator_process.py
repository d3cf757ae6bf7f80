"""The operator process: everything that decides what a human operator would decide.

``python -m policies.operator_process --session FILE``, 200 Hz. It owns the exoskeletons of the
rig, plays scripts and replays, merges the window's pulls with the script's, and sends requests
under the authority's epoch. When anything goes wrong with a script or a replay, that activity
ends, the reason stands in ``operator/status``, and the hand stays with the supervisor.
"""

from __future__ import annotations

import gc
import json
import logging
import threading
from typing import Any

from pydantic import ValidationError

from devices.clock import NS_PER_MS, NS_PER_S, now_ns
from devices.messages import (
    OPERATOR_ORDERS,
    OperatorStatus,
    PauseReplay,
    RunReplay,
    RunScript,
    StopScript,
)
from devices.process import HEALTH_PERIOD_NS, ProcessContext, raise_priority
from policies.activity import Activity, ScriptActivity
from policies.hand_source import HandSource
from policies.operator_inputs import ObjectWatch, SupervisorWatch
from policies.pull_merger import PullMerger
from policies.replay_activity import ReplayActivity

RATE_HZ = 200.0
STATUS_PERIOD_NS = NS_PER_S // 10
LATE_TICK_S = 0.05  # a longer pause (a stopped process) is not made up for in one step

log = logging.getLogger(__name__)


class OperatorProcess:
    """One operator for all hands of the rig.

    Parameters
    ----------
    context : ProcessContext
        The process and its session.
    """

    def __init__(self, context: ProcessContext) -> None:
        bus, session = context.bus, context.session
        self._context = context
        self._rig = session.rig
        self._supervisor = SupervisorWatch(bus)
        self._objects = ObjectWatch(bus, session.rig)
        self._hands = [HandSource(bus, session, hand) for hand in session.rig.hands]
        self._pulls = PullMerger(bus, session.rig)
        self._orders = bus.inbox("operator/control")
        self._status = bus.outbox("operator/status")
        self._events = bus.publisher(session.rig.stream("operator/events"))
        self._activity: Activity | None = None
        self._progress = 0.0
        self._error = "; ".join(hand.exo_problem for hand in self._hands if hand.exo_problem)
        if self._error:
            log.error("%s", self._error)
        self._next_status_ns = 0
        self._next_health_ns = 0
        self._last_ns: int | None = None
        self._longest_ns = 0

    def run(self) -> None:
        """Tick until the session ends, then release everything."""
        pause = threading.Event()
        gc.collect()
        gc.freeze()  # what was imported stays; a full collection would stop the hand's requests
        period_ns = int(NS_PER_S / RATE_HZ)
        next_ns = now_ns()
        try:
            while not self._context.should_stop:
                self.tick(now_ns())
                next_ns = max(next_ns + period_ns, now_ns() - period_ns)
                pause.wait(max(0.0, (next_ns - now_ns()) / NS_PER_S))
        finally:
            self.close()

    def tick(self, at_ns: int) -> None:
        """Obey orders, advance the activity and the hands, publish (``at_ns``: host clock)."""
        for order in self._orders.drain():
            self._obey(order, at_ns)
        since_ns = 0 if self._last_ns is None else at_ns - self._last_ns
        dt_s = min(since_ns / NS_PER_S, LATE_TICK_S)
        self._longest_ns = max(self._longest_ns, since_ns)
        self._last_ns = at_ns
        authority = self._supervisor.authority(at_ns)
        self._objects.poll()
        activity = self._activity
        if activity is not None:
            activity.tick(authority, at_ns)
            self._progress = activity.progress
            if activity.ended:
                self._end(activity, activity.error, at_ns)
                activity = None
        for hand in self._hands:
            intent = activity.intent(hand.hand.side) if activity else None
            hand.tick(authority, intent, at_ns, dt_s)
        self._pulls.tick(activity.pulls() if activity else None, at_ns)
        if at_ns >= self._next_status_ns:
            self._report(at_ns)
        if at_ns >= self._next_health_ns:
            self._next_health_ns = at_ns + HEALTH_PERIOD_NS
            self._context.report(force=True, longest_tick_ms=self._longest_ns / NS_PER_MS)
            self._longest_ns = 0

    def close(self) -> None:
        """Let go of pulls, devices and streams; safe to call twice."""
        self._pulls.close()
        for hand in self._hands:
            hand.close()
        self._events.close()

    def _obey(self, message: dict[str, Any], at_ns: int) -> None:
        try:
            order = OPERATOR_ORDERS.validate_python(message)
        except ValidationError as error:
            log.warning("operator order refused: %s", error.errors()[0]["msg"])
            return
        match order:
            case RunScript():
                self._begin(ScriptActivity(self._rig, order, self._hands, self._objects), at_ns)
            case RunReplay():
                self._begin(ReplayActivity(self._rig, order, self._hands), at_ns)
            case PauseReplay():
                if isinstance(self._activity, ReplayActivity):
                    self._activity.pause(order.paused, at_ns)
                    self._report(at_ns)
            case StopScript():
                if self._activity is not None:
                    self._end(self._activity, "", at_ns)

    def _begin(self, activity: Activity, at_ns: int) -> None:
        if self._activity is not None:
            self._end(self._activity, f"'{self._activity.name}' was replaced", at_ns)
        self._activity, self._progress, self._error = activity, 0.0, ""
        self._tell(f"{activity.kind}_started", name=activity.name, **activity.detail)
        self._report(at_ns)

    def _end(self, activity: Activity, error: str, at_ns: int) -> None:
        self._activity = None
        self._error = error
        for hand in self._hands:
            hand.rest()
        self._tell(f"{activity.kind}_ended", name=activity.name, error=error)
        if error:
            log.warning("%s '%s' ended: %s", activity.kind, activity.name, error)
        self._report(at_ns)

    def _tell(self, event: str, **detail: Any) -> None:
        self._events.send(json.dumps({"event": event, **detail}).encode())

    def _report(self, at_ns: int) -> None:
        self._next_status_ns = at_ns + STATUS_PERIOD_NS
        activity = self._activity
        replay = activity if isinstance(activity, ReplayActivity) else None
        status = OperatorStatus(
            stamp_ns=at_ns,
            activity=activity.kind if activity else "idle",
            name=activity.name if activity else "",
            progress=self._progress,
            error=self._error,
            episode_s=replay.episode_s(at_ns) if replay else None,
            speed=replay.speed if replay else 0.0,
        )
        self._status.send(status.model_dump(mode="json"))


def main(argv: list[str] | None = None) -> None:
    """Entry point of the process."""
    context = ProcessContext.from_command_line("operator", argv)
    logging.basicConfig(level=logging.INFO, format="operator: %(message)s")
    raise_priority(nice=-10)  # a late request is a hand on hold
    OperatorProcess(context).run()


if __name__ == "__main__":
    main()
