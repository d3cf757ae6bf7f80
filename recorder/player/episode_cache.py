"""The few episodes that a reviewer moves between, kept open; the next one is made ready early.

An episode that falls out of the cache while a view still shows it stays open until the view lets
go of it; its file closes with the last reference.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from recorder.dataset import Dataset
from recorder.episode import EpisodeError
from recorder.overview.store import load_overview, overview_for
from recorder.player.frame_reader import UnreadableSample
from recorder.player.player_episode import PlayerEpisode

log = logging.getLogger(__name__)

_Key = tuple[Path, int, int]


class EpisodeCache:
    """Opens episodes of a dataset for playing; callable from any thread.

    Parameters
    ----------
    dataset : Dataset
        Whose cache folder holds the overviews.
    capacity : int
        Episodes kept open: the one shown, the one compared with it, the next one.
    """

    def __init__(self, dataset: Dataset, capacity: int = 3) -> None:
        self._dataset = dataset
        self._capacity = capacity
        self._open: OrderedDict[_Key, PlayerEpisode] = OrderedDict()
        self._opening = threading.Lock()
        self._closed = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="episode-warm")

    def open(self, path: Path) -> PlayerEpisode:
        """The episode, at once when it is warm.

        Where its overview was never made, it is made in the background and then appears as
        ``PlayerEpisode.overview``.

        Raises
        ------
        EpisodeError
            The file cannot be opened as an episode.
        """
        player = self._get(path)
        if player.overview is None:
            self._later(self._find_overview, player)
        return player

    def warm(self, path: Path) -> None:
        """Open an episode in the background, with its overview and its first pictures."""
        self._later(self._warm, path)

    def wait(self) -> None:
        """Wait until everything asked of the background so far is done."""
        self._pool.submit(int).result()

    def close(self) -> None:
        """Let go of every episode; those shown elsewhere stay open there. Safe to call twice.

        From then on episodes still open, but nothing is made ready in the background.
        """
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)
        with self._opening:
            self._open.clear()

    def _later(self, work: Callable[..., None], *arguments: object) -> None:
        if not self._closed:
            self._pool.submit(work, *arguments)

    def _get(self, path: Path) -> PlayerEpisode:
        with self._opening:
            key = _key(path)
            player = self._open.pop(key, None)
            if player is None or player.closed:
                player = PlayerEpisode(path)
                player.overview = load_overview(self._dataset, player.uuid)
            self._open[key] = player
            while len(self._open) > self._capacity:
                self._open.popitem(last=False)
            return player

    def _warm(self, path: Path) -> None:
        try:
            player = self._get(path)
            for spec in player.streams():
                if spec.is_image:
                    player.frame(spec.name, 0)
        except (EpisodeError, UnreadableSample) as error:
            log.warning("not made ready: %s", error)
            return
        self._find_overview(player)

    def _find_overview(self, player: PlayerEpisode) -> None:
        if player.overview is None:
            try:
                player.overview = overview_for(self._dataset, player.path)
            except (EpisodeError, OSError, ValueError) as error:
                log.warning("no overview of '%s': %s", player.path.name, error)


def _key(path: Path) -> _Key:
    """Tells apart two files that bore one name, as after a take was recorded again."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise EpisodeError(f"episode '{path}' does not exist") from None
    return path, facts.st_ino, facts.st_mtime_ns
