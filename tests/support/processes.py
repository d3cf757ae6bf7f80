"""Starting the processes of a session in tests, and talking to them as the window would."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import (
    Arm,
    Enable,
    Heartbeat,
    OperatorStatus,
    RunReplay,
    RunScript,
    SupervisorStatus,
)
from devices.session_file import SessionFile
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    "world": "devices.sim.world_process",
    "supervisor": "devices.supervision.process",
    "capture": "devices.capture_process",
    "operator": "policies.operator_process",
    "recorder": "recorder.process",
}
CLIENT = "test"
HEARTBEAT_NS = 50_000_000


class RunningProcesses:
    """Named processes of one session; leaving the ``with`` block ends them all.

    The output of each goes to ``<runtime_dir>/<name>.log``; ``log`` returns it.
    """

    def __init__(self, session: SessionFile, *names: str) -> None:
        self._folder = session.runtime_dir
        path = session.write()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        for name in names:
            with (self._folder / f"{name}.log").open("wb") as output:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", MODULES[name], "--session", str(path)],
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=ROOT,
                    env=environment,
                )

    def log(self, name: str) -> str:
        """What the process ``name`` has said so far."""
        return (self._folder / f"{name}.log").read_text()

    def check(self) -> None:
        """Raise ``AssertionError`` with its output when a process has ended by itself."""
        for name, process in self.processes.items():
            assert process.poll() is None, f"process '{name}' ended:\n{self.log(name)}"

    def stop(self) -> None:
        """End every process, politely first."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self) -> RunningProcesses:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Desk:
    """A stand-in for the window: heartbeats, orders, and the newest statuses.

    Call ``until`` to wait; it keeps the heartbeat going and fails when a process has ended.
    """

    _presses = itertools.count(1)

    def __init__(self, bus: Bus, running: RunningProcesses | None = None) -> None:
        self._running = running
        self._supervisor = bus.outbox("supervisor/control")
        self._operator = bus.outbox("operator/control")
        self._supervisor_status = bus.inbox("supervisor/status")
        self._operator_status = bus.inbox("operator/status")
        self._next_beat_ns = 0
        self.supervisor: SupervisorStatus | None = None
        self.operator: OperatorStatus | None = None

    def poll(self) -> None:
        """Send a heartbeat when due and take over the newest statuses."""
        at_ns = now_ns()
        if at_ns >= self._next_beat_ns:
            self._next_beat_ns = at_ns + HEARTBEAT_NS
            beat = Heartbeat(client=CLIENT, stamp_ns=at_ns)
            self._supervisor.send(beat.model_dump(mode="json"))
        if (message := self._supervisor_status.newest()) is not None:
            self.supervisor = SupervisorStatus.model_validate(message)
        if (message := self._operator_status.newest()) is not None:
            self.operator = OperatorStatus.model_validate(message)
        if self._running is not None:
            self._running.check()

    def until(self, predicate, timeout_s: float, what: str) -> None:
        """Poll until ``predicate()`` is true."""

        def step() -> bool:
            self.poll()
            return bool(predicate())

        wait_until(step, timeout_s, what)

    def arm(self, source: str) -> None:
        """Bring the hand to ACTIVE under ``source``."""
        self.until(lambda: self.supervisor is not None, 15, "a word from the supervisor")
        self.until(lambda: self._ready(), 15, "HOLD after enabling the hand")
        order = Arm(source=source, press_id=now_ns(), client=CLIENT)
        self._supervisor.send(order.model_dump(mode="json"))
        self.until(
            lambda: self.supervisor.state == "ACTIVE" and self.supervisor.authority == source,
            10,
            f"arming for {source}",
        )

    def _ready(self) -> bool:
        if self.supervisor.state == "OFF":
            self._supervisor.send(Enable().model_dump(mode="json"))
        return self.supervisor.state in ("HOLD", "ACTIVE")

    def script(self, mode: str, seconds: float, seed: int = 0) -> None:
        """Order a script and wait until it runs."""
        order = RunScript(mode=mode, seconds=seconds, seed=seed)
        self._begin(order.model_dump(mode="json"), "script")

    def replay(self, episode: str, speed: float = 1.0) -> None:
        """Order a replay and wait until it runs."""
        order = RunReplay(episode=episode, speed=speed)
        self._begin(order.model_dump(mode="json"), "replay")

    def _begin(self, order: dict, activity: str) -> None:
        self.until(lambda: self.operator is not None, 15, "a word from the operator process")
        self._operator.send(order)
        self.until(lambda: self.operator.activity == activity, 5, f"the {activity}'s start")
