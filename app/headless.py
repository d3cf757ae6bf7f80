"""Recording without a window: the steps of a take, in order, with every wait bounded.

The same door is used by ``thenar record``, by ``thenar run`` on a machine without a display, and by
the tests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.session import Session, SessionError
from app.world_reset import WorldReset
from devices.messages import OperatorStatus, SourceName

Mode = Literal["kinesthetic", "exoskeleton"]
HEARTBEAT_S = 0.1
CLIENT = "cli"
READY_S = 20.0
PUBLISH_S = 180.0
COMPLETE = 0.99


@dataclass(frozen=True, slots=True)
class TakeResult:
    """What became of one take.

    Attributes
    ----------
    episode : int
        Episode number.
    path : str
        Published episode file.
    seconds : float
        Length of the take.
    samples : int
        Samples acknowledged on disk, all streams.
    lost_samples : int
        Samples missing according to the sequence numbers, all streams.
    finalise_s : float
        From stop until published and verified.
    problem : str
        Why the scripted operator ended early; empty when all went well.
    """

    episode: int
    path: str
    seconds: float
    samples: int
    lost_samples: int
    finalise_s: float
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The figures by name."""
        return asdict(self)


class HeadlessDriver:
    """Drives a session without a window, keeping its heartbeat alive while it waits.

    Parameters
    ----------
    session : Session
        A started session.
    progress : callable, optional
        Called with one sentence at every step.
    """

    def __init__(self, session: Session, progress: Callable[[str], None] | None = None) -> None:
        self.session = session
        self._say = progress or (lambda text: None)
        self._next_beat = 0.0

    def pump(self, predicate: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Wait for ``predicate`` while polling the session and sending heartbeats.

        Raises
        ------
        SessionError
            When ``timeout_s`` passes; names ``what`` and the supervisor's cause if it has one.
        """
        deadline = time.monotonic() + timeout_s
        pause = threading.Event()
        while True:
            at = time.monotonic()
            if at >= self._next_beat:
                self._next_beat = at + HEARTBEAT_S
                self.session.supervisor.heartbeat(CLIENT)
            self.session.poll()
            if predicate():
                return
            if at > deadline:
                raise SessionError(f"{what} did not happen within {timeout_s:g} s{self._why()}")
            pause.wait(0.01)

    def _why(self) -> str:
        """What the supervisor says of itself and of its hands."""
        status = self.session.supervisor.status
        if status is None:
            return "; the supervisor does not answer"
        hands = [f"{side} hand: {detail}" for side, detail in status.hand_detail.items()]
        return "; ".join(["", f"supervisor: {status.state} {status.cause}".rstrip(), *hands])

    def wait_ready(self) -> None:
        """Wait until every process answers, the hands report, and the cameras deliver."""
        self._say("starting")
        session = self.session
        names = {plan.name for plan in session.plans}
        try:
            self.pump(lambda: names <= set(session.health), READY_S, "the start of every process")
        except SessionError:
            missing = sorted(names - set(session.health))
            words = "; ".join(f"{name}: {session.last_words(name)}" for name in missing)
            raise SessionError(f"not every process starts: {words}") from None
        self.pump(
            lambda: (
                session.supervisor.status is not None
                and session.recorder.status is not None
                and session.operator.status is not None
            ),
            READY_S,
            "the first status of supervisor, operator and recorder",
        )
        self.pump(self._hands_report, READY_S, "the hands' first feedback")
        images = {spec.name for spec in session.rig.streams() if spec.is_image}
        self.pump(
            lambda: images <= set(session.recorder.status.ages_s), READY_S, "the first pictures"
        )

    def _hands_report(self) -> bool:
        ages = self.session.supervisor.status.feedback_age_s
        limits = {hand.side: hand.limits.feedback_age_s for hand in self.session.rig.hands}
        return all(ages.get(side, limit) < limit for side, limit in limits.items())

    def arm(self, source: SourceName) -> None:
        """Bring the hand from whatever state to ACTIVE under ``source``."""
        self.enable()
        supervisor = self.session.supervisor
        supervisor.arm(source, CLIENT)
        self.pump(
            lambda: self._state() == "ACTIVE" and supervisor.status.authority == source,
            5.0,
            f"arming the hand for {source}",
        )

    def enable(self) -> None:
        """Bring a hand without torque to HOLD."""
        if self._state() == "OFF":
            self.session.supervisor.enable()
            self.pump(lambda: self._state() == "HOLD", 5.0, "HOLD after enabling the hand")

    def reset_world(self, seed: int | None = None) -> None:
        """Put the hand and the objects of a simulated world back; nothing without one."""
        if self.session.rig.world is not None:
            self.hold()
            self.pump(WorldReset(self.session, seed).done, 5.0, "the world's reset")

    def hold(self) -> None:
        """Bring the hand back to HOLD."""
        if self._state() == "ACTIVE":
            self.session.supervisor.hold()
            self.pump(lambda: self._state() == "HOLD", 5.0, "HOLD after the take")

    def record(
        self,
        mode: Mode,
        seconds: float,
        *,
        seed: int = 0,
        task: str = "",
        instruction: str = "",
        operator_code: str = "P00",
    ) -> TakeResult:
        """Record one take with the scripted operator and wait until it is published.

        Parameters
        ----------
        mode : {"kinesthetic", "exoskeleton"}
            How the scripted operator teaches.
        seconds : float
            Length of the script.
        seed : int
            Seed of the script and of the world's reset.
        """
        session, recorder = self.session, self.session.recorder
        self.reset_world(seed)
        self.arm(mode)
        before = recorder.status.published
        recorder.start_take(
            task=task,
            instruction=instruction,
            operator_code=operator_code,
            source=mode,
            notes={"script_seed": seed},
        )
        self.pump(lambda: recorder.status.state == "recording", 5.0, "the start of the take")
        episode = recorder.status.episode
        self._say(f"episode {episode}: recording {seconds:g} s, {mode}, scripted operator")
        session.operator.run_script(mode, seconds, seed)
        self.pump(lambda: session.operator.status.activity == "script", 5.0, "the script's start")
        self.pump(lambda: session.operator.status.activity == "idle", seconds + 10.0, "its end")
        problem = _early_end(session.operator.status)
        status = recorder.status
        samples, lost = sum(status.written.values()), sum(status.gaps.values())
        elapsed_s = status.elapsed_s
        recorder.stop_take()
        stopped = time.monotonic()
        self.hold()
        self._say(f"episode {episode}: verifying")
        self.pump(
            lambda: episode in recorder.status.published and recorder.status.published != before,
            PUBLISH_S,
            f"publishing episode {episode}",
        )
        return TakeResult(
            episode=episode,
            path=recorder.status.last_path,
            seconds=round(elapsed_s, 3),
            samples=samples,
            lost_samples=lost,
            finalise_s=round(time.monotonic() - stopped, 3),
            problem=problem,
        )

    def _state(self) -> str:
        status = self.session.supervisor.status
        return status.state if status else ""


def _early_end(status: OperatorStatus) -> str:
    """Why the script ended before its time; empty when it ran to its end."""
    if status.error or status.progress >= COMPLETE:
        return status.error
    return f"the operator process ended the script at {status.progress:.0%}; see its log"
