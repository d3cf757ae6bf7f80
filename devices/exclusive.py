"""Exclusive locks on open files: whoever holds one is alone, and loses it only by dying or closing.

The lock is the operating system's own, so it ends with its holder, however that ends. POSIX locks
the open file as a whole (``flock``); Windows locks one byte far behind the end of any file of
ours, so that the file itself stays readable and writable.
"""

from __future__ import annotations

import os
import time

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None
    try:
        import msvcrt
    except ImportError:  # not Windows either
        msvcrt = None
else:
    msvcrt = None

LOCKED_BYTE = 0x7FFFFFF0  # the largest offset that fits the C runtime's 32-bit file positions
RETRY_S = 0.01  # the bookkeeping that others hold a lock for takes a few milliseconds


def try_lock(fd: int) -> bool:
    """Lock an open file if nobody else has it; returns whether it is ours now.

    Parameters
    ----------
    fd : int
        Descriptor of the open file; closing it gives the lock back.

    Raises
    ------
    OSError
        When this system has no file locks at all.
    """
    if fcntl is not None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
    return _lock_byte(fd)


def lock(fd: int) -> None:
    """Lock an open file, waiting for as long as another process has it."""
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_EX)
        return
    while not _lock_byte(fd):
        time.sleep(RETRY_S)


def _lock_byte(fd: int) -> bool:
    if msvcrt is None:
        raise OSError("this system offers neither flock nor msvcrt.locking; use Linux or Windows")
    position = os.lseek(fd, 0, os.SEEK_CUR)
    os.lseek(fd, LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except PermissionError:
        return False
    finally:
        os.lseek(fd, position, os.SEEK_SET)
    return True
