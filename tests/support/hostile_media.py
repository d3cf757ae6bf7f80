"""Videos, pictures, tables and documents that are not what they say."""

from __future__ import annotations

import decimal
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from support.foreign import write_video

Make = Callable[[Path], None]


def _bytes(data: bytes) -> Make:
    return lambda path: path.write_bytes(data) and None


def _png(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data or bytes(1000))) + chunk(b"IEND", b"")
    )  # fmt: skip


def _jpeg(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes((1, 17, 0, 2, 17, 1, 3, 17, 1))
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + bytes(200)


def _video(codec: str, suffix: str) -> Make:
    def make(path: Path) -> None:
        made = path.with_name(f"made{suffix}")
        write_video(made, [0, 1, 2], codec)
        made.rename(path)

    return make


def _cut_video(share: float) -> Make:
    def make(path: Path) -> None:
        _video("libx264", ".mp4")(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return make


def _video_without_pictures(path: Path) -> None:
    _video("libx264", ".mp4")(path)
    path.write_bytes(path.read_bytes().replace(b"vide", b"soun"))


def _wrong_frame_count(path: Path) -> None:
    """The table of sample sizes of the MP4 announces one more frame than there are."""
    _video("libx264", ".mp4")(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"stts")
    struct.pack_into(">I", data, at + 12, 9)
    path.write_bytes(bytes(data))


def _table(column: pa.Array, **options: object) -> Make:
    return lambda path: pq.write_table(pa.table({"x": column}), path, **options)


def _long_dictionary(path: Path) -> None:
    """A text of 200 kB that 100 000 rows share: 20 GB in memory, 300 kB on disk."""
    index = pa.array(np.zeros(100_000, np.int32))
    column = pa.DictionaryArray.from_arrays(index, pa.array(["a" * 200_000]))
    pq.write_table(pa.table({"x": column}), path, store_schema=False)


def _claims_rows(path: Path) -> None:
    """The footer's number of rows is not that of its groups."""
    pq.write_table(pa.table({"x": np.arange(63)}), path)
    data = bytearray(path.read_bytes())
    length = struct.unpack("<I", data[-8:-4])[0]
    footer = len(data) - 8 - length
    at = data.index(b"\x16\x7e", footer)  # field i64, zigzag 63
    data[at + 1] = 0x7C
    path.write_bytes(bytes(data))


def _damaged(make: Make, at: float) -> Make:
    def damage(path: Path) -> None:
        make(path)
        data = bytearray(path.read_bytes())
        place = int(len(data) * at)
        data[place : place + 8] = b"\xff" * 8
        path.write_bytes(bytes(data))

    return damage


def _cut_table(path: Path) -> None:
    _NUMBERS(path)
    path.write_bytes(path.read_bytes()[:-20])


_NUMBERS = _table(pa.array(np.arange(5000)))

VIDEOS: dict[str, tuple[Make, str]] = {
    "hls playlist": (_bytes(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), "only MP4"),
    "concat list": (_bytes(b"ffconcat version 1.0\nfile /etc/passwd\n"), "only MP4"),
    "dash manifest": (_bytes(b"<?xml version='1.0'?><MPD></MPD>"), "only MP4"),
    "gif as video": (_video("gif", ".gif"), "only MP4"),
    "mpeg-4 part 2": (_video("mpeg4", ".mp4"), "is coded in 'mpeg4'"),
    "mpeg transport stream": (_video("libx264", ".ts"), "only MP4"),
    "truncated video": (_cut_video(0.5), "cannot be decoded|announces"),
    "video head only": (_cut_video(0.02), "cannot be decoded"),
    "garbage after the head": (
        _bytes(b"\0\0\0\x18ftypisom" + bytes(range(256)) * 40),
        "cannot be decoded|picture tracks",
    ),  # fmt: skip
    "playlist behind a head": (
        _bytes(b"\0\0\0\x18ftypisom#EXTM3U\nfile:///etc/passwd\n"),
        "cannot be decoded|picture tracks",
    ),  # fmt: skip
    "video without pictures": (_video_without_pictures, "picture tracks|cannot be decoded"),
    "wrong frame count": (_wrong_frame_count, "announces|cannot be decoded"),
    "empty video": (_bytes(b""), "only MP4"),
}
PICTURES: dict[str, tuple[Make, str]] = {
    "png of 50000 x 50000": (_bytes(_png(50_000, 50_000)), "50000 x 50000 pixels"),
    "png of 2^31 x 1": (_bytes(_png(2**31 - 1, 2**31 - 1)), "2147483647"),
    "png without size": (_bytes(_png(0, 5)), "0 x 5 pixels"),
    "jpeg of 65535 x 65535": (_bytes(_jpeg(65535, 65535)), "65535 x 65535"),
    "png without pixels": (_bytes(_png(8000, 8000)), "cannot be decoded"),
    "truncated png": (_bytes(_png(8, 8, bytes(200))[:40]), "cannot be decoded|damaged"),
    "png head only": (_bytes(_png(8, 8)[:20]), "without a header"),
    "jpeg head only": (_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF"), "without a size"),
    "svg": (_bytes(b"<svg xmlns='x'><image href='file:///etc/passwd'/></svg>"), "is SVG"),
    "xml entities": (_bytes(b"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'a'>]>"), "is SVG"),
    "gif": (_bytes(b"GIF89a" + bytes(40)), "is GIF"),
    "tiff": (_bytes(b"II*\0" + bytes(40)), "is TIFF"),
}
TABLES: dict[str, tuple[Make, str]] = {
    "no parquet": (_bytes(b"PARX" + bytes(40)), "does not begin like a parquet file"),
    "truncated parquet": (
        _cut_table,
        "cannot be read as parquet",
    ),  # fmt: skip
    "damaged footer": (_damaged(_NUMBERS, 0.98), "cannot be read as parquet|claims|refused"),
    "damaged pages": (_damaged(_NUMBERS, 0.01), "cannot be read as parquet|holds"),
    "rows that are not there": (_claims_rows, "claims 62 rows"),
    "bomb of zeros": (
        _table(pa.array(np.zeros(4_000_000)), use_dictionary=False, compression="zstd"),
        "times its size",
    ),
    "bomb of a shared text": (_long_dictionary, "times its size|memory|cannot be read|ended"),
    "maps": (_table(pa.array([{"a": 1}], pa.map_(pa.string(), pa.int64()))), "has type 'map"),
    "decimals": (_table(pa.array([decimal.Decimal("1.0")])), "has type 'decimal"),
    "unknown structure": (_table(pa.array([{"a": 1}])), "has type 'struct"),
    "bytes": (_table(pa.array([b"a"])), "has type 'binary"),
}
DOCUMENTS: dict[str, tuple[Make, str]] = {
    "not a number": (_bytes(b'{"fps": NaN}'), "number NaN"),
    "infinity": (_bytes(b'{"fps": -Infinity}'), "number -Infinity"),
    "deep lists": (_bytes(b"[" * 100_000 + b"]" * 100_000), "levels deep"),
    "deep objects": (_bytes(b'{"a":' * 5000 + b"1" + b"}" * 5000), "levels deep"),
    "number of a million digits": (_bytes(b"[" + b"9" * 1_000_000 + b"]"), "1000000 digits"),
    "large document": (_bytes(b"[" + b"1," * 5_000_000 + b"1]"), "JSON of"),
    "no json": (_bytes(b"{'a': 1}"), "is not JSON"),
    "broken text": (_bytes(b'{"a": "\xff\xfe"}'), "is not JSON"),
    "empty document": (_bytes(b""), "is not JSON"),
}
