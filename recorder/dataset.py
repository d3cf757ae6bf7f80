"""A dataset folder: where everything lies, its schema, its lock and its episode numbers.

::

    DATASET/dataset.json                        schema and identity
    DATASET/catalogue.sqlite                    index, rebuilt from the files when lost
    DATASET/episodes/episode_000012.h5          published episode, read-only
    DATASET/episodes/episode_000012.h5.sha256   its checksum (`sha256sum -c`)
    DATASET/episodes/episode_000012.labels.jsonl  what was said about it afterwards
    DATASET/logs/episode_000013-<uuid>.hlog     a take not yet published
    DATASET/trash/episode_000011-<uuid>.h5      discarded or replaced, with its companions
    DATASET/reviews/<reviewer>/<uuid>.jsonl     what a reviewer said (recorder.review)
    DATASET/label_schemas/*.yaml                words for labels, over the built-in ones
    DATASET/cache/<uuid>.npz                    overviews; derived, may be deleted
    DATASET/uncatalogued/                       rows a shared catalogue could not take yet
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid as uuids
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.exclusive import lock
from recorder.durability import fsync_path

DATASET_SCHEMA = "thenar.dataset/1"
NUMBERED = re.compile(r"^episode_(\d{6,})(?:-([0-9a-f]{32}))?\.(h5|hlog)$")


class DatasetError(ValueError):
    """A folder cannot be used as a dataset; the message is one clear sentence."""


@dataclass(frozen=True)
class Dataset:
    """Paths and rules of one dataset folder; make one with ``open_dataset``."""

    root: Path
    uuid: str

    @property
    def episodes_dir(self) -> Path:
        """Folder of the published episodes."""
        return self.root / "episodes"

    @property
    def logs_dir(self) -> Path:
        """Folder of the capture logs of takes not yet published."""
        return self.root / "logs"

    @property
    def trash_dir(self) -> Path:
        """Folder of discarded and replaced episodes."""
        return self.root / "trash"

    @property
    def catalogue_path(self) -> Path:
        """The SQLite index of the dataset."""
        return self.root / "catalogue.sqlite"

    def episode_path(self, number: int) -> Path:
        """Where episode ``number`` lies once published."""
        return self.episodes_dir / f"episode_{number:06d}.h5"

    def trash_path(self, number: int, uuid: str) -> Path:
        """Where episode ``number`` lies when discarded or replaced."""
        return self.trash_dir / f"episode_{number:06d}-{uuid}.h5"

    def log_path(self, number: int, uuid: str) -> Path:
        """Where the capture log of a take lies."""
        return self.logs_dir / f"episode_{number:06d}-{uuid}.hlog"

    def logs(self) -> list[Path]:
        """Logs of takes not yet published, by episode number."""
        return sorted(path for path in self.logs_dir.glob("*.hlog") if NUMBERED.match(path.name))

    def published(self) -> list[Path]:
        """Published episode files, by episode number."""
        return sorted(path for path in self.episodes_dir.glob("*.h5") if NUMBERED.match(path.name))

    def trashed(self) -> list[Path]:
        """Episode files in the trash."""
        return sorted(path for path in self.trash_dir.glob("*.h5") if NUMBERED.match(path.name))

    def next_number(self) -> int:
        """One more than the largest number in use anywhere, trash and logs included.

        Call it inside ``locked`` when the number is to be taken.
        """
        used = [episode_number(p) for p in (*self.published(), *self.trashed(), *self.logs())]
        return max(used, default=-1) + 1

    def next_discard_order(self) -> int:
        """One more than the order of the newest discard. Call it inside ``locked``.

        Counted, not timed: the wall clock may jump and the monotonic one begins anew per boot.
        """
        labels = (*self.trash_dir.glob("*.labels.jsonl"), *self.logs_dir.glob("*.labels.jsonl"))
        return max((read_labels(path).discard_order for path in labels), default=0) + 1

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the dataset against other processes for a few milliseconds of bookkeeping."""
        fd = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            lock(fd)
            yield
        finally:
            os.close(fd)


def episode_number(path: Path) -> int:
    """Episode number in the name of an episode or a log."""
    match = NUMBERED.match(path.name)
    if match is None:
        raise ValueError(f"'{path.name}' is not named like an episode (episode_000012.h5)")
    return int(match.group(1))


def episode_uuid(path: Path) -> str | None:
    """Identity in the name of a log or a trashed episode; None for published ones."""
    match = NUMBERED.match(path.name)
    return match.group(2) if match else None


