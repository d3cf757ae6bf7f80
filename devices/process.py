"""What every process of a session has in common: start-up, parent watch, priority, health.

Ladder when things go wrong: the parent dies -> ``should_stop`` becomes true within one poll and
the process leaves through its own clean-up; SIGTERM and SIGINT do the same; a real-time priority
that is not permitted is only reported in the health message.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psutil

from devices.bus import Bus
from devices.clock import now_ns
from devices.session_file import SessionFile

HEALTH_PERIOD_NS = 200_000_000
PARENT_POLL_NS = 200_000_000


class ProcessContext:
    """One process of a session.

    Parameters
    ----------
    name : str
        ``supervisor``, ``world``, ``capture``, ``operator``, ``recorder``.
    session : SessionFile
        The session it belongs to.
    """

    def __init__(self, name: str, session: SessionFile) -> None:
        self.name = name
        self.session = session
        self.bus = Bus(session.namespace)
        self._health = self.bus.outbox("health")
        self._stop = False
        self._next_health_ns = 0
        self._next_parent_ns = 0
        self._parent_alive = True
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    @classmethod
    def from_command_line(cls, name: str, argv: list[str] | None = None) -> ProcessContext:
        """Parse ``--session FILE`` and build the context."""
        parser = argparse.ArgumentParser(prog=name)
        parser.add_argument("--session", type=Path, required=True)
        arguments = parser.parse_args(argv)
        return cls(name, SessionFile.read(arguments.session))

    def _on_signal(self, number: int, frame: Any) -> None:
        self._stop = True

    def stop(self) -> None:
        """Ask the main loop to end."""
        self._stop = True

    @property
    def parent_alive(self) -> bool:
        """Whether the process that owns the session still runs; polled at most every 0.2 s."""
        at_ns = now_ns()
        if at_ns >= self._next_parent_ns:
            self._next_parent_ns = at_ns + PARENT_POLL_NS
            self._parent_alive = pid_alive(self.session.parent_pid)
        return self._parent_alive

    @property
    def should_stop(self) -> bool:
        """Whether the main loop must end: a signal came or the session's owner died."""
        return self._stop or not self.parent_alive

    def report(self, force: bool = False, **detail: Any) -> None:
        """Publish a health message, at most every 0.2 s unless ``force``."""
        at_ns = now_ns()
        if force or at_ns >= self._next_health_ns:
            self._next_health_ns = at_ns + HEALTH_PERIOD_NS
            self._health.send(
                {"process": self.name, "pid": os.getpid(), "stamp_ns": at_ns, **detail}
            )


def pid_alive(pid: int) -> bool:
    """Whether ``pid`` runs (a zombie does not count)."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def raise_priority(real_time: int = 0, nice: int = -5) -> str:
    """Ask the scheduler for more than our share; returns what was granted.

    Parameters
    ----------
    real_time : int
        SCHED_RR priority 1..99 to try first, 0 to skip it.
    nice : int
        Niceness to try next.
    """
    if real_time and sys.platform == "linux":
        with contextlib.suppress(PermissionError, OSError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(real_time))
            return f"SCHED_RR {real_time}"
    with contextlib.suppress(PermissionError, OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
        return f"nice {nice}"
    return "normal"
