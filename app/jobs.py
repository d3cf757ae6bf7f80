"""Long work in child processes: one at a time, with progress, time left and cancel.

A child prints one JSON object per line on stdout (``recorder.progress_child``). Lines that are none
go to the log and change nothing.

Ladder
------
cancel while waiting    the job never starts
cancel while running    SIGTERM; the child puts away what it made; SIGKILL after 5 s
child dies              failed, with its error line, else the last line of stderr, else its status
window closes           ``JobRunner.close`` cancels everything and waits for it
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from app.session import REPOSITORY
from recorder.progress import Progress
from recorder.progress_child import CANCELLED_RC

log = logging.getLogger(__name__)

JobState = Literal["waiting", "running", "finished", "failed", "cancelled"]
KILL_AFTER_MS = 5000
NICENESS = 10  # the window and the recorder go first
LINE_BYTES_MAX = 4_000_000  # a result is a page of figures; more than this is no line of ours
STDERR_LINES = 20


class _ProgressLine(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    done: float
    total: float
    what: str = ""
    left_s: float | None = None


class Job(QObject):
    """One piece of work.

    Parameters
    ----------
    title : str
        What a person calls it, e.g. ``Export 12 episodes``.
    argv : sequence of str
        Arguments of the Python interpreter, e.g. ``["-m", "recorder.exporters.job", "--spec", f]``.
    """

    progressed = Signal(object)  # Progress
    finished = Signal(dict)
    failed = Signal(str)
    cancelled = Signal()
    ended = Signal()  # after any of the three above

    def __init__(self, title: str, argv: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.argv = tuple(argv)
        self.is_quiet = False  # how it ends is not told on the strip
        self.state: JobState = "waiting"
        self.progress: Progress | None = None
        self._pending = b""
        self._result: dict | None = None
        self._error = ""
        self._noise: deque[str] = deque(maxlen=STDERR_LINES)
        self._cancel_asked = False
        self._process = QProcess(self)
        self._process.setWorkingDirectory(str(REPOSITORY))
        self._process.readyReadStandardOutput.connect(self._read_output)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.started.connect(self._on_started)
        self._process.errorOccurred.connect(self._on_error)
        self._process.finished.connect(self._on_finished)
        self._killer = QTimer(self)
        self._killer.setSingleShot(True)
        self._killer.setInterval(KILL_AFTER_MS)
        self._killer.timeout.connect(self._process.kill)

    @property
    def pid(self) -> int:
        """Process id of the child; 0 while there is none."""
        return int(self._process.processId())

    def start(self) -> None:
        """Start the child; called by the runner when it is this job's turn."""
        self.state = "running"
        self._process.start(sys.executable, list(self.argv))

    def cancel(self) -> None:
        """Ask the job to end; it puts away what it has made so far."""
        if self.state == "waiting":
            self._end("cancelled")
        elif self.state == "running" and not self._cancel_asked:
            self._cancel_asked = True
            self._process.terminate()
            self._killer.start()

    def wait(self, timeout_ms: int) -> bool:
        """Block until the child is gone; for closing the window only."""
        if self._process.state() == QProcess.ProcessState.NotRunning:
            return True
        return self._process.waitForFinished(timeout_ms)

    def kill(self) -> None:
        """End the child at once."""
        self._process.kill()

    def _on_started(self) -> None:
        try:
            os.setpriority(os.PRIO_PROCESS, self.pid, NICENESS)
        except (ProcessLookupError, PermissionError):
            log.info("job '%s' ended before its priority could be lowered", self.title)
        if self._cancel_asked:
            self._process.terminate()

    def _read_output(self) -> None:
        self._pending += self._process.readAllStandardOutput().data()
        *lines, self._pending = self._pending.split(b"\n")
        if len(self._pending) > LINE_BYTES_MAX:
            log.warning("job '%s' wrote a line of over %d bytes", self.title, LINE_BYTES_MAX)
            self._pending = b""
        for line in lines:
            self._take_line(line)

    def _take_line(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            if line.strip():
                log.warning("job '%s' said: %s", self.title, line[:200].decode(errors="replace"))
            return
        if "progress" in message:
            self._take_progress(message["progress"])
        if isinstance(message.get("result"), dict):
            self._result = message["result"]
        if isinstance(message.get("error"), str):
            self._error = message["error"]

    def _take_progress(self, raw: object) -> None:
        try:
            line = _ProgressLine.model_validate(raw)
        except ValidationError:
            log.warning("job '%s' reported a progress that is none: %.200r", self.title, raw)
            return
        self.progress = Progress(line.done, line.total, line.what, line.left_s)
        self.progressed.emit(self.progress)

    def _read_errors(self) -> None:
        text = self._process.readAllStandardError().data().decode(errors="replace")
        self._noise.extend(line for line in text.splitlines() if line.strip())

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._error = f"'{sys.executable}' could not be started"
            self._end("failed")

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._killer.stop()
        self._read_output()
        self._read_errors()
        self._take_line(self._pending)
        self._pending = b""
        whole = status is QProcess.ExitStatus.NormalExit
        if whole and code == 0 and self._result is not None:
            self._end("finished")
        elif self._cancel_asked or (whole and code == CANCELLED_RC):
            self._end("cancelled")
        else:
            self._error = self._error or self._why(code, whole)
            self._end("failed")

    def _why(self, code: int, whole: bool) -> str:
        if not whole:
            return f"was ended by {signal.Signals(code).name if code else 'a signal'}"
        if self._noise:
            return self._noise[-1]
        return "ended without a result" if code == 0 else f"ended with code {code}"

    def _end(self, state: JobState) -> None:
        self.state = state
        if state == "finished":
            self.finished.emit(self._result or {})
        elif state == "failed":
            self.failed.emit(f"{self.title}: {self._error}")
        else:
            self.cancelled.emit()
        self.ended.emit()


class JobRunner(QObject):
    """Runs jobs in the order they came.

    Parameters
    ----------
    at_once : int
        How many run side by side.
    """

    changed = Signal()  # a job came, began or ended

    def __init__(self, parent: QObject | None = None, at_once: int = 1) -> None:
        super().__init__(parent)
        self.at_once = at_once
        self._jobs: list[Job] = []
        self._closed = False

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Running jobs, then those that wait, in order."""
        return tuple(self._jobs)

    def start(self, title: str, argv: Sequence[str], is_quiet: bool = False) -> Job:
        """Queue ``python *argv``; it starts from the event loop, so signals can be connected.

        How a quiet job ends is told by whoever asked for it, not by the window's strip.
        """
        job = Job(title, argv, self)
        job.is_quiet = is_quiet
        job.ended.connect(self._on_ended)
        self._jobs.append(job)
        QTimer.singleShot(0, self, self._advance)
        self.changed.emit()
        return job

    def cancel_all(self) -> None:
        """Cancel what runs and what waits."""
        for job in reversed(self.jobs):
            job.cancel()

    def close(self) -> None:
        """Cancel everything and wait until no child is left; kill those that do not listen."""
        self._closed = True
        left = self.jobs
        self.cancel_all()
        for job in left:
            if not job.wait(KILL_AFTER_MS):
                job.kill()
                job.wait(KILL_AFTER_MS)

    def _advance(self) -> None:
        running = sum(job.state == "running" for job in self._jobs)
        for job in self.jobs:
            if self._closed or running >= self.at_once:
                return
            if job.state == "waiting":
                running += 1
                job.start()
                self.changed.emit()

    def _on_ended(self) -> None:
        job = self.sender()
        if job in self._jobs:
            self._jobs.remove(job)
            job.deleteLater()
        self._advance()
        self.changed.emit()
