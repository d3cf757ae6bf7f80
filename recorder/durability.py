"""What the recorder asks of the operating system: whole writes, syncs, reserved space, free space.

Ladder: no ``fallocate`` on this file system -> recording goes on without reserved space; the
reservation is refused -> ``DurableFile.full`` turns true while the space reserved before still
takes what is queued; ``fdatasync`` fails -> ``SyncThread.error`` says so and the take ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.exclusive import try_lock

SYNC_PERIOD_S = 0.25  # at most this much is lost when the power fails (RELIABILITY.md section 4)
RESERVE_BYTES = 64 << 20  # about two seconds of the heaviest load measured
RESERVE_LEAST_BYTES = 1 << 20  # less than this is a full disk
FALLOC_FL_KEEP_SIZE = 0x01
FALLOC_FL_PUNCH_HOLE = 0x02
O_BINARY = getattr(os, "O_BINARY", 0)  # Windows would translate line ends

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
if _libc is not None and hasattr(_libc, "fallocate"):
    _libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)

_fdatasync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


def _writev(fd: int, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
    if hasattr(os, "writev"):
        return os.writev(fd, buffers)
    return os.write(fd, b"".join(buffers))


class DurableFile:
    """A new file opened for appending, locked for as long as it is open.

    Parameters
    ----------
    path : Path
        Must not exist yet.
    reserve_bytes : int
        How much space to keep reserved ahead of the end; 0 for none.
    """

    def __init__(self, path: Path, reserve_bytes: int = RESERVE_BYTES) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | O_BINARY
        self._fd = os.open(path, flags, 0o644)
        try_lock(self._fd)
        self._size = 0
        self._reserved = 0
        self._reserve_bytes = reserve_bytes
        self._can_reserve = _libc is not None and reserve_bytes > 0
        self._closing = threading.Lock()
        self.full = False

    def writev(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        """Write what the system takes and return its number of bytes."""
        count = _writev(self._fd, buffers)
        self._size += count
        return count

    def truncate(self, size: int) -> None:
        """Cut the file to ``size`` bytes and give reserved space back for good."""
        with self._closing:
            if self._reserved > size and _libc is not None:  # not every system frees it by itself
                mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
                _libc.fallocate(self._fd, mode, size, self._reserved - size)
            os.ftruncate(self._fd, size)
            self._size = size
            self._reserved = size
            self._can_reserve = False

    def sync(self) -> None:
        """``fdatasync``, then reserve further space. Callable from any thread."""
        with self._closing:
            if self._fd < 0:
                return
            _fdatasync(self._fd)
            if self._can_reserve and self._reserved - self._size < self._reserve_bytes // 2:
                self._reserve()

    @property
    def reserved_bytes(self) -> int:
        """Space reserved beyond what is written."""
        return max(0, self._reserved - self._size)

    def _reserve(self) -> None:
        assert _libc is not None
        start = max(self._size, self._reserved)
        length = self._reserve_bytes
        while _libc.fallocate(self._fd, FALLOC_FL_KEEP_SIZE, start, length) != 0:
            if ctypes.get_errno() not in (errno.ENOSPC, errno.EDQUOT):
                self._can_reserve = False  # this file system cannot reserve
                return
            length //= 2
            if length < RESERVE_LEAST_BYTES:
                self.full = True
                return
        self._reserved = start + length

    def close(self) -> None:
        """Close and unlock; safe to call twice."""
        with self._closing:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


class SyncThread:
    """Calls ``sync`` every 250 ms until closed, so that the writer never waits for the device."""

    def __init__(self, sync: Callable[[], None], period_s: float = SYNC_PERIOD_S) -> None:
        self._sync = sync
        self._period_s = period_s
        self._ended = threading.Event()
        self.error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="log-sync", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(self._period_s):
            try:
                self._sync()
            except OSError as error:
                self.error = error
                return

    def close(self) -> None:
        """End the thread and wait for it."""
        self._ended.set()
        self._thread.join()


@dataclass(frozen=True)
class DiskPolicy:
    """When the disk counts as nearly full.

    Attributes
    ----------
    stop_s : float
        A take is stopped cleanly when the disk is this close to full.
    warn_s : float
        The message warns from here on.
    start_s : float
        A take is refused when the disk would be full earlier than this.
    least_bytes : int
        Bytes that stay free whatever the forecast says: a burst may outrun a measured rate.
    """

    stop_s: float = 120.0
    warn_s: float = 900.0
    start_s: float = 240.0
    least_bytes: int = 256 << 20


def free_bytes(path: Path) -> int:
    """Bytes an ordinary user may still write on the file system of ``path``."""
    return shutil.disk_usage(path).free


def is_full(error: OSError) -> bool:
    """Whether there was no room, on the disk or in somebody's share of it."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def seconds_left(free: int, committed: int, rate_bytes_s: float) -> float:
    """Time until the disk is down to the bytes that must stay free.

    Parameters
    ----------
    free : int
        Free bytes now, less those that must stay free.
    committed : int
        Bytes of logs that still have to be converted: each needs its own size once more.
    rate_bytes_s : float
        Growth of the log. Each of its bytes counts twice: in the log and in the episode.
    """
    return max(0.0, (free - committed) / max(2.0 * rate_bytes_s, 1.0))


def fsync_path(path: Path) -> None:
    """``fsync`` a file or a folder by its path; folders only where the system lets us."""
    if os.name == "nt" and path.is_dir():
        return
    fd = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def synced_early(path: Path) -> Iterator[None]:
    """Bring what is written to ``path`` to the device in the background while the block runs.

    The sync that makes the file durable comes afterwards and then has little left to do.
    """
    fd = os.open(path, os.O_RDWR)
    thread = SyncThread(lambda: _fdatasync(fd))
    try:
        yield
    finally:
        thread.close()
        os.close(fd)


def drop_from_cache(path: Path) -> None:
    """Ask the system to forget its cached pages of ``path``, so that reading asks the device."""
    with contextlib.suppress(OSError, AttributeError):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)
