"""Says what became of a take: verified, recovered, refused; plays it when that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.session import Session
from app.settings import Settings
from recorder.dataset import Dataset


class TakeAnnouncer:
    """Follows the recorder of a session.

    Parameters
    ----------
    session : Session
        The running session.
    settings : Settings
        ``autoplay`` decides whether every verified take is played.
    say : callable
        Receives a sentence and its importance (``info`` or ``warn``).
    play : callable
        Shows the episode file it is given.
    """

    def __init__(
        self,
        session: Session,
        settings: Settings,
        say: Callable[[str, str], None],
        play: Callable[[Path], None],
    ) -> None:
        self._session, self._settings = session, settings
        self._say, self._play = say, play
        self._published: tuple[int, ...] | None = None
        self._recovered: tuple[int, ...] = ()
        self._message = ""
        self._play_when_verified: int | None = None

    def follow(self) -> None:
        """Look at the recorder's newest status."""
        disk = self._session.recorder.status
        if disk is None:
            return
        if disk.message and disk.message != self._message:
            self._say(disk.message, "warn")
        self._message = disk.message
        before, self._published = self._published, disk.published
        if disk.recovered != self._recovered:
            self._recovered = disk.recovered
            numbers = ", ".join(str(number) for number in disk.recovered)
            if numbers:
                self._say(f"Recording was interrupted; recovered as episode {numbers}.", "warn")
        for number in disk.published if before is not None else ():
            if number not in before and number not in disk.recovered:
                self._say(f"Episode {number} is verified: {disk.last_path}", "info")
                self._play_verified(number)

    def play(self, number: int | None) -> None:
        """Play take ``number`` now, or as soon as it is verified."""
        status = self._session.recorder.status
        if status is None or number is None:
            self._say("There is no take to play yet.", "warn")
        elif number in status.published:
            self._show(number)
        else:
            self._play_when_verified = number
            self._say(f"Episode {number} plays as soon as it is verified.", "info")

    def _play_verified(self, number: int) -> None:
        hand, disk = self._session.supervisor.status, self._session.recorder.status
        at_rest = bool(hand and disk) and hand.state != "ACTIVE" and disk.state == "idle"
        if number == self._play_when_verified or (self._settings.autoplay and at_rest):
            self._play_when_verified = None
            self._show(number)

    def _show(self, number: int) -> None:
        self._play(Dataset(self._session.file.dataset_dir, "").episode_path(number))
