"""Clients of the session's processes: orders out, newest status in. Free of Qt.

Every method returns at once; whether an order was obeyed shows in the next status. Each client
belongs to one thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import (
    Arm,
    Discard,
    Enable,
    Heartbeat,
    Hold,
    Off,
    OperatorStatus,
    Outcome,
    PauseReplay,
    RecorderStatus,
    Reset,
    ResetWorld,
    RunReplay,
    RunScript,
    SetOutcome,
    ShowOperator,
    SourceName,
    StartTake,
    Stop,
    StopScript,
    StopTake,
    SupervisorStatus,
    UndoDiscard,
)


class _Client:
    """Sends orders to one mailbox and keeps the newest status of another."""

    def __init__(self, bus: Bus, name: str, status: type[BaseModel] | None) -> None:
        self._out = bus.outbox(f"{name}/control")
        self._in = bus.inbox(f"{name}/status") if status else None
        self._model = status
        self.status = None

    def poll(self) -> None:
        """Take the newest status, if there is a new one."""
        if self._in is None or self._model is None:
            return
        message = self._in.newest()
        if message is not None:
            self.status = self._model.model_validate(message)

    def _send(self, order: BaseModel) -> None:
        self._out.send(order.model_dump(mode="json"))

    def wait(self, predicate: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Poll until ``predicate`` holds; raises ``TimeoutError`` naming ``what``."""
        deadline = time.monotonic() + timeout_s
        pause = threading.Event()
        while True:
            self.poll()
            if predicate():
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not happen within {timeout_s:g} s")
            pause.wait(0.005)


class SupervisorClient(_Client):
    """Orders to the supervisor. ``stop`` may be called at any time and always works."""

    status: SupervisorStatus | None

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus, "supervisor", SupervisorStatus)

    def stop(self, client: str) -> None:
        """STOP: latch and hold at the measured pose."""
        self._send(Stop(client=client))

    def heartbeat(self, client: str) -> None:
        """Say that the client's event loop runs; silence puts the hand into HOLD."""
        self._send(Heartbeat(client=client, stamp_ns=now_ns()))

    def enable(self) -> None:
        """OFF to HOLD."""
        self._send(Enable())

    def arm(self, source: SourceName, client: str) -> None:
        """HOLD to ACTIVE under ``source`` with a fresh press."""
        self._send(Arm(source=source, press_id=now_ns() // 1_000_000, client=client))

    def hold(self) -> None:
        """ACTIVE to HOLD."""
        self._send(Hold())

    def off(self) -> None:
        """Torque off."""
        self._send(Off())

    def reset(self) -> None:
        """Leave a latched state for HOLD."""
        self._send(Reset())


class RecorderClient(_Client):
    """Orders to the recorder.

    Parameters
    ----------
    bus : Bus
        Connection to the session.
    calibrations : dict, optional
        Calibrations in force, stored in every episode.
    """

    status: RecorderStatus | None

    def __init__(self, bus: Bus, calibrations: dict[str, Any] | None = None) -> None:
        super().__init__(bus, "recorder", RecorderStatus)
        self._calibrations = calibrations or {}

    def start_take(self, **fields) -> None:
        """Begin a take; fields as in ``devices.messages.StartTake``."""
        press_ns = fields.pop("press_ns", now_ns())
        self._send(StartTake(press_ns=press_ns, calibration=self._calibrations, **fields))

    def stop_take(self, outcome: Outcome = "unlabelled") -> None:
        """End the running take."""
        self._send(StopTake(press_ns=now_ns(), outcome=outcome))

    def set_outcome(self, episode: int, outcome: Outcome) -> None:
        """Set the outcome of a take or an episode."""
        self._send(SetOutcome(episode=episode, outcome=outcome))

    def discard(self, episode: int) -> None:
        """Move an episode to the trash."""
        self._send(Discard(episode=episode))

    def undo_discard(self) -> None:
        """Bring the last discarded episode back."""
        self._send(UndoDiscard())


class OperatorClient(_Client):
    """Orders to the operator process."""

    status: OperatorStatus | None

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus, "operator", OperatorStatus)

    def run_script(self, mode: str, seconds: float, seed: int = 0) -> None:
        """Start the scripted operator."""
        self._send(RunScript.model_validate({"mode": mode, "seconds": seconds, "seed": seed}))

    def run_replay(
        self, episode: str, speed: float = 1.0, start_s: float = 0.0, with_forces: bool = False
    ) -> None:
        """Load an episode for replay; it begins once the hand is armed for it."""
        self._send(
            RunReplay(episode=episode, speed=speed, start_s=start_s, with_forces=with_forces)
        )

    def pause_replay(self, paused: bool) -> None:
        """Let the replay stay where it is, or go on."""
        self._send(PauseReplay(paused=paused))

    def stop_script(self) -> None:
        """End the running script or replay."""
        self._send(StopScript())


class SimClient(_Client):
    """Orders to the simulator."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus, "sim", None)

    def reset_world(self, seed: int | None = None) -> None:
        """Put hand and objects back to their start poses."""
        self._send(ResetWorld(seed=seed))

    def show_operator(self, visible: bool) -> None:
        """Show or hide the simulated operator's hand."""
        self._send(ShowOperator(visible=visible))