def companions(path: Path) -> tuple[Path, Path]:
    """Checksum and labels that lie beside an episode file (or a log)."""
    return path.with_name(path.name + ".sha256"), path.with_name(path.stem + ".labels.jsonl")


def open_dataset(root: Path, create: bool = False) -> Dataset:
    """Open a dataset folder.

    Parameters
    ----------
    root : Path
        The folder.
    create : bool
        Make the folder, or turn an empty one into a dataset.

    Raises
    ------
    DatasetError
        Not a dataset, of a schema this program does not know, or, with ``create``, a folder that
        cannot be made or written.
    """
    about = root / "dataset.json"
    if create:
        _prove_writable(root)
    if not about.exists():
        if not create:
            raise DatasetError(f"'{root}' is not a dataset: it has no dataset.json")
        _create(root, about)
    try:
        facts = json.loads(about.read_text())
        schema = facts["schema"]
        if schema != DATASET_SCHEMA:
            raise DatasetError(
                f"dataset '{root}' has schema '{schema}', this program writes '{DATASET_SCHEMA}'; "
                "choose another folder or the version of the program that made it"
            )
        dataset = Dataset(root, str(facts["uuid"]))
    except OSError as error:
        raise DatasetError(
            f"'{about}' cannot be read: {error.strerror}; choose another folder with --dataset"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise DatasetError(
            f"'{about}' is damaged ({type(error).__name__}: {error}); restore it or choose "
            "another folder; the episodes beside it are untouched"
        ) from None
    try:
        for folder in (dataset.episodes_dir, dataset.logs_dir, dataset.trash_dir):
            folder.mkdir(exist_ok=True)
    except OSError as error:
        raise _not_writable(root, error) from None
    return dataset


def _not_writable(root: Path, error: OSError) -> DatasetError:
    return DatasetError(
        f"dataset folder '{root}' cannot be written: {error.strerror}; choose another folder "
        "with --dataset"
    )


def _prove_writable(root: Path) -> None:
    """Make the folder, and a file in it that goes at once; raises ``DatasetError``."""
    probe = root / f".probe.{os.getpid()}"
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _not_writable(root, error) from None


def _create(root: Path, about: Path) -> None:
    foreign = [item.name for item in root.iterdir() if not item.name.startswith(".")]
    if foreign:
        raise DatasetError(
            f"'{root}' is not empty ('{sorted(foreign)[0]}') and has no dataset.json; "
            "choose an empty folder"
        )
    facts = {
        "schema": DATASET_SCHEMA,
        "uuid": uuids.uuid4().hex,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    part = root / f".dataset.json.{os.getpid()}"
    try:
        part.write_text(json.dumps(facts, indent=1) + "\n")
        fsync_path(part)
        with contextlib.suppress(FileExistsError):
            os.link(part, about)  # the first of two recorders wins
        part.unlink()
        fsync_path(root)
    except OSError as error:
        raise _not_writable(root, error) from error


def append_label(path: Path, **event: Any) -> None:
    """Append one label to a ``.labels.jsonl`` file and bring it to the device.

    A line that a crash left half-written stays alone and never takes this one with it.
    """
    event["wall_time"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    with open(path, "ab+") as file:
        whole = file.tell() == 0
        if not whole:
            file.seek(-1, os.SEEK_END)
            whole = file.read(1) == b"\n"
        file.write((b"" if whole else b"\n") + json.dumps(event).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True)
class Labels:
    """What the labels of an episode add up to; None where nothing was said."""

    outcome: str | None = None
    discarded: bool = False
    reason: str = ""
    discard_order: int = 0
    restored: bool = False


def read_labels(path: Path) -> Labels:
    """Fold a ``.labels.jsonl`` file; lines that are not JSON objects are passed over."""
    outcome, discarded, reason, order, restored = None, False, "", 0, False
    if path.exists():
        for line in path.read_bytes().splitlines():
            try:
                event = json.loads(line)
                kind = event["event"]
            except (ValueError, KeyError, TypeError):
                continue
            if kind == "outcome":
                outcome = event.get("outcome")
            elif kind in ("discarded", "replaced"):
                discarded, reason, order = True, kind, int(event.get("order", 0))
                restored = False
            elif kind == "restored":
                discarded, reason, order, restored = False, "", 0, True
    return Labels(outcome, discarded, reason, order, restored)
