"""Export and import as jobs of the window: choose, see what it will be, start, watch, cancel."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMessageBox, QVBoxLayout, QWidget

from app.jobs import Job, JobRunner
from app.workspaces.review.review_desk import ReviewDesk
from recorder.exporters.plan import ExportPlan
from recorder.importers.job import ImportPlan
from widgets.export_panel import ExportPanel

FILES = "robomimic, or a packed LeRobot folder (*.hdf5 *.h5 *.zip *.tar *.tar.gz *.tgz)"


class TransferPage(QWidget):
    """The export panel, and the import that needs no page.

    Parameters
    ----------
    desk : ReviewDesk
    say : callable
        Shows a sentence in the status strip.
    """

    def __init__(
        self, desk: ReviewDesk, say: Callable[..., object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._say = desk, say
        self._jobs: JobRunner | None = None
        self._preview: Job | None = None
        self._running: Job | None = None
        self._specs = tempfile.TemporaryDirectory(prefix="thenar-transfer-")
        self._count = 0
        self.panel = ExportPanel()
        self.panel.preview_requested.connect(self._on_preview)
        self.panel.start_requested.connect(self._on_start)
        self.panel.cancel_requested.connect(self._on_cancel)
        row = QHBoxLayout()
        row.addWidget(self.panel, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)

    def use_jobs(self, jobs: JobRunner) -> None:
        """Run exports and imports with ``jobs``."""
        self._jobs = jobs

    def load(self, cameras: list[str], episodes: list[int]) -> None:
        """Offer an export of ``episodes`` (all when empty) with these picture streams."""
        self.panel.set_dataset(self._desk.dataset.root, cameras, episodes)

    def _spec(self, plan: ExportPlan | ImportPlan) -> str:
        self._count += 1
        path = Path(self._specs.name) / f"{self._count}.json"
        path.write_text(plan.model_dump_json())
        return str(path)

    def _on_preview(self, plan: ExportPlan) -> None:
        if self._jobs is None or self._running is not None:
            return
        if self._preview is not None:
            before, self._preview = self._preview, None
            before.cancel()
        argv = ["-m", "recorder.exporters.job", "--spec", self._spec(plan), "--dry-run"]
        job = self._jobs.start("Look what an export would be", argv, is_quiet=True)
        self._preview = job
        job.finished.connect(lambda found: self._show_preview(job, found))
        job.failed.connect(lambda why: self._show_problem(job, why))
        job.cancelled.connect(
            lambda: self._show_problem(job, "it was cancelled; change a choice to look again")
        )

    def _show_preview(self, job: Job, found: dict[str, Any]) -> None:
        if self._forget_preview(job):
            self.panel.set_preview(found)

    def _show_problem(self, job: Job, why: str) -> None:
        if self._forget_preview(job):
            self.panel.set_problem(why.partition(": ")[2] or why)

    def _forget_preview(self, job: Job) -> bool:
        newest = self._preview is job
        if newest:
            self._preview = None
        return newest

    def _on_start(self, plan: ExportPlan) -> None:
        if self._jobs is None or self._running is not None:
            return
        argv = ["-m", "recorder.exporters.job", "--spec", self._spec(plan)]
        job = self._jobs.start(f"Export to {plan.out.name}", argv)
        self._running = job
        job.progressed.connect(self.panel.set_progress)
        job.finished.connect(lambda made: self.panel.set_result(_made(made)))
        job.failed.connect(lambda why: self.panel.set_error(why.partition(": ")[2] or why))
        job.cancelled.connect(
            lambda: self.panel.set_error("cancelled; the same choices go on from here")
        )
        job.ended.connect(self._on_ended)

    def _on_ended(self) -> None:
        self._running = None

    def _on_cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()

    def ask_import(self, when_done: Callable[[], object]) -> None:
        """Ask for a foreign dataset and bring it in."""
        name = self._ask_source()
        if name:
            self.start_import(Path(name), when_done)

    def _ask_source(self) -> str:
        """A folder or a file, as the person chooses; empty when nothing was chosen."""
        asked = QMessageBox(self)
        asked.setWindowTitle("Import")
        asked.setText("What is to be imported?")
        asked.setInformativeText("Nothing of it runs; a reader without rights looks at it first.")
        folder = asked.addButton("&Folder (LeRobot)", QMessageBox.ButtonRole.AcceptRole)
        file = asked.addButton("F&ile (robomimic, zip, tar)", QMessageBox.ButtonRole.AcceptRole)
        asked.addButton(QMessageBox.StandardButton.Cancel)
        asked.exec()
        home = str(Path.home())
        if asked.clickedButton() is folder:
            return QFileDialog.getExistingDirectory(self, "Import a LeRobot dataset", home)
        if asked.clickedButton() is file:
            return QFileDialog.getOpenFileName(self, "Import a file", home, FILES)[0]
        return ""

    def start_import(self, source: Path, when_done: Callable[[], object]) -> None:
        """Bring ``source`` into the dataset through the guarded reader."""
        if self._jobs is None:
            return
        plan = ImportPlan(source=source, dataset=self._desk.dataset.root)
        argv = ["-m", "recorder.importers.job", "--spec", self._spec(plan)]
        job = self._jobs.start(f"Import {source.name}", argv)
        job.finished.connect(lambda made: self._imported(made, when_done))
        job.failed.connect(lambda why: self._say(why, "bad"))

    def _imported(self, made: dict[str, Any], when_done: Callable[[], object]) -> None:
        count, problems = len(made.get("episodes", ())), made.get("problems", ())
        left_out = f" {problems[0]}" if problems else ""
        self._say(f"{count} episodes imported.{left_out}", "warn" if problems else "info")
        when_done()

    def close_work(self) -> None:
        """Forget the plans that were written down, and start nothing any more."""
        self._jobs = None
        self._specs.cleanup()


def _made(result: dict[str, Any]) -> str:
    return f"{result['episodes']} episodes, {result['rows']:,} rows: {result['out']}"
