"""A second episode beside the open one, with its labels: the first marked in the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.actions import ActionId
from app.workspaces.review.label_session import LabelSession
from app.workspaces.review.review_desk import ReviewDesk
from recorder.episode import EpisodeError
from recorder.player.episode_cache import EpisodeCache
from recorder.review.state import LabelState, Phase
from recorder.review.store import DamagedJournalError
from widgets.player.player_view import PlayerView


class Comparison:
    """Switches the comparison on and off, and lines the two up.

    Parameters
    ----------
    desk : ReviewDesk
    cache : EpisodeCache
    player : PlayerView
        Shows both.
    session : callable
        Gives the labels of the open episode.
    say : callable
        Shows a sentence in the status strip.
    """

    def __init__(
        self,
        desk: ReviewDesk,
        cache: EpisodeCache,
        player: PlayerView,
        session: Callable[[], LabelSession | None],
        say: Callable[..., object],
    ) -> None:
        self._desk, self._cache, self._player, self._say = desk, cache, player, say
        self._session = session
        self.beside = ""
        self._labels = LabelState()
        self._aligned_at = ""

    def perform(self, action: ActionId, uuid: str, marked: Sequence[str]) -> None:
        """Compare, or line up what is compared."""
        if action is ActionId.REVIEW_ALIGN:
            self.align()
        else:
            self.toggle(uuid, marked)

    def toggle(self, uuid: str, marked: Sequence[str]) -> None:
        """Show the first of ``marked`` that is not ``uuid`` beside it; again shows it alone."""
        others = [other for other in marked if other != uuid]
        if self.beside:
            self.forget()
            self._player.set_compare(None)
        elif not others:
            self._say("Mark a second episode in the library first.", "warn")
        else:
            self._show(others[0])

    def forget(self) -> None:
        """The player shows one episode again."""
        self.beside = self._aligned_at = ""
        self._labels = LabelState()

    def align(self) -> None:
        """Line both up where the next phase begins that both have; after the last, at the start."""
        session = self._session()
        if not self.beside or session is None:
            self._say("Compare two episodes first.", "warn")
            return
        mine, theirs = _starts(session.state.phases), _starts(self._labels.phases)
        shared = [label for label in mine if label in theirs]
        if not shared:
            self._say("The two have no labelled phase in common to line up by.", "warn")
            return
        at = shared.index(self._aligned_at) + 1 if self._aligned_at in shared else 0
        self._aligned_at = shared[at] if at < len(shared) else ""
        if not self._aligned_at:
            self._player.set_compare_offset_ns(0)
            self._say("Both from their first sample.")
            return
        label = self._aligned_at
        self._player.set_compare_offset_ns(theirs[label] - mine[label])
        self._player.seek(mine[label])
        self._say(f"Both from where {label.replace('_', ' ')} begins.")

    def _show(self, uuid: str) -> None:
        try:
            row = self._desk.row(uuid)
            other = self._cache.open(self._desk.path_of(uuid))
            self._labels = self._desk.labels_beside(uuid)
        except (EpisodeError, DamagedJournalError, KeyError, OSError) as error:
            self._say(f"The other episode cannot be opened: {error}", "bad")
            return
        self._player.set_compare(other, f"episode {row.episode.number}   {row.episode.task}")
        self._player.set_compare_labels(self._labels, self._desk.schema(row.episode.task))
        self.beside, self._aligned_at = uuid, ""


def _starts(phases: Mapping[str, Phase]) -> dict[str, int]:
    """By label, where its first phase begins, ns after the episode's first sample; by time."""
    starts: dict[str, int] = {}
    for phase in sorted(phases.values(), key=lambda each: each.start_ns):
        starts.setdefault(phase.label, phase.start_ns)
    return starts
