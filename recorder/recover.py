"""Turn logs that nobody finished into episodes. Safe to repeat, alone or beside a recorder."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from devices.exclusive import try_lock
from recorder.dataset import Dataset, episode_uuid, open_dataset
from recorder.finalise import LogBusyError, finalise_log
from recorder.log import LogError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recovered:
    """What became of one orphaned log.

    Attributes
    ----------
    log : Path
        The log.
    number : int or None
        Episode it became; None when it held nothing or could not be read.
    path : Path or None
        The episode file.
    samples, lost : int
        Samples stored and samples known to be missing.
    skipped_bytes : int
        Damaged bytes that were passed over.
    problem : str
        Why it was left alone; empty when all went well.
    """

    log: Path
    number: int | None
    path: Path | None = None
    samples: int = 0
    lost: int = 0
    skipped_bytes: int = 0
    problem: str = ""


def orphaned_logs(dataset: Dataset) -> list[Path]:
    """Logs that no process is recording or finalising; leftovers of killed finalisers go."""
    free = [path for path in dataset.logs() if not _in_use(path)]
    busy = {episode_uuid(path) for path in dataset.logs() if path not in free}
    for part in dataset.episodes_dir.glob(".*.h5.part"):
        if part.name[1:].split(".")[0] not in busy:
            part.unlink(missing_ok=True)
    return free


def _in_use(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        return not try_lock(fd)
    finally:
        os.close(fd)


def recover_dataset(root: Path) -> list[Recovered]:
    """Finalise every orphaned log of a dataset.

    Parameters
    ----------
    root : Path
        The dataset folder.

    Returns
    -------
    list of Recovered
        One entry per log, in the order of their numbers.

    Raises
    ------
    DatasetError
        When the folder is not a dataset of this program's schema.
    """
    dataset = open_dataset(root)
    results = []
    for path in orphaned_logs(dataset):
        try:
            done = finalise_log(dataset, path, wait=False)
        except (LogError, LogBusyError, OSError) as error:
            results.append(Recovered(path, None, problem=str(error)))
            continue
        results.append(
            Recovered(path, done.number, done.path, done.samples, done.lost, done.skipped_bytes)
        )
    return results
