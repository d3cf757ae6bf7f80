"""The file below an HDF5 file in the making: a full disk becomes an error of Python.

HDF5 cannot close a file whose last pieces the disk does not take, and ends the process instead.
Here the first write that fails is remembered, and from then on everything is kept in memory, so
HDF5 can close in peace and the writer tells what happened.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

from typing_extensions import Buffer


class PartFile(io.RawIOBase):
    """An empty file, open for reading and writing, as ``h5py.File`` takes it.

    Parameters
    ----------
    path : Path
        Made new.

    Raises
    ------
    OSError
        It cannot be made.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        self._at = 0
        self._size = 0
        self._error: OSError | None = None
        self._kept: list[tuple[int, bytes]] = []

    def check(self) -> None:
        """Raise the ``OSError`` of the first write the disk did not take."""
        if self._error is not None:
            raise OSError(self._error.errno, self._error.strerror)

    def write(self, data: Buffer, /) -> int:
        """Write at the present place; never raises, see ``check``."""
        stored = bytes(data)
        if self._error is None:
            try:
                self._put(stored)
            except OSError as error:
                self._error = error
        if self._error is not None:
            self._kept.append((self._at, stored))
        self._at += len(stored)
        self._size = max(self._size, self._at)
        return len(stored)

    def readinto(self, buffer: Buffer, /) -> int:
        """Read from the present place, what is only in memory included."""
        into = memoryview(buffer).cast("B")
        count = max(0, min(len(into), self._size - self._at))
        there = os.pread(self._fd, count, self._at)
        into[:count] = there + bytes(count - len(there))
        for start, stored in self._kept:
            first, last = max(start, self._at), min(start + len(stored), self._at + count)
            if first < last:
                into[first - self._at : last - self._at] = stored[first - start : last - start]
        self._at += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The present place."""
        return self._at

    def truncate(self, size: int | None = None, /) -> int:
        """Set the length; never raises, see ``check``."""
        self._size = self._at if size is None else size
        if self._error is None:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError as error:
                self._error = error
        return self._size

    def readable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Close the file; safe to call twice."""
        if not self.closed:
            with contextlib.suppress(OSError):
                os.close(self._fd)
        super().close()

    def _put(self, stored: bytes) -> None:
        done = 0
        while done < len(stored):
            done += os.pwrite(self._fd, memoryview(stored)[done:], self._at + done)
