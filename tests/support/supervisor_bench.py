"""A supervisor and a first-order hand on a virtual clock, watched by an independent oracle.

The oracle knows the limits and what the test did, not how the gate works. It judges what reaches
the driver in every tick; ``Violation`` says what went wrong.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from devices.clock import VirtualClock
from devices.hand_driver import HandFeedback
from devices.messages import SUPERVISOR_ORDERS
from devices.requests import Source
from devices.rig import HandConfig, LimitsConfig
from devices.supervision.gate import Command
from devices.supervision.states import State
from devices.supervision.supervisor import Supervisor
from devices.wire import HandMode
from support.fake_hand import FakeHand

PERIOD_NS = 5_000_000
PERIOD_S = 0.005
MOVING = (HandMode.POSITION, HandMode.COMPLIANT)


class Violation(AssertionError):
    """Something reached the driver that never should."""


class Oracle:
    """Judges every tick from the outside.

    ``may_move`` and ``box_*`` are the test's own account: set by a fresh arm, withdrawn by
    whatever must stop the hand; the box spans all goals that were ever asked for properly.
    """

    def __init__(self, config: HandConfig) -> None:
        spec, limits = config.spec, config.limits
        linear = np.array([unit == "m" for unit in spec.units])
        self.lower, self.upper = spec.lower, spec.upper
        self.velocity = spec.velocity_max * limits.velocity_scale
        self.acceleration = spec.acceleration_max * limits.acceleration_scale
        self.window = np.where(linear, limits.tracking_window_m, limits.tracking_window_rad)
        self.limits = limits
        self.may_move = False
        self.latched = False
        self.epoch = 0
        self.press_id = -1
        self.heartbeat_ns = -(10**18)
        self.feedback_ns = -(10**18)
        self.request_ns: int | None = None
        self.kinesthetic = False
        self.bad_rejects = 0
        self.box_low = self.box_high = np.clip(spec.home, self.lower, self.upper)
        self._mode = HandMode.OFF
        self._goals: list[np.ndarray] = []

    def clip(self, pose: np.ndarray) -> np.ndarray:
        return np.clip(pose, self.lower, self.upper)

    def asked(self, targets: np.ndarray, now_ns: int) -> None:
        """A proper request was made."""
        inside = self.clip(targets)
        self.box_low = np.minimum(self.box_low, inside.min(axis=0))
        self.box_high = np.maximum(self.box_high, inside.max(axis=0))
        self.request_ns = now_ns
        self.bad_rejects = 0

    def judge(self, bench: Bench, now_ns: int) -> None:
        """Check one tick."""
        goal, mode = bench.hand.goal, bench.hand.mode
        measured = self.clip(bench.trusted)
        self._must(np.isfinite(goal).all(), "goal is not finite")
        self._must(
            (goal >= self.lower).all() and (goal <= self.upper).all(), "goal is out of range"
        )
        self._withdraw(bench, now_ns)
        self._must(self.may_move or mode not in MOVING, f"mode {mode.name} without permission")
        began = mode is not self._mode or bench.mode_was_sent
        if mode is HandMode.POSITION:
            if began:
                self._goals = [measured, measured]
                self.box_low = np.minimum(self.box_low, measured) if self.request_ns else measured
                self.box_high = np.maximum(self.box_high, measured) if self.request_ns else measured
            self._judge_motion(goal, bench)
        elif mode is HandMode.HOLD:
            self._must(
                np.allclose(goal, measured if began else self._goals[-1], atol=1e-12),
                "goal moved in HOLD" if not began else "HOLD does not begin at the measured pose",
            )
        else:
            self._must(
                self.feedback_ns < 0
                or bench.sup.machine.latched
                or np.allclose(goal, measured, atol=1e-12),
                "a limp hand's goal is not its pose",
            )
        self._mode = mode
        self._goals = [*self._goals[-1:], goal.copy()]

    def _judge_motion(self, goal: np.ndarray, bench: Bench) -> None:
        before, last = self._goals[-2], self._goals[-1]
        step = np.abs(goal - last)
        self._must((step <= self.velocity * PERIOD_S * (1 + 1e-6)).all(), "velocity limit")
        bend = np.abs(goal - 2 * last + before)
        limit = self.acceleration * PERIOD_S**2 * (1 + 1e-6) + 1e-12
        self._must((bend <= limit).all(), "acceleration limit")
        margin = self.velocity**2 / (2 * self.acceleration) + self.velocity * PERIOD_S
        self._must(
            (goal >= self.box_low - margin).all() and (goal <= self.box_high + margin).all(),
            "goal went where nobody asked it to",
        )
        blocked = bench.hand.blocked
        reach = np.abs(goal - bench.trusted)[blocked]
        self._must((reach <= self.window[blocked] + 1e-9).all(), "blocked joint wound up")

    def _withdraw(self, bench: Bench, now_ns: int) -> None:
        """Permission ends by time as well as by order."""
        limits, slack_ns = self.limits, PERIOD_NS
        late = (
            now_ns - self.heartbeat_ns > limits.heartbeat_age_s * 1e9 + slack_ns
            or now_ns - self.feedback_ns > limits.feedback_age_s * 1e9 + slack_ns
            or self.bad_rejects > 5
            or bench.hand.temperature_c >= 65.0
        )
        if not self.kinesthetic and self.request_ns is not None:
            late = late or now_ns - self.request_ns > limits.command_age_s * 1e9 + slack_ns
        if bench.hand.fault or bench.hand.temperature_c >= 72.0:
            late = True
            self.latched = self.latched or self._mode is not HandMode.OFF
        if late:
            self.may_move = False

    @staticmethod
    def _must(condition: object, what: str) -> None:
        if not condition:
            raise Violation(what)


class Bench:
    """One hand under a supervisor; every method moves or feeds it and lets the oracle judge."""

    def __init__(self, limits: LimitsConfig | None = None, **config: object) -> None:
        fields = {"model": "xhand", "wrist": "free6", **config}
        self.config = HandConfig(limits=limits or LimitsConfig(), **fields)
        self.spec = self.config.spec
        self.clock = VirtualClock()
        self.sup = Supervisor([self.config])
        self.side = self.config.side
        self.hand = FakeHand(self.config)
        self.oracle = Oracle(self.config)
        self.trusted = self.hand.position.copy()
        self.beating = True
        self.feeding = True
        self.corrupt: Callable[[HandFeedback], HandFeedback] | None = None
        self.mode_was_sent = False
        self.goals: list[np.ndarray] = []
        self.seq = 0
        self.newest_seq: dict[Source, int] = {}
        self._mode_serial = 0
        self._press_id = 0

    # --- where the targets lie ---------------------------------------------------------------

    def pose(self, share: float) -> np.ndarray:
        """The pose at ``share`` of every joint's range."""
        return self.spec.lower + share * (self.spec.upper - self.spec.lower)

    @property
    def now_ns(self) -> int:
        return self.clock.now_ns()

    @property
    def state(self) -> State:
        return self.sup.machine.state

    @property
    def goal(self) -> np.ndarray:
        return self.hand.goal

    # --- orders --------------------------------------------------------------------------------

    def order(self, kind: str, **fields: object) -> None:
        """Give one order and tell the oracle what it may mean."""
        oracle = self.oracle
        if kind == "stop":
            oracle.may_move, oracle.latched = False, True
        elif kind == "reset" and oracle.latched:
            oracle.may_move, oracle.latched = False, False
        elif kind in ("hold", "off", "enable"):
            oracle.may_move = False if kind != "enable" else oracle.may_move
        self.sup.obey(
            SUPERVISOR_ORDERS.validate_python({"type": kind, **fields}), self.clock.now_ns()
        )

    def beat(self) -> None:
        self.oracle.heartbeat_ns = self.now_ns
        self.order("heartbeat", client="gui", stamp_ns=self.now_ns)

    def arm(self, source: str = "scripted", press_id: int | None = None) -> None:
        """Press arm: freshly, or with an old ``press_id``."""
        oracle = self.oracle
        if press_id is None:
            press_id = self._press_id + 1
        fresh = press_id > self._press_id
        self._press_id = max(self._press_id, press_id)
        before = self.sup.machine.epoch
        if fresh and not oracle.latched and self._mode_now() is not HandMode.OFF:
            oracle.may_move = True
        self.order("arm", source=source, press_id=press_id, client="gui")
        if self.sup.machine.epoch != before:
            Oracle._must(self.sup.machine.epoch > before, "the epoch did not rise")
            oracle.kinesthetic = source == "kinesthetic"
            oracle.request_ns, oracle.bad_rejects = None, 0
            oracle.box_low = oracle.box_high = self.goal.copy()

    def _mode_now(self) -> HandMode:
        return self.hand.mode

    def start(self, source: str = "scripted") -> None:
        """From OFF to ACTIVE under ``source``."""
        self.run(2)
        self.order("enable")
        self.run(1)
        self.arm(source)
        Oracle._must(self.state is State.ACTIVE, "a proper arm was refused")

    # --- requests ------------------------------------------------------------------------------

    def send(
        self,
        target: np.ndarray,
        *,
        source: Source = Source.SCRIPTED,
        epoch: int | None = None,
        age_ns: int = 0,
        due_ns: tuple[int, ...] = (0,),
        seq: int | None = None,
        expect: str | None = "",
        proper: bool = False,
    ) -> str:
        """Send a request; ``due_ns`` is relative to now.

        ``expect`` is the reason of reject a correct gate gives, empty for a proper request, None
        when the test does not care; ``proper`` then tells the oracle that it may be followed.
        """
        targets = target if target.ndim == 2 else np.repeat(target[None], len(due_ns), axis=0)
        self.seq = self.seq + 1 if seq is None else self.seq
        now = self.now_ns
        used = self.seq if seq is None else seq
        self.newest_seq[source] = max(used, self.newest_seq.get(source, used))
        command = Command(
            source=source,
            seq=used,
            stamp_ns=now - age_ns,
            epoch=self.sup.machine.epoch if epoch is None else epoch,
            due_ns=np.array([now + offset for offset in due_ns], np.int64),
            targets=targets,
        )
        if (expect == "" or proper) and self.state is State.ACTIVE:
            self.oracle.asked(np.asarray(targets, np.float64), now)
        elif expect not in (None, "", "state", "authority", "epoch"):
            self.oracle.bad_rejects += 1
        reason = self.sup.request(self.side, command, now)
        if expect is not None and not (expect == "" and reason == "state"):
            Oracle._must(reason == expect, f"request judged '{reason}', expected '{expect}'")
        return reason

    # --- time ----------------------------------------------------------------------------------

    def tick(self) -> None:
        """One period of the loop."""
        now = self.clock.advance_ns(PERIOD_NS)
        if self.beating:
            self.beat()
        self.hand.advance(now)
        if self.feeding:
            feedback = self.hand.feedback(now)
            if self.corrupt is None:
                self.trusted, self.oracle.feedback_ns = feedback.position, now
            else:
                feedback = self.corrupt(feedback)
            self.sup.feedback(self.side, feedback)
        self.sup.tick(now)
        control = self.sup.hands[self.side]
        self.mode_was_sent = control.mode_serial != self._mode_serial
        if self.mode_was_sent:
            self.hand.set_mode(control.mode)
            self._mode_serial = control.mode_serial
        self.hand.write(control.sent)
        self.goals.append(self.hand.goal)
        self.oracle.judge(self, now)

    def run(
        self, ticks: int, target: np.ndarray | Callable[[int], np.ndarray] | None = None
    ) -> None:
        """Let ``ticks`` periods pass, with a proper request for ``target`` before each."""
        for number in range(ticks):
            if target is not None:
                self.send(target(number) if callable(target) else target)
            self.tick()

    def settle(self, target: np.ndarray, ticks: int = 240) -> None:
        """Follow ``target`` until the ramp is over."""
        self.run(ticks, target)


def replaced(feedback: HandFeedback, **fields: object) -> HandFeedback:
    """A copy of ``feedback`` with other values."""
    return dataclasses.replace(feedback, **fields)
