"""Everything the rig publishes, drained from the bus, encoded once and kept for a few seconds.

Each recorded stream has a bus queue of at least five seconds of its own, so this process may be
late without loss. What arrives goes to the running take and always into a short memory from which
the next take gets its pre-roll.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from devices.bus import Bus, Subscriber
from devices.clock import NS_PER_S
from devices.stream import FLAG_FIRST, NO_DEVICE_STAMP, Sample, StreamSpec
from recorder.encoding import EncoderPool, encode_with_crc
from recorder.take import Gap, Item, Take

MEMORY_NS = 6 * NS_PER_S  # the longest pre-roll an order may ask for is 5 s
MEMORY_BYTES = 512 << 20
QUEUE_S = 6.0
QUEUE_LEAST_BYTES = 64 << 20
RATE_WINDOW_NS = 2 * NS_PER_S
DRAIN_LIMIT = 512  # samples of one stream before the next one gets its turn


class StreamTally:
    """What is known of one stream since the recorder started: sequence, rate, age."""

    def __init__(self, spec: StreamSpec) -> None:
        self.spec = spec
        self.expected: int | None = None
        self.last_ns = 0
        self.lost = 0
        self._stamps: deque[int] = deque()

    def admit(self, sample: Sample) -> Gap | None:
        """Note ``sample`` and return the gap in front of it, if any."""
        gap = None
        if self.expected is not None and sample.seq != self.expected:
            if sample.flags & FLAG_FIRST or sample.seq < self.expected:
                gap = Gap("restart", 0, sample.seq, self.last_ns, sample.stamp_ns)
            else:
                lost = sample.seq - self.expected
                gap = Gap("gap", self.expected, lost, self.last_ns, sample.stamp_ns)
            self.lost += gap.count
        self.expected = sample.seq + 1
        self.last_ns = sample.stamp_ns
        self._stamps.append(sample.stamp_ns)
        return gap

    def rate_hz(self, at_ns: int) -> float:
        """Measured rate over the last two seconds."""
        while self._stamps and self._stamps[0] < at_ns - RATE_WINDOW_NS:
            self._stamps.popleft()
        if len(self._stamps) < 2:
            return 0.0
        span_ns = self._stamps[-1] - self._stamps[0]
        return (len(self._stamps) - 1) * NS_PER_S / span_ns if span_ns > 0 else 0.0

    def age_s(self, at_ns: int) -> float | None:
        """Age of the newest sample in seconds; None before the first."""
        return (at_ns - self.last_ns) / NS_PER_S if self.last_ns else None


class Capture:
    """Drains the recorded streams of a rig. One thread.

    Parameters
    ----------
    bus : Bus
        The session's bus.
    streams : sequence of StreamSpec
        The recorded streams, in the order of their numbers in the log.
    """

    def __init__(self, bus: Bus, streams: Sequence[StreamSpec]) -> None:
        self.streams = tuple(streams)
        self.tallies = tuple(StreamTally(spec) for spec in self.streams)
        self.queue_limit_bytes = max(
            QUEUE_LEAST_BYTES, int(QUEUE_S * sum(s.nbytes * s.rate_hz for s in self.streams))
        )
        self._subscribers: list[Subscriber] = [bus.subscriber(spec) for spec in self.streams]
        self._pool = EncoderPool()
        self._encoding: deque[Item] = deque()
        self._memory: deque[Item] = deque()
        self._memory_bytes = 0
        self._take: Take | None = None
        self._first_ns = 0
        self._last_ns = 0

    def begin(self, take: Take, first_ns: int) -> None:
        """Send samples stamped from ``first_ns`` on to ``take``, those in memory first."""
        self._take, self._first_ns, self._last_ns = take, first_ns, 0
        take.add([item for item in self._memory if item.stamp_ns >= first_ns])

    def end_at(self, last_ns: int) -> None:
        """Send no samples stamped after ``last_ns`` to the running take."""
        self._last_ns = last_ns

    def complete(self) -> bool:
        """Whether every live stream has delivered a sample stamped after the take's end."""
        at_rest = self._last_ns - NS_PER_S
        return all(
            tally.last_ns > self._last_ns or tally.last_ns < at_rest or tally.spec.rate_hz == 0
            for tally in self.tallies
        )

    def detach(self) -> None:
        """Send nothing to the take any more."""
        self._take = None

    def poll(self) -> int:
        """Drain all streams once; returns the number of samples taken."""
        count = 0
        for index, subscriber in enumerate(self._subscribers):
            items = [self._item(index, sample) for sample in subscriber.drain(DRAIN_LIMIT)]
            if items:
                count += len(items)
                self._remember(items)
                if self._take is not None:
                    self._take.add([item for item in items if self._belongs(item)])
        self._settle()
        return count

    def _belongs(self, item: Item) -> bool:
        if item.stamp_ns < self._first_ns:
            return False
        return not self._last_ns or item.stamp_ns <= self._last_ns

    def _item(self, index: int, sample: Sample) -> Item:
        spec = self.streams[index]
        device_ns = NO_DEVICE_STAMP if sample.device_stamp_ns is None else sample.device_stamp_ns
        gap = self.tallies[index].admit(sample)
        item = Item(
            index, sample.seq, sample.stamp_ns, device_ns, sample.flags, sample.data.nbytes, gap
        )
        if spec.is_image:
            item.future = self._pool.submit(spec, sample.data)
            self._encoding.append(item)
        else:
            item.ready = encode_with_crc(spec, sample.data)
            item.settled = True
        return item

    def _settle(self) -> None:
        """Let go of raw frames whose encoding is done."""
        while self._encoding:
            item = self._encoding[0]
            assert item.future is not None
            if not item.future.done():
                return
            if item.future.exception() is None:
                item.ready = item.future.result()
                item.future = None
            item.settled = True
            self._encoding.popleft()
            self._memory_bytes += item.held_bytes

    def _remember(self, items: Sequence[Item]) -> None:
        for item in items:
            self._memory.append(item)
            if item.settled:
                self._memory_bytes += item.held_bytes
        oldest_ns = items[-1].stamp_ns - MEMORY_NS
        while self._memory:
            first = self._memory[0]
            too_old = first.stamp_ns < oldest_ns or self._memory_bytes > MEMORY_BYTES
            if not too_old or not first.settled:
                return
            self._memory.popleft()
            self._memory_bytes -= first.held_bytes

    @property
    def waiting(self) -> float:
        """Filled share of the memory for frames being encoded, 0 to 1."""
        return sum(item.raw_bytes for item in self._encoding) / self.queue_limit_bytes

    def close(self) -> None:
        """Leave the bus."""
        for subscriber in self._subscribers:
            subscriber.close()
        self._pool.close()
