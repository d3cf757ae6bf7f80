"""One take on its way to the disk: a thread that writes encoded samples in order.

Ladder of degradation: the disk is slow -> items wait in a bounded queue, the panel warns at 20 %,
the take is stopped cleanly at 95 %; the disk refuses a write -> the torn record is cut off, the
take ends, all that was acknowledged stays readable; a frame cannot be encoded -> one ledger entry.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.clock import now_ns
from recorder.durability import DurableFile, SyncThread
from recorder.encoding import Encoded
from recorder.log import (
    END_STREAM,
    GAP_STREAM,
    Buffer,
    LogFile,
    LogRecord,
    LogWriteError,
    LogWriter,
    encode_record,
    json_record,
)

log = logging.getLogger(__name__)

QUEUE_WARN = 0.20  # SpikeGLX's limits (RELIABILITY.md section 4)
QUEUE_STOP = 0.95
BATCH_ITEMS = 256
BATCH_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples of a stream that never came, or a publisher that began anew.

    Attributes
    ----------
    kind : str
        ``gap``, ``restart`` (sequence numbers begin again) or ``encode`` (frame not encodable).
    first_missing_seq, count : int
        The missing samples; ``count`` 0 for a restart that lost nothing.
    before_ns, after_ns : int
        Stamps of the samples around the gap.
    """

    kind: str
    first_missing_seq: int
    count: int
    before_ns: int
    after_ns: int


class Item:
    """One captured sample. ``ready`` or ``future`` holds its stored bytes and their CRC."""

    __slots__ = ("device_stamp_ns", "flags", "future", "gap", "raw_bytes", "ready", "seq",
                 "settled", "stamp_ns", "stream")  # fmt: skip

    def __init__(
        self,
        stream: int,
        seq: int,
        stamp_ns: int,
        device_stamp_ns: int,
        flags: int,
        raw_bytes: int,
        gap: Gap | None,
    ) -> None:
        self.stream = stream
        self.seq = seq
        self.stamp_ns = stamp_ns
        self.device_stamp_ns = device_stamp_ns
        self.flags = flags
        self.raw_bytes = raw_bytes
        self.gap = gap
        self.ready: Encoded | None = None
        self.future: Future[Encoded] | None = None
        self.settled = False  # belongs to the capturing thread: counted as memory

    @property
    def held_bytes(self) -> int:
        """Memory this item holds now."""
        return self.raw_bytes if self.ready is None else len(self.ready[0])

    def wait(self) -> Encoded:
        """Stored bytes and CRC; raises ``ValueError`` when the frame could not be encoded."""
        future = self.future  # read before ``ready``: the capturing thread sets them in turn
        if self.ready is None:
            assert future is not None
            self.ready = future.result()
        return self.ready


