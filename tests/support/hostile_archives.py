"""Archives that want to write where they may not, or more than they may."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

Make = Callable[[Path], None]
CENTRAL = b"PK\x01\x02"


def _zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Make:
    def make(path: Path) -> None:
        import warnings

        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
            warnings.simplefilter("ignore")  # about duplicate names
            for name, data in members:
                archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)

    return make


def _zip_mode(mode: int) -> Make:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            info = zipfile.ZipInfo("link")
            info.create_system = 3
            info.external_attr = mode << 16
            archive.writestr(info, "/etc/passwd")

    return make


def _patched(make: Make, offset: int, code: str, value: int, which: int = 0) -> Make:
    """Change one field of a member's entry in the central directory."""

    def patch(path: Path) -> None:
        make(path)
        data = bytearray(path.read_bytes())
        at = -1
        for _ in range(which + 1):
            at = data.index(CENTRAL, at + 1)
        struct.pack_into(code, data, at + offset, value)
        path.write_bytes(bytes(data))

    return patch


def _nested(path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(1 << 20))
    _zip(("inner.zip", inner.getvalue()))(path)


def _backslash(path: Path) -> None:
    _zip(("aXbXevil", b"x"))(path)
    path.write_bytes(path.read_bytes().replace(b"aXbXevil", b"..\\\\evil"))


def _nul(path: Path) -> None:
    _zip(("aXevil", b"x"))(path)
    path.write_bytes(path.read_bytes().replace(b"aXevil", b"a\0evil"))


def _tar(mode: str, *members: tuple[tarfile.TarInfo, bytes]) -> Make:
    def make(path: Path) -> None:
        with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as archive:
            for info, data in members:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))

    return make


def _info(name: str, kind: bytes = tarfile.REGTYPE, to: str = "", **pax: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = to
    info.pax_headers = pax
    return info


def _sparse(path: Path) -> None:
    """A GNU sparse member that claims a gigabyte of holes."""
    info = tarfile.TarInfo("holes")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:398] = b"00000000000\0"
    header[398:410] = b"00000000000\0"
    header[483:495] = b"10000000000\0"
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    path.write_bytes(bytes(header) + bytes(1024))


def _pax_size(path: Path) -> None:
    """A pax header that announces petabytes for a member of one block."""
    _tar("w", (_info("big", size="1125899906842624"), b"x"))(path)


def _long_pax(path: Path) -> None:
    _tar("w:gz", (_info("x", comment="a" * (40 << 20)), b"x"))(path)


def _cut(make: Make, share: float) -> Make:
    def cut(path: Path) -> None:
        make(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return cut


def _noise(count: int) -> bytes:
    return b"".join(
        zlib.crc32(bytes([n % 256, n >> 8])).to_bytes(4, "little") for n in range(count)
    )


_TWO = _zip(("a", _noise(500)), ("b", _noise(500)))
_PLAIN_TAR = _tar("w:gz", (_info("a"), _noise(20_000)))

ZIPS: dict[str, tuple[Make, str]] = {
    "flat bomb": (_zip(("zeros", bytes(32 << 20))), "times its size"),
    "bomb in many members": (
        _zip(*[(f"z{n}", bytes(1 << 19)) for n in range(40)]),
        "times its size",
    ),  # fmt: skip
    "nested archive": (_nested, "archive within the archive"),
    "overlapping members": (_patched(_TWO, 42, "<I", 0, which=1), "overlap"),
    "parent folder": (_zip(("../evil", b"x")), "'..'"),
    "inner parent folder": (_zip(("a/../../evil", b"x")), "'..'"),
    "absolute path": (_zip(("/tmp/evil", b"x")), "absolute path"),
    "drive letter": (_zip(("C:/evil", b"x")), "absolute path"),
    "backslash": (_backslash, "backslashes"),
    "zero byte in a name": (_nul, "control letters|differ"),
    "symbolic link": (_zip_mode(0o120777), "a link or a device"),
    "device": (_zip_mode(0o020666), "a link or a device"),
    "fifo": (_zip_mode(0o010666), "a link or a device"),
    "duplicate names": (_zip(("a", b"x"), ("a", b"y")), "appears twice"),
    "duplicate names by case": (_zip(("a", b"x"), ("A", b"y")), "appears twice"),
    "encrypted": (_patched(_zip(("a", b"x")), 8, "<H", 1), "is encrypted; unpack it"),
    "lzma": (_zip(("a", b"x" * 99), method=zipfile.ZIP_LZMA), "packed by method 14"),
    "long name": (_zip(("a" * 4000, b"x")), "letters .limit"),
    "long name of one folder": (_zip(("a" * 300 + "/b", b"x")), "300 letters"),
    "reserved name": (_zip(("con.txt", b"x")), "reserved"),
    "empty path parts": (_zip(("a//b", b"x")), "''"),
    "claims less than it holds": (
        _patched(_zip(("a", _noise(500))), 24, "<I", 10),
        "announce|damaged",
    ),  # fmt: skip
    "claims more than it holds": (
        _patched(_zip(("a", _noise(500))), 24, "<I", 1 << 20),
        "times its size|announced|damaged",
    ),  # fmt: skip
    "claims zip64 without it": (
        _patched(_zip(("a", b"x")), 24, "<I", 0xFFFFFFFF),
        "are announced",
    ),  # fmt: skip
    "crowd": (_zip(*[(f"f{n}", b"") for n in range(600)]), "600 members"),
    "truncated zip": (_cut(_TWO, 0.8), "damaged"),
    "damaged member": (_patched(_zip(("a", _noise(500))), 16, "<I", 7), "damaged|CRC"),
    "no archive": (lambda path: path.write_bytes(b"hello" * 100) and None, "no zip"),
    "tar parent folder": (_tar("w", (_info("../evil"), b"x")), "'..'"),
    "tar absolute path": (_tar("w", (_info("/tmp/evil"), b"x")), "absolute path"),
    "tar symbolic link": (_tar("w", (_info("l", tarfile.SYMTYPE, "/etc"), b"")), "is a link"),
    "tar hard link": (_tar("w", (_info("l", tarfile.LNKTYPE, "/etc/passwd"), b"")), "is a link"),
    "tar device": (_tar("w", (_info("d", tarfile.CHRTYPE), b"")), "device"),
    "tar fifo": (_tar("w", (_info("d", tarfile.FIFOTYPE), b"")), "device"),
    "tar duplicate": (_tar("w", (_info("a"), b"x"), (_info("a"), b"y")), "appears twice"),
    "tar pax path": (_tar("w", (_info("a", path="../../evil"), b"x")), "'..'"),
    "tar pax link": (_tar("w", (_info("a", tarfile.SYMTYPE, "b", linkpath="/etc"), b"")), "link"),
    "tar pax size": (_pax_size, "larger|damaged"),
    "tar pax header of many bytes": (_long_pax, "times its size|asks for"),
    "tar sparse": (_sparse, "sparse"),
    "tar bomb": (_tar("w:gz", (_info("z"), bytes(64 << 20))), "times its size"),
    "truncated tar": (_cut(_PLAIN_TAR, 0.5), "damaged"),
    "tar in tar": (_tar("w", (_info("inner.tar"), b"x" * 600)), "archive within the archive"),
}
