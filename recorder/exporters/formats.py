"""What a format writer is given and owes, and the table of those there are.

A writer is made once per run, told what will come, given each episode that is not finished yet, and
asked to put everything together at the end:

    begin(episodes, plan, target) -> write(index, episode) ... -> finish(results)

It writes only through ``target``, so that cancelling or killing it at any moment leaves whole files
or none, and says in the result of ``write`` whatever ``finish`` needs to know of an episode: after
an interruption ``write`` is not called again for the episodes that were done before.

Ladder: killed while writing a file -> a temporary file, removed by the next run; killed between
files -> that episode is written again; killed in ``finish`` -> ``finish`` runs again.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from recorder.durability import fsync_path
from recorder.exporters.plan import ActionDefinition, ExportError, ExportFormat, ExportPlan
from recorder.exporters.rows import ExportEpisode

TEMPORARY = ".writing"


@dataclass(frozen=True)
class EpisodeFacts:
    """What is known of an episode before its samples are read.

    Attributes
    ----------
    index : int
        Place in the export, from 0.
    number, uuid : int, str
        Number and identity in the dataset.
    path : Path
        Its file.
    sha256 : str
        Of the file.
    length : int
        Rows.
    first_row : int
        Rows of all episodes before it.
    text : str
        Instruction, or the task's name where there is none.
    outcome, quality, operator_code
        Final labels; the operator code is empty when people are hidden.
    """

    index: int
    number: int
    uuid: str
    path: Path
    sha256: str
    length: int
    first_row: int
    task: str
    text: str
    outcome: str
    quality: int | None
    operator_code: str


@dataclass(frozen=True)
class ExportSet:
    """Everything one export will contain, and what its episodes have in common.

    Attributes
    ----------
    episodes : tuple of EpisodeFacts
        In the order they go out.
    action : str
        Action definition, ``auto`` resolved.
    phases : tuple of str
        Names of the phases; ``label.phase`` counts within them.
    texts : tuple of str
        Instructions in the order of their first use.
    rig_name : str
        The same for all.
    cameras : mapping of str to (int, int)
        Exported size (width, height) by stream name.
    """

    episodes: tuple[EpisodeFacts, ...]
    action: ActionDefinition
    phases: tuple[str, ...]
    texts: tuple[str, ...]
    rig_name: str
    cameras: Mapping[str, tuple[int, int]]

    @property
    def rows(self) -> int:
        """Rows of all episodes together."""
        return sum(episode.length for episode in self.episodes)


@dataclass
class ExportTarget:
    """Where a writer writes: a folder that becomes the export when all is done.

    Attributes
    ----------
    folder : Path
        Everything below it is exported.
    parts : Path
        Room for what ``finish`` puts together; it is removed at the end.
    tick : callable
        ``tick(frames)`` notes pictures or rows done; raises ``Cancelled`` to end the work.
    """

    folder: Path
    parts: Path
    tick: Callable[[float], None]
    written: list[Path] = field(default_factory=list)

    @contextlib.contextmanager
    def file(self, relative: str) -> Iterator[Path]:
        """Give a path to write ``relative`` to; it gets its name only when the block ends well."""
        with self._new(self.folder / relative) as path:
            yield path

    @contextlib.contextmanager
    def part(self, relative: str) -> Iterator[Path]:
        """The same below ``parts``; the path may become a file or a folder."""
        with self._new(self.parts / relative) as path:
            yield path

    @contextlib.contextmanager
    def _new(self, final: Path) -> Iterator[Path]:
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = final.with_name(final.name + TEMPORARY)
        _remove(temporary)
        try:
            yield temporary
        except BaseException:
            _remove(temporary)
            raise
        for path in sorted(temporary.rglob("*")) if temporary.is_dir() else ():
            fsync_path(path)
        fsync_path(temporary)
        _remove(final)
        temporary.rename(final)
        fsync_path(final.parent)
        self.written.append(final)


class FormatWriter(Protocol):
    """One target format.

    Attributes
    ----------
    passes_at_the_end : float
        How often ``finish`` handles every picture again (0 or 1), for the progress; it then calls
        ``target.tick`` for each.
    """

    passes_at_the_end: float

    def begin(self, episodes: ExportSet, plan: ExportPlan, target: ExportTarget) -> None:
        """Learn what will come; write nothing that depends on later episodes."""
        ...

    def write(self, index: int, episode: ExportEpisode) -> dict[str, Any]:
        """Write one episode through the target; returns JSON that ``finish`` needs of it.

        Calls ``target.tick`` at least every half second.
        """
        ...

    def finish(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Put everything together; ``results`` of all episodes in order, also of earlier runs."""
        ...

    @classmethod
    def bytes_per_row(cls, episodes: ExportSet, plan: ExportPlan) -> float:
        """Estimate of the bytes one row takes in this format, without its numeric columns."""
        ...


WRITERS: dict[ExportFormat, str] = {
    "lerobot": "recorder.exporters.lerobot:LeRobotWriter",
    "robomimic": "recorder.exporters.robomimic:RobomimicWriter",
    "umi": "recorder.exporters.umi:UmiWriter",
    "mcap": "recorder.exporters.mcap_writer:McapWriter",
    "csv": "recorder.exporters.labels_csv:LabelsCsvWriter",
}
AS_RECORDED: frozenset[ExportFormat] = frozenset({"mcap", "csv"})  # no common rows, no action
EXPLAINED: dict[ExportFormat, str] = {
    "lerobot": "LeRobot v3.0: parquet and MP4, for lerobot and whatever reads its datasets",
    "robomimic": "robomimic HDF5: one file with observations, actions and filter masks",
    "umi": "UMI / diffusion_policy: one Zarr archive with all episodes in a row",
    "mcap": "MCAP: every sample with its real stamp, opens in Foxglove",
    "csv": "CSV of the labels: one line per episode, phase, event and contact",
}


def writer_for(format_name: ExportFormat) -> FormatWriter:
    """Return a new writer; its libraries are imported only now.

    Raises
    ------
    ExportError
        When this build has no such writer.
    """
    module_name, _, class_name = WRITERS[format_name].partition(":")
    try:
        return getattr(import_module(module_name), class_name)()
    except ModuleNotFoundError as error:
        raise ExportError(
            f"format '{format_name}' cannot be written here: module '{error.name}' is missing"
        ) from None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
