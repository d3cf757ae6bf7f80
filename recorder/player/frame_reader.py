"""Decoded samples of one open episode, kept within a number of bytes and read ahead.

One HDF5 handle serves two threads, the caller's and the reader's own, under one lock that is held
for the reading of stored bytes only; pictures are decoded outside it, where OpenCV lets other
threads run. Ladder: the reader's thread is behind -> the caller decodes what it asks for itself, or
waits for the one picture that is being decoded just now; a sample cannot be read ->
``UnreadableSample``, the next ones are not affected.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from numpy.typing import NDArray

from recorder.encoding import decode_sample
from recorder.episode import Episode

BUDGET_BYTES = 256 << 20  # 290 pictures of 640x480: three seconds of three cameras
log = logging.getLogger(__name__)

Key = tuple[str, int]


class UnreadableSample(ValueError):
    """A sample is damaged, or its episode was closed; the message is one clear sentence."""


def _close_at_exit() -> None:
    """Join every reader: HDF5 must not be at work in a thread while the interpreter goes down."""
    for reader in tuple(_READING):
        reader.close()


class FrameReader:
    """Reads, decodes and keeps samples; every method is callable from any thread.

    Parameters
    ----------
    path : Path
        The episode file.
    budget_bytes : int
        Decoded samples kept at most; the least recently used go first.

    Raises
    ------
    EpisodeError
        The file cannot be opened as an episode.
    """

    def __init__(self, path: Path, budget_bytes: int = BUDGET_BYTES) -> None:
        self.episode = Episode(path)
        self._budget_bytes = budget_bytes
        self._held_bytes = 0
        self._kept: OrderedDict[Key, NDArray] = OrderedDict()
        self._underway: dict[Key, threading.Event] = {}
        self._keeping = threading.Lock()
        self.reading = threading.RLock()
        self.closed = False
        self._wishes: queue.SimpleQueue[list[Key] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read_ahead, name="read-ahead", daemon=True)
        self._thread.start()
        _READING.add(self)

    def sample(self, stream: str, index: int) -> NDArray:
        """Decoded sample, read-only: from what is kept, else from the file.

        Raises
        ------
        UnreadableSample
            Damaged, or the episode is closed.
        """
        key = (stream, index)
        kept, underway = self._find(key)
        if kept is None and underway is not None:
            underway.wait()
            kept, _ = self._find(key)
        if kept is not None:
            return kept
        mine = self._begin(key)
        try:
            data = self._decode(stream, index)
            self._keep(key, data)
        finally:
            self._finish(key, mine)
        return data

    def _decode(self, stream: str, index: int) -> NDArray:
        part = self.episode.streams[stream]
        try:
            with self.reading:
                if self.closed:
                    raise UnreadableSample(
                        f"episode '{self.episode.path.name}' was closed; open it again"
                    )
                stored = part.stored(index)
            data = stored if part.spec.variable else decode_sample(part.spec, stored)
        except (OSError, ValueError) as error:
            if isinstance(error, UnreadableSample):
                raise
            raise UnreadableSample(
                f"'{self.episode.path.name}', stream '{stream}': sample {index} cannot be read "
                f"({error}); check the file with 'thenar verify'"
            ) from error
        data.flags.writeable = False
        return data

    def has(self, stream: str, index: int) -> bool:
        """Whether the sample is kept decoded."""
        with self._keeping:
            return (stream, index) in self._kept

    @property
    def held_bytes(self) -> int:
        """Bytes of decoded samples kept."""
        return self._held_bytes

    def wish(self, keys: Iterable[Key]) -> None:
        """Decode these in the background, in this order; replaces what was wished before."""
        self._wishes.put(list(keys))

    def end(self) -> None:
        """Let the thread close the file when it is free; never waits, safe in a finalizer."""
        self._wishes.put(None)

    def close(self) -> None:
        """Close the file and wait until it is; safe to call twice."""
        self.end()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _find(self, key: Key) -> tuple[NDArray | None, threading.Event | None]:
        """The sample, or what tells that another thread has it decoded."""
        with self._keeping:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept, self._underway.get(key)

    def _begin(self, key: Key) -> threading.Event:
        with self._keeping:
            return self._underway.setdefault(key, threading.Event())

    def _finish(self, key: Key, mine: threading.Event) -> None:
        with self._keeping:
            self._underway.pop(key, None)
        mine.set()

    def _keep(self, key: Key, data: NDArray) -> None:
        with self._keeping:
            old = self._kept.pop(key, None)
            self._held_bytes += data.nbytes - (0 if old is None else old.nbytes)
            self._kept[key] = data
            while self._held_bytes > self._budget_bytes and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._held_bytes -= oldest.nbytes

    def _read_ahead(self) -> None:
        wish: list[Key] = []
        while True:
            wish = self._newest_wish(wish)
            if wish is _END:
                break
            stream, index = wish.pop(0)
            if not self.has(stream, index):
                try:
                    self.sample(stream, index)
                except (UnreadableSample, KeyError, IndexError) as error:
                    log.warning("not read ahead: %s", error)
        with self.reading:
            self.closed = True
            self.episode.close()
        with self._keeping:
            self._kept.clear()
            self._held_bytes = 0

    def _newest_wish(self, wish: list[Key]) -> list[Key]:
        """What to decode now: waits while there is nothing; ``_END`` when it is over."""
        while True:
            try:
                newer = self._wishes.get(block=not wish)
            except queue.Empty:
                return wish
            if newer is None:
                return _END
            wish = newer


_END: list[Key] = []


_READING: weakref.WeakSet[FrameReader] = weakref.WeakSet()
atexit.register(_close_at_exit)
