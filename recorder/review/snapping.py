"""Which instant a key press means: the playhead, minus the reaction time, drawn to what is there.

A key pressed while the episode plays comes late by the reviewer's reaction time; in the episode's
own time that is the reaction time times the speed, against the direction of play. The corrected
instant is then drawn to the nearest start or stop of a contact candidate or minimum of the hand's
speed, if one lies within ``SNAP_NS``. While the episode stands still the playhead is meant exactly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

NS_PER_MS = 1_000_000
REACTION_NS = 250 * NS_PER_MS  # simple visual reaction with a choice of few keys
SNAP_NS = 150 * NS_PER_MS


@dataclass(frozen=True)
class Playhead:
    """Where the player stands when a key is pressed.

    Attributes
    ----------
    time_ns : int
        After the first sample.
    playing : bool
    speed : float
        Episode seconds per second, 0.1 to 8.
    direction : int
        +1 forwards, -1 backwards.
    """

    time_ns: int
    playing: bool = False
    speed: float = 1.0
    direction: int = 1


class Snapping:
    """Turns playheads into instants of one episode.

    Parameters
    ----------
    duration_ns : int
        Length of the episode.
    instants_ns : iterable of int
        Where phases tend to begin.
    reaction_ns : int
        The reviewer's reaction time.
    within_ns : int
        How far an instant is drawn.
    """

    def __init__(
        self,
        duration_ns: int,
        instants_ns: Iterable[int] = (),
        reaction_ns: int = REACTION_NS,
        within_ns: int = SNAP_NS,
    ) -> None:
        self.duration_ns = duration_ns
        self.reaction_ns = reaction_ns
        self.within_ns = within_ns
        self._instants_ns = sorted({t for t in instants_ns if 0 <= t <= duration_ns})

    def meant(self, playhead: Playhead) -> int:
        """The instant without the reaction time, within the episode; not drawn to anything."""
        time_ns = playhead.time_ns
        if playhead.playing:
            time_ns -= round(self.reaction_ns * playhead.speed) * playhead.direction
        return max(0, min(self.duration_ns, time_ns))

    def instant(self, playhead: Playhead, snap: bool | None = None) -> int:
        """The instant, drawn to the nearest candidate.

        Parameters
        ----------
        playhead : Playhead
        snap : bool or None
            Whether to draw it; None draws it while playing only.
        """
        time_ns = self.meant(playhead)
        wanted = playhead.playing if snap is None else snap
        return self.nearest(time_ns) if wanted else time_ns

    def nearest(self, time_ns: int) -> int:
        """The nearest candidate within reach (the earlier of two), else ``time_ns`` itself."""
        at = bisect_left(self._instants_ns, time_ns)
        around = self._instants_ns[max(0, at - 1) : at + 1]
        best = min(around, key=lambda instant: abs(instant - time_ns), default=time_ns)
        return best if abs(best - time_ns) <= self.within_ns else time_ns
