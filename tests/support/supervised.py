"""A real supervisor process with a fake hand, and a client to talk to it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from devices.bus import Bus
from devices.clock import now_ns
from devices.requests import Request, Source, encode_request, request_spec
from devices.session_file import SessionFile
from devices.supervision.states import State
from support.waiting import wait_until

PROGRAM = Path(__file__).with_name("fake_hand.py")


class Supervised:
    """Starts the supervisor of ``session`` and plays window and operator towards it.

    Parameters
    ----------
    session : SessionFile
        Written session.
    runtime_root : Path
        Stands in for the user's runtime directory, so that locks of other tests do not matter.
    command : list of str, optional
        Program to start instead of the supervisor with fake hands.
    """

    def __init__(
        self, session: SessionFile, runtime_root: Path, command: list[str] | None = None
    ) -> None:
        self.session = session
        rig = session.rig
        self.hand = rig.hands[0]
        self.bus = Bus(session.namespace)
        self._command = command or [sys.executable, str(PROGRAM)]
        self._environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime_root)}
        self._orders = self.bus.outbox("supervisor/control")
        self._status = self.bus.inbox("supervisor/status")
        self._last_status: dict = {}
        side = self.hand.side
        self.control = self.bus.subscriber(rig.stream("supervisor/control"))
        self.sent = self.bus.subscriber(rig.stream(f"{side}/joints_sent"))
        spec = request_spec(side, Source.SCRIPTED, self.hand.spec.size)
        self._requests = self.bus.publisher(spec)
        self._press_id = 0
        self._quit = threading.Event()
        self._beats: threading.Thread | None = None
        self.process: subprocess.Popen | None = None

    def start(self, environment: dict[str, str] | None = None) -> subprocess.Popen:
        """Start the process and wait for its first status."""
        self.process = self.spawn(environment)
        wait_until(lambda: self.status(), 20.0, "first status of the supervisor")
        return self.process

    def spawn(self, environment: dict[str, str] | None = None) -> subprocess.Popen:
        """Start a process without waiting."""
        path = self.session.runtime_dir / "session.json"
        return subprocess.Popen(
            [*self._command, "--session", str(path)],
            cwd=PROGRAM.parents[2],
            env={**self._environment, **(environment or {})},
            stderr=subprocess.PIPE,
            text=True,
        )

    def order(self, kind: str, **fields: object) -> None:
        self._orders.send({"type": kind, **fields})

    def beat(self, client: str = "gui") -> None:
        self.order("heartbeat", client=client, stamp_ns=now_ns())

    def keep_beating(self) -> None:
        """Heartbeats at 10 Hz from a thread."""
        outbox = self.bus.outbox("supervisor/control")

        def loop() -> None:
            while not self._quit.wait(0.1):
                outbox.send({"type": "heartbeat", "client": "gui", "stamp_ns": now_ns()})

        self._beats = threading.Thread(target=loop, daemon=True)
        self._beats.start()

    def status(self) -> dict:
        """Newest status, the last one when nothing new came."""
        self._last_status = self._status.newest() or self._last_status
        return self._last_status

    def wait_for(self, state: str, timeout_s: float = 5.0) -> dict:
        """Wait until the supervisor says it is in ``state``."""
        wait_until(lambda: self.status().get("state") == state, timeout_s, f"state {state}")
        return self.status()

    def activate(self, source: str = "scripted") -> int:
        """From OFF to ACTIVE; returns the epoch."""
        wait_until(lambda: self.status().get("feedback_age_s"), 10.0, "first feedback of the hand")
        self.beat()
        self.order("enable")
        self.wait_for("HOLD")
        self._press_id += 1
        self.beat()
        self.order("arm", source=source, press_id=self._press_id, client="gui")
        return self.wait_for("ACTIVE")["epoch"]

    def request(self, target: np.ndarray, epoch: int) -> int:
        """Ask for ``target`` now; returns the stamp of the request."""
        at_ns = now_ns()
        encode_request(
            Request(epoch, np.array([at_ns], np.int64), target[None]), self._requests.lend()
        )
        self._requests.publish(at_ns)
        return at_ns

    def follow(self, target: np.ndarray, epoch: int, seconds: float) -> int:
        """Ask for ``target`` at 100 Hz; returns the stamp of the last request."""
        until_ns = now_ns() + int(seconds * 1e9)
        stamp_ns = 0
        while now_ns() < until_ns:
            stamp_ns = self.request(target, epoch)
            self._quit.wait(0.01)
        return stamp_ns

    def first_tick_in(self, state: State, after_ns: int, timeout_s: float = 5.0) -> int:
        """Stamp of the first tick after ``after_ns`` that was in ``state``."""

        def find() -> int:
            for sample in self.control.drain():
                if sample.stamp_ns > after_ns and sample.data[0] == state:
                    return sample.stamp_ns
            return 0

        return wait_until(find, timeout_s, f"a tick in {state.name}")

    def close(self) -> None:
        """End the process and release the bus."""
        self._quit.set()
        if self._beats is not None:
            self._beats.join()
        if self.process is not None:
            if self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    self.process.kill()
            self.process.communicate()
        self.control.close()
        self.sent.close()
        self._requests.close()
