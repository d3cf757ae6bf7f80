"""An index of a capture log: where every sample lies, without holding any of it in memory."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from devices.stream import FLAG_FIRST, StreamSpec
from recorder.log import END_STREAM, GAP_STREAM, HEAD, HEADER_STREAM, LogReader


class StreamIndex:
    """Positions and stamps of one stream's samples, in log order.

    Attributes
    ----------
    spec : StreamSpec
        The stream.
    offset, length : array of uint64
        Where each payload lies in the log.
    seq, stamp_ns, device_stamp_ns, flags, crc32 : array
        As stored in the episode.
    """

    def __init__(self, spec: StreamSpec) -> None:
        self.spec = spec
        self.offset = array("Q")
        self.length = array("Q")
        self.seq = array("Q")
        self.stamp_ns = array("q")
        self.device_stamp_ns = array("q")
        self.flags = array("I")
        self.crc32 = array("I")

    def __len__(self) -> int:
        return len(self.offset)

    def column(self, name: str) -> np.ndarray:
        """One column as a NumPy array, without a copy."""
        return np.asarray(getattr(self, name))


@dataclass
class LogIndex:
    """Everything the finaliser needs to know about a log.

    Attributes
    ----------
    path : Path
        The log.
    header : dict
        Facts of the take.
    streams : list of StreamIndex
        In the header's order.
    ledger : list of tuple
        ``(stream, kind, first_missing_seq, count, before_ns, after_ns)``.
    end : dict
        The end record; ``reason`` is ``interrupted`` when the log has none.
    skipped_bytes : int
        Bytes that no checksum vouched for.
    """

    path: Path
    header: dict[str, Any]
    streams: list[StreamIndex]
    ledger: list[tuple[str, str, int, int, int, int]] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=dict)
    skipped_bytes: int = 0

    @property
    def uuid(self) -> str:
        """Identity of the take."""
        return str(self.header["uuid"])

    @property
    def samples(self) -> int:
        """Samples of all streams."""
        return sum(len(stream) for stream in self.streams)

    @property
    def lost(self) -> int:
        """Samples the ledger counts as missing."""
        return sum(row[3] for row in self.ledger)

    def span_ns(self) -> tuple[int, int]:
        """First and last stamp of the take."""
        first = [stream.stamp_ns[0] for stream in self.streams if len(stream)]
        last = [stream.stamp_ns[-1] for stream in self.streams if len(stream)]
        press_ns = int(self.header["press_ns"])
        return min(first, default=press_ns), max(last, default=press_ns)


def index_log(reader: LogReader) -> LogIndex:
    """Read a log once, checking every checksum, and index it.

    Raises
    ------
    LogError
        When no intact header is found.
    """
    header = reader.header()
    specs = [StreamSpec.model_validate(spec) for spec in header["streams"]]
    index = LogIndex(reader.path, header, [StreamIndex(spec) for spec in specs])
    for offset, record in reader.records():
        if record.stream < len(specs):
            stream = index.streams[record.stream]
            if not _fits(stream.spec, len(record.payload)):
                index.skipped_bytes += len(record.payload)
                continue
            stream.offset.append(offset + HEAD.size)
            stream.length.append(len(record.payload))
            stream.seq.append(record.seq)
            stream.stamp_ns.append(record.stamp_ns)
            stream.device_stamp_ns.append(record.device_stamp_ns)
            stream.flags.append(record.flags)
            stream.crc32.append(record.payload_crc)
        elif record.stream == GAP_STREAM:
            gap = record.json
            index.ledger.append(
                (
                    specs[gap["stream"]].name,
                    gap["kind"],
                    gap["first_missing_seq"],
                    gap["count"],
                    gap["before_ns"],
                    gap["after_ns"],
                )
            )
        elif record.stream == END_STREAM:
            index.end = record.json
        elif record.stream != HEADER_STREAM:
            index.skipped_bytes += len(record.payload)
    index.skipped_bytes += sum(stop - start for start, stop in reader.damage)
    if not index.end:
        index.end = {"reason": "interrupted", "outcome": "unlabelled"}
    for stream in index.streams:
        index.ledger.extend(_unexplained(stream, index.ledger))
    return index


def _fits(spec: StreamSpec, length: int) -> bool:
    return spec.variable or spec.encoding != "raw" or length == spec.nbytes


def _unexplained(
    stream: StreamIndex, ledger: list[tuple[str, str, int, int, int, int]]
) -> list[tuple[str, str, int, int, int, int]]:
    """Ledger rows for jumps in ``seq`` that the recorder did not note: damage of the log."""
    name = stream.spec.name
    return [
        (name, kind, first, count, stream.stamp_ns[at], stream.stamp_ns[at + 1])
        for at, kind, first, count in unexplained_jumps(
            np.asarray(stream.seq),
            np.asarray(stream.flags),
            [row[1:4] for row in ledger if row[0] == name],
        )
    ]


def unexplained_jumps(
    seq: np.ndarray, flags: np.ndarray, ledger: list[tuple[str, int, int]]
) -> list[tuple[int, str, int, int]]:
    """Jumps in a stream's sequence that no ledger row accounts for.

    Parameters
    ----------
    seq : (N,) uint64 array
        Sequence numbers as stored.
    flags : (N,) uint32 array
        ``FLAG_*`` bits.
    ledger : list of (kind, first_missing_seq, count)
        The stream's rows.

    Returns
    -------
    list of (position, kind, first_missing_seq, count)
        ``position`` is the sample before the jump; kind is ``damage`` or ``restart``.
    """
    if len(seq) < 2:
        return []
    numbers = seq.astype(np.int64)
    found: list[tuple[int, str, int, int]] = []
    restarts = sum(1 for kind, _, _ in ledger if kind == "restart")
    for at in np.flatnonzero(np.diff(numbers) != 1):
        before, after = int(numbers[at]), int(numbers[at + 1])
        if after <= before or flags[at + 1] & FLAG_FIRST:
            restarts -= 1
            if restarts < 0:
                found.append((int(at), "restart", 0, after))
            continue
        known = sum(count for _, first, count in ledger if before < first < after)
        missing = after - before - 1
        if known < missing:
            found.append((int(at), "damage", before + 1, missing - known))
    return found
