"""The last take in the playback view."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.stream import StreamSpec
from recorder.dataset import episode_number
from recorder.episode import Episode
from widgets.playback_view import PlaybackView


class PlayableEpisode:
    """An episode as the playback view wants it: streams, length, newest sample at a time.

    Parameters
    ----------
    episode : Episode
        An open episode.
    """

    def __init__(self, episode: Episode) -> None:
        self._episode = episode
        self._start_ns = episode.start_stamp_ns
        self._stamps = {name: s.stamp_ns for name, s in episode.streams.items()}
        self._specs = tuple(stream.spec for stream in episode.streams.values() if len(stream))

    @property
    def duration_s(self) -> float:
        """Length of the take in seconds."""
        return self._episode.duration_s

    @property
    def streams(self) -> Sequence[StreamSpec]:
        """Streams that have samples."""
        return self._specs

    def frame_at(self, stream: str, t_s: float) -> NDArray | None:
        """The newest sample of ``stream`` at ``t_s``, or None before the first."""
        stamps = self._stamps[stream]
        place = int(np.searchsorted(stamps, self._start_ns + int(t_s * 1e9), side="right")) - 1
        if place < 0:
            return None
        return self._episode.streams[stream].frame(place)


class LastTake:
    """Opens the take to be played and closes the one before it."""

    def __init__(self, view: PlaybackView) -> None:
        self._view = view
        self._episode: Episode | None = None

    def play(self, path: Path) -> None:
        """Show the episode at ``path`` and let it run."""
        self.close()
        self._episode = Episode(path)
        self._view.set_take(PlayableEpisode(self._episode), f"episode {episode_number(path)}")
        self._view.toggle_play()

    def close(self) -> None:
        """Close the episode that is shown."""
        if self._episode is not None:
            self._view.set_take(None)
            self._episode.close()
            self._episode = None
