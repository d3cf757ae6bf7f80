"""Shows the jobs of a window: the first one on the strip, ends as messages."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.jobs import Job, JobRunner
from recorder.progress import Progress
from widgets.job_bar import JobBar


class JobDisplay(QObject):
    """Connects a runner with the job bar and the message line.

    Parameters
    ----------
    runner : JobRunner
        The window's jobs.
    bar : JobBar
        Where the first job is shown.
    say : callable
        Receives a sentence and its importance.
    """

    def __init__(self, runner: JobRunner, bar: JobBar, say: Callable[[str, str], None]) -> None:
        super().__init__(runner)
        self._runner, self._bar, self._say = runner, bar, say
        self._job: Job | None = None
        runner.changed.connect(self._on_changed)
        bar.cancel_requested.connect(self._on_cancel)

    def _on_changed(self) -> None:
        jobs = self._runner.jobs
        first = jobs[0] if jobs else None
        if first is not None and first is not self._job and first.is_quiet:
            first.progressed.connect(self._on_progressed)
        elif first is not None and first is not self._job:
            first.progressed.connect(self._on_progressed)
            first.failed.connect(lambda text: self._say(text, "bad"))
            first.finished.connect(
                lambda _, title=first.title: self._say(f"{title}: done.", "info")
            )
            first.cancelled.connect(
                lambda title=first.title: self._say(f"{title}: cancelled.", "info")
            )
        self._job = first
        if first is None:
            self._bar.clear()
        else:
            self._bar.show_job(first.title, _share(first.progress), None, len(jobs) - 1)

    def _on_progressed(self, progress: Progress) -> None:
        if self._job is not None and self.sender() is self._job:
            waiting = len(self._runner.jobs) - 1
            self._bar.show_job(
                self._job.title, _share(progress), progress.left_s, waiting, progress.what
            )

    def _on_cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()


def _share(progress: Progress | None) -> float | None:
    if progress is None or progress.total <= 0:
        return None
    return min(1.0, max(0.0, progress.done / progress.total))
