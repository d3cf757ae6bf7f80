"""What of an export is finished: one small file per episode, believed only when its files agree.

::

    OUT.partial-<hash of plan>/          becomes OUT by one rename at the very end
    ├── .manifest/000012.json            key, files with sizes and SHA-256, result of the writer
    ├── .parts/                          what the format puts together at the end
    └── ...                              files of the export
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder.durability import fsync_path

MANIFEST = ".manifest"
PARTS = ".parts"
LOCK = ".lock"


@dataclass(frozen=True)
class Finished:
    """An episode that is done.

    Attributes
    ----------
    result : mapping
        What the writer said of it.
    about : mapping
        What the export says of it in ``thenar_export.json``.
    paths : tuple of Path
        Its files and folders.
    """

    result: Mapping[str, Any]
    about: Mapping[str, Any]
    paths: tuple[Path, ...]


class Manifest:
    """Finished episodes of the export that is being made in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._dir = folder / MANIFEST
        self._dir.mkdir(parents=True, exist_ok=True)

    def finished(self, index: int, key: str) -> Finished | None:
        """Return episode ``index`` if it was finished under ``key`` and its files are unharmed."""
        try:
            entry = json.loads(self._path(index).read_text())
            paths = tuple(self._folder / item["path"] for item in entry["files"])
            whole = entry["key"] == key and all(
                digest_of(path) == (item["bytes"], item["sha256"])
                for path, item in zip(paths, entry["files"], strict=True)
            )
            return Finished(entry["result"], entry["about"], paths) if whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def note(
        self,
        index: int,
        key: str,
        result: Mapping[str, Any],
        about: Mapping[str, Any],
        paths: Iterable[Path],
    ) -> Finished:
        """Write down that an episode is finished; returns it as a later run will read it."""
        files = []
        paths = tuple(paths)
        for path in paths:
            size, sha256 = digest_of(path)
            name = path.relative_to(self._folder).as_posix()
            files.append({"path": name, "bytes": size, "sha256": sha256})
        entry = {"key": key, "files": files, "result": result, "about": about}
        write_json(self._path(index), entry)
        read = json.loads(json.dumps(entry))
        return Finished(read["result"], read["about"], tuple(paths))

    def sweep(self, keep: Iterable[Path]) -> None:
        """Remove everything in the folder that is not one of ``keep`` or below it."""
        kept = set(keep)
        above = {parent for path in kept for parent in path.parents}
        for path in sorted(self._folder.rglob("*"), reverse=True):
            if path in kept or path in above or path.name == LOCK or self._dir in path.parents:
                continue
            if kept & set(path.parents) or path == self._dir:
                continue
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()

    def remove(self) -> None:
        """Forget everything: the export is complete."""
        shutil.rmtree(self._dir)

    def _path(self, index: int) -> Path:
        return self._dir / f"{index:06d}.json"


def digest_of(path: Path) -> tuple[int, str]:
    """Return bytes and SHA-256 of a file, or of all files of a folder with their names."""
    if not path.is_dir():
        with open(path, "rb") as file:
            return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
    total, digest = 0, hashlib.sha256()
    for inner in sorted(item for item in path.rglob("*") if item.is_file()):
        size, sha256 = digest_of(inner)
        total += size
        digest.update(f"{inner.relative_to(path).as_posix()} {sha256}\n".encode())
    return total, digest.hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole or not at all."""
    temporary = path.with_name(path.name + ".writing")
    temporary.write_text(json.dumps(value, indent=1) + "\n")
    fsync_path(temporary)
    temporary.rename(path)
    fsync_path(path.parent)
