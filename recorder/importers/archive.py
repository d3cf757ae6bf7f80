"""Unpack foreign archives (zip, tar, tar.gz) member by member. Runs in the child only.

Nothing is trusted that the archive says about itself: names are judged, bytes are counted while
they inflate, and only regular files are made, below the target folder, which must be new or empty.
"""

from __future__ import annotations

import gzip
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from recorder.importers.limits import Limits, Refused

BLOCK_BYTES = 1 << 20
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LOCAL_HEADER_BYTES = 30  # APPNOTE.TXT 4.3.7, without the name
ENCRYPTED = 0x1  # general purpose bit 0, APPNOTE.TXT 4.4.4
DRIVE = re.compile(r"^[A-Za-z]:")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".zst", ".rar")
PATH_BYTES = 1024
RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)


@dataclass
class Target:
    """Where members go, and how much went there."""

    archive: Path
    folder: Path
    limits: Limits
    names: set[str] = field(default_factory=set)
    written: int = 0

    def place(self, name: str) -> Path:
        """Path of a member below the folder.

        Raises
        ------
        Refused
            For a name that leaves the folder, repeats another one, or no system could store.
        """
        shown = name if len(name) <= 80 else name[:77] + "..."
        if len(name.encode("utf-8", "replace")) > PATH_BYTES:
            raise self.no(shown, f"has a name of {len(name)} letters (limit {PATH_BYTES} bytes)")
        if name.startswith(("/", "\\")) or DRIVE.match(name):
            raise self.no(shown, "has an absolute path; members must lie inside the archive")
        if "\\" in name or "\0" in name or not name.isprintable():
            raise self.no(repr(shown), "has a name with control letters or backslashes")
        parts = name.removesuffix("/").split("/")
        for part in parts:
            if part in ("", ".", ".."):
                raise self.no(shown, f"has a path with '{part}' in it; it would leave its folder")
            if len(part.encode()) > self.limits.name_bytes:
                raise self.no(
                    shown, f"has a name of {len(part)} letters (limit {self.limits.name_bytes})"
                )
            if RESERVED.match(part) or part.endswith((".", " ")):
                raise self.no(shown, "has a name that is reserved or ends in a dot or space")
        key = "/".join(parts).casefold()
        if key in self.names:
            raise self.no(shown, "appears twice")
        self.names.add(key)
        if len(self.names) > self.limits.files:
            raise self.no(shown, f"is member {len(self.names)} (limit {self.limits.files})")
        path = self.folder.joinpath(*parts)
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise self.no(shown, "would be written outside the target folder")
        return path

    def write(self, source: IO[bytes], path: Path, announced: int) -> None:
        """Copy one member, counting."""
        if path.suffix.lower() in ARCHIVES:
            raise self.no(path.name, "is an archive within the archive; unpack it first")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        size = 0
        with open(path, "xb") as sink:
            while block := source.read(BLOCK_BYTES):
                size += len(block)
                self.written += len(block)
                if size > announced:
                    raise self.no(path.name, f"holds more than the {announced} bytes it announces")
                self.bound(path.name, size)
                sink.write(block)
        if size != announced:
            raise self.no(path.name, f"holds {size} bytes, {announced} are announced")

    def bound(self, name: str, size: int) -> None:
        """Refuse when one member or all of them have grown too large."""
        limits = self.limits
        if size > limits.file_bytes:
            raise self.no(name, f"is larger than {limits.file_bytes} bytes (limit)")
        packed = self.archive.stat().st_size
        allowed = max(limits.ratio * packed, limits.ratio_floor_bytes)
        if self.written > min(allowed, limits.total_bytes):
            raise self.no(
                name,
                f"brings the archive to {self.written} bytes, {self.written / packed:.0f} times "
                f"its size (limits {limits.total_bytes} bytes, {limits.ratio:g} times)",
            )

    def no(self, name: str, why: str) -> Refused:
        return Refused(f"'{self.archive.name}': member '{name}' {why}")


