"""The child's side of a job: progress, result and error as one line of JSON each on stdout.

::

    {"progress": {"done": 3, "total": 10, "what": "episode 3", "left_s": 12.5}}
    {"result": {...}}
    {"error": "one sentence"}

SIGTERM asks the job to end: the next report raises ``Cancelled`` in the work, which puts away what
it has made so far. A parent that is gone (a closed pipe) counts as the same wish.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TextIO

from recorder.progress import Cancelled, Progress, Report

REPORT_EVERY_S = 0.1  # ten lines a second are more than a person can read
CANCELLED_RC = 130  # as of a program ended by Ctrl+C


def report_to_stdout(stream: TextIO | None = None, every_s: float = REPORT_EVERY_S) -> Report:
    """A report that writes JSON lines and raises ``Cancelled`` once SIGTERM has come.

    Parameters
    ----------
    stream : text file, optional
        Where lines go; stdout by default.
    every_s : float
        Least time between two lines; the last one (``done == total``) is always written.
    """
    wanted = _cancel_on_sigterm()
    last_s = -every_s

    def report(progress: Progress) -> None:
        nonlocal last_s
        if wanted():
            raise Cancelled("asked to end")
        now_s = time.monotonic()
        if now_s - last_s < every_s and progress.done < progress.total:
            return
        last_s = now_s
        _write(
            {
                "progress": {
                    "done": progress.done,
                    "total": progress.total,
                    "what": progress.what,
                    "left_s": progress.left_s,
                }
            },
            stream,
        )

    return report


def run_child(work: Callable[[Report], dict], stream: TextIO | None = None) -> int:
    """Run ``work`` as a child process does and say how it ended.

    Parameters
    ----------
    work : callable
        Receives the report; returns what the parent is to know, JSON values only.

    Returns
    -------
    int
        Exit code: 0 done, 1 failed with a sentence, 130 cancelled.
    """
    try:
        result = work(report_to_stdout(stream))
        _write({"result": result}, stream)
    except Cancelled:
        return CANCELLED_RC
    except (ValueError, OSError, RuntimeError, LookupError) as error:
        try:
            _write({"error": str(error) or type(error).__name__}, stream)
        except Cancelled:
            return CANCELLED_RC
        return 1
    return 0


def _cancel_on_sigterm() -> Callable[[], bool]:
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGTERM, ask)
    return lambda: asked


def _write(message: dict, stream: TextIO | None) -> None:
    out = sys.stdout if stream is None else stream
    try:
        out.write(json.dumps(message, default=str) + "\n")
        out.flush()
    except BrokenPipeError:
        if stream is None:
            sink = os.open(os.devnull, os.O_WRONLY)  # the interpreter flushes stdout once more
            os.dup2(sink, sys.stdout.fileno())
        raise Cancelled("nobody reads the progress any more") from None
