"""What the operator process can be busy with: a script here, a replay in ``replay_activity``.

An activity waits up to ``WAIT_NS`` for its authority and for the hands' poses, runs, and ends: by
itself, or with a reason when the authority is lost. It never asks for the authority.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.messages import RunScript
from devices.rig import Rig
from policies.hand_source import HandSource
from policies.operator_inputs import Authority, ObjectWatch
from policies.scripted import ScriptedOperator, ScriptError

WAIT_NS = 5 * NS_PER_S


class Activity(Protocol):
    """One thing the operator does for a while."""

    kind: Literal["script", "replay"]
    name: str
    detail: dict[str, Any]
    progress: float
    ended: bool
    error: str

    def tick(self, authority: Authority, at_ns: int) -> None:
        """Advance to ``at_ns`` (host clock) under ``authority``."""
        ...

    def intent(self, side: str) -> NDArray[np.float64] | None:
        """Intent ``(23,)`` for the wearer of the exoskeleton on ``side``, or None."""
        ...

    def pulls(self) -> NDArray[np.float64] | None:
        """Rows of ``operator/pulls``, or None."""
        ...


class WaitingActivity:
    """The part every activity shares: wait for authority and poses, end when they are lost."""

    def __init__(self, hands: Sequence[HandSource], allowed: tuple[str, ...]) -> None:
        self.progress, self.ended, self.error = 0.0, False, ""
        self._hands = hands
        self._allowed = allowed
        self._asked_ns: int | None = None
        self._begin_ns: int | None = None

    def _end(self, error: str = "") -> None:
        self.ended, self.error = True, error

    def _poses(self, authority: Authority, at_ns: int) -> dict[str, NDArray[np.float64]] | None:
        """Poses to begin with, or None while something is missing."""
        if self._asked_ns is None:
            self._asked_ns = at_ns
        late = at_ns - self._asked_ns > WAIT_NS
        if authority.source not in self._allowed:
            if late:
                self._end(
                    f"authority is '{authority.source}', not '{self._allowed[0]}', after "
                    f"{WAIT_NS / NS_PER_S:g} s; arm the hand for '{self._allowed[0]}' first"
                )
            return None
        poses = {hand.hand.side: hand.pose(at_ns) for hand in self._hands}
        found = {side: pose for side, pose in poses.items() if pose is not None}
        if len(found) < len(poses):
            if late:
                silent = ", ".join(sorted(set(poses) - set(found)))
                self._end(
                    f"no measured pose of the {silent} hand for {WAIT_NS / NS_PER_S:g} s; "
                    "look at its health"
                )
            return None
        return found

    def _keeps(self, authority: Authority) -> bool:
        if authority.source in self._allowed:
            return True
        why = f" ({authority.cause})" if authority.cause else ""
        self._end(f"authority went from '{self._allowed[0]}' to '{authority.source}'{why}")
        return False


class ScriptActivity(WaitingActivity):
    """The scripted operator at work."""

    kind: Literal["script", "replay"] = "script"

    def __init__(
        self, rig: Rig, order: RunScript, hands: Sequence[HandSource], objects: ObjectWatch
    ) -> None:
        pulled = order.mode == "kinesthetic"
        super().__init__(hands, ("kinesthetic",) if pulled else ("exoskeleton", "scripted"))
        self.name = order.name
        self.detail: dict[str, Any] = {
            "mode": order.mode,
            "seconds": order.seconds,
            "seed": order.seed,
        }
        self._rig, self._order, self._objects = rig, order, objects
        self._operator: ScriptedOperator | None = None
        self._at_s = 0.0
        problems = [hand.exo_problem for hand in hands if hand.exo_problem]
        if problems and not pulled:
            self._end("; ".join(problems))
        elif pulled and rig.world is None:
            self._end(
                f"rig '{rig.name}' has no simulated world, so nobody can pull its fingers; "
                "run the script in mode 'exoskeleton'"
            )

    def tick(self, authority: Authority, at_ns: int) -> None:
        """Advance to ``at_ns`` (host clock) under ``authority``."""
        if self.ended:
            return
        if self._operator is None or self._begin_ns is None:
            poses = self._poses(authority, at_ns)
            if poses is not None:
                self._begin(poses, at_ns)
            return
        if not self._keeps(authority):
            return
        self._at_s = (at_ns - self._begin_ns) / NS_PER_S
        self.progress = min(1.0, self._at_s / self._operator.seconds)
        if self._at_s >= self._operator.seconds:
            self._end()

    def _begin(self, poses: dict[str, NDArray[np.float64]], at_ns: int) -> None:
        objects_m = self._objects.positions_m()
        if self._rig.world is not None and objects_m is None and not self._late(at_ns):
            return
        order = self._order
        kinematics = {hand.hand.side: hand.kinematics for hand in self._hands}
        try:
            self._operator = ScriptedOperator(
                self._rig,
                order.mode,
                kinematics,
                poses,
                objects_m or {},
                order.seconds,
                order.seed,
                order.name,
            )
        except ScriptError as error:
            self._end(str(error))
            return
        self._begin_ns = at_ns

    def _late(self, at_ns: int) -> bool:
        return self._asked_ns is not None and at_ns - self._asked_ns > WAIT_NS // 5

    def intent(self, side: str) -> NDArray[np.float64] | None:
        """Intent ``(23,)`` for the wearer on ``side``; None while there is none."""
        if self._operator is None or self._order.mode == "kinesthetic":
            return None
        return self._operator.intent(side, self._at_s)

    def pulls(self) -> NDArray[np.float64] | None:
        """Rows of ``operator/pulls``, points in m; None while nobody pulls."""
        if self._operator is None or self._order.mode != "kinesthetic":
            return None
        return self._operator.pulls(self._at_s)
