"""What crosses the pipe between the parent and the child that reads a foreign file.

::

    magic 4s | JSON length u32 | array bytes u64 | JSON (UTF-8) | arrays, one after the other

The JSON describes the arrays (``dtype``, ``shape``); nothing in a message can name a class or a
function. The parent trusts no length: everything is compared with a limit before it is read.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC = b"\x93Th1"
HEAD = struct.Struct("<4sIQ")
JSON_BYTES = 32 << 20
MAX_RANK = 8
DTYPE = re.compile(r"^(\|b1|[|<][iu][1248]|<f[248])$")


class MessageError(ValueError):
    """What came through the pipe is not a message of this program."""


def write_message(
    file: BinaryIO, body: dict[str, Any], arrays: Sequence[NDArray[Any]] = ()
) -> None:
    """Write one message; arrays are made contiguous and little-endian."""
    plain = [_plain(array) for array in arrays]
    described = [{"dtype": array.dtype.str, "shape": list(array.shape)} for array in plain]
    text = json.dumps({**body, "arrays": described}).encode()
    file.write(HEAD.pack(MAGIC, len(text), sum(array.nbytes for array in plain)))
    file.write(text)
    for array in plain:
        file.write(array.reshape(-1).view(np.uint8).data)
    file.flush()


def read_message(
    file: BinaryIO, message_bytes: int
) -> tuple[dict[str, Any], list[NDArray[Any]]] | None:
    """Read one message, or None when the pipe was closed.

    Parameters
    ----------
    file : binary file
        The pipe.
    message_bytes : int
        Largest sum of array bytes that is accepted.

    Raises
    ------
    MessageError
        When lengths, types or shapes are not those of a message.
    """
    head = file.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    magic, json_length, array_length = HEAD.unpack(head)
    if magic != MAGIC or json_length > JSON_BYTES or array_length > message_bytes:
        raise MessageError(
            f"message of {json_length} + {array_length} bytes, limits {JSON_BYTES} + "
            f"{message_bytes}"
        )
    text = file.read(json_length)
    payload = file.read(array_length)
    if len(text) < json_length or len(payload) < array_length:
        return None
    body = json.loads(text)
    if not isinstance(body, dict) or not isinstance(body.get("arrays"), list):
        raise MessageError("message without a list of arrays")
    return body, _arrays(body.pop("arrays"), payload)


def _arrays(described: list[Any], payload: bytes) -> list[NDArray[Any]]:
    arrays: list[NDArray[Any]] = []
    at = 0
    for item in described:
        dtype, shape = str(item["dtype"]), [int(n) for n in item["shape"]]
        if not DTYPE.match(dtype) or len(shape) > MAX_RANK or any(n < 0 for n in shape):
            raise MessageError(f"array of type '{dtype}' and shape {shape}")
        length = math.prod(shape) * np.dtype(dtype).itemsize
        if at + length > len(payload):
            raise MessageError(f"array of {length} bytes, {len(payload) - at} came")
        arrays.append(np.frombuffer(payload, dtype, math.prod(shape), at).reshape(shape))
        at += length
    return arrays


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    array = np.ascontiguousarray(array)
    if array.dtype.byteorder == ">" or (array.dtype.byteorder == "=" and not _LITTLE):
        array = array.astype(array.dtype.newbyteorder("<"))
    if not DTYPE.match(array.dtype.str):
        raise MessageError(f"array of type '{array.dtype.str}' cannot be sent")
    return array


_LITTLE = np.dtype("=u2").str == "<u2"
