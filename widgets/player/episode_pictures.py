"""Everything of an episode that is seen at one instant: pictures, hand, touch.

What a tile shows at ``time_ns`` is the newest recorded sample at or before it, never one between.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pydantic import ValidationError
from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from devices.rig import Rig
from devices.stream import Sample, StreamSpec
from recorder.player.frame_reader import UnreadableSample
from recorder.player.player_episode import Frame, PlayerEpisode
from widgets.camera_tile import CameraTile
from widgets.image_tile import ImageTile
from widgets.player.hand_pose import HandPose
from widgets.player.picture_grid import PictureGrid
from widgets.tactile_heatmap import TactileHeatmap
from widgets.theme import color
from widgets.visuotactile_tile import VisuotactileTile

logger = logging.getLogger(__name__)

HAND_ASPECT = 1.2
TOUCH_ASPECT = 1.6
ORDER = {"image": 0, "depth": 1, "visuotactile": 2}
HIDDEN = ("operator_mask", "rgb_without_operator")  # made for cleaning, not for reviewing


class EpisodePictures(QWidget):
    """Pictures of one episode; knows which recorded frame each of them shows."""

    arranged = Signal()  # other tiles became visible: show the time again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._episode: PlayerEpisode | None = None
        self._tiles: dict[str, ImageTile | TactileHeatmap] = {}
        self._shown: dict[str, Frame | None] = {}
        self.hand: HandPose | None = None
        self.grid = PictureGrid()
        self.grid.arranged.connect(self.arranged)
        self.title = QLabel()
        self.title.setProperty("role", "dim")
        self.title.setContentsMargins(8, 2, 8, 2)
        self.title.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.title)
        layout.addWidget(self.grid, 1)

    def set_episode(
        self, episode: PlayerEpisode | None, first: Sequence[str] = (), hand: bool = True
    ) -> None:
        """Make the tiles of ``episode``.

        Parameters
        ----------
        episode : PlayerEpisode or None
            None empties the pictures. The picture that filled the space before does so again,
            and the hand is seen from where it was.
        first : sequence of str
            Streams that come first, in this order: those of an episode beside it.
        hand : bool
            Whether to show the hand in 3-D.
        """
        large = self._maximised_name()
        hand_before = self.hand
        camera = hand_before.view.camera if hand_before is not None else None
        rig_before = self._episode.rig if self._episode is not None else None
        if hand_before is not None:
            hand_before.stop()
        self._episode = episode
        self._tiles, self._shown, self.hand = {}, {}, None
        if episode is None:
            self.grid.set_tiles([], [])
            return
        tiles: list[QWidget] = []
        aspects: list[float] = []
        for spec in _picture_streams(episode, first):
            tile = self._picture(episode, spec)
            self._tiles[spec.name] = tile
            tiles.append(tile)
            aspects.append(spec.shape[1] / spec.shape[0])
        rig = _rig_of(episode)
        if hand and hand_before is not None and episode.rig == rig_before:
            hand_before.set_episode(episode)  # building the hand anew takes tenths of a second
            self.hand = hand_before
        else:
            self.hand = _hand_of(episode, rig) if hand else None
        if self.hand is not None and rig is not None:
            same = rig_before is not None and rig.name == rig_before.get("name")
            if camera is not None and same and self.hand is not hand_before:
                self.hand.view.camera = camera
            self.hand.setToolTip("The hand as measured; a ghost where it was sent to")
            tiles.append(self.hand)
            aspects.append(HAND_ASPECT)
        if rig is not None:
            for spec, heatmap in _heatmaps(episode, rig):
                self._tiles[spec.name] = heatmap
                tiles.append(heatmap)
                aspects.append(TOUCH_ASPECT)
        for tile in tiles:
            tile.setAccessibleName(tile.toolTip().split("\n")[0])
        self.grid.set_tiles(tiles, aspects)
        if large in self._tiles:
            self.grid.maximise(self.grid.tiles.index(self._tiles[large]))

    @staticmethod
    def _picture(episode: PlayerEpisode, spec: StreamSpec) -> ImageTile:
        if spec.kind != "visuotactile":
            return CameraTile(spec, stale_after_s=None)
        tile = VisuotactileTile(spec, stale_after_s=None)
        untouched = episode.frame(spec.name, 0)
        if untouched is not None:
            tile.set_reference(untouched.data)
        return tile

    def _maximised_name(self) -> str:
        """Stream whose picture fills the space; empty when all are shown."""
        for name, tile in self._tiles.items():
            if self.grid.maximised >= 0 and self.grid.tiles[self.grid.maximised] is tile:
                return name
        return ""

    @property
    def streams(self) -> tuple[str, ...]:
        """Streams that have a tile, in order."""
        return tuple(self._tiles)

    @property
    def visible_streams(self) -> tuple[str, ...]:
        """Streams whose tile can be seen."""
        return tuple(name for name, tile in self._tiles.items() if not tile.isHidden())

    def tile(self, stream: str) -> ImageTile | TactileHeatmap:
        """The tile of a stream."""
        return self._tiles[stream]

    def match_depth(self, others: EpisodePictures) -> None:
        """Colour depth as ``others`` does, so that the two can be compared."""
        for stream, tile in self._tiles.items():
            beside = others._tiles.get(stream)
            if isinstance(tile, CameraTile) and isinstance(beside, CameraTile):
                wanted = beside.depth_range_m
                if wanted is not None and wanted != tile.depth_range_m:
                    tile.set_depth_range_m(*wanted)

    def shown(self, stream: str) -> Frame | None:
        """The recorded frame the tile of ``stream`` shows; None before the first."""
        return self._shown.get(stream)

    def show_at(self, time_ns: int, playing: bool = False) -> None:
        """Show the recorded samples of ``time_ns`` in every tile that can be seen."""
        episode = self._episode
        if episode is None:
            return
        for stream in self.visible_streams:
            self._show_stream(episode, stream, time_ns)
        if self.hand is not None and not self.hand.isHidden():
            self.hand.show_at(time_ns, playing)

    def _show_stream(self, episode: PlayerEpisode, stream: str, time_ns: int) -> None:
        tile, before = self._tiles[stream], self._shown.get(stream)
        index = episode.index_at(stream, time_ns)
        if before is None or before.index != index:
            try:
                frame = episode.frame(stream, index)
            except UnreadableSample as problem:
                logger.warning("%s", problem)
                tile.clear()
                self._shown[stream] = None
                if isinstance(tile, ImageTile):
                    tile.set_note(f"frame {index} cannot be read", True)
                return
            self._shown[stream] = frame
            if frame is None:
                tile.clear()
            else:
                tile.show_sample(Sample(frame.index, frame.stamp_ns, None, 0, frame.data))
        if isinstance(tile, ImageTile):
            gap = episode.gap_at(stream, time_ns)
            note = "" if index < 0 else f"frame {index}"
            if gap is not None:
                note = f"GAP {(time_ns - gap.start_ns) / 1e9:.2f} s, {note}"
            tile.set_note(note, gap is not None)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("background"))
        painter.end()


def _picture_streams(episode: PlayerEpisode, first: Sequence[str]) -> list[StreamSpec]:
    specs = [
        spec
        for spec in episode.streams()
        if spec.kind in ORDER and spec.name.split("/")[-1] not in HIDDEN
    ]
    place = {name: number for number, name in enumerate(first)}
    return sorted(specs, key=lambda spec: (place.get(spec.name, len(place)), ORDER[spec.kind]))


def _rig_of(episode: PlayerEpisode) -> Rig | None:
    """The rig of the take; None when this program cannot build it (an imported episode)."""
    try:
        return Rig.model_validate(dict(episode.rig))
    except (ValidationError, ValueError) as problem:
        logger.info("episode %s: no hand is shown: %s", episode.uuid, problem)
        return None


def _hand_of(episode: PlayerEpisode, rig: Rig | None) -> HandPose | None:
    """The hand in 3-D; None when its model cannot be built on this machine."""
    if rig is None:
        return None
    try:
        return HandPose(episode, rig)
    except (ValueError, OSError) as problem:
        logger.warning("episode %s: no hand is shown: %s", episode.uuid, problem)
        return None


def _heatmaps(episode: PlayerEpisode, rig: Rig) -> list[tuple[StreamSpec, TactileHeatmap]]:
    pads = {hand.side: hand.spec.pads for hand in rig.hands}
    found = []
    for spec in episode.streams():
        models = pads.get(spec.name.split("/")[0], ())
        if spec.kind == "taxels" and len(models) == spec.shape[0]:
            heatmap = TactileHeatmap(spec, models, stale_after_s=None)
            heatmap.setToolTip(f"{spec.name}: normal force of every taxel")
            found.append((spec, heatmap))
    return found
