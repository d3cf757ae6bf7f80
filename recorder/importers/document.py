"""Parse foreign JSON with bounds on size, nesting and numbers. Runs in the child only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from numpy.typing import NDArray

from recorder.importers.limits import Limits, Refused

TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
BRACKETS = re.compile(rb"[\[\]{}]")
DIGITS = 300  # of one number: beyond it no measurement needs them


def load_document(path: Path, limits: Limits) -> Any:
    """Parse a JSON file.

    Raises
    ------
    Refused
        When it is too large, nests too deep, or is no JSON.
    """
    size = path.stat().st_size
    if size > limits.json_bytes:
        raise Refused(f"'{path.name}' is JSON of {size} bytes (limit {limits.json_bytes})")
    text = path.read_bytes()
    depth = deepest = 0
    for bracket in BRACKETS.finditer(TEXT.sub(b"", text)):
        depth += 1 if bracket.group() in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest > limits.json_depth:
        raise Refused(f"'{path.name}' nests {deepest} levels deep (limit {limits.json_depth})")

    def constant(name: str) -> NoReturn:
        raise Refused(f"'{path.name}' contains the number {name}, which JSON does not have")

    def whole(digits: str) -> int:
        if len(digits) > DIGITS:
            raise Refused(
                f"'{path.name}' contains a number of {len(digits)} digits (limit {DIGITS})"
            )
        return int(digits)

    try:
        return json.loads(text, parse_constant=constant, parse_int=whole)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"'{path.name}' is not JSON: {error}") from None


def read(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """The value of the document."""
    yield {"value": load_document(path, limits)}, []


def check(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Parse it and say nothing about its content."""
    load_document(path, limits)
    yield {}, []


QUESTIONS = {"json.read": read, "json.check": check}
