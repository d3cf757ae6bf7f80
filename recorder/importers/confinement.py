"""What a child gives up before it opens a foreign file.

Ladder: resource limits (where the system has them) -> a network namespace without any network
(where the system lets us) -> an audit hook that refuses sockets, new processes and files written
outside the private folder. Each rung holds on its own; none is a proof against a hostile library
bug, together they bound what one can do.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

from recorder.importers.limits import Limits

CLONE_NEWUSER = 0x10000000  # linux/sched.h
CLONE_NEWNET = 0x40000000
PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h
FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.symlink",
    "os.link",
    "os.rename",
    "os.remove",
    "os.chmod",
    "os.chown",
    "ctypes.dlopen",
    "pty.spawn",
    "webbrowser.open",
    "pickle.find_class",
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def confine(limits: Limits, writable: Path) -> None:
    """Give up what reading does not need; cannot be undone within the process.

    Parameters
    ----------
    limits : Limits
        Memory, processor time, file size and open files.
    writable : Path
        The only folder below which files may be made.
    """
    _limit_resources(limits)
    _leave_network()
    folder = str(writable.resolve()) + os.sep
    sys.addaudithook(lambda event, arguments: _judge(event, arguments, folder))


def _limit_resources(limits: Limits) -> None:
    if sys.platform == "win32":
        return  # no such limits there; the parent's clock and the checks of the content remain
    import resource

    wanted = {  # not RLIMIT_NPROC: it counts the user's threads, and FFmpeg's scaler needs some
        resource.RLIMIT_AS: limits.address_space_bytes,
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _leave_network() -> None:
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)  # refused in some containers: the hook remains


def _judge(event: str, arguments: tuple[Any, ...], folder: str) -> None:
    if event == "open":
        path, mode, flags = arguments
        writes = bool(flags & WRITING) if isinstance(flags, int) else False
        if isinstance(mode, str):
            writes = writes or any(letter in mode for letter in "wax+")
        if writes and not isinstance(path, int) and not _inside(os.fsdecode(path), folder):
            raise PermissionError(f"reading a foreign file may not write '{os.fsdecode(path)}'")
    elif event.startswith(FORBIDDEN):
        raise PermissionError(f"reading a foreign file may not use '{event}'")


def _inside(path: str, folder: str) -> bool:
    return os.path.realpath(path).startswith(folder) or path == os.devnull
