"""Run the user's own program: limited time and memory, ended together with its children.

Ladder: ``Cancelled`` from the report -> the program is ended, then ``Cancelled`` goes on; too long
-> ended, a sentence; more memory than allowed, or ended by the system -> a sentence; exit code
other than 0 -> a sentence with the last line it wrote; this process is killed -> the program ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from recorder.cleaning.clip import CleanError
from recorder.cleaning.plugins.manifest import Plugin
from recorder.progress import Progress, Report, quiet

LOOK_EVERY_S = 0.2
LOG_BYTES = 4000
SAID = 200  # characters of the last line
PR_SET_PDEATHSIG = 1
OUT_OF_MEMORY = ("out of memory", "memoryerror", "bad_alloc", "cannot allocate memory")

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def run_program(
    plugin: Plugin, values: Mapping[str, str], scratch: Path, report: Report = quiet
) -> None:
    """Run the command of a plug-in and wait for it.

    Parameters
    ----------
    plugin : Plugin
        Accepted, its file checked.
    values : mapping of str to str
        What is put in for ``{name}`` in the command.
    scratch : Path
        The program's words go to ``said.log`` there; also where it starts, when its manifest names
        no other folder.
    report : callable
        Called while it runs; may raise ``Cancelled``.

    Raises
    ------
    CleanError
        It could not be started, failed, took too long or too much memory.
    """
    argv = command_of(plugin, values)
    folder = _folder_of(plugin, values, scratch)
    said = scratch / "said.log"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= plugin.manifest.environment
    try:
        with open(said, "wb") as log:
            child = subprocess.Popen(
                argv,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if _libc is not None else None,
            )
    except OSError as error:
        raise CleanError(
            f"plug-in '{plugin.id}': '{argv[0]}' cannot be started: {error.strerror}"
        ) from None
    try:
        _watch(plugin, child, report)
    finally:
        _end(child)
    if child.returncode:
        raise CleanError(_why(plugin, child.returncode, said))


def command_of(plugin: Plugin, values: Mapping[str, str]) -> list[str]:
    """Program and arguments with ``values`` put in.

    Raises
    ------
    CleanError
        The program is not there.
    """
    argv = [_put_in(plugin, part, values) for part in plugin.manifest.command]
    beside = plugin.path.parent / argv[0]
    program = str(beside) if os.sep in argv[0] and beside.exists() else shutil.which(argv[0])
    if program is None:
        raise CleanError(
            f"plug-in '{plugin.id}': program '{argv[0]}' is not there; mend its command in "
            f"'{plugin.path}'"
        )
    return [program, *argv[1:]]


def _folder_of(plugin: Plugin, values: Mapping[str, str], scratch: Path) -> Path:
    if not plugin.manifest.run_in:
        return scratch
    folder = plugin.path.parent / _put_in(plugin, plugin.manifest.run_in, values)
    if not folder.is_dir():
        raise CleanError(
            f"plug-in '{plugin.id}': folder '{folder}' is not there; mend run_in in '{plugin.path}'"
        )
    return folder


def _put_in(plugin: Plugin, part: str, values: Mapping[str, str]) -> str:
    known = {**values, "folder": str(plugin.path.parent), "model": str(plugin.model or "")}
    for name, value in known.items():
        part = part.replace("{" + name + "}", value)
    return part


def _end_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch(plugin: Plugin, child: subprocess.Popen, report: Report) -> None:
    began_s = time.monotonic()
    limit = plugin.manifest.memory_gib * 2**30
    while True:
        try:
            child.wait(LOOK_EVERY_S)
            return
        except subprocess.TimeoutExpired:
            pass
        report(Progress(0, 1, f"plug-in {plugin.id}"))
        if time.monotonic() - began_s > plugin.manifest.timeout_s:
            raise CleanError(
                f"plug-in '{plugin.id}' took longer than {plugin.manifest.timeout_s:g} s and was "
                "ended; raise timeout_s in its manifest or make its window shorter"
            )
        if limit and _held_bytes(child.pid) > limit:
            raise CleanError(
                f"plug-in '{plugin.id}' held more than {plugin.manifest.memory_gib:g} GiB and was "
                "ended; raise memory_gib in its manifest or make its window shorter"
            )


def _held_bytes(pid: int) -> int:
    held = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                held += one.memory_info().rss
    return held


def _end(child: subprocess.Popen) -> None:
    """End the program and everything it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _why(plugin: Plugin, code: int, said: Path) -> str:
    with open(said, "rb") as log:
        log.seek(max(0, said.stat().st_size - LOG_BYTES))
        text = log.read().decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1][:SAID] if lines else "it wrote nothing"
    if code in (-signal.SIGKILL, 137) or any(sign in text.lower() for sign in OUT_OF_MEMORY):
        return (
            f"plug-in '{plugin.id}' ran out of memory; make its window or pictures smaller ({last})"
        )
    how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
    return f"plug-in '{plugin.id}' {how}: {last}"
