"""The cameras of a rig in a grid that fills its space."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.polling import StreamPoller
from devices.rig import Rig
from devices.stream import StreamSpec
from widgets.camera_tile import CameraTile
from widgets.preview_tile import PreviewTile


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
        self._preview: PreviewTile | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        for tile in self.tiles:
            poller.newest(tile.spec, tile.show_sample)
        if not self.tiles:
            empty = QLabel("This rig has no cameras.")
            empty.setProperty("role", "dim")
            self._grid.addWidget(empty)
        self._arrange()

    def _arrange(self) -> None:
        shown = [*self.tiles]
        if self._preview is not None and not self._preview.isHidden():
            shown.append(self._preview)
        columns = 1 if len(shown) == 1 else 2
        for place, tile in enumerate(shown):
            last_alone = place == len(shown) - 1 and place % columns == 0
            span = columns if last_alone else 1
            self._grid.removeWidget(tile)
            self._grid.addWidget(tile, place // columns, place % columns, 1, span)

    def show_preview(self, spec: StreamSpec, title: str) -> PreviewTile:
        """Show a stream that is no camera of the rig beside the others."""
        if self._preview is None:
            self._preview = PreviewTile(spec, title)
            self._poller.newest(spec, self._preview.show_sample)
        self._preview.clear()
        self._preview.set_doubt("")
        self._preview.show()
        self._arrange()
        return self._preview

    def hide_preview(self) -> None:
        """Give its place back to the cameras."""
        if self._preview is not None:
            self._preview.hide()
            self._grid.removeWidget(self._preview)
            self._arrange()
