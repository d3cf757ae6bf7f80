"""The state machine of a rig: who may move the hands, and when.

::

            enable               arm (fresh press)
    OFF ------------> HOLD ------------------------> ACTIVE --+ arm: new source, new epoch
     ^                | ^ ^   hold, silence, rejects,   |     |
     +------ off -----+ | +---- deadman, feedback ------+<----+
                        |
                  reset | (cause gone, fresh feedback; never to ACTIVE)
                        |
                STOPPED, FAULT   latched: STOP from every state, a fault from HOLD or ACTIVE

Pure: no clock, no bus, no driver. One machine serves all hands of the rig.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from devices.messages import CauseBy
from devices.requests import Source


class State(IntEnum):
    """State of the supervisor. The number is what ``supervisor/control`` stores per tick."""

    OFF = 0  # no torque
    HOLD = 1  # stiff at the pose that was measured when the state began
    ACTIVE = 2  # the hand follows the source that has the authority
    FAULT = 3  # latched: the faulty hand has no torque
    STOPPED = 4  # latched: stiff at the pose that was measured when STOP came


LATCHED = (State.FAULT, State.STOPPED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An order that was not obeyed, and why."""

    order: str
    reason: str


class StateMachine:
    """States, authority and epochs.

    Attributes
    ----------
    state : State
        Current state.
    authority : Source
        Source the gates listen to; ``NONE`` unless ``ACTIVE``.
    epoch : int
        Authority epoch; rises by one with every ``arm``.
    cause : str
        Why the state was entered, for the operator.
    cause_by : str
        ``person`` when that was an order, ``program`` when it was decided here.
    """

    def __init__(self) -> None:
        self.state = State.OFF
        self.authority = Source.NONE
        self.epoch = 0
        self.cause = ""
        self.cause_by: CauseBy = "program"
        self._last_press_id: int | None = None

    @property
    def latched(self) -> bool:
        """Whether only a reset leads out of the current state."""
        return self.state in LATCHED

    def enable(self, problem: str) -> Refusal | None:
        """OFF -> HOLD, unless ``problem`` names a reason against it."""
        if self.state is not State.OFF:
            return Refusal("enable", f"the state is {self.state.name}, not OFF")
        if problem:
            return Refusal("enable", problem)
        self._enter(State.HOLD, "enabled", "person")
        return None

    def arm(self, source: Source, press_id: int, problem: str) -> Refusal | None:
        """HOLD -> ACTIVE under ``source``, or a change of source while ACTIVE.

        Parameters
        ----------
        source : Source
            Who gets the authority; not ``NONE``.
        press_id : int
            Must be larger than that of every earlier arm order, obeyed or not.
        problem : str
            Reason against arming found by the watchdogs; empty when there is none.
        """
        stale_press = self._last_press_id is not None and press_id <= self._last_press_id
        if not stale_press:
            self._last_press_id = press_id
        if self.state not in (State.HOLD, State.ACTIVE):
            return Refusal("arm", f"the state is {self.state.name}, not HOLD")
        if stale_press:
            return Refusal("arm", f"press {press_id} is not newer than {self._last_press_id}")
        if source is Source.NONE:
            return Refusal("arm", "no source was named")
        if problem:
            return Refusal("arm", problem)
        self.epoch += 1
        self.authority = source
        self.state = State.ACTIVE
        self.cause = f"armed for {source.name.lower()}"
        self.cause_by = "person"
        return None

    def hold(self, cause: str, by: CauseBy = "program") -> bool:
        """ACTIVE -> HOLD; returns whether the state changed.

        In HOLD a person's order only replaces the cause: the old one has been seen.
        """
        if self.state is State.HOLD and by == "person":
            self.cause, self.cause_by = cause, by
        if self.state is not State.ACTIVE:
            return False
        self._enter(State.HOLD, cause, by)
        return True

    def off(self, cause: str = "switched off", by: CauseBy = "person") -> Refusal | None:
        """HOLD or ACTIVE -> OFF; a latched state stays latched."""
        if self.latched:
            return Refusal("off", f"{self.state.name} is latched; reset first")
        if self.state is not State.OFF:
            self._enter(State.OFF, cause, by)
        return None

    def stop(self, cause: str) -> bool:
        """Any state but FAULT -> STOPPED; returns whether the state changed."""
        if self.latched:
            return False
        self._enter(State.STOPPED, cause, "person")
        return True

    def fault(self, cause: str) -> bool:
        """HOLD, ACTIVE or STOPPED -> FAULT; returns whether the state changed."""
        if self.state in (State.OFF, State.FAULT):
            return False
        self._enter(State.FAULT, cause, "program")
        return True

    def reset(self, problem: str) -> Refusal | None:
        """FAULT or STOPPED -> HOLD, unless ``problem`` says that the cause persists."""
        if not self.latched:
            return Refusal("reset", f"{self.state.name} is not latched")
        if problem:
            return Refusal("reset", problem)
        self._enter(State.HOLD, f"reset after {self.state.name}", "person")
        return None

    def _enter(self, state: State, cause: str, by: CauseBy) -> None:
        self.state = state
        self.authority = Source.NONE
        self.cause, self.cause_by = cause, by
