"""Who does the work: this process, a pool of processes, or a Ray cluster. The bytes are the same.

Every executor takes tasks, runs ``clean_task`` on each, and hands outcomes to ``done`` as they
come. ``tick`` is called a few times a second in between and may raise ``Cancelled``; the caller has
then told the workers through the job's control file, and the executor waits for them to end.

Ladder
------
an episode fails          its outcome says why; the others go on
a worker is killed        its episode is tried once more on a new one, then reported
memory runs out           the worker's limit turns it into an error of that episode
this process is killed    workers end with it; finished episodes stay and are not done again
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import logging
import multiprocessing
import os
import re
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from typing import Protocol

import cv2

from recorder.cleaning.work import CleanOutcome, CleanTask, clean_task, failed
from recorder.progress import Cancelled, Progress

log = logging.getLogger(__name__)

TICK_S = 0.1
MEMORY_BYTES = 3 << 30  # per worker; the layers need half of it at 640x480
PR_SET_PDEATHSIG = 1
TRIES = 2
KNOCK_S = 5.0
KILLED = (
    "its worker was killed {times} times (too little memory, or somebody ended it); clean it "
    "alone with --workers 1"
)

ANSI = re.compile(r"\x1b\[[0-9;]*m")

Done = Callable[[CleanTask, CleanOutcome], None]
Tick = Callable[[], None]


class Executor(Protocol):
    """Runs tasks.

    Attributes
    ----------
    name : str
        For people.
    workers : int
        Tasks that run side by side.
    """

    name: str
    workers: int

    def run(self, tasks: Sequence[CleanTask], done: Done, tick: Tick) -> None:
        """Run all tasks; raises what ``tick`` raises after the workers ended."""
        ...


class InProcess:
    """One episode after the other in this process."""

    name = "in this process"
    workers = 1

    def run(self, tasks: Sequence[CleanTask], done: Done, tick: Tick) -> None:
        """Run all tasks; ``tick`` is called between pictures."""

        def also(progress: Progress) -> None:
            tick()

        for task in tasks:
            outcome = clean_task(task, also)
            done(task, outcome)
            if outcome.outcome == "cancelled":
                tick()
                raise Cancelled("asked to end")


class ProcessPool:
    """Processes of this machine, one episode each at a time.

    Parameters
    ----------
    workers : int
    memory_bytes : int
        Most a worker may take for itself; 0 for no limit.
    """

    def __init__(self, workers: int, memory_bytes: int = MEMORY_BYTES) -> None:
        self.workers = max(1, workers)
        self.name = f"{self.workers} processes"
        self._memory_bytes = memory_bytes
        self._lanes: list[ProcessPoolExecutor | None] = [None] * self.workers

    def run(self, tasks: Sequence[CleanTask], done: Done, tick: Tick) -> None:
        """Run all tasks. A lane has one process, so a killed one costs only its own episode."""
        queue = deque((task, 1) for task in tasks)
        running: dict[Future[CleanOutcome], tuple[CleanTask, int, int]] = {}
        free = list(range(min(self.workers, len(tasks))))
        try:
            while queue or running:
                while queue and free:
                    lane, (task, attempt) = free.pop(0), queue.popleft()
                    with _interrupts_held():  # submitting starts the process
                        future = self._lane(lane).submit(clean_task, task)
                    running[future] = (task, attempt, lane)
                ended, _ = wait(running, timeout=TICK_S, return_when=FIRST_COMPLETED)
                for future in ended:
                    task, attempt, lane = running.pop(future)
                    free.append(lane)
                    outcome = self._outcome(future, task, attempt, lane)
                    if outcome is None:
                        queue.append((task, attempt + 1))
                    else:
                        done(task, outcome)
                tick()
        finally:
            for executor in self._lanes:
                if executor is not None:
                    executor.shutdown(wait=True, cancel_futures=True)
            self._lanes = [None] * self.workers

    def _lane(self, lane: int) -> ProcessPoolExecutor:
        executor = self._lanes[lane]
        if executor is None:
            executor = self._lanes[lane] = ProcessPoolExecutor(
                1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=begin_worker,
                initargs=(self._memory_bytes, os.getpid()),
            )
        return executor

    def _outcome(
        self, future: Future[CleanOutcome], task: CleanTask, attempt: int, lane: int
    ) -> CleanOutcome | None:
        error = future.exception()
        if error is None:
            return future.result()
        if isinstance(error, BrokenProcessPool):
            executor, self._lanes[lane] = self._lanes[lane], None
            if executor is not None:
                executor.shutdown(wait=True, cancel_futures=True)
            log.warning("the worker of episode %d was killed (try %d)", task.number, attempt)
            return None if attempt < TRIES else failed(task, KILLED.format(times=TRIES))
        return failed(task, f"its worker failed: {type(error).__name__}: {error}")


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started in here never get Ctrl+C, not even while they start."""
    resource_tracker.ensure_running()  # started in here, it would let them through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_worker(memory_bytes: int, parent_pid: int) -> None:
    """Set up a worker process: one thread, limited memory, and it ends with its parent.

    Ctrl+C is the parent's, which tells the workers.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    cv2.setNumThreads(1)
    if sys.platform != "linux":
        return
    import resource

    if memory_bytes > 0:
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


class RayCluster:
    """A Ray cluster whose machines see the dataset under the same path.

    Parameters
    ----------
    address : str
        As ``ray.init`` takes it, e.g. ``auto`` or ``ray://head:10001``; ``local`` starts one on
        this machine.
    workers : int
        Processes of a local one, and how many episodes are handed out at once; 0 for as many as
        the cluster has processors.

    Raises
    ------
    RuntimeError
        Ray is not installed, or the cluster does not answer.
    """

    def __init__(self, address: str, workers: int = 0) -> None:
        self.address = address
        self.workers = workers
        self.name = f"Ray at {address}"

    def run(self, tasks: Sequence[CleanTask], done: Done, tick: Tick) -> None:
        """Run all tasks on the cluster, each as one Ray task of one processor."""
        ray, started = self._connect()
        try:
            at_once = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            self.workers = at_once
            remote = ray.remote(num_cpus=1, max_retries=0)(clean_task)
            queue = deque((task, 1) for task in tasks)
            running: dict = {}
            while queue or running:
                while queue and len(running) < at_once:
                    task, attempt = queue.popleft()
                    running[remote.remote(task)] = (task, attempt)
                ended, _ = ray.wait(list(running), num_returns=1, timeout=TICK_S)
                for reference in ended:
                    task, attempt = running.pop(reference)
                    outcome = self._outcome(ray, reference, task, attempt)
                    if outcome is None:
                        queue.append((task, attempt + 1))
                    else:
                        done(task, outcome)
                try:
                    tick()
                except Cancelled:
                    ray.wait(list(running), num_returns=len(running)) if running else None
                    raise
        finally:
            if started:
                ray.shutdown()

    def _connect(self):
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            ray = importlib.import_module("ray")  # an optional package
        except ImportError:
            raise RuntimeError(
                "Ray is not installed; install it with: pip install 'thenar[ray]', or use "
                "--workers N on this machine"
            ) from None
        if ray.is_initialized():
            return ray, False
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            self._knock()
            if self.address == "local":
                ray.init(num_cpus=self.workers or os.cpu_count(), include_dashboard=False, **quiet)
            else:
                ray.init(address=self.address, **quiet)
        except (ConnectionError, ValueError, OSError, RuntimeError, TimeoutError) as error:
            raise RuntimeError(
                f"the Ray cluster at '{self.address}' cannot be reached ({error}); start it with "
                "'ray start --head', or use --workers N on this machine"
            ) from None
        return ray, True

    def _knock(self) -> None:
        """Raise ``OSError`` when nobody listens there: Ray itself would try for minutes."""
        host, colon, port = self.address.removeprefix("ray://").rpartition(":")
        if colon and port.isdigit():
            socket.create_connection((host.strip("[]"), int(port)), KNOCK_S).close()

    @staticmethod
    def _outcome(ray, reference, task: CleanTask, attempt: int) -> CleanOutcome | None:
        try:
            return ray.get(reference)
        except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError):
            log.warning("the worker of episode %d was killed (try %d)", task.number, attempt)
            return None if attempt < TRIES else failed(task, KILLED.format(times=TRIES))
        except ray.exceptions.OutOfMemoryError:
            return failed(task, "its machine ran out of memory; give it fewer tasks at once")
        except ray.exceptions.RayError as error:
            said = " ".join(ANSI.sub("", str(error)).split())
            return failed(task, f"its worker failed: {said[:300]}")


def executor_for(workers: int = 1, ray: str = "", memory_bytes: int = MEMORY_BYTES) -> Executor:
    """Executor for what was asked: Ray, several processes, or this one.

    Parameters
    ----------
    workers : int
        Processes; 1 works in this process.
    ray : str
        Address of a Ray cluster; empty for none.
    memory_bytes : int
        Limit of a process of the pool.
    """
    if ray:
        return RayCluster(ray, workers if workers > 1 else 0)
    if workers > 1:
        return ProcessPool(workers, memory_bytes)
    return InProcess()
