"""Decode foreign PNG and JPEG pictures, after their size is known. Runs in the child only."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.importers.limits import Limits, Refused

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # ITU T.81, table B.1
STANDALONE = frozenset((0x01, *range(0xD0, 0xD9)))
OTHERS = {b"GIF8": "GIF", b"RIFF": "WebP", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF"}

cv2.setNumThreads(1)


def picture_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height a PNG or JPEG announces, read from its header alone.

    Raises
    ------
    Refused
        When it is neither, or the header is cut off.
    """
    if data.startswith(PNG):
        if len(data) < 33 or data[12:16] != b"IHDR":
            raise Refused(f"'{name}' is a PNG without a header; it is damaged")
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data.startswith(JPEG):
        return _jpeg_size(data, name)
    start = data.lstrip()[:5].lower()
    other = next((word for magic, word in OTHERS.items() if data.startswith(magic)), "")
    if start.startswith((b"<svg", b"<?xml", b"<!doc")):
        other = "SVG"
    raise Refused(f"'{name}' is {other or 'no picture'}; only PNG and JPEG pictures are read")


def _jpeg_size(data: bytes, name: str) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF or marker in STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in START_OF_FRAME:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    raise Refused(f"'{name}' is a JPEG without a size; it is damaged")


def decode_picture(data: bytes, name: str, limits: Limits) -> NDArray[np.uint8]:
    """Decode a picture to RGB ``(height, width, 3)`` uint8.

    Raises
    ------
    Refused
        When it is no PNG or JPEG, too large, or damaged.
    """
    width, height = picture_size(data, name)
    if not 0 < width * height <= limits.picture_pixels:
        raise Refused(
            f"'{name}' claims {width} x {height} pixels (limit {limits.picture_pixels} in all)"
        )
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise Refused(f"'{name}' cannot be decoded: {error.err}") from None
    if image is None or image.shape[:2] != (height, width):
        raise Refused(f"'{name}' cannot be decoded as a picture of {width} x {height}; damaged")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def read(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Decode a picture file."""
    size = path.stat().st_size
    if size > limits.message_bytes:
        raise Refused(f"'{path.name}' has {size} bytes (limit {limits.message_bytes})")
    yield {}, [decode_picture(path.read_bytes(), path.name, limits)]


def check(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Decode it and give its size only."""
    for _, (image,) in read(path, limits):
        yield {"width": image.shape[1], "height": image.shape[0]}, []


QUESTIONS = {"image.read": read, "image.check": check}
