"""One episode as a piece of work: what an executor hands to a process, and what comes back.

Who gives out the work and who does it talk through files in a folder of the job, which every
executor can reach, also across machines that share the dataset::

    control             "run", "pause" or "cancel"; read between pictures. No folder: cancel
    <number>.progress   pictures done so far
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import cv2

from recorder.cleaning.cleaning import CleanOptions, clean_episode
from recorder.cleaning.parameters import CleanParameters
from recorder.dataset import open_dataset
from recorder.durability import is_full
from recorder.progress import Cancelled, Progress, Report, quiet

Control = Literal["run", "pause", "cancel"]
LOOK_EVERY_S = 0.2

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CleanTask:
    """One camera of one episode.

    Attributes
    ----------
    dataset, episode : Path
        Folder and file.
    number : int
        Of the episode.
    frames : int
        Pictures, for the time left.
    stored_bytes : int
        Of the recorded pictures.
    params : CleanParameters
    options : CleanOptions
    control : Path
        Folder of the job.
    uuid : str
        Of the episode; empty when a failure is not to be kept beside its results.
    """

    dataset: Path
    episode: Path
    number: int
    frames: int
    stored_bytes: int
    params: CleanParameters
    options: CleanOptions
    control: Path
    uuid: str = ""

    @property
    def name(self) -> str:
        """For files of the job."""
        return f"{self.number:06d}.{self.params.camera.replace('/', '.')}"


@dataclass(frozen=True)
class CleanOutcome:
    """How one episode ended.

    Attributes
    ----------
    number : int
    camera : str
    outcome : str
        ``cleaned``, ``finished before``, ``failed`` or ``cancelled``.
    error : str
        One sentence when it failed.
    path : str
        The cleaned video.
    frames : int
        Pictures cleaned now.
    seconds : float
        Time it took.
    warnings : tuple of str
    figures : mapping of str to float
    uuid : str
        Of the episode; empty when it is not known or has no such camera.
    """

    number: int
    camera: str
    outcome: str
    error: str = ""
    path: str = ""
    frames: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    uuid: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def failed(task: CleanTask, error: str) -> CleanOutcome:
    """Outcome of an episode whose process could not tell it itself."""
    return CleanOutcome(task.number, task.params.camera, "failed", error, uuid=task.uuid)


def set_control(folder: Path, control: Control) -> None:
    """Let a job go on, wait, or end; the work looks between pictures."""
    path = folder / "control"
    writing = folder / ".control.writing"
    writing.write_text(control)
    writing.replace(path)


def read_control(folder: Path) -> Control:
    """What a job is asked to do; ``cancel`` when its folder is gone."""
    try:
        said = (folder / "control").read_text()
    except OSError:
        return "cancel"
    return said if said in ("run", "pause") else "cancel"


def clean_task(task: CleanTask, also: Report = quiet) -> CleanOutcome:
    """Do one piece of work; never raises for what is wrong with the episode.

    Parameters
    ----------
    task : CleanTask
    also : callable
        Receives progress too; may raise ``Cancelled``.
    """
    began_s = time.monotonic()
    camera = task.params.camera
    try:
        dataset = open_dataset(task.dataset)
        info = clean_episode(dataset, task.episode, task.params, _Watched(task, also), task.options)
    except Cancelled:
        return CleanOutcome(task.number, camera, "cancelled")
    except Exception as error:  # also a fault of the program: it must not cost the other episodes
        log.debug("episode %d failed", task.number, exc_info=True)
        return failed(task, _sentence(error))
    return CleanOutcome(
        number=task.number,
        camera=camera,
        outcome="cleaned" if info.made_now else "finished before",
        path=str(info.path),
        frames=info.facts.frames if info.made_now else 0,
        seconds=time.monotonic() - began_s,
        warnings=info.facts.warnings,
        figures=info.facts.figures,
        uuid=task.uuid,
    )


class _Watched:
    """Report that follows the control file and leaves the progress where others can read it."""

    def __init__(self, task: CleanTask, also: Report) -> None:
        self._task = task
        self._also = also
        self._looked_s = -LOOK_EVERY_S

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self._looked_s >= LOOK_EVERY_S:
            self._write(progress)
            while (said := read_control(self._task.control)) == "pause":
                self._also(Progress(progress.done, progress.total, "waiting"))
                time.sleep(LOOK_EVERY_S)
            if said == "cancel":
                raise Cancelled("asked to end")
            self._looked_s = time.monotonic()
        self._also(progress)

    def _write(self, progress: Progress) -> None:
        path = self._task.control / f"{self._task.name}.progress"
        writing = path.with_suffix(".writing")
        with contextlib.suppress(OSError):  # the job's folder went: the control file tells
            writing.write_text(json.dumps([progress.done, progress.what]))
            writing.replace(path)


def progress_of(task: CleanTask) -> tuple[float, str]:
    """Pictures done of a running piece of work, and what it is at."""
    try:
        done, what = json.loads((task.control / f"{task.name}.progress").read_text())
        return float(done), str(what)
    except (OSError, ValueError, TypeError):
        return 0.0, ""


def _sentence(error: BaseException) -> str:
    if isinstance(error, MemoryError) or (isinstance(error, cv2.error) and error.code == -4):
        return (
            "there was not enough memory; clean with fewer workers, fewer plate frames, or a "
            "larger --memory"
        )
    if isinstance(error, OSError) and error.filename is not None:
        way_out = "; make room and clean it again" if is_full(error) else ""
        return f"'{error.filename}': {error.strerror}{way_out}"
    said = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if isinstance(error, (ValueError, OSError, LookupError)) and said:
        return " ".join(said.split())
    return f"a fault of the program ({type(error).__name__}: {' '.join(said.split())})"
