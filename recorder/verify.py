"""Recheck published episodes: every checksum and every sequence number.

Three levels, as of NWB's inspector: ``critical`` (data is not what was recorded), ``warning``
(samples are missing or something beside the data is odd), ``note`` (worth knowing).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import h5py
import numpy as np

from recorder.dataset import DatasetError, companions, open_dataset
from recorder.episode import Episode, EpisodeError, EpisodeStream
from recorder.finalise import file_sha256
from recorder.layout import is_packed
from recorder.log_index import unexplained_jumps
from recorder.stored import stored_samples

Level = Literal["critical", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing found in one file.

    Attributes
    ----------
    level : str
        ``critical``, ``warning`` or ``note``.
    path : Path
        The file.
    stream : str
        The stream, or empty.
    text : str
        One sentence.
    """

    level: Level
    path: Path
    stream: str
    text: str


def verify_path(path: Path) -> list[Finding]:
    """Recheck an episode file, or every episode of a dataset folder.

    Parameters
    ----------
    path : Path
        An ``.h5`` file or a dataset folder.

    Returns
    -------
    list of Finding
        Empty when nothing is to be said; no ``critical`` entry means that all data is as recorded.

    Raises
    ------
    DatasetError
        When there is no such path, or the folder is not a dataset of this program's schema.
    """
    if not path.exists():
        raise DatasetError(f"'{path}' does not exist; name an episode file or a dataset folder")
    if path.is_dir():
        dataset = open_dataset(path)
        found = [finding for episode in dataset.published() for finding in _verify(episode)]
        for left in dataset.logs():
            found.append(
                Finding("note", left, "", "take is not published yet; `thenar recover` does it")
            )
        return found
    return list(_verify(path))


def _verify(path: Path) -> Iterator[Finding]:
    if not path.exists():
        yield Finding("critical", path, "", "file does not exist")
        return
    yield from _verify_checksum(path)
    try:
        with Episode(path) as episode:
            yield from _verify_facts(path, episode)
            for stream in episode.streams.values():
                yield from _verify_stream(path, episode, stream)
    except EpisodeError as error:
        yield Finding("critical", path, "", str(error))
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        yield Finding("critical", path, "", f"damaged: {error}")


def _verify_checksum(path: Path) -> Iterator[Finding]:
    sidecar = companions(path)[0]
    if not sidecar.exists():
        yield Finding("warning", path, "", f"checksum file '{sidecar.name}' is missing")
        return
    expected = sidecar.read_text(errors="replace").split()
    if not expected or file_sha256(path) != expected[0]:
        yield Finding("critical", path, "", f"SHA-256 differs from '{sidecar.name}'")


def _verify_facts(path: Path, episode: Episode) -> Iterator[Finding]:
    stored = sum(len(stream) for stream in episode.streams.values())
    if stored != episode.attributes["samples"]:
        yield Finding(
            "critical", path, "", f"{stored} samples, {episode.attributes['samples']} announced"
        )
    skipped = episode.attributes["skipped_log_bytes"]
    if skipped:
        yield Finding("warning", path, "", f"recovered; {skipped} damaged log bytes passed over")
    if episode.attributes["end_reason"] == "interrupted":
        yield Finding("note", path, "", "recovered: the recorder was interrupted during this take")


def _verify_stream(path: Path, episode: Episode, stream: EpisodeStream) -> Iterator[Finding]:
    name, spec, count = stream.name, stream.spec, len(stream)
    for column in ("seq", "device_stamp_ns", "flags", "crc32"):
        if len(getattr(stream, column)) != count:
            yield Finding("critical", path, name, f"{column} has not {count} entries")
            return
    group = episode.group(name)
    data = group["data"]
    assert isinstance(data, h5py.Dataset)
    if not is_packed(spec) and data.shape != (count, *spec.shape):
        yield Finding("critical", path, name, f"data has shape {data.shape}")
        return
    wrong = 0
    try:
        for crc, expected in zip(stored_samples(group, spec), stream.crc32, strict=True):
            wrong += crc != expected
    except (OSError, ValueError) as error:
        yield Finding("critical", path, name, f"data cannot be read: {error}")
        return
    if wrong:
        yield Finding("critical", path, name, f"{wrong} of {count} samples differ from their CRC")
    rows = [row for row in episode.ledger if row["stream"].decode() == name]
    known = [
        (row["kind"].decode(), int(row["first_missing_seq"]), int(row["count"])) for row in rows
    ]
    for at, kind, first, missing in unexplained_jumps(stream.seq, stream.flags, known):
        yield Finding(
            "critical",
            path,
            name,
            f"after sample {at}: {kind} of {missing} from seq {first} is not in the ledger",
        )
    lost = sum(row[2] for row in known)
    if lost:
        share = lost / (lost + count)
        yield Finding("warning", path, name, f"{lost} samples lost ({share:.2%}), in the ledger")
    backwards = int(np.sum(np.diff(stream.stamp_ns) < 0))
    if backwards:
        yield Finding("critical", path, name, f"stamps go backwards {backwards} times")
