"""From the bus to the screen: on every timer tick the newest sample of each stream is drawn.

The window's queues are short on purpose: the screen may drop. Streams drawn as curves are drained
completely instead, because a curve needs every sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from devices.bus import Bus, Subscriber
from devices.clock import NS_PER_S, now_ns
from devices.stream import Sample, StreamSpec

NEWEST_DEPTH = 2
SCREEN_HZ = 30.0
CURVE_DEPTH = 128  # 0.6 s of a 200 Hz stream: survives a slow frame without a hole in the curve
EVENT_DEPTH = 64


@dataclass
class _Lane:
    """One stream of which the newest sample is shown."""

    subscriber: Subscriber
    pause_ns: int
    shows: list[Callable[[Sample], None]] = field(default_factory=list)
    due_ns: int = 0


class StreamPoller:
    """Reads streams for the window; belongs to the GUI thread.

    Parameters
    ----------
    bus : Bus
        Connection to the session.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._newest: list[_Lane] = []
        self._curves: list[tuple[Subscriber, Callable[[Sample], None]]] = []
        self._by_name: dict[str, _Lane] = {}
        self.last_stamp_ns: dict[str, int] = {}

    def newest(self, spec: StreamSpec, show: Callable[[Sample], None]) -> None:
        """Hand the newest sample of ``spec`` to ``show`` on every tick that has a new one.

        Pictures are shown as they come; faster streams at most ``SCREEN_HZ`` times a second,
        because nobody sees more.
        """
        lane = self._by_name.get(spec.name)
        if lane is None:
            pause_ns = 0 if spec.is_image else int(NS_PER_S / SCREEN_HZ)
            lane = _Lane(self._bus.subscriber(spec, NEWEST_DEPTH), pause_ns)
            self._by_name[spec.name] = lane
            self._newest.append(lane)
        lane.shows.append(show)

    def every(self, spec: StreamSpec, show: Callable[[Sample], None]) -> None:
        """Hand every sample of ``spec`` to ``show``, oldest first."""
        depth = EVENT_DEPTH if spec.kind == "event" else CURVE_DEPTH
        self._curves.append((self._bus.subscriber(spec, depth), show))

    def tick(self) -> int:
        """Read all streams once; returns how many samples were shown."""
        count = 0
        at_ns = now_ns()
        for lane in self._newest:
            if at_ns < lane.due_ns:
                continue
            sample = lane.subscriber.newest()
            if sample is not None:
                kept_up = lane.due_ns + lane.pause_ns > at_ns
                lane.due_ns = (lane.due_ns if kept_up else at_ns) + lane.pause_ns
                self.last_stamp_ns[lane.subscriber.spec.name] = sample.stamp_ns
                for show in lane.shows:
                    show(sample)
                count += 1
        for subscriber, show in self._curves:
            for sample in subscriber.drain(CURVE_DEPTH):
                self.last_stamp_ns[subscriber.spec.name] = sample.stamp_ns
                show(sample)
                count += 1
        return count

    def ages_s(self) -> dict[str, float]:
        """Age of the newest sample seen of each stream, in seconds."""
        at_ns = now_ns()
        return {name: (at_ns - stamp) / 1e9 for name, stamp in self.last_stamp_ns.items()}

    def close(self) -> None:
        """Give all queues back."""
        for lane in self._newest:
            lane.subscriber.close()
        for subscriber, _ in self._curves:
            subscriber.close()
        self._newest.clear()
        self._curves.clear()
