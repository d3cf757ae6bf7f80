"""Open foreign files in a child process with limits; the parent only ever sees plain values.

Ladder: a check in the child refuses with a sentence -> a resource limit ends the child -> silence
for ``Limits.silence_s`` and the parent ends it -> the library crashes and only the child is gone.
Each of them reaches the caller as one ``Refused``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

from numpy.typing import NDArray

from recorder.importers.limits import Limits, Refused
from recorder.importers.messages import MessageError, read_message, write_message

ROOT = Path(__file__).resolve().parents[2]  # where the packages lie when nothing is installed
RENEW_AFTER_S = 300.0  # a new child before the processor time of the old one runs out
KEPT_ENVIRONMENT = ("LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Reply:
    """One answer of the child.

    Attributes
    ----------
    facts : dict
        Plain JSON values.
    arrays : list of ndarray
        Read-only.
    """

    facts: dict[str, Any]
    arrays: list[NDArray[Any]]


class Guard:
    """A child process that reads foreign files; use it in a ``with`` block. One thread.

    Parameters
    ----------
    limits : Limits
        What it may use.
    writable : Path, optional
        Folder below which the child may make files; a private one by default.
    module : str
        The child; another one than ours must confine itself in the same way.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        writable: Path | None = None,
        module: str = "recorder.importers.child",
    ) -> None:
        self.limits = limits or Limits()
        self._module = module
        self._private = tempfile.TemporaryDirectory(prefix="thenar-guard-")
        self.folder = Path(writable or self._private.name).resolve()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = time.monotonic()

    def ask(self, question: str, path: Path | str, **arguments: Any) -> Iterator[Reply]:
        """Yield the answers to one question about a file.

        Parameters
        ----------
        question : str
            One of ``recorder.importers.child.QUESTIONS``.
        path : Path
            The foreign file.
        **arguments : JSON values
            What the question needs.

        Raises
        ------
        Refused
            When the file is not taken, or the child did not survive it.
        """
        path = Path(path)
        child = self._child()
        assert child.stdin is not None
        assert child.stdout is not None
        order = {"question": question, "path": str(path.resolve()), "arguments": arguments}
        done = False
        try:
            write_message(cast(BinaryIO, child.stdin), order)
            while True:
                message = self._receive(child, path.name)
                if "refused" in message.facts:
                    done = True
                    raise Refused(str(message.facts["refused"]))
                if message.facts.get("end"):
                    done = True
                    return
                yield message
        except BrokenPipeError:
            raise self._death(child, path.name) from None
        finally:
            if not done:
                self.close_child()  # answers nobody wanted must not reach the next question

    def one(self, question: str, path: Path | str, **arguments: Any) -> Reply:
        """The only answer to a question; see ``ask``."""
        replies = list(self.ask(question, path, **arguments))
        if len(replies) != 1:
            raise Refused(
                f"'{Path(path).name}': {len(replies)} answers to '{question}', 1 expected"
            )
        return replies[0]

    def _receive(self, child: subprocess.Popen[bytes], name: str) -> Reply:
        assert child.stdout is not None
        silent = threading.Event()

        def end() -> None:
            silent.set()
            child.kill()

        clock = threading.Timer(self.limits.silence_s, end)
        clock.daemon = True
        clock.start()
        try:
            message = read_message(cast(BinaryIO, child.stdout), self.limits.message_bytes)
        except (MessageError, ValueError, KeyError, TypeError) as error:
            raise Refused(f"'{name}': the reading process answered nonsense ({error})") from None
        finally:
            clock.cancel()
        if silent.is_set():
            raise Refused(
                f"'{name}': reading took longer than {self.limits.silence_s:g} s without an "
                "answer (limit); the file is damaged or made to stall"
            )
        if message is None:
            raise self._death(child, name)
        return Reply(*message)

    def _death(self, child: subprocess.Popen[bytes], name: str) -> Refused:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(5.0)
        code = child.returncode
        if code is not None and code < 0:
            why = signal.Signals(-code).name
            if -code == getattr(signal, "SIGXCPU", 0) or code == -signal.SIGKILL:
                why = f"it used more than {self.limits.cpu_s} s of processor time or its memory"
        else:
            why = f"code {code}"
        return Refused(
            f"'{name}' ended the process that read it ({why}); it is damaged or made to do harm, "
            "and nothing of it was taken"
        )

    def _child(self) -> subprocess.Popen[bytes]:
        old = time.monotonic() - self._started_s > RENEW_AFTER_S
        if self._process is None or self._process.poll() is not None or old:
            self.close_child()
            self._started_s = time.monotonic()
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-s",
                    "-P",
                    "-m",
                    self._module,
                    self.limits.model_dump_json(),
                    str(self.folder),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._private.name,
                env=_environment(self._private.name),
                start_new_session=True,  # a Ctrl-C in the terminal is the parent's to handle
            )
        return self._process

    def close_child(self) -> None:
        """End the child; the next question starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def close(self) -> None:
        """End the child and remove its private folder; safe to call twice."""
        self.close_child()
        self._private.cleanup()

    def __enter__(self) -> Guard:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _environment(private: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": private,
        "TMPDIR": private,
        "HDF5_PLUGIN_PRELOAD": "::",  # HDF5: load no plugin at all
        "HDF5_PLUGIN_PATH": "",
        "HDF5_USE_FILE_LOCKING": "BEST_EFFORT",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "ARROW_NUM_THREADS": "1",
        "ARROW_IO_THREADS": "1",
    }
