"""The 3-D view on the bus: poses, touch and forces in, pulls out."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.polling import StreamPoller
from app.pulling import MousePulls
from devices.bus import Bus
from devices.kinematics import HandKinematics
from devices.rig import Rig
from widgets.hand_view import HandView
from widgets.scene_objects import object_shapes


class HandDisplay(QWidget):
    """Connects ``HandView`` with the streams of a rig.

    Parameters
    ----------
    rig : Rig
        The open rig.
    bus : Bus
        Connection to the session.
    poller : StreamPoller
        Where poses and touch come from.
    """

    def __init__(self, rig: Rig, bus: Bus, poller: StreamPoller) -> None:
        super().__init__()
        own_file = rig.world.model_file if rig.world else None
        hands = [HandKinematics(h.spec, h.base_pos_m, h.base_rpy_rad, own_file) for h in rig.hands]
        shapes = object_shapes(rig.world.objects) if rig.world else ()
        self.view = HandView(hands, shapes, can_pull=rig.world is not None)
        self.pulls = MousePulls(bus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        for index, hand in enumerate(rig.hands):
            self._connect_hand(rig, poller, index, hand.side)
        if rig.world is not None:
            poller.newest(rig.stream("world/objects"), self.view.show_objects)
            poller.newest(rig.stream("operator/pulls"), self.view.show_pulls)
        self.view.pull_started.connect(self.pulls.begin)
        self.view.pull_moved.connect(self.pulls.move)
        self.view.pull_pinned.connect(self.pulls.pin)
        self.view.pull_released.connect(self.pulls.release)
        self.view.pin_released.connect(self.pulls.unpin)

    def _connect_hand(self, rig: Rig, poller: StreamPoller, index: int, side: str) -> None:
        shows = {
            "joints_measured": self.view.show_measured,
            "joints_sent": self.view.show_sent,
            "taxels": self.view.show_taxels,
            "fingertip_force": self.view.show_forces,
        }
        names = {spec.name: spec for spec in rig.streams()}
        for quantity, show in shows.items():
            spec = names.get(f"{side}/{quantity}")
            if spec is not None:
                poller.newest(spec, partial(show, index))

    def refresh(self, at_ns: int) -> None:
        """Keep the pulls alive and the view's age up to date; called ten times a second."""
        self.pulls.publish()
        self.view.refresh(at_ns)

    def set_teaching(self, by_touch: bool) -> None:
        """Let go of everything when the hand is no longer taught by touch."""
        if not by_touch and self.pulls.rows.any():
            self.pulls.clear()

    def reset_view(self) -> None:
        """Look at the hand from the front again."""
        self.view.reset_view()
