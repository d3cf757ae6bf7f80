"""Import a LeRobot v3 or robomimic dataset for review.

Each foreign episode becomes a normal episode of the dataset: written as a log, verified, published.
An episode that cannot be read is left out with its reason and the others go on. Run again, the
import goes on where it ended: an episode's identity follows from the source's checksum and its
number there.

``python -m recorder.importers.job --spec FILE`` does it as a child process: FILE is an
``ImportPlan`` as JSON, progress and result are JSON lines on stdout, SIGTERM cancels.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import uuid as uuids
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, episode_number, open_dataset
from recorder.importers.account import Account, rig_of
from recorder.importers.episode_log import publish_foreign, remove_leftovers
from recorder.importers.foreign import ForeignDataset
from recorder.importers.guard import Guard
from recorder.importers.lerobot import LeRobotDataset
from recorder.importers.limits import Limits, Refused
from recorder.importers.robomimic import RobomimicDataset
from recorder.importers.source import ImportFormat, recognise, source_sha256
from recorder.progress import ProgressMeter, Report, quiet
from recorder.progress_child import run_child

NAMESPACE = uuids.UUID("5f0d5c7e-3d35-4a55-9a0e-7b1a2c9be6f1")  # of identities of imports


class ImportPlan(BaseModel):
    """What ``recorder.importers.job`` is asked to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Path
    dataset: Path
    format: ImportFormat = "auto"


@dataclass(frozen=True)
class ImportResult:
    """What was imported.

    Attributes
    ----------
    format : str
    episodes : tuple of int
        Numbers of the episodes made now.
    skipped : tuple of int
        Indices in the source that were imported before.
    problems : tuple of str
        One sentence per episode that was left out.
    """

    format: str
    episodes: tuple[int, ...]
    skipped: tuple[int, ...]
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def run_import(
    source: Path,
    dataset: Dataset,
    format: ImportFormat = "auto",  # noqa: A002
    report: Report = quiet,
    limits: Limits | None = None,
) -> ImportResult:
    """Import every episode of a foreign dataset.

    Parameters
    ----------
    source : Path
        LeRobot v3 folder, a zip or tar of one, or a robomimic HDF5 file.
    dataset : Dataset
        Where the episodes go.
    format : str
        ``auto``, ``lerobot`` or ``robomimic``.
    report : callable
        Receives progress in samples with the time left; may raise ``Cancelled``.
    limits : Limits, optional
        What reading may use.

    Raises
    ------
    Refused
        The source as a whole is not taken, or none of its episodes is.
    OSError
        The disk is full or failing.
    """
    remove_leftovers(dataset)
    with _opened(source, dataset, format, limits or Limits()) as (foreign, root):
        return _import_all(source, root, foreign, dataset, report)


@contextlib.contextmanager
def _opened(
    source: Path, dataset: Dataset, wanted: ImportFormat, limits: Limits
) -> Iterator[tuple[ForeignDataset, Path]]:
    found, path = recognise(source, wanted)
    with contextlib.ExitStack() as stack:
        if found == "archive":
            folder = tempfile.TemporaryDirectory(prefix=".import-", dir=dataset.root)
            target = Path(stack.enter_context(folder))
            with Guard(limits, writable=target) as unpacker:
                unpacker.one("archive.extract", path, folder=str(target / "unpacked"))
            found, path = recognise(target / "unpacked", wanted)
        guard = stack.enter_context(Guard(limits))
        if found == "lerobot":
            yield LeRobotDataset(path, guard), path
        else:
            yield RobomimicDataset(path, guard), path


def _import_all(
    source: Path, root: Path, foreign: ForeignDataset, dataset: Dataset, report: Report
) -> ImportResult:
    total = sum(foreign.lengths)
    meter = ProgressMeter(float(total), report)
    digest = source_sha256(root, foreign.hashed_files(), lambda: meter.advance(0.0, "checksum"))
    known = {row.uuid for row in Catalogue(dataset).rows(None)}
    account: Account = getattr(foreign, "account", Account())
    rig = rig_of(account, foreign.robot)
    made: list[int] = []
    skipped: list[int] = []
    problems: list[str] = []
    for at, length in enumerate(foreign.lengths):
        uuid = uuids.uuid5(NAMESPACE, f"{digest}/{at}").hex
        if uuid in known:
            skipped.append(at)
            meter.advance(float(length), f"episode {at} was imported before")
            continue
        before = meter.done
        provenance = {
            "format": foreign.format,
            "source": source.name,
            "index": at,
            "sha256": digest,
            "robot": foreign.robot,
        }
        try:
            episode = foreign.episode(at)
            share = length / max(1, sum(len(stream.stamp_ns) for stream in episode.streams))
            path = publish_foreign(
                dataset, episode, uuid, provenance, rig,
                lambda count, share=share, at=at: meter.advance(count * share, f"episode {at}"),
            )  # fmt: skip
        except Refused as refused:
            problems.append(f"episode {at} was left out: {refused}")
        else:
            made.append(episode_number(path))
        meter.advance(max(0.0, before + length - meter.done), f"episode {at}")
    if problems and not made and not skipped:
        raise Refused(f"'{source.name}': {problems[0]}")
    return ImportResult(foreign.format, tuple(made), tuple(skipped), tuple(problems))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a child process; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m recorder.importers.job")
    parser.add_argument("--spec", type=Path, required=True, help="ImportPlan as JSON")
    chosen = parser.parse_args(arguments)

    def work(report: Report) -> dict[str, Any]:
        plan = ImportPlan.model_validate_json(chosen.spec.read_text())
        dataset = open_dataset(plan.dataset, create=True)
        return run_import(plan.source, dataset, plan.format, report).as_dict()

    return run_child(work)


if __name__ == "__main__":
    sys.exit(main())
