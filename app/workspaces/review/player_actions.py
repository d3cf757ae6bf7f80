"""Actions that move time: playing, stepping, jumping, zooming."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable

from app.actions import ActionId
from app.workspaces.review.label_session import LabelSession
from recorder.review.boundaries import boundaries_ns
from recorder.review.phase_edits import phase_at
from widgets.player.player_view import PlayerView

SECOND_NS = 1_000_000_000


class PlayerActions:
    """Keys of the player.

    Parameters
    ----------
    player : PlayerView
        What they move.
    session : callable
        Gives the labels of the open episode; jumps go by their boundaries too.
    """

    def __init__(self, player: PlayerView, session: Callable[[], LabelSession | None]) -> None:
        self._player, self._session = player, session
        self._table: dict[ActionId, Callable[[], object]] = {
            ActionId.REVIEW_PLAY: player.toggle_play,
            ActionId.REVIEW_REVERSE: player.reverse,
            ActionId.REVIEW_STEP_BACK: lambda: player.step(-1),
            ActionId.REVIEW_STEP_FORWARD: lambda: player.step(1),
            ActionId.REVIEW_BACK_1S: lambda: player.seek(player.time_ns - SECOND_NS),
            ActionId.REVIEW_FORWARD_1S: lambda: player.seek(player.time_ns + SECOND_NS),
            ActionId.REVIEW_BEGIN: lambda: player.seek(0),
            ActionId.REVIEW_END: lambda: player.seek(player.transport.duration_ns),
            ActionId.REVIEW_SLOWER: player.slower,
            ActionId.REVIEW_FASTER: player.faster,
            ActionId.REVIEW_SPEED_1: self._real_speed,
            ActionId.REVIEW_LOOP: self._loop,
            ActionId.REVIEW_SKIP_IDLE: player.toggle_skip_idle,
            ActionId.REVIEW_NEXT_CANDIDATE: lambda: self._jump(self._candidates(), 1),
            ActionId.REVIEW_PREVIOUS_CANDIDATE: lambda: self._jump(self._candidates(), -1),
            ActionId.REVIEW_NEXT_GAP: lambda: self._jump(self._gaps(), 1),
            ActionId.REVIEW_ZOOM_IN: player.zoom_in,
            ActionId.REVIEW_ZOOM_OUT: player.zoom_out,
            ActionId.REVIEW_ZOOM_FIT: player.fit,
            ActionId.REVIEW_NEXT_PICTURE: player.next_picture,
        }

    def perform(self, action: ActionId) -> bool:
        """Do ``action``; False when it is none of these."""
        if action not in self._table:
            return False
        self._table[action]()
        return True

    def _real_speed(self) -> None:
        transport = self._player.transport
        while transport.speed < 1.0:
            self._player.faster()
        while transport.speed > 1.0:
            self._player.slower()

    def _loop(self) -> None:
        """Repeat the phase at this time when the whole episode is in view, else what is in view."""
        player, session = self._player, self._session()
        if player.transport.loop is not None or player.zoom is not None or session is None:
            player.toggle_loop()
            return
        running = phase_at(session.state, player.time_ns)
        if running is None:
            player.toggle_loop()
        else:
            player.set_loop(running[1])

    def _candidates(self) -> list[int]:
        session = self._session()
        if session is None:
            return []
        waiting = session.labeller.contacts.open(session.state)
        edges = {edge for one in waiting for edge in (one.start_ns, one.stop_ns)}
        return sorted(edges | set(boundaries_ns(session.state)))

    def _gaps(self) -> list[int]:
        episode = self._player.episode
        return sorted({gap.start_ns for gap in episode.gaps}) if episode else []

    def _jump(self, times_ns: list[int], direction: int) -> None:
        now = self._player.time_ns
        if direction > 0:
            at = bisect_right(times_ns, now)
            target = times_ns[at] if at < len(times_ns) else None
        else:
            at = bisect_left(times_ns, now) - 1
            target = times_ns[at] if at >= 0 else None
        if target is not None:
            self._player.seek(target)
