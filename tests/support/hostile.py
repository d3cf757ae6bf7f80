"""Every hostile file the tests know, by kind and name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support import hostile_archives, hostile_hdf5, hostile_media

TABLES: dict[str, dict[str, tuple[Callable[[Path], None], str]]] = {
    "hdf5": hostile_hdf5.SAMPLES,
    "archive": hostile_archives.ZIPS,
    "video": hostile_media.VIDEOS,
    "image": hostile_media.PICTURES,
    "parquet": hostile_media.TABLES,
    "json": hostile_media.DOCUMENTS,
}


@dataclass(frozen=True)
class Hostile:
    """One file that must be refused.

    Attributes
    ----------
    kind, name : str
        What it pretends to be, and what is wrong with it.
    make : callable
        Writes it to a path.
    says : str
        Pattern the refusal must contain.
    """

    kind: str
    name: str
    make: Callable[[Path], None]
    says: str


ALL = [
    Hostile(kind, name, make, says)
    for kind, table in TABLES.items()
    for name, (make, says) in table.items()
]
