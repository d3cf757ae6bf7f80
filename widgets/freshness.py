"""How fresh a stream is: rate, age and level, from the samples a widget happens to see."""

from __future__ import annotations

from collections import deque

from devices.stream import FLAG_FIRST, FLAG_STALE, Sample, StreamSpec
from widgets.marks import Level

LATE_PERIODS = 3.0  # a stream is late after this many of its own periods ...
LATE_LEAST_S = 0.1  # ... but never before this, or a busy screen would blame the device
STALE_AFTER_S = 0.5  # the default of a camera's ``stale_after_s``
GONE_AFTER_S = 5.0
RATE_WINDOW_S = 2.0


class Freshness:
    """Rate and age of one stream.

    The screen sees only some of the samples, so the rate is the rise of ``seq`` over the rise of
    ``stamp_ns``, which is the publisher's rate whatever the screen drops. With ``stale_after_s``
    None nothing grows old: that is playback.
    """

    def __init__(self, spec: StreamSpec, stale_after_s: float | None = STALE_AFTER_S) -> None:
        self._spec = spec
        self._stale_after_s = stale_after_s
        period_s = 1.0 / spec.rate_hz if spec.rate_hz else 0.0
        self._late_after_s = max(LATE_LEAST_S, LATE_PERIODS * period_s)
        self._seen: deque[tuple[int, int]] = deque()
        self._device_stale = False

    def note(self, sample: Sample) -> bool:
        """Take account of ``sample``; False when it was seen before."""
        if self._seen and sample.seq == self._seen[-1][0] and sample.stamp_ns == self._seen[-1][1]:
            return False
        if sample.flags & FLAG_FIRST or (self._seen and sample.seq < self._seen[-1][0]):
            self._seen.clear()
        self._seen.append((sample.seq, sample.stamp_ns))
        self._device_stale = bool(sample.flags & FLAG_STALE)
        while sample.stamp_ns - self._seen[0][1] > RATE_WINDOW_S * 1e9:
            self._seen.popleft()
        return True

    def forget(self) -> None:
        """Begin anew: the next sample is new, also when it was seen before."""
        self._seen.clear()
        self._device_stale = False

    @property
    def rate_hz(self) -> float:
        """Rate over the last 2 s; 0 while unknown."""
        if len(self._seen) < 2:
            return 0.0
        (first, first_ns), (last, last_ns) = self._seen[0], self._seen[-1]
        return (last - first) * 1e9 / (last_ns - first_ns) if last_ns > first_ns else 0.0

    def age_s(self, at_ns: int) -> float | None:
        """Age of the newest sample at ``at_ns``, or None before the first one."""
        return (at_ns - self._seen[-1][1]) / 1e9 if self._seen else None

    def level(self, at_ns: int) -> Level:
        """How far the stream can be trusted at ``at_ns``."""
        age_s = self.age_s(at_ns)
        if age_s is None:
            return "off"
        if self._spec.rate_hz == 0 or self._stale_after_s is None:
            return "ok"
        if age_s > GONE_AFTER_S:
            return "gone"
        if age_s > self._stale_after_s or self._device_stale:
            return "stale"
        return "late" if age_s > self._late_after_s else "ok"


def age_text(age_s: float | None) -> str:
    """An age for people: ``12 ms``, ``1.4 s``, ``3 min``; a dash before the first sample."""
    if age_s is None:
        return "\N{EN DASH}"
    if age_s < 1.0:
        return f"{max(0.0, age_s) * 1e3:.0f} ms"
    return f"{age_s:.1f} s" if age_s < 100 else f"{age_s / 60:.0f} min"
