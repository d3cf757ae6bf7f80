"""Every check of the safety path matters: take one away and a scenario must notice.

Each mutant replaces exactly one stage or rule by one that does nothing. The fixed scenarios run
until the first one fails; a mutant that survives them all is a check nobody tests.
"""

from __future__ import annotations

import logging

import pytest
from support.supervisor_scenarios import SCENARIOS

from devices.requests import Source
from devices.supervision.gate import CommandGate
from devices.supervision.states import State, StateMachine
from devices.supervision.supervisor import HandControl, Supervisor
from devices.supervision.trajectory import Ramp, Trajectory
from devices.supervision.watchdog import OK, Deadman, FeedbackWatch
from devices.wire import HandMode

log = logging.getLogger(__name__)


def nothing(*arguments, **fields) -> str:
    return ""


def verdict_without(word: str):
    """``FeedbackWatch.verdict`` that overlooks causes containing ``word``."""
    whole = FeedbackWatch.verdict

    def verdict(self, now_ns):
        found = whole(self, now_ns)
        return OK if word in found.cause else found

    return verdict


def limp_never(self, mode: HandMode) -> None:
    HandControl_enter(self, HandMode.POSITION if mode is HandMode.COMPLIANT else mode)


HandControl_enter = HandControl.enter


def arm_with_old_press(self, source, press_id, problem):
    self._last_press_id = None
    return StateMachine_arm(self, source, press_id, problem)


def arm_despite(self, source, press_id, problem):
    return StateMachine_arm(self, source, press_id, "")


def arm_from_anywhere(self, source, press_id, problem):
    self.state = State.HOLD
    return StateMachine_arm(self, source, press_id, problem)


def arm_keeps_epoch(self, source, press_id, problem):
    self.epoch -= 1
    return StateMachine_arm(self, source, press_id, problem)


def clears_for_ever(self, now_ns: int) -> None:
    self._clearing_until_ns = 10**18


StateMachine_arm = StateMachine.arm
StateMachine_reset = StateMachine.reset
StateMachine_enable = StateMachine.enable


def reset_to_active(self, problem):
    refusal = StateMachine_reset(self, problem)
    if refusal is None:
        self.state, self.authority = State.ACTIVE, Source.SCRIPTED
    return refusal


def off_unlatches(self, cause=""):
    self._enter(State.OFF, cause)


def keeps_old_targets(self) -> None:
    self._ramp.restart()
    self.consecutive_rejects = 0
    self.admitted_ns = None
    self.clamped_now = ()


def starts_at_old_goal(self, measured) -> None:
    self._velocity[:] = 0.0
    self._ramp.restart()


def moves_without_range(self, velocity) -> None:
    self._velocity = velocity
    self.sent = self.sent + velocity * self.limits.period_s


def forgets_sequence(self, source, epoch) -> None:
    self._last_seq.clear()
    CommandGate_grant(self, source, epoch)


CommandGate_grant = CommandGate.grant
Trajectory_init = Trajectory.__init__


def never_expires(self, joints, expiry_ns) -> None:
    Trajectory_init(self, joints, 10**18)


MUTANTS = {
    "gate: state": (CommandGate, "check_state", nothing),
    "gate: authority": (CommandGate, "check_authority", nothing),
    "gate: epoch": (CommandGate, "check_epoch", nothing),
    "gate: shape": (CommandGate, "check_shape", nothing),
    "gate: finite": (CommandGate, "check_finite", nothing),
    "gate: sequence": (CommandGate, "check_sequence", nothing),
    "gate: age": (CommandGate, "check_age", nothing),
    "gate: gross range": (CommandGate, "check_gross_range", nothing),
    "gate: fine clip": (CommandGate, "clip_fine", lambda self, goal, clamped: goal),
    "gate: tracking window": (CommandGate, "clip_window", lambda self, goal, pose, clamped: goal),
    "gate: braking distance": (
        CommandGate,
        "brake",
        lambda self, goal: (goal - self.sent) / self.limits.period_s,
    ),
    "gate: velocity": (CommandGate, "limit_velocity", lambda self, wanted, clamped: wanted),
    "gate: acceleration": (CommandGate, "limit_acceleration", lambda self, wanted, clamped: wanted),
    "gate: range has the last word": (CommandGate, "advance", moves_without_range),
    "gate: start at the measured pose": (CommandGate, "begin_segment", starts_at_old_goal),
    "gate: old targets forgotten": (CommandGate, "_forget", keeps_old_targets),
    "gate: sequence kept over arming": (CommandGate, "grant", forgets_sequence),
    "gate: closed in HOLD": (CommandGate, "revoke", lambda self: None),
    "ramp: eased in": (Ramp, "apply", lambda self, target, sent, now_ns: target),
    "trajectory: expiry": (Trajectory, "__init__", never_expires),
    "states: fresh press": (StateMachine, "arm", arm_with_old_press),
    "states: problems prevent arming": (StateMachine, "arm", arm_despite),
    "states: arm from HOLD only": (StateMachine, "arm", arm_from_anywhere),
    "states: new epoch": (StateMachine, "arm", arm_keeps_epoch),
    "states: STOP": (StateMachine, "stop", lambda self, cause: False),
    "states: fault": (StateMachine, "fault", lambda self, cause: False),
    "states: hold": (StateMachine, "hold", lambda self, cause, by="program": False),
    "states: reset leads to HOLD": (StateMachine, "reset", reset_to_active),
    "states: reset needs the cause gone": (
        StateMachine,
        "reset",
        lambda self, problem: StateMachine_reset(self, ""),
    ),
    "states: enable needs feedback": (
        StateMachine,
        "enable",
        lambda self, problem: StateMachine_enable(self, ""),
    ),
    "states: latched": (StateMachine, "off", off_unlatches),
    "supervisor: rejects in a row": (Supervisor, "_rejected_too_often", nothing),
    "supervisor: silent source": (Supervisor, "_source_silent", nothing),
    "supervisor: pose outside limits": (Supervisor, "_out_of_reach", nothing),
    "supervisor: limp for teaching": (HandControl, "enter", limp_never),
    "watchdog: deadman": (Deadman, "problem", nothing),
    "watchdog: false feedback": (FeedbackWatch, "check", nothing),
    "watchdog: clearing has an end": (FeedbackWatch, "begin_clearing", clears_for_ever),
    "watchdog: old feedback": (FeedbackWatch, "verdict", verdict_without("feedback is")),
    "watchdog: lost feedback": (FeedbackWatch, "verdict", verdict_without("no feedback")),
    "watchdog: bad samples": (FeedbackWatch, "verdict", verdict_without("bad samples")),
    "watchdog: hand's fault": (FeedbackWatch, "verdict", verdict_without("reports")),
    "watchdog: warm": (FeedbackWatch, "verdict", verdict_without("let it cool")),
    "watchdog: hot": (FeedbackWatch, "verdict", verdict_without("(limit 72")),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_removed_check_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, attribute, replacement = MUTANTS[name]
    monkeypatch.setattr(owner, attribute, replacement)
    for run in SCENARIOS:
        try:
            run()
        except Exception as error:  # noqa: BLE001 - a crash of the mutant is a detection too
            log.info("%s: noticed by %s: %s", name, run.__name__, error)
            return
    pytest.fail(f"mutant '{name}' survived {len(SCENARIOS)} scenarios")


def test_without_a_mutant_every_scenario_passes() -> None:
    for run in SCENARIOS:
        run()
