"""Accepting a cleaning, sending it back, and taking the last verdict back."""

from __future__ import annotations

from collections.abc import Callable

from app.workspaces.clean.clean_desk import CleanDesk
from recorder.cleaning.clip import CleanError
from recorder.cleaning.verdict import CleanState
from widgets.clean.episode_list import CleanEpisodeList


class Judging:
    """Writes verdicts and remembers those of this session, so that they can be taken back.

    Parameters
    ----------
    desk : CleanDesk
    episodes : CleanEpisodeList
    say : callable
        Shows a sentence in the status strip.
    """

    def __init__(
        self, desk: CleanDesk, episodes: CleanEpisodeList, say: Callable[..., object]
    ) -> None:
        self._desk, self._episodes, self._say = desk, episodes, say
        self._given: list[tuple[str, str, CleanState]] = []  # camera, episode, state before

    def give(self, uuid: str, state: CleanState) -> bool:
        """Write a verdict; False when it could not be."""
        before = self._desk.rows[uuid].state if uuid else ""
        if not self._write(uuid, state):
            return False
        if before in ("proposed", "accepted", "redo"):
            self._given.append((self._desk.camera, uuid, before))
        if state == "accepted" and not self._episodes.step(1):
            self._say("That was the last episode of the list.")
        return True

    def take_back(self, shown: str) -> str:
        """Take the newest verdict back, of this session or else of the episode that is ``shown``.

        Returns
        -------
        str
            The episode, empty when there was nothing to take back.
        """
        camera = self._desk.camera
        mine = [one for one in self._given if one[0] == camera and one[1] in self._desk.rows]
        if mine:
            newest = mine[-1]
            _, uuid, before = newest
        else:
            newest, uuid, before = None, shown, "proposed"
            row = self._desk.rows.get(shown)
            if row is None or row.state not in ("accepted", "redo"):
                self._say("There is no verdict to take back.")
                return ""
        if not self._write(uuid, before):
            return ""
        if newest is not None:
            self._given.remove(newest)
        number = self._desk.episode(uuid).number
        self._say(f"The verdict on episode {number} was taken back; it is {before} again.")
        return uuid

    def _write(self, uuid: str, state: CleanState) -> bool:
        if not uuid:
            self._say("Choose an episode first.", "warn")
            return False
        try:
            row = self._desk.judge(uuid, state)
        except CleanError as error:
            self._say(str(error), "warn")
            return False
        if row is not None:
            self._episodes.model.put(row)
        self._episodes.count()
        return True
