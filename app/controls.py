"""What each action does and when it may be done. Free of Qt.

Buttons, menus and keys all ask ``Controls.refusal`` whether an action is possible now and call
``Controls.perform``; there is no second place that knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.actions import ActionId
from app.replay_control import ReplayControl
from app.session import Session
from devices.clock import NS_PER_S, now_ns
from devices.messages import RecorderStatus, SourceName, SupervisorStatus

CLIENT = "gui"
SCRIPT_SECONDS = 8.0
STATUS_LIMIT_S = 2.0


@dataclass
class TakePlan:
    """What the next take will be called; edited by the episode bar."""

    task: str = ""
    instruction: str = ""
    operator_code: str = "P01"


class Controls:
    """Performs actions on a session.

    Parameters
    ----------
    session : Session
        The running session.
    plan : TakePlan
        Names of the next take, shared with the episode bar.
    say : callable
        Receives one sentence for the message line.
    """

    def __init__(self, session: Session, plan: TakePlan, say: Callable[[str], None]) -> None:
        self.session = session
        self.plan = plan
        self._say = say
        self.replay = ReplayControl(session, CLIENT)
        self.operator_visible = True
        self.script_seconds = SCRIPT_SECONDS
        self._script_seed = 0
        self._do: dict[ActionId, Callable[[], None]] = {
            ActionId.STOP: lambda: session.supervisor.stop(CLIENT),
            ActionId.ENABLE: session.supervisor.enable,
            ActionId.ARM_KINESTHETIC: lambda: self.arm("kinesthetic"),
            ActionId.ARM_EXOSKELETON: lambda: self.arm("exoskeleton"),
            ActionId.HOLD: session.supervisor.hold,
            ActionId.OFF: session.supervisor.off,
            ActionId.RESET: session.supervisor.reset,
            ActionId.RECORD: self._record,
            ActionId.STOP_TAKE: session.recorder.stop_take,
            ActionId.SUCCESS: lambda: self._judge("success"),
            ActionId.FAILURE: lambda: self._judge("failure"),
            ActionId.DISCARD: self._discard,
            ActionId.UNDO_DISCARD: session.recorder.undo_discard,
            ActionId.REDO: self._redo,
            ActionId.REPLAY_LAST: self._replay_last,
            ActionId.SCRIPT: self._script,
            ActionId.RESET_WORLD: lambda: session.sim.reset_world(None),
            ActionId.TOGGLE_OPERATOR: self._toggle_operator,
        }

    def handles(self, action: ActionId) -> bool:
        """Whether this class performs ``action`` (the rest are the window's own)."""
        return action in self._do

    def perform(self, action: ActionId) -> bool:
        """Do ``action`` if it is possible now; otherwise say why not.

        Returns
        -------
        bool
            Whether the order was sent.
        """
        reason = self.refusal(action)
        if reason:
            self._say(reason)
            return False
        self._do[action]()
        return True

    def refusal(self, action: ActionId) -> str:
        """Why ``action`` is impossible now, as a sentence; empty when it is possible."""
        if action is ActionId.STOP:
            return ""
        if action in _HAND_ACTIONS:
            return self._hand_refusal(action)
        if action in _TAKE_ACTIONS:
            return self._take_refusal(action)
        if action in (ActionId.RESET_WORLD, ActionId.TOGGLE_OPERATOR):
            if self.session.rig.world is None:
                return "This rig has no simulated world."
            busy = self._hand.state == "ACTIVE" if self._hand else True
            if action is ActionId.RESET_WORLD and busy:
                return "Hold the hand before resetting the world."
        return ""

    @property
    def _hand(self) -> SupervisorStatus | None:
        status = self.session.supervisor.status
        if status is None or (now_ns() - status.stamp_ns) / NS_PER_S > STATUS_LIMIT_S:
            return None
        return status

    @property
    def _disk(self) -> RecorderStatus | None:
        status = self.session.recorder.status
        if status is None or (now_ns() - status.stamp_ns) / NS_PER_S > STATUS_LIMIT_S:
            return None
        return status

    def _hand_refusal(self, action: ActionId) -> str:
        hand = self._hand
        if hand is None:
            return "The supervisor does not answer; it is being started again."
        state = hand.state
        latched = state in ("STOPPED", "FAULT")
        if action is ActionId.RESET:
            return "" if latched else f"Nothing to reset: the hand is in {state}."
        if latched:
            return f"The hand is latched in {state} ({hand.cause or 'stopped'}); reset it first."
        if action is ActionId.ENABLE:
            return "" if state == "OFF" else f"The hand is already enabled ({state})."
        if state == "OFF":
            return "Enable the hand first."
        if action is ActionId.OFF:
            return ""
        if action is ActionId.HOLD:
            return "" if state == "ACTIVE" else "The hand already holds."
        if action is ActionId.ARM_EXOSKELETON and not self.session.rig.exoskeletons:
            return "This rig has no exoskeleton."
        if action is ActionId.SCRIPT:
            if hand.authority not in ("kinesthetic", "exoskeleton"):
                return "Arm a way of teaching first; the scripted operator uses it."
            return ""
        if action is ActionId.REPLAY_LAST:
            disk = self._disk
            return "" if disk and disk.last_path else "There is no take to replay yet."
        return ""

    def _take_refusal(self, action: ActionId) -> str:
        disk = self._disk
        if disk is None:
            return "The recorder does not answer; it is being started again."
        recording = disk.state == "recording"
        if action is ActionId.RECORD:
            if recording:
                return f"Episode {disk.episode} is being recorded; stop it first."
            if not self.plan.operator_code:
                return "Give the operator a code such as P07 first."
            return disk.message if disk.state == "error" else ""
        if action is ActionId.STOP_TAKE:
            return "" if recording else "No take is running."
        if action is ActionId.UNDO_DISCARD:
            return "" if disk.discarded is not None else "Nothing was discarded."
        if self.last_episode is None:
            return "There is no take yet."
        return ""

    @property
    def last_episode(self) -> int | None:
        """The take that outcome, discard and redo mean: the running one, else the last one."""
        disk = self._disk
        return disk.last_episode if disk else None

    def arm(self, source: SourceName) -> None:
        """Arm the hand with a fresh press of the user's."""
        self.session.supervisor.arm(source, CLIENT)

    def _source(self) -> SourceName:
        return self._hand.authority if self._hand and self._hand.state == "ACTIVE" else "none"

    def _record(self, redo_of: int | None = None) -> None:
        self.session.recorder.start_take(
            task=self.plan.task,
            instruction=self.plan.instruction,
            operator_code=self.plan.operator_code,
            source=self._source(),
            redo_of=redo_of,
        )
        if self._source() == "none":
            state = self._hand.state if self._hand else "unknown"
            self._say(f"Recording, but nobody moves the hand: its state is {state}.")

    def _redo(self) -> None:
        number = self.last_episode
        self._record(redo_of=number)
        self._say(f"Recording again as episode {number}; the old take goes to the trash.")

    def _judge(self, outcome) -> None:
        disk, number = self._disk, self.last_episode
        if disk and disk.state == "recording":
            self.session.recorder.stop_take(outcome)
        elif number is not None:
            self.session.recorder.set_outcome(number, outcome)
        self._say(f"Episode {number}: {outcome}.")

    def _discard(self) -> None:
        number = self.last_episode
        if number is not None:
            self.session.recorder.discard(number)
            self._say(f"Episode {number} is in the trash; undo brings it back.")

    def _script(self) -> None:
        mode = self._source()
        self.session.operator.run_script(mode, self.script_seconds, self._script_seed)
        self._script_seed += 1

    def _replay_last(self) -> None:
        disk = self._disk
        if disk is not None:
            self._say(
                self.replay.start(Path(disk.last_path))
                or f"Replaying '{disk.last_path}' through the gate."
            )

    def follow(self) -> None:
        """See a replay through; call ten times a second."""
        news = self.replay.poll()
        if news:
            self._say(news)

    def _toggle_operator(self) -> None:
        self.operator_visible = not self.operator_visible
        self.session.sim.show_operator(self.operator_visible)


_HAND_ACTIONS = (
    ActionId.ENABLE,
    ActionId.OFF,
    ActionId.ARM_KINESTHETIC,
    ActionId.ARM_EXOSKELETON,
    ActionId.HOLD,
    ActionId.RESET,
    ActionId.SCRIPT,
    ActionId.REPLAY_LAST,
)
_TAKE_ACTIONS = (
    ActionId.RECORD,
    ActionId.STOP_TAKE,
    ActionId.SUCCESS,
    ActionId.FAILURE,
    ActionId.DISCARD,
    ActionId.UNDO_DISCARD,
    ActionId.REDO,
)
