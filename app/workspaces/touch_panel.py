"""The touch of one rig: heatmaps, pressure bars and gel pictures, whatever its hands have."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from app.polling import StreamPoller
from devices.rig import Rig, TactileConfig
from devices.stream import StreamSpec
from widgets.pressure_bars import PressureBars
from widgets.tactile_heatmap import TactileHeatmap
from widgets.visuotactile_tile import VisuotactileTile

GEL_COLUMNS = 2


class TouchPanel(QWidget):
    """All tactile displays of a rig, one block per hand and kind.

    Parameters
    ----------
    rig : Rig
        The open rig.
    poller : StreamPoller
        Where the displays get their samples.
    """

    def __init__(self, rig: Rig, poller: StreamPoller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heatmaps: list[TactileHeatmap] = []
        self.bars: list[PressureBars] = []
        self.gels: list[VisuotactileTile] = []
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        for touch in rig.tactile:
            self._add(rig, touch, poller)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        if rig.tactile:
            layout.addWidget(self._splitter)
        else:
            empty = QLabel("This rig has no tactile sensors.")
            empty.setProperty("role", "dim")
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(empty)

    def full_scale_n(self) -> float:
        """Force at full colour of the heatmaps, newtons; 0 when they choose by themselves."""
        if not self.heatmaps or self.heatmaps[0].auto_button.isChecked():
            return 0.0
        return self.heatmaps[0].range_n

    def set_full_scale_n(self, force_n: float) -> None:
        """Set the force at full colour of every heatmap; 0 keeps their own."""
        for heatmap in self.heatmaps if force_n > 0 else ():
            heatmap.set_range_n(force_n)

    @property
    def displays(self) -> Iterator[TactileHeatmap | PressureBars | VisuotactileTile]:
        """Every display, for refreshing."""
        yield from self.heatmaps
        yield from self.bars
        yield from self.gels

    def _add(self, rig: Rig, touch: TactileConfig, poller: StreamPoller) -> None:
        hand = rig.hand(touch.side).spec
        pads = [pad for pad in hand.pads if pad.kind == touch.kind]
        if touch.kind == "taxels":
            spec = rig.stream(f"{touch.side}/taxels")
            heatmap = TactileHeatmap(spec, pads, touch.sensor.saturation_n)
            self.heatmaps.append(heatmap)
            self._show(spec, heatmap, poller)
        elif touch.kind == "pressure":
            spec = rig.stream(f"{touch.side}/fingertip_pressure")
            bars = PressureBars(spec)
            self.bars.append(bars)
            self._show(spec, bars, poller)
        else:
            self._add_gels(rig, touch, [pad.finger for pad in pads], poller)

    def _show(
        self, spec: StreamSpec, widget: TactileHeatmap | PressureBars, poller: StreamPoller
    ) -> None:
        self._splitter.addWidget(widget)
        poller.newest(spec, widget.show_sample)

    def _add_gels(
        self, rig: Rig, touch: TactileConfig, fingers: list[str], poller: StreamPoller
    ) -> None:
        block = QWidget()
        grid = QGridLayout(block)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for place, finger in enumerate(fingers):
            spec = rig.stream(f"{touch.side}_{finger}/visuotactile")
            tile = VisuotactileTile(spec)
            self.gels.append(tile)
            grid.addWidget(tile, place // GEL_COLUMNS, place % GEL_COLUMNS)
            poller.newest(spec, tile.show_sample)
        self._splitter.addWidget(block)
