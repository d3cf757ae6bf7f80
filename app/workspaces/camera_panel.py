"""The cameras of a rig in a grid that fills its space."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.polling import StreamPoller
from devices.rig import Rig
from devices.stream import StreamSpec
from widgets.camera_tile import CameraTile


class CameraPanel(QWidget):
    """One tile per colour and depth stream.

    Parameters
    ----------
    rig : Rig
        The open rig.
    poller : StreamPoller
        Where the tiles get their samples.
    """

    def __init__(self, rig: Rig, poller: StreamPoller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        stale = {f"camera_{camera.name}": camera.stale_after_s for camera in rig.cameras}
        self.tiles = [
            CameraTile(spec, stale_after_s=stale[spec.device])
            for spec in rig.streams()
            if spec.kind in ("image", "depth") and spec.device in stale
        ]
        self._poller = poller
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        columns = 1 if len(self.tiles) == 1 else 2
        for place, tile in enumerate(self.tiles):
            last_alone = place == len(self.tiles) - 1 and place % columns == 0
            grid.addWidget(tile, place // columns, place % columns, 1, columns if last_alone else 1)
            poller.newest(tile.spec, tile.show_sample)
        if not self.tiles:
            empty = QLabel("This rig has no cameras.")
            empty.setProperty("role", "dim")
            grid.addWidget(empty)

    def show_preview(self, spec: StreamSpec, title: str) -> CameraTile:
        """Add a tile for a stream that is no camera of the rig, under the others."""
        tile = CameraTile(spec, title)
        self._poller.newest(spec, tile.show_sample)
        self._grid.addWidget(tile, self._grid.rowCount(), 0, 1, self._grid.columnCount())
        return tile
