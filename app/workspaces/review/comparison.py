"""A second episode beside the open one: the first that is marked in the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.workspaces.review.review_desk import ReviewDesk
from recorder.episode import EpisodeError
from recorder.player.episode_cache import EpisodeCache
from widgets.player.player_view import PlayerView


class Comparison:
    """Switches the comparison on and off.

    Parameters
    ----------
    desk : ReviewDesk
    cache : EpisodeCache
    player : PlayerView
        Shows both.
    say : callable
        Shows a sentence in the status strip.
    """

    def __init__(
        self,
        desk: ReviewDesk,
        cache: EpisodeCache,
        player: PlayerView,
        say: Callable[..., object],
    ) -> None:
        self._desk, self._cache, self._player, self._say = desk, cache, player, say
        self.beside = ""

    def toggle(self, uuid: str, marked: Sequence[str]) -> None:
        """Show the first of ``marked`` that is not ``uuid`` beside it; again shows it alone."""
        others = [other for other in marked if other != uuid]
        if self.beside:
            self.beside = ""
            self._player.set_compare(None)
        elif not others:
            self._say("Mark a second episode in the library first.", "warn")
        else:
            self._show(others[0])

    def _show(self, uuid: str) -> None:
        try:
            row = self._desk.row(uuid)
            other = self._cache.open(self._desk.path_of(uuid))
        except (EpisodeError, KeyError, OSError) as error:
            self._say(f"The other episode cannot be opened: {error}", "bad")
            return
        self._player.set_compare(other, f"episode {row.episode.number}   {row.episode.task}")
        self.beside = uuid
