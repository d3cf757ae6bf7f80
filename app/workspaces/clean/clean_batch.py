"""The cleaning that runs in a child process: start, pause, go on, cancel."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.jobs import Job, JobRunner
from recorder.cleaning.place import cleaned_dir
from recorder.cleaning.plan import CleanPlan
from recorder.cleaning.work import read_control, set_control
from recorder.dataset import open_dataset
from recorder.progress import Progress


class CleanBatch(QObject):
    """At most one batch at a time.

    Parameters
    ----------
    module : str
        What the child runs.
    """

    progressed = Signal(object)  # Progress
    finished = Signal(dict)
    failed = Signal(str)
    ended = Signal()

    def __init__(
        self, parent: QObject | None = None, module: str = "recorder.cleaning.job"
    ) -> None:
        super().__init__(parent)
        self.module = module
        self.jobs: JobRunner | None = None
        self.job: Job | None = None
        self.progress: Progress | None = None
        self._control: Path | None = None
        self._specs = tempfile.TemporaryDirectory(prefix="thenar-clean-")
        self._count = 0

    @property
    def running(self) -> bool:
        """Whether a batch runs or waits for its turn."""
        return self.job is not None

    @property
    def paused(self) -> bool:
        """Whether the batch was asked to wait."""
        return (
            self._control is not None
            and self._control.exists()
            and (read_control(self._control) == "pause")
        )

    def start(self, title: str, plan: CleanPlan) -> bool:
        """Queue a batch; False while another one runs."""
        if self.jobs is None or self.job is not None:
            return False
        self._count += 1
        name = f".job-window-{id(self):x}-{self._count}"
        self._control = cleaned_dir(open_dataset(plan.dataset)) / name
        plan = plan.model_copy(update={"control": self._control})
        spec = Path(self._specs.name) / f"{self._count}.json"
        spec.write_text(plan.model_dump_json())
        job = self.jobs.start(title, ["-m", self.module, "--spec", str(spec)])
        self.job, self.progress = job, None
        job.progressed.connect(self._on_progressed)
        job.finished.connect(self._on_finished)
        job.failed.connect(self._on_failed)
        job.ended.connect(self._on_ended)
        return True

    def toggle_pause(self) -> bool:
        """Let the batch wait, or go on; False when it has not begun."""
        if self._control is None or not self._control.exists():
            return False
        try:
            set_control(self._control, "run" if self.paused else "pause")
        except FileNotFoundError:  # it has just ended
            return False
        return True

    def cancel(self) -> bool:
        """End the batch; finished episodes stay. False when none runs."""
        if self.job is None:
            return False
        self.job.cancel()
        return True

    def _on_progressed(self, progress: Progress) -> None:
        self.progress = progress
        self.progressed.emit(progress)

    def _on_finished(self, result: dict[str, Any]) -> None:
        self.finished.emit(result)

    def _on_failed(self, why: str) -> None:
        self.failed.emit(why.partition(": ")[2] or why)

    def _on_ended(self) -> None:
        self.job = None
        self._control = None
        self.ended.emit()

    def close(self) -> None:
        """Start nothing any more and forget the plans; the window ends what runs."""
        self.jobs = None
        self._specs.cleanup()
