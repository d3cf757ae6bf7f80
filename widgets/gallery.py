"""Every widget with made-up data: ``python -m widgets.gallery [--page NAME] [--save DIR]``.

For looking at the widgets without a rig, and for the pictures a reviewer looks at.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from devices.clock import now_ns
from devices.kinematics import HandKinematics
from devices.rig import load_rig
from devices.stream import Sample
from policies.synergies import SYNERGIES
from widgets.camera_tile import CameraTile
from widgets.episode_bar import EpisodeBar, EpisodeState
from widgets.exo_panel import ExoPanel
from widgets.hand_view import HandView
from widgets.health_table import HealthTable, StreamHealth
from widgets.joint_chart import JointChart
from widgets.made_samples import Made, MadeTake, made_taxels
from widgets.mode_panel import ModePanel
from widgets.playback_view import PlaybackView
from widgets.pressure_bars import PressureBars
from widgets.scene_objects import object_shapes
from widgets.shortcuts_sheet import ShortcutsSheet
from widgets.status_strip import StatusStrip
from widgets.tactile_heatmap import TactileHeatmap
from widgets.task_list import Task
from widgets.theme import apply_theme
from widgets.visuotactile_tile import VisuotactileTile

TASKS = (
    Task("plug-charger", "plug the charger into the socket"),
    Task("open-bottle", "hold the bottle and turn its cap off"),
)
KEYS = {"record": "R", "stop": "E", "success": "Y", "fail": "N", "discard": "Del",
        "undo_discard": "U", "redo": "T", "enable": "F5", "hold": "H", "reset": "F6",
        "arm_kinesthetic": "F7", "arm_exoskeleton": "F8"}  # fmt: skip


class Gallery(QTabWidget):
    """All widgets on pages, fed by a timer at 30 Hz."""

    def __init__(self, live: bool = True) -> None:
        super().__init__()
        self.xhand, self.leap, self.allegro, self.bimanual = (
            Made(load_rig(name))
            for name in ("sim-xhand", "sim-leap", "sim-allegro", "sim-bimanual")
        )
        self._feeds: list[Callable[[], None]] = []
        self.addTab(self._record_page(), "record")
        self.addTab(self._visuotactile_page(), "visuotactile")
        self.addTab(self._states_page(), "states")
        self.addTab(self._bimanual_page(), "bimanual")
        self.addTab(self._playback_page(), "playback")
        self._timer = QTimer(self)
        self._timer.setInterval(33)
        self._timer.timeout.connect(self.feed)
        if live:
            self._timer.start()

    def feed(self) -> None:
        """Give every widget its newest sample."""
        for feed in self._feeds:
            feed()

    def hand_view(self, made: Made) -> HandView:
        """A 3-D view fed by ``made``."""
        hands = [
            HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad) for hand in made.rig.hands
        ]
        names = made.rig.world.objects if made.rig.world else ()
        view = HandView(hands, object_shapes(names))

        def feed() -> None:
            if not view.isVisible():
                return
            for index, hand in enumerate(made.rig.hands):
                view.show_measured(index, made.sample(f"{hand.side}/joints_measured"))
                view.show_sent(index, made.sample(f"{hand.side}/joints_sent"))
                if f"{hand.side}/taxels" in made.streams:
                    view.show_taxels(index, made.sample(f"{hand.side}/taxels"))
                view.show_forces(index, made.sample(f"{hand.side}/fingertip_force"))
            view.show_objects(made.sample("world/objects"))

        self._feeds.append(feed)
        return view

    def _tile(self, made: Made, name: str, tile: QWidget) -> QWidget:
        def feed() -> None:
            if tile.isVisible():
                tile.show_sample(made.sample(name))  # type: ignore[attr-defined]

        self._feeds.append(feed)
        return tile

    def _camera(self, made: Made, name: str) -> QWidget:
        return self._tile(made, name, CameraTile(made.streams[name]))

    def _chart(self, made: Made) -> JointChart:
        chart = JointChart(made.rig.hands[0].spec)

        def feed() -> None:
            at_ns = now_ns()
            for back in range(6):
                chart.show_measured(
                    made.sample("right/joints_measured", at_ns - (5 - back) * 5_000_000)
                )
                chart.show_sent(made.sample("right/joints_sent", at_ns - (5 - back) * 5_000_000))

        self._feeds.append(feed)
        return chart

    def _health(self, made: Made) -> HealthTable:
        table = HealthTable()

        def feed() -> None:
            ages = (0.012, 0.2, 0.9, 7.0, None)
            rows = [
                StreamHealth(spec.name, spec.rate_hz, spec.rate_hz * 0.998, 3 * (i == 1),
                             ages[i % 9] if i % 9 < 5 else 0.01)
                for i, spec in enumerate(made.streams.values())
            ]  # fmt: skip
            table.set_health(rows)

        self._feeds.append(feed)
        return table

    def _record_page(self) -> QWidget:
        made = self.xhand
        strip = StatusStrip(("Record",), "Esc")
        strip.set_rig("sim-xhand")
        strip.set_supervisor("ACTIVE", "kinesthetic")
        strip.set_health(dict.fromkeys(made.streams, "ok"))
        strip.set_disk_minutes(143)
        strip.set_real_time_factor(1.0)
        strip.show_message("episode 11 verified: 2 418 samples, nothing lost")
        spec = made.rig.hands[0].spec
        heatmap = TactileHeatmap(made.streams["right/taxels"], spec.pads)
        bar = EpisodeBar(TASKS, KEYS)
        bar.set_operator_code("P07")
        bar.set_state(EpisodeState("recording", 12, 12, 8.4, "unlabelled", 11))
        mode = ModePanel(keys=KEYS)
        mode.set_supervisor("ACTIVE", "kinesthetic")
        cameras = QHBoxLayout()
        for name in ("front/rgb", "wrist/rgb", "front/depth"):
            cameras.addWidget(self._camera(made, name))
        left = QVBoxLayout()
        left.addLayout(cameras, 3)
        left.addWidget(self._chart(made), 4)
        right = QVBoxLayout()
        right.addWidget(self._tile(made, "right/taxels", heatmap), 3)
        right.addWidget(self._health(made), 3)
        right.addWidget(mode)
        middle = QHBoxLayout()
        middle.addLayout(left, 5)
        middle.addWidget(self.hand_view(made), 4)
        middle.addLayout(right, 4)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 0, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(strip)
        layout.addLayout(middle, 1)
        layout.addWidget(bar)
        return page

    def _visuotactile_page(self) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        names = [n for n, s in self.leap.streams.items() if s.kind == "visuotactile"]
        for place, name in enumerate(names):
            tile = VisuotactileTile(self.leap.streams[name])
            tile.difference_button.setChecked(place % 2 == 1)
            grid.addWidget(self._tile(self.leap, name, tile), place // 2, place % 2)
        grid.addWidget(self.hand_view(self.leap), 0, 2, 2, 1)
        name = "right/fingertip_pressure"
        bars = PressureBars(self.allegro.streams[name])
        grid.addWidget(self._tile(self.allegro, name, bars), 0, 3)
        grid.addWidget(self.hand_view(self.allegro), 1, 3)
        return page

    def _states_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        strip = StatusStrip(("Record", "Review", "Clean", "Run", "Study"), "Esc")
        strip.set_rig("sim-bimanual")
        strip.set_supervisor("FAULT", "exoskeleton", "feedback of the right hand is 120 ms old")
        strip.set_health(
            {name: "stale" if "front" in name else "ok" for name in self.xhand.streams}
        )
        strip.set_disk_minutes(9)
        strip.set_real_time_factor(0.83)
        strip.show_message(
            "camera 'front': no frame for 0.52 s (limit 0.50 s); take 12 is flagged, reconnecting",
            "bad",
        )
        layout.addWidget(strip)
        tiles = QHBoxLayout()
        stale = CameraTile(self.xhand.streams["front/rgb"])
        old = self.xhand.sample("front/rgb")
        stale.show_sample(Sample(old.seq, now_ns() - 2_300_000_000, None, 0, old.data))
        stale.set_gaps(7)
        tiles.addWidget(stale)
        tiles.addWidget(CameraTile(self.xhand.streams["wrist/rgb"]))
        spec = self.xhand.rig.hands[0].spec
        loaded = TactileHeatmap(self.xhand.streams["right/taxels"], spec.pads)
        forces = made_taxels(spec, 2.0)
        forces[1, 50:56, 2] = 20.0
        loaded.set_range_n(20.0)
        loaded.show_sample(Sample(1, now_ns() + 600_000_000_000, None, 0, forces))
        tiles.addWidget(loaded)
        layout.addLayout(tiles, 2)
        exo = ExoPanel({name: str(place) for place, name in enumerate(SYNERGIES, start=1)})
        exo.press_synergy("pinch")
        layout.addWidget(exo, 2)
        modes = QHBoxLayout()
        for state, cause in (("OFF", ""), ("HOLD", ""), ("FAULT", "taxels silent for 0.4 s")):
            mode = ModePanel(keys=KEYS)
            mode.set_supervisor(state, "none", cause, {"exoskeleton": "no exoskeleton answers"})
            modes.addWidget(mode)
        layout.addLayout(modes)
        for state in (
            EpisodeState("idle", 12, 13, 0.0, "success", 12, 11, 1),
            EpisodeState("idle"),
        ):
            bar = EpisodeBar(TASKS if state.last_episode else (), KEYS)
            bar.set_operator_code("P07")
            bar.set_state(state)
            layout.addWidget(bar)
        bar.set_operator_code("Anna")
        return page

    def _bimanual_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(self.hand_view(self.bimanual), 2)
        maps = QHBoxLayout()
        for hand in self.bimanual.rig.hands:
            name = f"{hand.side}/taxels"
            heatmap = TactileHeatmap(self.bimanual.streams[name], hand.spec.pads)
            maps.insertWidget(0, self._tile(self.bimanual, name, heatmap))
        layout.addLayout(maps, 1)
        return page

    def _playback_page(self) -> QWidget:
        page = QWidget()
        layout = QHBoxLayout(page)
        for made in (self.xhand, self.bimanual):
            playback = PlaybackView({hand.side: hand.spec.pads for hand in made.rig.hands})
            playback.set_take(MadeTake(made), "episode 12")
            layout.addWidget(playback)
        layout.addWidget(PlaybackView())
        return page


def shortcuts() -> ShortcutsSheet:
    """The cheat sheet with made-up actions."""
    rows = [(name.replace("_", " "), key, "Episode") for name, key in KEYS.items()]
    return ShortcutsSheet([*rows, ("Stop", "Esc", "Safety"), ("Reset layout", "", "Window")])


def main() -> int:
    """Show the gallery, or save a picture of each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--save", type=Path, help="save a picture of every page here and leave")
    chosen = parser.parse_args()
    app = QApplication(sys.argv[:1])
    apply_theme(app)
    gallery = Gallery()
    width, height = (int(part) for part in chosen.size.split("x"))
    gallery.resize(width, height)
    gallery.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose)
    gallery.show()
    if chosen.save:
        chosen.save.mkdir(parents=True, exist_ok=True)
        _save_later(app, gallery, chosen.save, chosen.size)
    return app.exec()


def _save_later(app: QApplication, gallery: Gallery, folder: Path, size: str) -> None:
    pages = list(range(gallery.count()))

    def next_page() -> None:
        page = gallery.currentIndex()
        gallery.grab().save(str(folder / f"{gallery.tabText(page)}-{size}.png"))
        pages.remove(page)
        if pages:
            gallery.setCurrentIndex(pages[0])
            QTimer.singleShot(2500, next_page)
        else:
            app.quit()

    QTimer.singleShot(4000, next_page)


if __name__ == "__main__":
    sys.exit(main())
