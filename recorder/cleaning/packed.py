"""Pictures of differing length as one array of bytes with offsets and a checksum each.

Written in whole chunks as the pictures come, so memory stays flat and the same pictures give the
same bytes.
"""

from __future__ import annotations

import zlib

import cv2
import h5py
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError
from recorder.layout import plain_group, put_array

CHUNK_BYTES = 256 << 10
JPEG_QUALITY = 95
PNG_LEVEL = 1


def encode_picture(picture: NDArray[np.uint8], lossless: bool) -> bytes:
    """JPEG, or PNG when ``lossless``, of an RGB picture ``(height, width, 3)``."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    if lossless:
        return _encoded(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])
    return _encoded(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def encode_mask(mask: NDArray[np.bool_]) -> bytes:
    """One-bit PNG of a mask ``(height, width)``."""
    shades = np.where(mask, np.uint8(255), np.uint8(0))
    return _encoded(".png", shades, [cv2.IMWRITE_PNG_BILEVEL, 1])


def encode_layers(layers: NDArray[np.uint8]) -> bytes:
    """Grey PNG whose values are the layer numbers ``(height, width)``."""
    return _encoded(".png", layers, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])


def decode_colour(stored: NDArray[np.uint8], size: tuple[int, int], what: str) -> NDArray[np.uint8]:
    """RGB picture of stored bytes; raises ``CleanError`` when they are none of ``size``."""
    decoded = _decoded(stored, cv2.IMREAD_COLOR, (size[1], size[0], 3), what)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def decode_grey(stored: NDArray[np.uint8], size: tuple[int, int], what: str) -> NDArray[np.uint8]:
    """Grey picture of stored bytes; raises ``CleanError`` when they are none of ``size``."""
    return _decoded(stored, cv2.IMREAD_GRAYSCALE, (size[1], size[0]), what)


def _encoded(extension: str, picture: NDArray, options: list[int]) -> bytes:
    done, buffer = cv2.imencode(extension, picture, options)
    if not done:
        raise CleanError(f"a picture of shape {picture.shape} cannot be stored as {extension}")
    return buffer.tobytes()


def _decoded(
    stored: NDArray[np.uint8], flag: int, shape: tuple[int, ...], what: str
) -> NDArray[np.uint8]:
    picture = cv2.imdecode(stored, flag) if stored.size else None
    if picture is None or picture.shape != shape:
        found = "nothing" if picture is None else f"shape {picture.shape}"
        raise CleanError(f"{what} decodes to {found} instead of shape {shape}; clean it again")
    return np.asarray(picture, np.uint8)


class PackedWriter:
    """Appends pictures to a group of an open file.

    Parameters
    ----------
    group : h5py.Group
        Empty; receives ``data``, ``offset`` and ``crc32``.
    """

    def __init__(self, group: h5py.Group) -> None:
        self._group = group
        self._data = group.create_dataset(
            "data", (0,), np.uint8, maxshape=(None,), chunks=(CHUNK_BYTES,), fletcher32=True
        )
        self._waiting = bytearray()
        self._offsets = [0]
        self._crcs: list[int] = []

    def add(self, stored: bytes) -> None:
        """Append the bytes of one picture."""
        self._waiting += stored
        self._offsets.append(self._offsets[-1] + len(stored))
        self._crcs.append(zlib.crc32(stored))
        whole = len(self._waiting) // CHUNK_BYTES * CHUNK_BYTES
        if whole:
            self._put(whole)

    def close(self) -> None:
        """Write what is left, and the offsets."""
        if self._waiting:
            self._put(len(self._waiting))
        put_array(self._group, "offset", np.array(self._offsets, np.uint64))
        put_array(self._group, "crc32", np.array(self._crcs, np.uint32))

    def _put(self, count: int) -> None:
        start = self._data.shape[0]
        self._data.resize((start + count,))
        self._data[start : start + count] = np.frombuffer(self._waiting[:count], np.uint8)
        del self._waiting[:count]


class PackedReader:
    """Pictures of a group that ``PackedWriter`` wrote.

    Parameters
    ----------
    file : h5py.File
    name : str
        The group.
    count : int
        Pictures there are to be.

    Raises
    ------
    ValueError
        Offsets that do not fit the data or the count.
    """

    def __init__(self, file: h5py.File, name: str, count: int) -> None:
        group = plain_group(file, name)
        data = group["data"]
        if not isinstance(data, h5py.Dataset) or data.dtype != np.uint8 or data.ndim != 1:
            raise ValueError(f"'{name}/data' is no array of bytes")
        self._data = data
        self._offset = np.asarray(group["offset"]).astype(np.int64)
        self._crc = np.asarray(group["crc32"])
        fits = len(self._offset) == count + 1 and len(self._crc) == count
        if not fits or self._offset[0] != 0 or self._offset[-1] != len(data):
            raise ValueError(f"'{name}' does not hold {count} pictures")
        if np.any(np.diff(self._offset) < 0):
            raise ValueError(f"offsets of '{name}' run backwards")

    def stored(self, index: int, what: str) -> NDArray[np.uint8]:
        """Bytes of picture ``index``; raises ``CleanError`` when they changed on the disk."""
        try:
            part = np.asarray(self._data[self._offset[index] : self._offset[index + 1]])
        except OSError as error:
            raise CleanError(f"{what} is damaged on the disk ({error}); clean it again") from None
        if zlib.crc32(part.tobytes()) != self._crc[index]:
            raise CleanError(f"{what} is damaged on the disk; clean it again")
        return part
