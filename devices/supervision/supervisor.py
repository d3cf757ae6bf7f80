"""The supervisor's decisions: orders, requests and feedback in; modes and sent goals out.

One object for all hands of a rig: one state machine, one gate and one feedback watch per hand; a
fault of any hand ends the motion of all. Ladder, worst first, judged anew in every tick:

- STOP from any client -> STOPPED, hands stiff at the measured pose, latched;
- a hand's fault, over-temperature, feedback lost -> FAULT, that hand without torque, latched;
- late or bad feedback, warm motors, no heartbeat, silent source, 6 rejects in a row -> HOLD.

Pure: no clock, bus or driver of its own; ``loop`` connects it to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.hand_driver import HandFeedback
from devices.messages import (
    Arm,
    CauseBy,
    Enable,
    HandState,
    Heartbeat,
    Hold,
    Off,
    Reset,
    SourceName,
    Stop,
    SupervisorOrder,
)
from devices.requests import Source
from devices.rig import HandConfig
from devices.supervision.gate import Command, CommandGate, GateLimits
from devices.supervision.states import Refusal, State, StateMachine
from devices.supervision.watchdog import TEMPERATURE_WARN_C, Deadman, FeedbackWatch
from devices.wire import HandMode

REJECTS_TO_HOLD = 5  # more than this many in a row (RELIABILITY section 5)
START_GRACE_NS = 5_000_000_000  # time a source has to begin after arming; nothing moves meanwhile
REFUSAL_SHOWN_NS = 4_000_000_000  # long enough to be read; then the state's own cause again
EVENT_QUIET_NS = 1_000_000_000  # repeated rejects and clamps are reported at most this often


class HandControl:
    """The supervisor's view of one hand.

    Attributes
    ----------
    mode : HandMode
        What the motors must do.
    mode_serial : int
        Rises whenever the mode must be sent again, also when it is the same one.
    begins : bool
        Whether the next tick begins a segment at the measured pose.
    requesting : bool
        Whether a request was followed in the last tick (``gate.requested`` is valid).
    """

    def __init__(self, config: HandConfig, rate_hz: float) -> None:
        self.side = config.side
        self.limits = GateLimits.of(config.spec, config.limits, rate_hz)
        self.gate = CommandGate(self.limits)
        self.watch = FeedbackWatch(config.side, self.limits, config.limits.feedback_age_s)
        self.mode = HandMode.OFF
        self.mode_serial = 0
        self.begins = False
        self.requesting = False
        self.warned_hot = False

    @property
    def measured(self) -> NDArray[np.float64]:
        """Newest trusted pose ``(J,)``; the last sent goal while there was none."""
        return self.gate.sent if self.watch.last is None else self.watch.last.position

    @property
    def sent(self) -> NDArray[np.float64]:
        """The goal of this tick, ``(J,)``."""
        return self.gate.sent

    def enter(self, mode: HandMode) -> None:
        """Order ``mode``; the next tick begins at the pose measured then."""
        self.mode = mode
        self.mode_serial += 1
        self.begins = True


class Supervisor:
    """Decides every tick what each hand of the rig does.

    Parameters
    ----------
    hands : sequence of HandConfig
        The rig's hands.

    Attributes
    ----------
    machine : StateMachine
        State, authority, epoch and cause.
    hands : dict of str to HandControl
        By side.
    events : list of dict
        What happened since the caller last emptied it; JSON-able.
    changed : bool
        Whether the state changed since the caller last set it back.
    """

    def __init__(self, hands: Sequence[HandConfig]) -> None:
        self.machine = StateMachine()
        rate_hz = hands[0].control_rate_hz  # one loop serves all hands
        self.hands = {config.side: HandControl(config, rate_hz) for config in hands}
        self.deadman = Deadman(min(config.limits.heartbeat_age_s for config in hands))
        self.events: list[dict[str, Any]] = []
        self.changed = False
        self._armed_ns = 0
        self._refusal = ""
        self._refusal_until_ns = 0
        self._quiet_until_ns: dict[tuple[str, ...], int] = {}

    # --- what comes in ---------------------------------------------------------------------

    def obey(self, order: SupervisorOrder, now_ns: int) -> None:
        """Carry out one order, or refuse it with an event that says why."""
        if isinstance(order, Heartbeat):
            self.deadman.beat(order.client, order.stamp_ns, now_ns)
        elif isinstance(order, Stop):
            self.stop(f"STOP from {order.client}")
        elif isinstance(order, Hold):
            if self.machine.hold("hold ordered", by="person"):
                self._enter_state()
            self._forget_refusal()
        elif isinstance(order, Off):
            if not self._refused(self.machine.off(), now_ns):
                self._enter_state()
        elif isinstance(order, Enable):
            if self.machine.state in (State.HOLD, State.ACTIVE):
                return  # already so
            if not self._refused(self.machine.enable(self._problem(now_ns, clearing=True)), now_ns):
                self._clear_watchdogs(now_ns)
                self._enter_state()
        elif isinstance(order, Reset):
            if self.machine.latched and not self._refused(
                self.machine.reset(self._problem(now_ns, clearing=True)), now_ns
            ):
                self._clear_watchdogs(now_ns)
                self._enter_state()
        else:
            self._arm(order, now_ns)

    def stop(self, cause: str) -> None:
        """STOP: hands stiff at the measured pose, latched."""
        if self.machine.stop(cause):
            self._enter_state()

    def hold(self, cause: str) -> None:
        """End motion in HOLD; no effect unless ACTIVE."""
        if self.machine.hold(cause):
            self._enter_state()

    def off(self, cause: str) -> None:
        """Torque off, for the end of the process; a latched state keeps its own mode."""
        if self.machine.off(cause, by="program") is None:
            self._enter_state()

    def feedback(self, side: str, feedback: HandFeedback) -> bool:
        """Take the hand's newest feedback; returns whether it is trusted."""
        hand = self.hands[side]
        trusted = hand.watch.accept(feedback)
        if hand.watch.rebased:
            hand.watch.rebased = False
            self.hold(f"{side} hand: pose jumped")
            hand.begins = True
            self._event("pose_jumped", side=side)
        return trusted

    def device_failed(self, side: str, message: str) -> None:
        """The driver of ``side`` cannot go on."""
        self.hands[side].watch.device_failed(message)

    def request(self, side: str, command: Command, now_ns: int) -> str:
        """Offer a request to the gate of ``side``; returns the reason of a reject."""
        reason = self.hands[side].gate.admit(command, now_ns)
        if reason:
            self._report_reject(side, command.source, reason, now_ns)
        return reason

    def malformed_request(self, side: str, source: Source, now_ns: int) -> None:
        """Count a request that could not even be read."""
        gate = self.hands[side].gate
        authorised = gate.is_open and source is self.machine.authority
        reason = "shape" if authorised else "authority" if gate.is_open else "state"
        gate.reject(reason)
        self._report_reject(side, source, reason, now_ns)

    def source_restarted(self, side: str, source: Source) -> None:
        """The process behind ``source`` began anew; motion under it needs a fresh arm."""
        gate = self.hands[side].gate
        gate.forget_sequence(source)
        if self.machine.authority is source and gate.admitted_ns is not None:
            self.hold(f"{source.name.lower()} was restarted; arm again")

    # --- one tick --------------------------------------------------------------------------

    def tick(self, now_ns: int) -> None:
        """Judge, change state if need be, and compute every hand's goal for this tick."""
        self._judge(now_ns)
        for hand in self.hands.values():
            gate = hand.gate
            hand.requesting = False
            if hand.begins:
                gate.begin_segment(hand.measured)
                hand.begins = False
            if gate.is_open:
                hand.requesting = gate.step(hand.measured, now_ns)
                for reason in gate.clamped_now:
                    if self._may_report("clamp", hand.side, reason, now_ns=now_ns):
                        self._event("clamp", side=hand.side, reason=reason)
            elif hand.mode in (HandMode.COMPLIANT, HandMode.OFF) and not self.machine.latched:
                gate.begin_segment(hand.measured)

    def _judge(self, now_ns: int) -> None:
        for hand in self.hands.values():
            verdict = hand.watch.verdict(now_ns)
            if verdict.severity == "fault":
                if self.machine.fault(verdict.cause):
                    self._enter_state(faulty=hand.side)
                elif self.machine.state is State.FAULT and hand.mode is not HandMode.OFF:
                    hand.enter(HandMode.OFF)
            elif verdict.severity == "hold":
                self.hold(verdict.cause)
            self._warn_if_hot(hand)
        if self.machine.state is State.ACTIVE:
            self.hold_if(self.deadman.problem(now_ns))
            self.hold_if(self._rejected_too_often())
            self.hold_if(self._source_silent(now_ns))

    def hold_if(self, problem: str) -> None:
        """HOLD when ``problem`` is not empty."""
        if problem:
            self.hold(problem)

    def _rejected_too_often(self) -> str:
        for hand in self.hands.values():
            count = hand.gate.consecutive_rejects
            if count > REJECTS_TO_HOLD:
                return f"{hand.side} hand: {count} requests rejected in a row"
        return ""

    def _source_silent(self, now_ns: int) -> str:
        source = self.machine.authority
        if source in (Source.KINESTHETIC, Source.NONE):
            return ""
        name = source.name.lower()
        heard = False
        for hand in self.hands.values():
            admitted_ns = hand.gate.admitted_ns
            if admitted_ns is None:
                continue
            heard = True
            if now_ns - admitted_ns > hand.limits.command_age_ns:
                return (
                    f"{name} is silent for {(now_ns - admitted_ns) / 1e6:.0f} ms "
                    f"(limit {hand.limits.command_age_ns / 1e6:.0f} ms)"
                )
        if not heard and now_ns - self._armed_ns > START_GRACE_NS:
            return f"{name} sent no request within {START_GRACE_NS / 1e9:.0f} s of arming"
        return ""

    # --- transitions -----------------------------------------------------------------------

    def _arm(self, order: Arm, now_ns: int) -> None:
        source = Source[order.source.upper()]
        previous = self.machine.authority
        problem = (
            self._problem(now_ns)
            or self.deadman.problem(now_ns, order.client)
            or self._out_of_reach()
        )
        if self._refused(self.machine.arm(source, order.press_id, problem), now_ns):
            return
        self.deadman.take_charge(order.client)
        self._armed_ns = now_ns
        compliant = source is Source.KINESTHETIC
        continues = not compliant and previous not in (Source.NONE, Source.KINESTHETIC)
        for hand in self.hands.values():
            if not continues:
                hand.enter(HandMode.COMPLIANT if compliant else HandMode.POSITION)
            if compliant:
                hand.gate.revoke()
            else:
                hand.gate.grant(source, self.machine.epoch)
        self._announce()

    def _out_of_reach(self) -> str:
        """A pose so far outside the limits that even the first goal would be a jump."""
        for hand in self.hands.values():
            inside = np.clip(hand.measured, hand.limits.lower, hand.limits.upper)
            if (np.abs(inside - hand.measured) > hand.limits.start_window).any():
                return f"{hand.side} hand is outside its joint limits; bring it back by hand first"
        return ""

    def _problem(self, now_ns: int, clearing: bool = False) -> str:
        for hand in self.hands.values():
            problem = hand.watch.problem(now_ns, clearing)
            if problem:
                return problem
        return ""

    def _clear_watchdogs(self, now_ns: int) -> None:
        for hand in self.hands.values():
            hand.watch.begin_clearing(now_ns)

    def _refused(self, refusal: Refusal | None, now_ns: int) -> bool:
        if refusal is not None:
            self._refusal = f"{refusal.order} refused: {refusal.reason}"
            self._refusal_until_ns = now_ns + REFUSAL_SHOWN_NS
            self.changed = True
            self._event("refused", order=refusal.order, reason=refusal.reason)
        return refusal is not None

    def _forget_refusal(self) -> None:
        self._refusal = ""
        self.changed = True

    def _enter_state(self, faulty: str = "") -> None:
        """Close the gates and give every hand the mode of the new state."""
        off = self.machine.state is State.OFF
        for hand in self.hands.values():
            hand.gate.revoke()
            hand.enter(HandMode.OFF if off or hand.side == faulty else HandMode.HOLD)
        self._announce()

    # --- what goes out ---------------------------------------------------------------------

    @property
    def state_name(self) -> HandState:
        """State as the messages spell it."""
        return self.machine.state.name

    @property
    def authority_name(self) -> SourceName:
        """Authority as the messages spell it."""
        return self.machine.authority.name.lower()  # type: ignore[return-value]

    def cause(self, now_ns: int) -> tuple[str, CauseBy]:
        """Why the state is what it is, or what was refused just now; and who decided it."""
        cause, by = self.machine.cause, self.machine.cause_by
        if self._refusal and now_ns < self._refusal_until_ns:
            cause, by = self._refusal, "program"
        if self.machine.state is State.FAULT and not self._problem(now_ns, clearing=True):
            cause = f"{cause}; ready to reset"
        return cause, by

    def _announce(self) -> None:
        self._forget_refusal()
        self._event(
            "state",
            state=self.state_name,
            authority=self.authority_name,
            epoch=self.machine.epoch,
            cause=self.machine.cause,
        )

    def _warn_if_hot(self, hand: HandControl) -> None:
        celsius = hand.watch.temperature_c
        hot = celsius is not None and celsius >= TEMPERATURE_WARN_C
        if hot and not hand.warned_hot:
            self._event("warm", side=hand.side, temperature_c=celsius)
        hand.warned_hot = hot

    def _report_reject(self, side: str, source: Source, reason: str, now_ns: int) -> None:
        if self._may_report("reject", side, source.name, reason, now_ns=now_ns):
            count = self.hands[side].gate.rejects[reason]
            self._event("reject", side=side, source=source.name.lower(), reason=reason, count=count)

    def _may_report(self, *key: str, now_ns: int) -> bool:
        """Whether this repeated matter may be reported again; every occurrence renews the quiet."""
        quiet = now_ns < self._quiet_until_ns.get(key, 0)
        self._quiet_until_ns[key] = now_ns + EVENT_QUIET_NS
        return not quiet

    def _event(self, event: str, **detail: Any) -> None:
        self.events.append({"event": event, **detail})
