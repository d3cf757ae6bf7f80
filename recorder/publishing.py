"""The queue of takes waiting to become episodes: one low-priority child process at a time."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from recorder.dataset import Dataset, episode_number

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of one log.

    Attributes
    ----------
    log : Path
        The log that was finalised.
    number : int or None
        Published episode, None when there was nothing to publish or it failed.
    path : str
        The episode file.
    error : str
        Why it failed; the log is kept then.
    recovered : bool
        Whether it was an orphan of an earlier run.
    discarded : bool
        Whether it went to the trash.
    samples, lost : int
        Samples stored and samples known to be missing.
    """

    log: Path
    number: int | None
    path: str = ""
    error: str = ""
    recovered: bool = False
    discarded: bool = False
    samples: int = 0
    lost: int = 0


class Child(Protocol):
    """What the queue needs of a running child process."""

    returncode: int | None

    def poll(self) -> int | None: ...
    def communicate(self) -> tuple[bytes, bytes]: ...


def launch_child(root: Path, log_path: Path) -> Child:
    """Start the low-priority process that finalises one log."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "recorder.finalise",
            "--dataset",
            str(root),
            "--log",
            str(log_path),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C in the terminal must not reach it
    )


class FinaliseQueue:
    """Finalises logs one after the other. Poll it; nothing here waits.

    Parameters
    ----------
    dataset : Dataset
        Where the logs lie.
    launch : callable, optional
        Starts the child of one log.
    """

    def __init__(
        self, dataset: Dataset, launch: Callable[[Path, Path], Child] = launch_child
    ) -> None:
        self.dataset = dataset
        self._launch = launch
        self._waiting: deque[tuple[Path, bool]] = deque()
        self._child: Child | None = None
        self._current: tuple[Path, bool] | None = None

    def add(self, log_path: Path, recovered: bool = False) -> None:
        """Queue a closed log."""
        self._waiting.append((log_path, recovered))
        self._start_next()

    @property
    def pending(self) -> list[Path]:
        """Logs in work and waiting, oldest first."""
        current = [self._current[0]] if self._current else []
        return current + [path for path, _ in self._waiting]

    @property
    def numbers(self) -> tuple[int, ...]:
        """Episode numbers of ``pending``."""
        return tuple(episode_number(path) for path in self.pending)

    def committed_bytes(self) -> int:
        """Disk space the pending logs will need once more when they are copied."""
        total = 0
        for path in self.pending:
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def poll(self) -> Outcome | None:
        """Return the result of a child that has ended, and start the next one."""
        if self._child is None or self._current is None or self._child.poll() is None:
            return None
        child, (log_path, recovered) = self._child, self._current
        self._child = self._current = None
        output = child.communicate()[0]
        result = _read_result(output, child.returncode)
        self._start_next()
        if result.get("error"):
            log.error("finalising '%s': %s", log_path, result["error"])
            return Outcome(log_path, None, error=result["error"], recovered=recovered)
        return Outcome(
            log_path,
            result["number"],
            result["path"],
            recovered=recovered,
            discarded=result["discarded"],
            samples=result["samples"],
            lost=result["lost"],
        )

    def _start_next(self) -> None:
        if self._child is not None or not self._waiting:
            return
        self._current = self._waiting.popleft()
        self._child = self._launch(self.dataset.root, self._current[0])


def _read_result(output: bytes, code: int | None) -> dict[str, Any]:
    try:
        return json.loads(output.splitlines()[-1])
    except (ValueError, IndexError):
        return {"error": f"the finalising process ended with code {code} and said nothing"}
