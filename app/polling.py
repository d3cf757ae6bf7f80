"""From the bus to the screen: on every timer tick the newest sample of each stream is drawn.

The window's queues are short on purpose: the screen may drop. Streams drawn as curves are drained
completely instead, because a curve needs every sample.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from devices.bus import Bus, Subscriber
from devices.clock import now_ns
from devices.stream import Sample, StreamSpec

NEWEST_DEPTH = 2
CURVE_DEPTH = 128  # 0.6 s of a 200 Hz stream: survives a slow frame without a hole in the curve
EVENT_DEPTH = 64


class StreamPoller:
    """Reads streams for the window; belongs to the GUI thread.

    Parameters
    ----------
    bus : Bus
        Connection to the session.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._newest: list[tuple[Subscriber, list[Callable[[Sample], None]]]] = []
        self._curves: list[tuple[Subscriber, Callable[[Sample], None]]] = []
        self._by_name: dict[str, list[Callable[[Sample], None]]] = {}
        self.last_stamp_ns: dict[str, int] = {}
        self.first_data_ns: int | None = None
        self.ticks: deque[int] = deque(maxlen=256)

    def newest(self, spec: StreamSpec, show: Callable[[Sample], None]) -> None:
        """Hand the newest sample of ``spec`` to ``show`` on every tick that has a new one."""
        shows = self._by_name.get(spec.name)
        if shows is None:
            shows = self._by_name[spec.name] = []
            self._newest.append((self._bus.subscriber(spec, NEWEST_DEPTH), shows))
        shows.append(show)

    def every(self, spec: StreamSpec, show: Callable[[Sample], None]) -> None:
        """Hand every sample of ``spec`` to ``show``, oldest first."""
        depth = EVENT_DEPTH if spec.kind == "event" else CURVE_DEPTH
        self._curves.append((self._bus.subscriber(spec, depth), show))

    def tick(self) -> int:
        """Read all streams once; returns how many samples were shown."""
        count = 0
        for subscriber, shows in self._newest:
            sample = subscriber.newest()
            if sample is not None:
                self.last_stamp_ns[subscriber.spec.name] = sample.stamp_ns
                for show in shows:
                    show(sample)
                count += 1
        for subscriber, show in self._curves:
            for sample in subscriber.drain(CURVE_DEPTH):
                self.last_stamp_ns[subscriber.spec.name] = sample.stamp_ns
                show(sample)
                count += 1
        if count and self.first_data_ns is None:
            self.first_data_ns = now_ns()
        self.ticks.append(now_ns())
        return count

    def ages_s(self) -> dict[str, float]:
        """Age of the newest sample seen of each stream, in seconds."""
        at_ns = now_ns()
        return {name: (at_ns - stamp) / 1e9 for name, stamp in self.last_stamp_ns.items()}

    def close(self) -> None:
        """Give all queues back."""
        for subscriber, _ in (*self._newest, *self._curves):
            subscriber.close()
        self._newest.clear()
        self._curves.clear()