class Take:
    """Writes the items of one take to its log, in a thread of its own.

    Parameters
    ----------
    path : Path
        The new log.
    header : dict
        Facts of the take; ``header["streams"]`` lists the streams in index order.
    queue_limit_bytes : int
        Most memory that waiting items may hold.
    open_file : callable, optional
        Opens the log; tests give a failing one.
    """

    def __init__(
        self,
        path: Path,
        header: dict[str, Any],
        queue_limit_bytes: int,
        open_file: Callable[[Path], LogFile] = DurableFile,
    ) -> None:
        self.path = path
        self.number: int = header["number"]
        self.uuid: str = header["uuid"]
        self.press_ns: int = header["press_ns"]
        self.names: list[str] = [spec["name"] for spec in header["streams"]]
        self.written = [0] * len(self.names)
        self.lost = [0] * len(self.names)
        self.failure = ""
        self.closed = threading.Event()
        self._limit = queue_limit_bytes
        self._seen = [False] * len(self.names)
        self._queue: deque[tuple[Item, int]] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._end: dict[str, Any] | None = None
        self._file = open_file(path)
        try:
            self._log = LogWriter(self._file, header)
        except OSError:
            self._file.close()
            path.unlink(missing_ok=True)
            raise
        self._sync = SyncThread(self._log.sync)
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    @property
    def size_bytes(self) -> int:
        """Bytes of whole records in the log."""
        return self._log.size_bytes

    @property
    def waiting(self) -> float:
        """Filled share of the queue, 0 to 1."""
        return self._waiting_bytes / self._limit

    @property
    def reserved_bytes(self) -> int:
        """Space on the disk that is kept for this log ahead of its end."""
        return int(getattr(self._file, "reserved_bytes", 0))

    @property
    def disk_full(self) -> bool:
        """Whether no further space could be reserved."""
        return bool(getattr(self._file, "full", False))

    def add(self, items: Sequence[Item]) -> None:
        """Queue items for writing. Callable from the capturing thread only."""
        with self._changed:
            for item in items:
                held = item.held_bytes
                self._queue.append((item, held))
                self._waiting_bytes += held
            self._changed.notify()

    def finish(self, reason: str, stamp_ns: int, outcome: str) -> None:
        """Ask the thread to write what is queued, an end record, and close. Returns at once."""
        with self._changed:
            if self._end is None:
                self._end = {"reason": reason, "stamp_ns": stamp_ns, "outcome": outcome}
            self._changed.notify()

    def _run(self) -> None:
        try:
            while True:
                with self._changed:
                    while not self._queue and self._end is None:
                        self._changed.wait(0.5)
                    batch, held = self._next_batch()
                if not batch:
                    break
                self._write(batch)
                with self._changed:
                    self._waiting_bytes -= held
                if self._sync.error is not None:
                    raise self._sync.error
        except OSError as error:
            self.failure = f"disk: {error.strerror or error}"
            log.error("log '%s' refused a write: %s", self.path, error)
        finally:
            self._close()

    def _next_batch(self) -> tuple[list[Item], int]:
        batch: list[Item] = []
        total = 0
        while self._queue and len(batch) < BATCH_ITEMS and total < BATCH_BYTES:
            item, held = self._queue.popleft()
            batch.append(item)
            total += held
        return batch, total

    def _write(self, batch: list[Item]) -> None:
        records: list[tuple[Buffer, ...]] = []
        owners: list[int | None] = []
        for item in batch:
            gap = item.gap if self._seen[item.stream] else None
            payload: Buffer | None = None
            crc = 0
            try:
                payload, crc = item.wait()
            except ValueError as error:
                log.error("%s", error)
                gap = Gap("encode", item.seq, 1, item.stamp_ns, item.stamp_ns)
            if gap is not None:
                records.append(encode_record(_gap_record(item.stream, gap)))
                owners.append(None)
                self.lost[item.stream] += gap.count
            if payload is not None:
                record = LogRecord(
                    item.stream, item.seq, item.stamp_ns, payload, item.device_stamp_ns, item.flags
                )
                records.append(encode_record(record, crc))
                owners.append(item.stream)
                self._seen[item.stream] = True
        try:
            self._log.append(records)
        except LogWriteError as error:
            self._count(owners[: error.acknowledged])
            raise
        self._count(owners)

    def _count(self, owners: list[int | None]) -> None:
        for stream in owners:
            if stream is not None:
                self.written[stream] += 1

    def _close(self) -> None:
        self._sync.close()
        end = {"reason": "failure", "stamp_ns": now_ns(), "outcome": "unlabelled"}
        end |= self._end or {}
        if self.failure:
            end["reason"] = self.failure
        end["written"] = dict(zip(self.names, self.written, strict=True))
        try:
            self._log.append([encode_record(json_record(END_STREAM, end, end["stamp_ns"]))])
        except OSError as error:
            log.error("log '%s': no room for its end record: %s", self.path, error)
        try:
            self._log.close()
        except OSError as error:
            self.failure = self.failure or f"disk: {error.strerror or error}"
        with self._changed:
            self._queue.clear()
            self._waiting_bytes = 0
        self.closed.set()


def _gap_record(stream: int, gap: Gap) -> LogRecord:
    return json_record(
        GAP_STREAM,
        {
            "stream": stream,
            "kind": gap.kind,
            "first_missing_seq": gap.first_missing_seq,
            "count": gap.count,
            "before_ns": gap.before_ns,
            "after_ns": gap.after_ns,
        },
        gap.after_ns,
    )
