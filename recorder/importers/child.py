"""The process that opens foreign files: ``python -m recorder.importers.child LIMITS FOLDER``.

It reads orders from standard input and writes answers to standard output (``messages``). Whatever
a foreign file makes go wrong here ends as one refusal, or as the end of this process.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from recorder.importers.confinement import confine
from recorder.importers.limits import Limits, Refused
from recorder.importers.messages import read_message, write_message

Answer = tuple[dict[str, Any], list[NDArray[Any]]]
Question = Callable[..., Iterator[Answer]]
ORDER_BYTES = 1 << 20


def _questions(topic: str) -> dict[str, Question]:
    """The questions of one kind of file; its library is imported only when it is needed."""
    if topic == "hdf5":
        from recorder.importers.hdf5_audit import QUESTIONS
    elif topic == "archive":
        from recorder.importers.archive import QUESTIONS
    elif topic == "video":
        from recorder.importers.video import QUESTIONS
    elif topic == "image":
        from recorder.importers.picture import QUESTIONS
    elif topic == "parquet":
        from recorder.importers.parquet import QUESTIONS
    elif topic == "json":
        from recorder.importers.document import QUESTIONS
    else:
        raise Refused(f"'{topic}' is no kind of file this program reads")
    return QUESTIONS


def serve(
    source: BinaryIO,
    sink: BinaryIO,
    limits: Limits,
    questions: Callable[[str], dict[str, Question]] = _questions,
) -> None:
    """Answer orders until the parent closes the pipe; ``questions`` gives those of a topic."""
    while True:
        order = read_message(source, ORDER_BYTES)
        if order is None:
            return
        body = order[0]
        path = Path(body["path"])
        try:
            question = questions(body["question"].partition(".")[0])[body["question"]]
            for facts, arrays in question(path, limits, **body["arguments"]):
                write_message(sink, facts, arrays)
            write_message(sink, {"end": True})
        except Refused as error:
            write_message(sink, {"refused": str(error)})
        except MemoryError:
            write_message(
                sink,
                {
                    "refused": f"'{path.name}' needs more than "
                    f"{limits.address_space_bytes / 1e9:.1f} GB of memory (limit)"
                },
            )
        except _FAULTS as error:
            write_message(sink, {"refused": f"'{path.name}' cannot be read: {_first(error)}"})


_FAULTS = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    RuntimeError,  # RecursionError is one; HDF5 raises it for damaged files
    ArithmeticError,
    NotImplementedError,
    AssertionError,
    EOFError,
    zlib.error,
)


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0][:300] if lines else type(error).__name__).rstrip(".")


def main(argv: list[str]) -> int:
    """Confine this process, then answer."""
    limits = Limits.model_validate_json(argv[0])
    sink = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)  # what a library prints must not look like an answer
    confine(limits, Path(argv[1]))
    try:
        serve(sys.stdin.buffer, sink, limits)
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