def extract(
    path: Path, limits: Limits, folder: str
) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Unpack into ``folder``; answers with the number of files and bytes."""
    target = Target(path, Path(folder), limits)
    if target.folder.exists() and any(target.folder.iterdir()):
        raise Refused(
            f"folder '{target.folder}' is not empty; an archive is unpacked into a new one"
        )
    target.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(path, "rb") as file:
        head = file.read(262 + 3)
    try:
        if head[:2] == b"PK":
            _extract_zip(target)
        elif head[:2] == b"\x1f\x8b":
            with gzip.open(path, "rb") as inflated:
                _extract_tar(target, _Counted(inflated, target))
        elif head[257:262] == b"ustar":
            with open(path, "rb") as plain:
                _extract_tar(target, _Counted(plain, target))
        else:
            raise Refused(f"'{path.name}' begins with {head[:4]!r}; it is no zip, tar or tar.gz")
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise Refused(f"'{path.name}' cannot be unpacked: {error}; it is damaged") from None
    yield {"files": len(target.names), "bytes": target.written}, []


def _extract_zip(target: Target) -> None:
    with zipfile.ZipFile(target.archive) as opened:
        members = opened.infolist()
        if len(members) > target.limits.files:
            raise Refused(
                f"'{target.archive.name}' has {len(members)} members (limit {target.limits.files})"
            )
        _refuse_overlap(target, members)
        for member in members:
            path = target.place(member.orig_filename)
            mode = member.external_attr >> 16
            if member.flag_bits & ENCRYPTED:
                raise target.no(member.filename, "is encrypted; unpack it yourself first")
            if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and stat.S_IFMT(mode):
                raise target.no(member.filename, "is a link or a device; only files are taken")
            if member.is_dir():
                continue
            if member.compress_type not in ZIP_METHODS:
                raise target.no(
                    member.filename,
                    f"is packed by method {member.compress_type}; only stored and deflate are read",
                )
            target.bound(member.filename, member.file_size)
            try:
                with opened.open(member) as source:
                    target.write(source, path, member.file_size)
            except (RuntimeError, NotImplementedError) as error:
                raise target.no(member.filename, f"cannot be unpacked: {error}") from None


def _refuse_overlap(target: Target, members: list[zipfile.ZipInfo]) -> None:
    """Members that share packed bytes are how a small zip becomes petabytes."""
    end, last = 0, ""
    for member in sorted(members, key=lambda item: item.header_offset):
        if member.header_offset < end:
            raise target.no(member.filename, f"shares its bytes with '{last}' (overlap)")
        end = member.header_offset + LOCAL_HEADER_BYTES + member.compress_size
        last = member.filename


class _Counted:
    """A stream that stops inflating when it has grown too large."""

    def __init__(self, source: Any, target: Target) -> None:
        self._source = source
        self._target = target
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._target.limits.message_bytes:
            raise Refused(
                f"'{self._target.archive.name}' asks for a block of {size} bytes (limit "
                f"{self._target.limits.message_bytes}); its headers are made to harm"
            )
        block = self._source.read(size)
        self._read += len(block)
        self._target.written = max(self._target.written, self._read)
        self._target.bound("(all)", 0)
        return block


_second_opinion = getattr(tarfile, "data_filter", None)  # came with Python 3.11.4


def _extract_tar(target: Target, source: _Counted) -> None:
    counted = target
    with tarfile.open(fileobj=source, mode="r|", ignore_zeros=False) as opened:  # type: ignore[call-overload]
        for member in opened:
            path = counted.place(member.name)
            if member.isdir():
                continue
            if member.issparse() or member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
                raise counted.no(
                    member.name, "is a link, a device or sparse; only plain files are taken"
                )
            if _second_opinion is not None:
                _second_opinion(member, str(target.folder))
            counted.bound(member.name, member.size)
            content = opened.extractfile(member)
            if content is None:
                raise counted.no(member.name, "has no content")
            before = counted.written
            counted.write(content, path, member.size)
            counted.written = max(before, source._read)


def check(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Unpack into the child's own folder."""
    yield from extract(path, limits, tempfile.mkdtemp(dir=Path.cwd()))


QUESTIONS = {"archive.check": check, "archive.extract": extract}
