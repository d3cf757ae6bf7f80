"""Moves the time of a player: pure logic in whole nanoseconds, without a clock of its own.

Instants run from 0 to ``duration_ns``, both included. Playing walks over the *played* instants:
all of them, or those inside ``loop``, less the stretches in ``skip``. Speeds are whole thousandths
and the rest of every division is carried into the next tick, so that time never drifts however
often it is moved.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from recorder.review.state import Interval

SPEEDS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 4.0, 8.0)
SLOWEST, FASTEST = SPEEDS[0], SPEEDS[-1]
STEP_NS = NS_PER_S // 30  # where no stream says how far a step goes: one picture of most cameras


class Transport:
    """Time of a player, and how it moves.

    Parameters
    ----------
    duration_ns : int
        Last instant; 0 for an empty player.
    step_times_ns : sequence of int
        Sample times of the stream that steps go by, rising; without, steps are 1/30 s.

    Attributes
    ----------
    time_ns : int
        Now; always within 0 to ``duration_ns``.
    playing : bool
        Whether ``tick`` moves the time.
    direction : int
        +1 forwards, -1 backwards.
    """

    def __init__(
        self, duration_ns: int, step_times_ns: Sequence[int] | NDArray[np.int64] = ()
    ) -> None:
        if duration_ns < 0:
            raise ValueError(
                f"duration {duration_ns} ns is negative; an episode lasts 0 ns or more"
            )
        self.duration_ns = duration_ns
        self.time_ns = 0
        self.playing = False
        self.direction = 1
        self._permille = 1000
        self._rest = 0  # thousandths of a nanosecond not yet moved
        self._loop: Interval | None = None
        self._skip: tuple[Interval, ...] = ()
        self._played = _Stretches((0, duration_ns + 1), ())
        self.step_times_ns = step_times_ns

    @property
    def step_times_ns(self) -> Sequence[int]:
        """Instants that ``step`` goes by, rising."""
        return self._step_times_ns

    @step_times_ns.setter
    def step_times_ns(self, times_ns: Sequence[int] | NDArray[np.int64]) -> None:
        inside = {int(t) for t in np.asarray(times_ns, np.int64) if 0 <= t <= self.duration_ns}
        self._step_times_ns: Sequence[int] = sorted(inside)

    @property
    def speed(self) -> float:
        """Seconds of the episode per second, 0.1 to 8."""
        return self._permille / 1000

    def set_speed(self, speed: float) -> None:
        """Choose a speed; it is kept within 0.1 to 8 and to thousandths."""
        self._permille = round(1000 * min(max(speed, SLOWEST), FASTEST))

    def faster(self) -> None:
        """The next higher of ``SPEEDS``."""
        self.set_speed(next((s for s in SPEEDS if s > self.speed), FASTEST))

    def slower(self) -> None:
        """The next lower of ``SPEEDS``."""
        self.set_speed(next((s for s in reversed(SPEEDS) if s < self.speed), SLOWEST))

    @property
    def loop(self) -> Interval | None:
        """Stretch that is played over and over, or None."""
        return self._loop

    @loop.setter
    def loop(self, loop: Interval | None) -> None:
        if loop is not None and loop.start_ns > self.duration_ns:
            raise ValueError(
                f"loop from {loop.start_ns} ns begins after the end of the episode "
                f"({self.duration_ns} ns); choose an earlier one"
            )
        self._loop = loop
        self._find_played()

    @property
    def skip(self) -> tuple[Interval, ...]:
        """Stretches that playing jumps over, either way; seeking and stepping do not."""
        return self._skip

    @skip.setter
    def skip(self, skip: Sequence[Interval]) -> None:
        self._skip = tuple(skip)
        self._find_played()

    def play(self) -> None:
        """Begin to move; from the end that lies ahead, begin again at the other one."""
        ahead, behind = (self.duration_ns, 0) if self.direction > 0 else (0, self.duration_ns)
        if self._loop is None and self.time_ns == ahead:
            self.seek(behind)
        self.playing = True
        self._rest = 0

    def pause(self) -> None:
        """Stand still."""
        self.playing = False

    def toggle(self) -> None:
        """Play or pause."""
        self.pause() if self.playing else self.play()

    def reverse(self) -> None:
        """Turn round; playing goes on the other way."""
        self.direction = -self.direction
        self._rest = 0

    def seek(self, time_ns: int) -> int:
        """Go to an instant, or to the end it lies beyond; returns the new time."""
        self.time_ns = min(max(int(time_ns), 0), self.duration_ns)
        self._rest = 0
        return self.time_ns

    def step(self, count: int = 1) -> int:
        """Pause and go ``count`` samples on (or back) from the one that is shown.

        Stepping ends at the first and the last sample; from before the first sample there is no
        way back.
        """
        self.pause()
        times = self._step_times_ns
        if not times:
            return self.seek(self.time_ns + count * STEP_NS)
        target = bisect_right(times, self.time_ns) - 1 + count
        if target < 0:
            return self.seek(min(self.time_ns, times[0]))
        return self.seek(times[min(target, len(times) - 1)])

    def tick(self, elapsed_s: float) -> int:
        """Move by what ``elapsed_s`` of real time means at this speed; returns the new time.

        At the end that lies ahead it pauses; in a loop it begins again.
        """
        if not self.playing:
            return self.time_ns
        moved, self._rest = divmod(
            round(max(elapsed_s, 0.0) * NS_PER_S) * self._permille + self._rest, 1000
        )
        at = self._played.position(self.time_ns, self.direction) + self.direction * moved
        if self._loop is not None:
            self.time_ns = self._played.instant(at % self._played.length)
        elif self.direction > 0 and at >= self._played.length - 1:
            self.time_ns, self.playing = self.duration_ns, False
        elif self.direction < 0 and at <= 0:
            self.time_ns, self.playing = 0, False
        else:
            self.time_ns = self._played.instant(at)
        return self.time_ns

    def _find_played(self) -> None:
        whole = (0, self.duration_ns + 1)
        if self._loop is not None:
            whole = (self._loop.start_ns, min(self._loop.stop_ns, self.duration_ns + 1))
        self._played = _Stretches(whole, self._skip)


class _Stretches:
    """The played instants, numbered from 0 on: a whole less what is skipped of it.

    When nothing would be left, nothing is skipped.
    """

    def __init__(self, whole: tuple[int, int], skip: Sequence[Interval]) -> None:
        start, stop = whole
        starts, stops = [], []
        for idle in sorted(skip, key=lambda idle: idle.start_ns):
            if start < min(idle.start_ns, stop):
                starts.append(start)
                stops.append(min(idle.start_ns, stop))
            start = max(start, idle.stop_ns)
        if start < stop:
            starts.append(start)
            stops.append(stop)
        if not starts:
            starts, stops = [whole[0]], [whole[1]]
        self._starts, self._stops = starts, stops
        lengths = (b - a for a, b in zip(starts, stops, strict=True))
        self._before = [0, *accumulate(lengths)]
        self.length = self._before[-1]

    def position(self, time_ns: int, direction: int) -> int:
        """Number of the instant; of the next one that way where it is not played."""
        at = bisect_right(self._starts, time_ns) - 1
        if at < 0:
            return 0 if direction > 0 else -1
        if time_ns < self._stops[at]:
            return self._before[at] + time_ns - self._starts[at]
        return self._before[at + 1] - (direction < 0)

    def instant(self, position: int) -> int:
        """Time of the played instant of this number, ns."""
        at = bisect_right(self._before, position) - 1
        return self._starts[at] + position - self._before[at]
