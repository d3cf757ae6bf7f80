"""Replay of an episode on the connected hand, from the first check to the last sample.

States
------
idle     nothing is replayed
loading  the operator process reads the episode; the hand is not armed yet
easing   armed; the hand moves slowly from where it is to the first pose
running  the episode passes
paused   the hand stays where it is

Ladder: any refusal, STOP, hold, or loss of authority ends it; nothing is armed again by itself. The
one press that starts a replay arms the hand once, when the episode is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.replay_tracking import RecordedJoints, ReplayTracker
from app.session import Session
from devices.clock import NS_PER_S, now_ns
from policies.replay import ReplayError, check_replay, ease_seconds, load_recordings

ReplayState = Literal["idle", "loading", "easing", "running", "paused"]
LOAD_LIMIT_S = 10.0
FAR_RAD = 0.8  # the difference at which GELLO refuses to start (gello_software, run_env.py)


@dataclass(frozen=True)
class StartCheck:
    """What a person should know before a replay starts.

    Attributes
    ----------
    problem : str
        Why it cannot start, with the way out; empty when it can.
    distance_rad : float
        Largest difference of the measured from the first recorded pose.
    joint : str
        Joint it belongs to.
    ease_s : float
        How long the approach takes.
    seconds : float
        How long the replay takes after it.
    """

    problem: str = ""
    distance_rad: float = 0.0
    joint: str = ""
    ease_s: float = 0.0
    seconds: float = 0.0

    @property
    def is_far(self) -> bool:
        """Whether the approach is so long that a person should look twice."""
        return self.distance_rad > FAR_RAD

    def text(self) -> str:
        """The check as one sentence."""
        if self.problem:
            return self.problem
        far = " Look whether the way is free." if self.is_far else ""
        return (
            f"The hand is {self.distance_rad:.2f} rad away ({self.joint}); it eases in over "
            f"{self.ease_s:.1f} s, then replays {self.seconds:.1f} s.{far}"
        )


class ReplayControl:
    """Starts, pauses and ends replays; owns nothing of the hand's safety.

    Parameters
    ----------
    session : Session
        The running session.
    client : str
        Name under which the hand is armed; the one that sends heartbeats.
    """

    def __init__(self, session: Session, client: str) -> None:
        self._session, self._client = session, client
        self._asked_ns: int | None = None
        self._armed = False
        self.tracker: ReplayTracker | None = None
        self.path: Path | None = None
        self.message = ""

    @property
    def state(self) -> ReplayState:
        """Where the replay is."""
        status = self._session.operator.status
        if self._asked_ns is None:
            return "idle"
        if status is None or status.activity != "replay" or not self._armed:
            return "loading"
        if status.episode_s is None:
            return "easing"
        return "running" if status.speed > 0 else "paused"

    def check(
        self,
        path: Path,
        poses: Mapping[str, NDArray[np.float64]],
        speed: float = 1.0,
        with_forces: bool = False,
    ) -> StartCheck:
        """Say what starting would mean; nothing moves.

        Parameters
        ----------
        path : Path
            Episode file.
        poses : mapping of str to (J,) float64 array
            Measured pose of every hand by side, as known now.
        speed : float
            0.1 to 1 of the recorded pace.
        with_forces : bool
            Whether forces are to be replayed too.
        """
        rig = self._session.rig
        try:
            check_replay(path, rig, with_forces=with_forces)
            recordings = load_recordings(path, rig, speed)
        except ReplayError as error:
            return StartCheck(str(error))
        problem = self._hand_problem()
        missing = [hand.side for hand in rig.hands if hand.side not in poses]
        if missing and not problem:
            problem = f"No measured pose of the {missing[0]} hand; look at its health."
        if problem:
            return StartCheck(problem)
        distance_rad, joint = 0.0, ""
        for hand in rig.hands:
            off = np.abs(recordings[hand.side].joints[0] - poses[hand.side])
            off[[unit == "m" for unit in hand.spec.units]] = 0.0
            if float(off.max()) >= distance_rad:
                distance_rad, joint = float(off.max()), hand.spec.names[int(off.argmax())]
        ease_s = ease_seconds(recordings, rig, poses)
        seconds = max(float(one.time_s[-1]) for one in recordings.values())
        return StartCheck("", distance_rad, joint, ease_s, seconds)

    def start(
        self, path: Path, speed: float = 1.0, start_s: float = 0.0, with_forces: bool = False
    ) -> str:
        """Load the episode and, once it is loaded, arm the hand; returns why not, or nothing."""
        problem = self._hand_problem()
        if problem:
            return problem
        try:
            check_replay(path, self._session.rig, start_s, with_forces)
            self.tracker = ReplayTracker(RecordedJoints(path))
        except (ReplayError, OSError, ValueError) as error:
            return str(error)
        self.path, self.message = path, ""
        self._asked_ns, self._armed = now_ns(), False
        self._session.operator.run_replay(str(path.resolve()), speed, start_s, with_forces)
        return ""

    def pause(self, paused: bool) -> None:
        """Stay, or go on."""
        self._session.operator.pause_replay(paused)

    def stop(self) -> None:
        """End the replay; the hand holds where it is."""
        self._asked_ns = None
        self._session.operator.stop_script()
        self._session.supervisor.hold()

    def poll(self) -> str:
        """Arm when loaded, notice the end; call ten times a second. Returns news, or nothing."""
        status = self._session.operator.status
        if self._asked_ns is None or status is None:
            return ""
        if self.tracker is not None:
            self.tracker.note_status(status)
        fresh = status.stamp_ns > self._asked_ns
        if not self._armed:
            if fresh and status.activity == "replay":
                self._armed = True
                self._session.supervisor.arm("replay", self._client)
            elif fresh and status.error:
                return self._finish(status.error)
            elif (now_ns() - self._asked_ns) / NS_PER_S > LOAD_LIMIT_S:
                return self._finish(f"The episode was not loaded within {LOAD_LIMIT_S:g} s.")
            return ""
        if fresh and status.activity != "replay":
            self._session.supervisor.hold()
            return self._finish(self._ending(status.error))
        return ""

    def note_measured(self, side: str, stamp_ns: int, joints: NDArray[np.float64]) -> None:
        """Feed a measured sample into the comparison."""
        if self.tracker is not None and self._asked_ns is not None:
            self.tracker.note_measured(side, stamp_ns, joints)

    def _finish(self, message: str) -> str:
        self._asked_ns, self.message = None, message
        return message

    def _ending(self, error: str) -> str:
        """How a replay ended, for people: by the hand's own stop, by an error, or well."""
        hand = self._session.supervisor.status
        if hand is not None and hand.state in ("STOPPED", "FAULT"):
            return f"The replay has ended: the hand is in {hand.state} ({hand.cause})."
        return error or "The replay has ended; the hand holds."

    def _hand_problem(self) -> str:
        status = self._session.supervisor.status
        if status is None:
            return "The supervisor does not answer; it is being started again."
        if status.state in ("STOPPED", "FAULT"):
            return f"The hand is latched in {status.state} ({status.cause}); reset it first."
        if status.state == "OFF":
            return "Enable the hand first."
        if status.state == "ACTIVE":
            return f"The hand is moved by '{status.authority}'; hold it first."
        return ""
