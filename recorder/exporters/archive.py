"""A zip archive whose bytes depend on its content only: fixed dates, fixed modes, no compression.

What goes in is compressed already. Entries appear in the order in which they are put.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import TracebackType
from typing import IO

DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say
MODE = 0o644 << 16


class FixedZip:
    """Writes a zip archive; use it in a ``with`` block.

    Parameters
    ----------
    path : Path
        File to write.
    """

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True)

    def put(self, name: str, content: bytes) -> None:
        """Add an entry."""
        self._zip.writestr(_entry(name), content)

    def open(self, name: str) -> IO[bytes]:
        """Open a new entry for writing; close it before the next one."""
        return self._zip.open(_entry(name), "w", force_zip64=True)

    def __enter__(self) -> FixedZip:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, DATE)
    info.external_attr = MODE
    info.create_system = 3  # Unix, whatever this runs on
    return info
