"""The recorded hand in 3-D at one instant: measured solid, sent as a ghost, touch, objects.

Drawing it in software takes tens of milliseconds, so it follows at a lower rate while pictures
play, and is exact as soon as the time stands still.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from devices.kinematics import HandKinematics
from devices.rig import Rig
from devices.stream import Sample
from recorder.player.frame_reader import UnreadableSample
from recorder.player.player_episode import PlayerEpisode
from widgets.hand_view import HandView
from widgets.scene_objects import object_shapes

logger = logging.getLogger(__name__)

STILL_MS = 40  # after the last seek
PLAYING_MS = 100
LEAST_PX = (48, 48)  # the grid decides, not the view


class HandPose(QWidget):
    """Poses ``HandView`` by the samples of an episode.

    Parameters
    ----------
    episode : PlayerEpisode
        Where the samples come from.
    rig : Rig
        The rig it was recorded with.
    """

    def __init__(self, episode: PlayerEpisode, rig: Rig, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        own_file = rig.world.model_file if rig.world else None
        if own_file is not None and not Path(own_file).is_file():
            own_file = None  # recorded on another machine: the built-in model is shown
        hands = [HandKinematics(h.spec, h.base_pos_m, h.base_rpy_rad, own_file) for h in rig.hands]
        shapes = object_shapes(rig.world.objects) if rig.world else ()
        self.view = HandView(hands, shapes, can_pull=False, stale_after_s=None)
        self.view.setMinimumSize(*LEAST_PX)
        self._all_shows: dict[str, Callable[[Sample], None]] = {}
        for index, hand in enumerate(rig.hands):
            for quantity, show in (
                ("joints_measured", self.view.show_measured),
                ("joints_sent", self.view.show_sent),
                ("taxels", self.view.show_taxels),
                ("fingertip_force", self.view.show_forces),
            ):
                self._all_shows[f"{hand.side}/{quantity}"] = partial(show, index)
        if rig.world is not None:
            self._all_shows["world/objects"] = self.view.show_objects
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.show_now)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.set_episode(episode)

    def set_episode(self, episode: PlayerEpisode) -> None:
        """Show another episode of the same rig; nothing of it before the next ``show_at``."""
        self._episode = episode
        names = {spec.name for spec in episode.streams()}
        self._shows = {name: show for name, show in self._all_shows.items() if name in names}
        self._due_ns: int | None = None
        self.shown_ns: int | None = None

    def show_at(self, time_ns: int, playing: bool) -> None:
        """Pose the hand at ``time_ns`` soon: at once when it stands still, else now and then."""
        if time_ns == self.shown_ns and self._due_ns is None:
            return
        self._due_ns = time_ns
        if not self._timer.isActive():
            self._timer.start(PLAYING_MS if playing else STILL_MS)

    def stop(self) -> None:
        """Ask the episode for nothing more: it may be closed."""
        self._timer.stop()
        self._due_ns = None

    def show_now(self) -> None:
        """Pose the hand at the instant that is due."""
        if self._due_ns is None:
            return
        time_ns, self._due_ns = self._due_ns, None
        for stream, show in self._shows.items():
            try:
                frame = self._episode.frame_at(stream, time_ns)
            except UnreadableSample as problem:
                logger.warning("hand: %s", problem)
                continue
            if frame is not None:
                show(Sample(frame.index, frame.stamp_ns, None, 0, frame.data))
        self.shown_ns = time_ns
