"""The published labels of one reviewer about one episode: one JSON file that is always whole.

::

    DATASET/reviews/<reviewer>/<uuid>.labels.json      the state when it was published last
    DATASET/reviews/<reviewer>/<uuid>.labels.json.1    the one before; .2 and .3 are older

It is for other programs and for backups; the journal stays the truth.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from recorder.durability import fsync_path
from recorder.review.entry import Author, Entry
from recorder.review.folding import state_as_json
from recorder.review.state import LabelState

SNAPSHOT_FORMAT = "thenar.labels-published/1"
BACKUPS = 3


def snapshot_path(journal: Path) -> Path:
    """Published labels beside a journal."""
    return journal.with_suffix(".labels.json")


def write_snapshot(
    journal: Path, state: LabelState, author: Author, entry: Entry, head: str
) -> Path:
    """Replace the published labels as one act; keep the three before. Call it locked.

    Parameters
    ----------
    journal : Path
        The journal the state was folded from.
    entry : Entry
        Its ``publish`` line.
    head : str
        Hash of that line.

    Raises
    ------
    OSError
        When the disk is full or fails; the published labels are then the ones from before.
    """
    facts: dict[str, Any] = {
        "format": SNAPSHOT_FORMAT,
        "episode": entry.episode,
        "reviewer": author.reviewer,
        "station": author.station,
        "program": author.program,
        "time": entry.time,
        "schema": author.schema.model_dump(mode="json"),
        "head": head,
        "state": state_as_json(state),
    }
    path = snapshot_path(journal)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        fsync_path(part)
        _rotate(path)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    fsync_path(path.parent)
    return path


def published_head(path: Path) -> str:
    """Hash of the journal line that published labels were made after; empty without any.

    Raises
    ------
    ValueError
        When the file is damaged; publishing again mends it.
    """
    try:
        return str(json.loads(path.read_bytes())["head"])
    except FileNotFoundError:
        return ""
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"'{path}' is damaged ({type(error).__name__}); publish the labels again"
        ) from None


def _rotate(path: Path) -> None:
    """Move the backups one place back; the published file itself stays where it is."""
    if not path.exists():
        return
    places = [path.with_name(f"{path.name}.{age}") for age in range(1, BACKUPS + 1)]
    for newer, older in reversed(list(zip(places, places[1:], strict=False))):
        if newer.exists():
            newer.replace(older)
    places[0].unlink(missing_ok=True)
    try:
        os.link(path, places[0])
    except OSError:  # a file system without hard links
        shutil.copyfile(path, places[0])
        fsync_path(places[0])
