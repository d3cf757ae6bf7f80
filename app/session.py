"""A session: the processes of one rig, started in order, watched, and ended in order.

Free of Qt, so the window, the command line and the tests start the same processes the same way.

What happens when a process dies
--------------------------------
==========  =====================================================================
supervisor  the hand's own watchdog stops it; the supervisor is started again and
            comes up OFF (arming is a new act by a person)
world       the same as a hand that lost power: HOLD, then FAULT; restarted
capture     restarted; the recorder's ledger shows the gap
operator    HOLD if it drove the hand; restarted
recorder    restarted; it recovers the running take from its log at once
emulator    restarted on the same path
owner       (window or command line) the recorder finishes and publishes the take,
            everything else makes itself safe and leaves
==========  =====================================================================
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from app.calibrations import calibrations_of
from app.clients import OperatorClient, RecorderClient, SimClient, SupervisorClient
from devices.bus import Bus
from devices.clock import now_ns
from devices.hand_driver import DeviceError
from devices.process import pid_alive
from devices.rig import Rig
from devices.session_file import SessionFile, runtime_root
from devices.supervision.lock import require_free

log = logging.getLogger(__name__)

RESTART_LIMIT = 5  # restarts of one process within RESTART_WINDOW_S before giving up
RESTART_WINDOW_S = 30.0
STOP_GRACE_S = 3.0
RECORDER_GRACE_S = 120.0  # finishing a take may mean converting a long log
REPOSITORY = Path(__file__).resolve().parent.parent


class SessionError(RuntimeError):
    """A session cannot start or has failed; the message is one clear sentence."""


@dataclass(frozen=True, slots=True)
class ProcessPlan:
    """One process of a session.

    ``optional`` processes may end with exit code 0 by themselves, when this machine has no use for
    them; everything else is started again.
    """

    name: str
    module: str
    grace_s: float = STOP_GRACE_S
    arguments: tuple[str, ...] = ()
    optional: bool = False


@dataclass
class _Running:
    plan: ProcessPlan
    child: subprocess.Popen
    restarts: deque[float] = field(default_factory=lambda: deque(maxlen=RESTART_LIMIT))
    given_up: bool = False


def plan_processes(rig: Rig, *, emulate: bool = False, capture: bool = True) -> list[ProcessPlan]:
    """List the processes of ``rig`` in starting order."""
    plans = []
    if emulate and any(not hand.driver.startswith("sim_") for hand in rig.hands):
        plans.append(ProcessPlan("emulator", "devices.emulators.process"))
    if rig.world is not None:
        plans.append(ProcessPlan("world", "devices.sim.world_process"))
    plans.append(ProcessPlan("supervisor", "devices.supervision.process"))
    if capture and (rig.cameras or any(t.kind == "visuotactile" for t in rig.tactile)):
        plans.append(ProcessPlan("capture", "devices.capture_process"))
    plans.append(ProcessPlan("operator", "policies.operator_process"))
    plans.append(ProcessPlan("recorder", "recorder.process", RECORDER_GRACE_S))
    return plans


class Session:
    """The running processes of one rig and the clients that talk to them.

    Parameters
    ----------
    rig : Rig
        What to open.
    dataset_dir : Path
        Folder the recorder writes episodes into; made when absent.
    seed : int
        Seed of simulators and scripts.
    emulate : bool
        Start emulators for real drivers.
    emulated_video : Path, optional
        Video that stands in for a camera when emulating.
    plans : list of ProcessPlan, optional
        Processes to start instead of the rig's own (benchmarks bring prepared frames).

    Raises
    ------
    SessionError
        When another session owns the rig; the message names its process.
    """

    def __init__(
        self,
        rig: Rig,
        dataset_dir: Path,
        *,
        seed: int = 0,
        emulate: bool = False,
        emulated_video: Path | None = None,
        plans: list[ProcessPlan] | None = None,
    ) -> None:
        try:
            require_free(rig.name)
        except DeviceError as error:
            raise SessionError(str(error)) from None
        _sweep_runtime()
        namespace = f"{rig.name}-{os.getpid()}-{now_ns() // 1_000_000}"
        self.file = SessionFile(
            namespace=namespace,
            rig=rig,
            dataset_dir=dataset_dir.expanduser().resolve(),
            runtime_dir=runtime_root() / namespace,
            parent_pid=os.getpid(),
            seed=seed,
            emulate=emulate,
            emulated_video=emulated_video,
        )
        self.plans = plans if plans is not None else plan_processes(rig, emulate=emulate)
        self.bus = Bus(namespace)
        self.supervisor = SupervisorClient(self.bus)
        self.recorder = RecorderClient(self.bus, calibrations_of(rig))
        self.operator = OperatorClient(self.bus)
        self.sim = SimClient(self.bus)
        self._health = self.bus.inbox("health")
        self.health: dict[str, dict] = {}
        self._leaving: list[tuple[_Running, float]] = []  # with the time they are killed at
        self.problems: deque[str] = deque(maxlen=50)
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()
        self._closing = False

    @property
    def rig(self) -> Rig:
        """The rig this session runs."""
        return self.file.rig

    def start(self) -> None:
        """Write the session file and start every process; returns without waiting."""
        self.file.dataset_dir.mkdir(parents=True, exist_ok=True)
        self._session_path = self.file.write()
        for plan in self.plans:
            self._running[plan.name] = _Running(plan, self._spawn(plan))

    def begin(self, plan: ProcessPlan) -> None:
        """Start one more process in the running session; it is watched like the others."""
        with self._lock:
            if self._closing or plan.name in self._running:
                return
            self._running[plan.name] = _Running(plan, self._spawn(plan))

    def end(self, name: str) -> None:
        """End one process of the running session; nothing happens when there is none."""
        self.health.pop(name, None)
        self._end(name)

    def dismiss(self, name: str) -> None:
        """Ask one process to end and return at once; ``poll`` sees it off, or kills it."""
        self.health.pop(name, None)
        running = self._running.pop(name, None)
        if running is not None:
            running.child.terminate()
            self._leaving.append((running, time.monotonic() + running.plan.grace_s))

    def runs(self, name: str) -> bool:
        """Whether process ``name`` is one of the session's and was not given up."""
        running = self._running.get(name)
        return running is not None and not running.given_up

    def wait_ready(self, timeout_s: float = 30.0, names: tuple[str, ...] | None = None) -> None:
        """Wait until every process (or ``names``) has reported health once.

        Raises
        ------
        SessionError
            Naming the process that is missing and the last line it wrote.
        """
        wanted = set(names or (plan.name for plan in self.plans))
        deadline = time.monotonic() + timeout_s
        pause = threading.Event()
        while True:
            self.poll()
            missing = wanted - set(self.health)
            if not missing:
                return
            for name in missing:
                running = self._running.get(name)
                if running and running.child.poll() is not None and len(running.restarts) >= 2:
                    raise SessionError(f"{name} does not start: {self.last_words(name)}")
            if time.monotonic() > deadline:
                name = sorted(missing)[0]
                raise SessionError(
                    f"{name} did not report within {timeout_s:.0f} s: {self.last_words(name)}"
                )
            pause.wait(0.01)

    def poll(self) -> None:
        """Read health messages and restart what died; call it a few times a second."""
        for message in self._health.drain():
            self.health[message["process"]] = message
        self.supervisor.poll()
        self.recorder.poll()
        self.operator.poll()
        if not self._closing:
            self._revive()
        self._see_off()

    def pid(self, name: str) -> int:
        """Process id of the running process ``name``."""
        return self._running[name].child.pid

    def last_words(self, name: str) -> str:
        """The last line process ``name`` wrote to its log, for error messages."""
        path = self.file.runtime_dir / f"{name}.log"
        with contextlib.suppress(OSError):
            lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
            if lines:
                return lines[-1].strip()
        return "it left no message"

    def close(self) -> None:
        """End everything in order: the take finished first, then the hand made safe."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        for name in ("recorder", "operator", "capture", "supervisor"):
            self._end(name)
        for name in list(self._running):
            self._end(name)
        for running, _ in self._leaving:
            _wait_for(running)
        shutil.rmtree(self.file.runtime_dir, ignore_errors=True)

    def __enter__(self) -> Session:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _spawn(self, plan: ProcessPlan) -> subprocess.Popen:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MUJOCO_GL": os.environ.get("MUJOCO_GL", "egl"),
            "PYTHONUNBUFFERED": "1",
        }
        with open(self.file.runtime_dir / f"{plan.name}.log", "ab") as output:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    plan.module,
                    "--session",
                    str(self._session_path),
                    *plan.arguments,
                ],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl+C in the terminal reaches the owner only
            )

    def _revive(self) -> None:
        for name, running in list(self._running.items()):
            code = running.child.poll()
            if code is None or running.given_up:
                continue
            if code == 0 and running.plan.optional:
                del self._running[name]
                continue
            why = signal.Signals(-code).name if code < 0 else self.last_words(name)
            recent = [t for t in running.restarts if time.monotonic() - t < RESTART_WINDOW_S]
            running.given_up = len(recent) >= RESTART_LIMIT
            after = (
                f"given up after {RESTART_LIMIT} restarts; close the program and start it again"
                if running.given_up
                else "restarted"
            )
            self.problems.append(f"{name} ended ({why}); {after}")
            log.warning("%s", self.problems[-1])
            if not running.given_up:
                running.restarts.append(time.monotonic())
                running.child = self._spawn(running.plan)

    def _end(self, name: str) -> None:
        running = self._running.pop(name, None)
        if running is None:
            return
        running.child.terminate()
        _wait_for(running)

    def _see_off(self) -> None:
        """Forget dismissed processes that have gone, and kill those whose time is over."""
        self._leaving = [one for one in self._leaving if one[0].child.poll() is None]
        for running, until_s in self._leaving:
            if time.monotonic() > until_s:
                running.child.kill()


def _wait_for(running: _Running) -> None:
    plan = running.plan
    try:
        running.child.wait(plan.grace_s)
    except subprocess.TimeoutExpired:
        log.warning("%s did not leave within %.0f s; killed", plan.name, plan.grace_s)
        running.child.kill()
        running.child.wait()


def _sweep_runtime() -> None:
    """Remove the runtime folders of sessions whose owner is gone."""
    for folder in runtime_root().glob("*-*-*/"):
        pid = folder.name.rsplit("-", 2)[1]
        if pid.isdigit() and not pid_alive(int(pid)) and (folder / "session.json").is_file():
            shutil.rmtree(folder, ignore_errors=True)
