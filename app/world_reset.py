"""Resetting the simulated world, and knowing when a hand may be armed again. Free of Qt.

A reset moves the simulated hand at once, which no real hand can do. The supervisor distrusts
such a jump: it refuses to arm, or goes back to HOLD, until the hand has stayed at the new pose for
some samples. Whoever resets and then arms must wait for that, not press again.
"""

from __future__ import annotations

from app.session import Session, SessionError
from devices.clock import NS_PER_S
from devices.supervision.watchdog import SAMPLES_TO_REBASE

SETTLE_FACTOR = 3  # of the samples the supervisor wants: some may come late


class WorldReset:
    """One reset, from the order until the supervisor trusts every hand at its new pose.

    Parameters
    ----------
    session : Session
        A session whose rig has a world.
    seed : int, optional
        Seed of the objects' start poses.
    """

    def __init__(self, session: Session, seed: int | None = None) -> None:
        self._session = session
        self._before = self._world.get("resets", 0)
        self._answered_ns: int | None = None
        slowest_hz = min(hand.control_rate_hz for hand in session.rig.hands)
        self._settle_ns = int(SETTLE_FACTOR * SAMPLES_TO_REBASE / slowest_hz * NS_PER_S)
        session.sim.reset_world(seed)

    @property
    def _world(self) -> dict:
        return self._session.health.get("world", {})

    def done(self) -> bool:
        """Whether the hands may be armed; poll the session in between.

        Raises
        ------
        SessionError
            When the world refuses the reset; says why.
        """
        if self._answered_ns is None:
            if self._world.get("resets", 0) == self._before:
                return False
            if self._world.get("message"):
                raise SessionError(f"the world was not reset: {self._world['message']}")
            self._answered_ns = self._world["stamp_ns"]
        status = self._session.supervisor.status
        if status is None or status.stamp_ns < self._answered_ns + self._settle_ns:
            return False
        return all(
            status.feedback_age_s.get(hand.side, float("inf")) < hand.limits.feedback_age_s
            for hand in self._session.rig.hands
        )
