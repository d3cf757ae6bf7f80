"""Clean many episodes: progress, pause, cancel, resume; one failed episode never stops the rest.

What is finished is known by the results themselves: a result made with the same choices, masks,
plug-ins, program and source counts as done. So a run that was killed goes on with the same command.

``python -m recorder.cleaning.job --spec FILE`` does it as a child process: FILE is a ``CleanPlan``
as JSON, progress and result are JSON lines on stdout, SIGTERM cancels. The window pauses it through
``control`` in the plan's control folder (``recorder.cleaning.work.set_control``).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devices.exclusive import try_lock
from recorder.cleaning.clip import CleanError
from recorder.cleaning.executors import Executor, executor_for
from recorder.cleaning.failures import remember
from recorder.cleaning.methods import Methods
from recorder.cleaning.place import cleaned_dir
from recorder.cleaning.plan import CleanPlan
from recorder.cleaning.selection import select_tasks
from recorder.cleaning.work import CleanOutcome, CleanTask, progress_of, read_control, set_control
from recorder.dataset import Dataset, DatasetError, open_dataset
from recorder.durability import free_bytes, is_full
from recorder.progress import Cancelled, Progress, ProgressMeter, Report, quiet
from recorder.progress_child import run_child

SPARE_BYTES = 256 << 20  # stay free for takes
JPEG_GROWTH, PNG_GROWTH = 2.0, 8.0  # bytes of a cleaned video over those of a recorded one


@dataclass(frozen=True)
class CleanSummary:
    """What a batch came to.

    Attributes
    ----------
    outcomes : tuple of CleanOutcome
        One for every camera of every episode, by number.
    """

    outcomes: tuple[CleanOutcome, ...]

    def count(self, outcome: str) -> int:
        """Number of pieces that ended like this."""
        return sum(one.outcome == outcome for one in self.outcomes)

    @property
    def frames(self) -> int:
        """Pictures cleaned in this run."""
        return sum(one.frames for one in self.outcomes)

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "cleaned": self.count("cleaned"),
            "finished_before": self.count("finished before"),
            "failed": self.count("failed"),
            "frames": self.frames,
            "outcomes": [asdict(one) for one in self.outcomes],
        }


def run_clean(
    plan: CleanPlan,
    report: Report = quiet,
    executor: Executor | None = None,
    methods: Methods = Methods(),
) -> CleanSummary:
    """Clean the episodes of ``plan``.

    Parameters
    ----------
    plan : CleanPlan
    report : callable
        Receives progress in pictures, with the time left; may raise ``Cancelled``: workers end,
        finished episodes stay, and the same plan goes on later.
    executor : Executor, optional
        By default what the plan asks for.
    methods : Methods
        What makes masks and fillers.

    Raises
    ------
    CleanError
        Nothing can be cleaned at all: no episodes, a wrong parameter, no room.
    """
    try:
        dataset = open_dataset(plan.dataset.absolute())  # workers may stand in another folder
    except DatasetError as error:
        raise CleanError(str(error)) from None
    executor = executor or executor_for(plan.workers, plan.ray, round(plan.memory_gib * 2**30))
    with _control(dataset, plan) as control:
        try:
            tasks, failures = select_tasks(dataset, plan, control, report, methods)
        except Cancelled:
            raise Cancelled("cancelled before the first episode; nothing was changed") from None
        for failure in failures:
            remember(dataset, failure)
        _check_room(dataset, tasks)
        batch = _Batch(dataset, tasks, control, report)
        try:
            executor.run(tasks, batch.done, batch.tick)
        except Cancelled:
            raise Cancelled(batch.so_far()) from None
        outcomes = [*failures, *batch.outcomes]
        return CleanSummary(tuple(sorted(outcomes, key=lambda one: (one.number, one.camera))))


class _Batch:
    """Adds up the progress of the workers and passes a wish to end on to them."""

    def __init__(
        self, dataset: Dataset, tasks: Sequence[CleanTask], control: Path, report: Report
    ) -> None:
        self._dataset = dataset
        self._control = control
        self._running = {(task.number, task.params.camera): task for task in tasks}
        self._before: dict[tuple[int, str], float] = {}
        self._report = report
        self._left_s: float | None = None
        self._meter = ProgressMeter(sum(task.frames for task in tasks), self._tell)
        self.outcomes: list[CleanOutcome] = []

    def done(self, task: CleanTask, outcome: CleanOutcome) -> None:
        key = (task.number, task.params.camera)
        self.outcomes.append(outcome)
        remember(self._dataset, outcome)
        del self._running[key]
        before = self._before.pop(key, 0.0)
        if outcome.outcome == "cleaned":
            self._meter.advance(max(0.0, task.frames - before), f"episode {task.number} is done")
        else:  # it took no time, so it must not count for the pace
            self._meter.total = max(0.0, self._meter.total - (task.frames - before))
            self._meter.advance(0.0, f"episode {task.number} {outcome.outcome}")

    def tick(self) -> None:
        if read_control(self._control) == "cancel":
            self._tell_workers()
            raise Cancelled("asked to end")
        new, what = 0.0, ""
        for key, task in self._running.items():
            frames, at = progress_of(task)
            if frames:
                new += max(0.0, frames - self._before.get(key, 0.0))
                self._before[key] = max(frames, self._before.get(key, 0.0))
                what = what or f"episode {task.number}, {at}"
        paused = read_control(self._control) == "pause"
        if new > 0:
            self._meter.advance(new, what)
        elif paused:
            self._meter.advance(0.0, "paused")  # the time of a pause must not count for the pace
        else:
            self._tell(Progress(self._meter.done, self._meter.total, what, self._left_s))

    def so_far(self) -> str:
        made = sum(one.outcome == "cleaned" for one in self.outcomes)
        return (
            f"cancelled; {made} of {len(self.outcomes) + len(self._running)} were finished in this "
            "run and are kept, the same command goes on from there"
        )

    def _tell(self, progress: Progress) -> None:
        self._left_s = progress.left_s
        try:
            self._report(progress)
        except Cancelled:
            self._tell_workers()
            raise

    def _tell_workers(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            set_control(self._control, "cancel")


@contextlib.contextmanager
def _control(dataset: Dataset, plan: CleanPlan) -> Iterator[Path]:
    """Folder of this job, removed at its end; folders of jobs that were killed go too."""
    try:
        cleaned_dir(dataset).mkdir(exist_ok=True)
        with dataset.locked():  # or another job would sweep the folder before it is locked
            _sweep(cleaned_dir(dataset))
            made = plan.control or Path(tempfile.mkdtemp(prefix=".job-", dir=cleaned_dir(dataset)))
            made = made.absolute()
            made.mkdir(parents=True, exist_ok=True)
            fd = os.open(made / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
            alone = try_lock(fd)
            if alone and not (made / "control").exists():
                set_control(made, "run")
    except OSError as error:
        raise CleanError(_not_writable(cleaned_dir(dataset), error)) from error
    if not alone:
        os.close(fd)
        raise CleanError(f"another job is already following '{made}'")
    try:
        yield made
    finally:
        os.close(fd)
        shutil.rmtree(made, ignore_errors=True)


def _not_writable(cleaned: Path, error: OSError) -> str:
    way_out = "make room" if is_full(error) else "copy the dataset to where it can be written"
    return f"'{cleaned}' cannot be written: {error.strerror}; {way_out}"


def _sweep(cleaned: Path) -> None:
    for folder in cleaned.glob(".job-*"):
        with contextlib.suppress(OSError):
            fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
            alone = try_lock(fd)
            os.close(fd)
            if alone:
                shutil.rmtree(folder, ignore_errors=True)


def _check_room(dataset: Dataset, tasks: Sequence[CleanTask]) -> None:
    growth = {"jpeg": JPEG_GROWTH, "png": PNG_GROWTH}
    needed = SPARE_BYTES + round(
        sum(task.stored_bytes * growth[task.options.pictures] for task in tasks)
    )
    free = free_bytes(dataset.root)
    if needed > free:
        raise CleanError(
            f"the cleaned videos need about {_size(needed)} and {_size(free)} are free in "
            f"'{dataset.root}'; choose fewer episodes or make room"
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a child process; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m recorder.cleaning.job")
    parser.add_argument("--spec", type=Path, required=True, help="CleanPlan as JSON")
    chosen = parser.parse_args(arguments)

    def work(report: Report) -> dict[str, Any]:
        plan = CleanPlan.model_validate_json(chosen.spec.read_text())
        return run_clean(plan, report).as_dict()

    return run_child(work)


if __name__ == "__main__":
    sys.exit(main())
