"""The control loop: one tick reads, judges, writes and publishes.

Ladder: a tick that is late is late once, deadlines are absolute and never made up for; a failing
driver stops the motion, not the loop (it is opened anew on reset, on enable, and every 2 s while
OFF); when the process must end, the hands hold for 0.2 s, lose their torque and are closed. Runs
on one thread; only opening a driver may block.
"""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Callable

from devices.clock import now_ns
from devices.hand_driver import HandDriver
from devices.messages import SUPERVISOR_ORDERS, Enable, Reset, SupervisorStatus
from devices.process import ProcessContext
from devices.rig import EVENT_BYTES, HandConfig
from devices.supervision.hand_port import HandPort
from devices.supervision.pacing import Pacer
from devices.supervision.states import State
from devices.supervision.supervisor import Supervisor

STATUS_PERIOD_NS = 50_000_000
SURVEY_TICKS = 10  # sources without authority are heard every 10th tick
COLLECT_PERIOD_NS = 1_000_000_000
COLLECT_SLACK_NS = 2_500_000
FULL_COLLECT_PERIOD_NS = 30_000_000_000
RECORDER_SILENCE_NS = 1_000_000_000
CLOSING_TICKS_S = 0.2
OPEN_PERIOD_NS = 2_000_000_000

log = logging.getLogger(__name__)


