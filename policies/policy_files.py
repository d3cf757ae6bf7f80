"""A policy's files: written whole or not at all, read within limits. No torch, no pickle.

::

    POLICY/policy.json                   everything but numbers of the network (PolicyFacts)
    POLICY/weights-<sha256>.safetensors  the network; its name and checksum stand in policy.json
    POLICY/card.md                       the same for people
    POLICY/curves.jsonl                  losses while it learns
    POLICY/resume.json                   where a training goes on; no part of the policy
    POLICY/resume-<sha256>.safetensors

``policy.json`` takes its name by one rename after the weights lie there, so a reader sees the old
policy or the new one, whenever the power fails.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recorder.durability import fsync_path

JSON_BYTES = 16 << 20  # curves of a long training are the largest part
JSON_DEPTH = 16
HEADER_BYTES = 8 << 20
WEIGHTS_BYTES = 8 << 30
RANK = 8
WEIGHTS_NAME = re.compile(r"^(weights|resume)(-[0-9a-f]{12})?\.safetensors$")
TENSOR_NAME = re.compile(r"^[A-Za-z0-9_./]{1,200}$")
FLOAT32 = "F32"


class PolicyFileError(ValueError):
    """A policy cannot be read or written; the message is one clear sentence."""


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` make a file aside, bring it to the device, and give it its name.

    Raises
    ------
    PolicyFileError
        The disk is full, or the folder cannot be written; what was there before is untouched.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(part)
        fsync_path(part)
        os.replace(part, path)
        fsync_path(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise PolicyFileError(
            f"'{path}' cannot be written: {error.strerror or error}; make room or choose another "
            "folder, the checkpoint before it is kept"
        ) from error


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON whole or not at all; raises ``PolicyFileError``."""
    text = json.dumps(value, indent=1, allow_nan=False) + "\n"
    if len(text) > JSON_BYTES:
        raise PolicyFileError(f"'{path}' would have {len(text)} bytes, {JSON_BYTES} is the limit")
    write_whole(path, lambda part: _write_text(part, text))


def write_text(path: Path, text: str) -> None:
    """Write text whole or not at all; raises ``PolicyFileError``."""
    write_whole(path, lambda part: _write_text(part, text))


def _write_text(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of ours.

    Raises
    ------
    PolicyFileError
        It is no plain file, too long, nested too deep, not JSON, or holds what is not a number.
    """
    _check_plain(path, JSON_BYTES)
    try:
        text = path.read_text(encoding="utf-8")
        _check_depth(text, path)
        value = json.loads(text, parse_constant=_refuse_constant)
    except OSError as error:
        raise PolicyFileError(f"'{path}' cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise PolicyFileError(f"'{path}' is damaged: {error}") from None
    if not isinstance(value, dict):
        raise PolicyFileError(f"'{path}' is damaged: it holds no object")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}")


def _check_depth(text: str, path: Path) -> None:
    """Count brackets outside strings before the parser does, which would recurse."""
    plain = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", plain):
        depth += 1 if bracket in "[{" else -1
        if depth > JSON_DEPTH:
            raise PolicyFileError(f"'{path}' nests deeper than {JSON_DEPTH} (limit)")


def _check_plain(path: Path, limit: int) -> int:
    try:
        found = path.lstat()
    except OSError as error:
        raise PolicyFileError(f"'{path}' cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise PolicyFileError(f"'{path}' is no plain file; a policy has no links")
    if found.st_size > limit:
        raise PolicyFileError(f"'{path}' has {found.st_size} bytes, {limit} is the limit")
    return found.st_size


def weights_path(folder: Path, name: str) -> Path:
    """Path of a weights file of a policy; raises ``PolicyFileError`` for any other name."""
    if not WEIGHTS_NAME.match(name):
        raise PolicyFileError(
            f"'{folder}': weights are said to lie in '{name[:80]}', which is no name of ours"
        )
    return folder / name


def check_tensors(path: Path, size: int, sha256: str) -> dict[str, tuple[int, ...]]:
    """Check a safetensors file before any of it is loaded; returns the shape of every tensor.

    Only float32 is taken. Shapes must fit the bytes they claim, without holes or overlaps.

    Parameters
    ----------
    path : Path
    size : int
        Bytes it must have.
    sha256 : str
        Checksum it must have.

    Raises
    ------
    PolicyFileError
        Anything does not agree.
    """
    found = _check_plain(path, WEIGHTS_BYTES)
    if found != size:
        raise PolicyFileError(f"'{path}' has {found} bytes, {size} were written; it is damaged")
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > min(HEADER_BYTES, found - 8):
                raise PolicyFileError(f"'{path}' claims a header of {length} bytes; it is damaged")
            text = file.read(length).decode("utf-8")
            _check_depth(text, path)
            header = json.loads(text, parse_constant=_refuse_constant)
            shapes = _shapes(path, header, found - 8 - length)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PolicyFileError(f"'{path}' cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, PolicyFileError):
            raise
        raise PolicyFileError(f"'{path}' is damaged: {error}") from None
    if digest != sha256:
        raise PolicyFileError(
            f"'{path}' is not what was written (its checksum differs); copy the policy again"
        )
    return shapes


def _shapes(path: Path, header: Any, data_bytes: int) -> dict[str, tuple[int, ...]]:
    if not isinstance(header, dict):
        raise PolicyFileError(f"'{path}' is damaged: its header holds no object")
    shapes: dict[str, tuple[int, ...]] = {}
    spans: list[tuple[int, int]] = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if not (TENSOR_NAME.match(name) and isinstance(entry, dict)):
            raise PolicyFileError(f"'{path}' is damaged: it names a tensor '{name[:80]}'")
        dtype, shape, span = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
        if dtype != FLOAT32:
            raise PolicyFileError(
                f"'{path}': tensor '{name}' is {str(dtype)[:20]}, only float32 is taken"
            )
        if not (_whole_numbers(shape) and len(shape) <= RANK):
            raise PolicyFileError(f"'{path}': tensor '{name}' has no sensible shape")
        if not (_whole_numbers(span) and len(span) == 2):
            raise PolicyFileError(f"'{path}': tensor '{name}' lies nowhere")
        needed = 4 * math.prod(shape)
        if needed > data_bytes or span[1] - span[0] != needed or span[1] > data_bytes:
            raise PolicyFileError(
                f"'{path}': tensor '{name}' of shape {shape} needs {needed} bytes and has "
                f"{span[1] - span[0]} of {data_bytes}"
            )
        shapes[name] = tuple(shape)
        spans.append((span[0], span[1]))
    end = 0
    for start, stop in sorted(spans):
        if start != end:
            raise PolicyFileError(f"'{path}' is damaged: its tensors overlap or leave a hole")
        end = stop
    if end != data_bytes:
        raise PolicyFileError(f"'{path}' is damaged: {data_bytes - end} bytes belong to no tensor")
    return shapes


def _whole_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        type(item) is int and 0 <= item < 1 << 40 for item in value
    )
