"""Turn a capture log into one verified episode file: ``python -m recorder.finalise``.

Runs as a low-priority child of the recorder. In this order: index the log, copy it into
``.part``, sync, read everything back against the log's checksums, checksum the file, rename,
sync the folder, add the catalogue row, and only then delete the log. Killed at any moment it
leaves either a complete episode under its final name or the log, and can simply be run again.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import hashlib
import json
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import psutil

from devices.exclusive import lock, try_lock
from recorder.catalogue import Catalogue, row_of
from recorder.copying import copy_log, verify_copy
from recorder.dataset import (
    Dataset,
    append_label,
    companions,
    episode_number,
    episode_uuid,
    open_dataset,
    read_labels,
)
from recorder.durability import drop_from_cache, free_bytes, fsync_path
from recorder.log import LogReader
from recorder.log_index import LogIndex, index_log

log = logging.getLogger(__name__)

COPY_GROWTH = 1.02  # measured 1.006 for the record load: chunk index and checksums
COPY_EXTRA_BYTES = 2 << 20  # descriptions of the streams, and the catalogue's journal
HASH_BLOCK_BYTES = 4 << 20


@dataclass(frozen=True)
class Published:
    """Result of finalising one log.

    Attributes
    ----------
    number : int or None
        Episode number; None when the log held no sample and was removed.
    path : Path or None
        The episode file.
    samples, lost : int
        Samples stored and samples known to be missing.
    skipped_bytes : int
        Bytes of the log that no checksum vouched for.
    discarded : bool
        Whether it was published into the trash.
    """

    number: int | None
    path: Path | None
    samples: int = 0
    lost: int = 0
    skipped_bytes: int = 0
    discarded: bool = False


class LogBusyError(RuntimeError):
    """Another process holds the log: it is being recorded or finalised."""


def finalise_log(dataset: Dataset, log_path: Path, wait: bool = True) -> Published:
    """Publish the take of ``log_path``; safe to repeat.

    Parameters
    ----------
    dataset : Dataset
        Where the log lies and the episode goes.
    log_path : Path
        The log.
    wait : bool
        Wait for another process that holds the log instead of raising ``LogBusyError``.

    Raises
    ------
    LogError
        The log has no intact header.
    OSError
        The disk is full or failing; the log stays.
    """
    try:
        fd = os.open(log_path, os.O_RDONLY)
    except FileNotFoundError:
        return _already_published(dataset, log_path)
    try:
        if wait:
            lock(fd)
        elif not try_lock(fd):
            raise LogBusyError(f"log '{log_path}' is in use by another process")
        if not log_path.exists():
            return _already_published(dataset, log_path)
        return _finalise(dataset, log_path)
    finally:
        os.close(fd)


def _already_published(dataset: Dataset, log_path: Path) -> Published:
    uuid = episode_uuid(log_path)
    for row in Catalogue(dataset).rows(None):
        if row.uuid == uuid:
            return Published(row.number, dataset.root / row.path, row.samples, row.gaps)
    return Published(None, None)


def _finalise(dataset: Dataset, log_path: Path) -> Published:
    index = index_log(LogReader(log_path))
    done = _find_published(dataset, index.uuid, episode_number(log_path))
    if done is None:
        if index.samples == 0 and not index.skipped_bytes:
            _remove_log(log_path)
            return Published(None, None)
        part = dataset.episodes_dir / f".{index.uuid}.h5.part"
        _need_space(log_path)
        copy_log(index, part, episode_number(log_path))
        fsync_path(part)
        drop_from_cache(part)
        with ThreadPoolExecutor(1) as hasher:  # a quarter of the time saved on two cores
            digest = hasher.submit(file_sha256, part)
            verify_copy(index, part)
        done = _publish(dataset, index, log_path, part, digest.result())
    else:
        with dataset.locked():
            Catalogue(dataset).put(row_of(dataset, done))
            _remove_log(log_path)
    return Published(
        episode_number(done),
        done,
        index.samples,
        index.lost,
        index.skipped_bytes,
        done.parent == dataset.trash_dir,
    )


def _need_space(log_path: Path) -> None:
    """Refuse before HDF5 meets a full disk, which would end this process."""
    needed = int(log_path.stat().st_size * COPY_GROWTH) + COPY_EXTRA_BYTES
    free = free_bytes(log_path.parent)
    if free < needed:
        raise OSError(
            errno.ENOSPC,
            f"needs {needed / 1e6:.0f} MB, {free / 1e6:.0f} MB are free; free some space and "
            "run `thenar recover`",
        )


def _find_published(dataset: Dataset, uuid: str, number: int) -> Path | None:
    """The complete file of this take, when an earlier run got as far as renaming it."""
    expected = dataset.episode_path(number)
    places = [dataset.trash_path(number, uuid), expected]
    if expected.exists() and file_uuid(expected) != uuid:
        places += [path for path in dataset.published() if episode_number(path) > number]
    for path in places:
        if path.exists() and file_uuid(path) == uuid and companions(path)[0].exists():
            return path
    return None


def file_uuid(path: Path) -> str:
    """Identity inside an episode file."""
    with h5py.File(path, "r") as file:
        return str(file.attrs["uuid"])


def _publish(dataset: Dataset, index: LogIndex, log_path: Path, part: Path, digest: str) -> Path:
    number = episode_number(log_path)
    with dataset.locked():
        catalogue = Catalogue(dataset)
        labels = companions(log_path)[1]
        said = read_labels(labels)
        target = dataset.episode_path(number)
        replaces = index.header.get("redo_of") == number and not said.restored
        if said.discarded:
            target = dataset.trash_path(number, index.uuid)
        elif target.exists() and replaces:
            old = file_uuid(target)
            catalogue.move(target, dataset.trash_path(number, old), "replaced", old)
        elif target.exists():
            target = dataset.episode_path(dataset.next_number())
            with h5py.File(part, "r+") as file:
                file.attrs["episode"] = episode_number(target)
            digest = file_sha256(part)
        os.chmod(part, 0o444)
        fsync_path(part)
        checksum, new_labels = companions(target)
        checksum.write_text(f"{digest}  {target.name}\n")
        fsync_path(checksum)
        if labels.exists():
            new_labels.write_bytes(labels.read_bytes())
            fsync_path(new_labels)
        os.rename(part, target)
        fsync_path(target.parent)
        if index.skipped_bytes:
            append_label(
                new_labels, event="recovered", uuid=index.uuid, skipped_bytes=index.skipped_bytes
            )
        catalogue.put(row_of(dataset, target))
        _remove_log(log_path)  # under the lock: nobody labels a log that is going away
    return target


def _remove_log(log_path: Path) -> None:
    log_path.unlink()
    companions(log_path)[1].unlink(missing_ok=True)
    fsync_path(log_path.parent)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while block := file.read(HASH_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def finalise_report(root: Path, log_path: Path) -> dict[str, Any]:
    """``finalise_log`` with its result, or its error, as JSON values."""
    try:
        result = finalise_log(open_dataset(root), log_path)
    except (OSError, ValueError) as error:
        return {"error": str(error)}
    return {**vars(result), "path": str(result.path or "")}


def lower_priority() -> None:
    """Give way to everything that records or draws."""
    with contextlib.suppress(psutil.Error, OSError, AttributeError):  # not on every system
        os.nice(19)
        psutil.Process().ionice(psutil.IOPRIO_CLASS_BE, 7)


def main(argv: list[str] | None = None) -> int:
    """Finalise one log and write the result as one line of JSON to standard output."""
    parser = argparse.ArgumentParser(prog="recorder.finalise", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    arguments = parser.parse_args(argv)
    lower_priority()
    result = finalise_report(arguments.dataset, arguments.log)
    sys.stdout.write(json.dumps(result) + "\n")
    return 1 if "error" in result else 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    sys.exit(main())