class ControlLoop:
    """The supervisor at work in a session.

    Parameters
    ----------
    context : ProcessContext
        Session, bus, signals and health of this process.
    make_driver : callable
        Builds the driver of a ``HandConfig``.
    """

    def __init__(
        self, context: ProcessContext, make_driver: Callable[[HandConfig], HandDriver]
    ) -> None:
        rig, bus = context.session.rig, context.bus
        self.context = context
        self.supervisor = Supervisor(rig.hands)
        self.pacer = Pacer(rig.hands[0].control_rate_hz)
        self.ports = [
            HandPort(rig, self.supervisor.hands[config.side], make_driver(config), bus)
            for config in rig.hands
        ]
        self._orders = bus.inbox("supervisor/control")
        self._recorder = bus.inbox("recorder/status") if context.session.record_required else None
        self._recorder_heard_ns = 0
        self._status = bus.outbox("supervisor/status")
        self._control = bus.publisher(rig.stream("supervisor/control"))
        self._events = bus.publisher(rig.stream("supervisor/events"))
        self._next_status_ns = 0
        self._next_open_ns = 0
        self._next_collect_ns = 0
        self._next_full_collect_ns = 0
        self._late_p99_ms = 0.0
        self._scheduling = ""

    def run(self, scheduling: str = "") -> None:
        """Run until the context says stop, then leave the hands safe."""
        self._scheduling = scheduling
        self._publish(now_ns())
        for port in self.ports:
            port.open(self.supervisor)
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            while not self.context.should_stop:
                self.tick(self.pacer.wait())
                self._collect()
                self._reopen_while_off(now_ns())
            self._wind_down()
        finally:
            for port in self.ports:
                port.close()
            gc.enable()

    def tick(self, at_ns: int) -> None:
        """One period: orders, feedback, requests, judgement, goals, then everything published."""
        supervisor = self.supervisor
        self._receive_orders(at_ns)
        for port in self.ports:
            port.receive_feedback(supervisor)
        everybody = self.pacer.ticks % SURVEY_TICKS == 0
        for port in self.ports:
            port.receive_requests(supervisor, at_ns, everybody)
        self._watch_recorder(at_ns)
        supervisor.tick(now_ns())
        for port in self.ports:
            port.drive(supervisor)
        self._publish(at_ns)

    def _reopen_while_off(self, at_ns: int) -> None:
        """A hand that did not answer is tried again, but only while no hand has torque."""
        if self.supervisor.machine.state is State.OFF and at_ns >= self._next_open_ns:
            for port in self.ports:
                port.reopen_if_failed(self.supervisor)
            self._next_open_ns = now_ns() + OPEN_PERIOD_NS

    def _receive_orders(self, at_ns: int) -> None:
        try:
            for message in self._orders.drain():
                order = SUPERVISOR_ORDERS.validate_python(message)
                if isinstance(order, (Reset, Enable)):
                    for port in self.ports:
                        port.reopen_if_failed(self.supervisor)
                self.supervisor.obey(order, at_ns)
        except ValueError as error:  # not JSON, or not in the vocabulary
            log.warning("order refused: %s", str(error).splitlines()[0])

    def _watch_recorder(self, at_ns: int) -> None:
        if self._recorder is None:
            return
        if self._recorder.newest() is not None:
            self._recorder_heard_ns = at_ns
        if at_ns - self._recorder_heard_ns > RECORDER_SILENCE_NS:
            self.supervisor.hold("the recorder is silent and this session requires recording")

    def _publish(self, at_ns: int) -> None:
        supervisor = self.supervisor
        machine = supervisor.machine
        for port in self.ports:
            port.publish(at_ns)
        lent = self._control.lend()
        lent[:] = (machine.state, machine.authority, machine.epoch)
        self._control.publish(at_ns)
        for event in supervisor.events:
            self._send_event({**event, "stamp_ns": at_ns})
        supervisor.events.clear()
        if supervisor.changed or at_ns >= self._next_status_ns:
            supervisor.changed = False
            self._next_status_ns = at_ns + STATUS_PERIOD_NS
            self._status.send(self.status(at_ns).model_dump())
        self.context.report(
            ticks=self.pacer.ticks,
            missed_ticks=self.pacer.missed_ticks,
            late_p99_ms=round(self._late_p99_ms, 3),
            late_max_ms=round(self.pacer.late_max_ms, 3),
            scheduling=self._scheduling,
        )

    def _send_event(self, event: dict) -> None:
        log.info("%s", event)
        raw = json.dumps(event, separators=(",", ":")).encode()
        if len(raw) > EVENT_BYTES:
            brief = {"event": event["event"], "stamp_ns": event["stamp_ns"], "truncated": True}
            raw = json.dumps(brief).encode()
        self._events.send(raw, event["stamp_ns"])

    def status(self, at_ns: int) -> SupervisorStatus:
        """Everything a client may want to know, at ``at_ns``."""
        supervisor = self.supervisor
        hands = supervisor.hands.values()
        rejects: dict[str, int] = {}
        clamps: dict[str, int] = {}
        for hand in hands:
            for total, counts in ((rejects, hand.gate.rejects), (clamps, hand.gate.clamps)):
                for reason, count in counts.items():
                    total[reason] = total.get(reason, 0) + count
        cause, cause_by = supervisor.cause(at_ns)
        factors = [p.real_time_factor for p in self.ports if p.real_time_factor is not None]
        return SupervisorStatus(
            stamp_ns=at_ns,
            state=supervisor.state_name,
            authority=supervisor.authority_name,
            epoch=supervisor.machine.epoch,
            cause=cause,
            cause_by=cause_by,
            ticks=self.pacer.ticks,
            missed_ticks=self.pacer.missed_ticks,
            late_p99_ms=round(self._late_p99_ms, 3),
            rejects=rejects,
            clamps=clamps,
            feedback_age_s={
                hand.side: round(hand.watch.age_s(at_ns), 4)
                for hand in hands
                if hand.watch.last is not None
            },
            hand_detail={
                port.hand.side: port.hand.watch.device_error or port.detail for port in self.ports
            },
            temperature_c={
                hand.side: hand.watch.temperature_c
                for hand in hands
                if hand.watch.temperature_c is not None
            },
            real_time_factor=min(factors) if factors else None,
            ramp=min(hand.gate.ramp for hand in hands)
            if supervisor.machine.state is State.ACTIVE
            else 1.0,
        )

    def _collect(self) -> None:
        """Garbage collection happens only where a tick leaves time for it."""
        at_ns = now_ns()
        if at_ns < self._next_collect_ns or self.pacer.slack_ns < COLLECT_SLACK_NS:
            return
        self._next_collect_ns = at_ns + COLLECT_PERIOD_NS
        self._late_p99_ms = self.pacer.late_p99_ms()
        idle = self.supervisor.machine.state is not State.ACTIVE
        if idle and at_ns >= self._next_full_collect_ns:
            self._next_full_collect_ns = at_ns + FULL_COLLECT_PERIOD_NS
            gc.collect()
        else:
            gc.collect(1)

    def _wind_down(self) -> None:
        self.supervisor.hold("the supervisor ends")
        for _ in range(round(CLOSING_TICKS_S * 1e9 / self.pacer.period_ns)):
            self.tick(self.pacer.wait())
        self.supervisor.off("the supervisor ends")
        self.tick(self.pacer.wait())
