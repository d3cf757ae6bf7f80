"""Replay of the open episode on the connected hand: check, start, watch, end; all by the gate.

The page listens to the measured joints only while it is shown, or while a replay runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from app.controls import CLIENT
from app.polling import StreamPoller
from app.replay_control import ReplayControl
from app.replay_tracking import RecordedJoints
from app.session import Session
from devices.stream import Sample
from recorder.player.player_episode import PlayerEpisode
from widgets.replay_panel import ReplayPanel

DRAW_TICKS = 3  # refreshes between two drawings of the curves
CHECK_TICKS = 30  # refreshes between two checks of the start: it reads the episode


class ReplayPage(QWidget):
    """The replay panel with what it needs of the running session.

    Parameters
    ----------
    session : Session or None
        None when no hand is connected.
    say : callable
        Shows a sentence in the status strip.
    """

    def __init__(
        self, session: Session | None, say: Callable[..., object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._say = session, say
        self._control = ReplayControl(session, CLIENT) if session is not None else None
        self._poller: StreamPoller | None = None
        self._poses: dict[str, NDArray[np.float64]] = {}
        self._poses_checked = -1
        self._standing: tuple[str, str, bool] | None = None  # of the hand, when last checked
        self._path: Path | None = None
        self._recorded: RecordedJoints | None = None
        self._joints: list[tuple[str, int]] = []
        hands = session.rig.hands if session is not None else ()
        self._units = {
            (hand.side, at): unit for hand in hands for at, unit in enumerate(hand.spec.units)
        }
        self._ticks = 0
        self.panel = ReplayPanel()
        self.panel.choice_changed.connect(self.check)
        self.panel.start_requested.connect(self._on_start)
        self.panel.pause_toggled.connect(self._on_pause)
        self.panel.end_requested.connect(self._on_end)
        empty = QLabel("Open an episode, and a rig with a hand, to replay it there.")
        empty.setProperty("role", "dim")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(empty)
        self._pages.addWidget(self.panel)

    @property
    def running(self) -> bool:
        """Whether the hand is being moved by a replay, or about to be."""
        return self._control is not None and self._control.state != "idle"

    def load(self, episode: PlayerEpisode | None, title: str) -> None:
        """Offer to replay ``episode``."""
        if self._session is None or episode is None:
            self._pages.setCurrentIndex(0)
            return
        self._pages.setCurrentIndex(1)
        self._listen()
        if self.running or episode.path == self._path:
            self.check()
            return
        self._path = episode.path
        self._recorded = RecordedJoints(episode.path)
        self._joints = [
            (side, at)
            for side in self._recorded.sides
            for at in range(len(self._recorded.labels[side]))
        ]
        names = [self._recorded.labels[side][at] for side, at in self._joints]
        has_forces = any(spec.kind in ("force", "taxels") for spec in episode.streams())
        self.panel.set_episode(title, names, has_forces)
        self.check()

    def _listen(self) -> None:
        if self._poller is None and self._session is not None:
            self._poller = StreamPoller(self._session.bus)
            for hand in self._session.rig.hands:
                spec = self._session.rig.stream(f"{hand.side}/joints_measured")
                self._poller.every(spec, partial(self._on_measured, hand.side))

    def leave(self) -> None:
        """The page is no longer shown; a replay that runs goes on."""
        if self._poller is not None and not self.running:
            self._poller.close()
            self._poller = None

    def _on_measured(self, side: str, sample: Sample) -> None:
        joints = np.asarray(sample.data, np.float64)
        self._poses[side] = joints
        if self._control is not None:
            self._control.note_measured(side, sample.stamp_ns, joints)

    def check(self) -> None:
        """Say what starting would mean."""
        if self._control is None or self._path is None or self.running:
            return
        self._poses_checked = len(self._poses)
        found = self._control.check(
            self._path, self._poses, self.panel.chosen_speed, self.panel.with_forces.isChecked()
        )
        self.panel.set_check(found.text(), not found.problem, found.is_far)

    def _on_start(self, speed: float, with_forces: bool) -> None:
        if self._control is None or self._path is None:
            return
        problem = self._control.start(self._path, speed, 0.0, with_forces)
        if problem:
            self._say(problem, "warn")

    def _on_pause(self, paused: bool) -> None:
        if self._control is not None:
            self._control.pause(paused)

    def _on_end(self) -> None:
        if self._control is not None:
            self._control.stop()

    def tick(self) -> None:
        """Take in the newest measured joints."""
        if self._poller is not None:
            self._poller.tick()

    def refresh(self, shown: bool) -> None:
        """Follow the replay; called ten times a second, shown or not."""
        control, session = self._control, self._session
        if control is None or session is None or (not shown and not self.running):
            return
        if not shown:
            self.tick()
        news = control.poll()
        if news:
            self._say(news)
        self._ticks += 1
        status = session.operator.status
        at_s = status.episode_s if status is not None and self.running else None
        length_s = self._recorded.duration_s if self._recorded else 0.0
        self.panel.set_state(
            control.state, at_s / length_s if at_s and length_s else 0.0, control.message
        )
        if self._ticks % DRAW_TICKS == 0:
            self._draw()
        hand = session.supervisor.status
        standing = (hand.state, hand.authority, self.running) if hand is not None else None
        fresh = len(self._poses) == self._poses_checked and standing == self._standing
        self._standing = standing
        if self._ticks % CHECK_TICKS == 0 or not fresh:
            self.check()

    def _draw(self) -> None:
        control, recorded = self._control, self._recorded
        place = self.panel.joint_combo.currentIndex()
        if control is None or recorded is None or not 0 <= place < len(self._joints):
            return
        side, joint = self._joints[place]
        times_s, rows = recorded.table(side)
        tracker = control.tracker
        none = np.zeros(0)
        measured = tracker.curve(side, joint) if tracker is not None else (none, none)
        unit = self._units.get((side, joint), "rad")
        self.panel.set_curves((times_s, rows[:, joint]), measured, unit)
        if tracker is not None:
            error = tracker.error(side)
            if error.samples:
                self.panel.set_error(
                    f"Tracking error {error.rms_rad:.3f} rad rms, at most {error.max_rad:.3f} rad "
                    f"({error.worst_joint})"
                )

    def close_work(self) -> None:
        """End a replay that runs and give the queues back."""
        if self._control is not None and self.running:
            self._control.stop()
        if self._poller is not None:
            self._poller.close()
            self._poller = None
