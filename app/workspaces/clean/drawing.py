"""Drawing on pictures: strokes, outline, box, key frames; kept with every change."""

from __future__ import annotations

from collections.abc import Callable

from app.actions import ActionId
from app.workspaces.clean.clean_desk import CleanDesk
from app.workspaces.clean.clip_player import ClipPlayer
from recorder.cleaning.clip import CleanError


class Drawing:
    """Brings the mouse and the keys to the sketch of the shown clip.

    Parameters
    ----------
    player : ClipPlayer
    desk : CleanDesk
        Keeps what was drawn.
    say : callable
        Shows a sentence in the status strip.
    """

    def __init__(
        self,
        player: ClipPlayer,
        desk: CleanDesk,
        say: Callable[..., object],
    ) -> None:
        self._player, self._desk, self._say = player, desk, say
        view = player.view
        view.picture.stroke_drawn.connect(self._on_stroke)
        view.picture.polygon_drawn.connect(self._on_polygon)
        view.picture.box_drawn.connect(self._on_box)
        view.tools.brush_changed.connect(self._on_brush)

    def perform(self, action: ActionId) -> bool:
        """Do what draws or goes to drawn pictures; False when it is something else."""
        player = self._player
        if action is ActionId.CLEAN_NOBODY:
            if player.clip is not None:
                player.sketch.set_nobody(player.index)
                self._changed()
        elif action is ActionId.CLEAN_REMOVE:
            if player.sketch.remove(player.index):
                self._changed()
            else:
                self._say("Nothing was drawn on this picture.")
        elif action is ActionId.CLEAN_UNDO:
            self._moved(player.sketch.undo(), "There is nothing to undo.")
        elif action is ActionId.CLEAN_REDO_DRAWING:
            self._moved(player.sketch.redo(), "Nothing was undone.")
        elif action is ActionId.CLEAN_NEXT_UNSURE:
            self._go(player.suggested(), 1, "No picture is unsure; nothing needs drawing.")
        elif action is ActionId.CLEAN_NEXT_DRAWN:
            self._go(self._drawn(), 1, "Nothing was drawn on this episode yet.")
        elif action is ActionId.CLEAN_PREVIOUS_DRAWN:
            self._go(self._drawn(), -1, "Nothing was drawn on this episode yet.")
        else:
            return False
        return True

    def _moved(self, index: int | None, otherwise: str) -> None:
        """A change was taken back, or done again, on picture ``index``: it is shown."""
        if index is None:
            self._say(otherwise)
            return
        self._player.transport.pause()
        self._player.go_to(index)
        self._changed()

    def _drawn(self) -> tuple[int, ...]:
        return tuple(key.index for key in self._player.sketch.keyframes)

    def _go(self, places: tuple[int, ...], direction: int, otherwise: str) -> None:
        """To the next of ``places``, round the end."""
        if not places:
            self._say(otherwise)
            return
        at = self._player.index
        if direction > 0:
            target = next((one for one in places if one > at), places[0])
        else:
            target = next((one for one in reversed(places) if one < at), places[-1])
        self._player.transport.pause()
        self._player.go_to(target)

    def _on_brush(self, width_px: int) -> None:
        self._player.view.picture.brush_px = float(width_px)

    def _on_stroke(self, line: tuple[tuple[float, float], ...], operator: bool) -> None:
        player = self._player
        brush_px = player.view.picture.brush_px
        player.sketch.add_stroke(player.index, line, operator, brush_px)
        self._changed()

    def _on_polygon(self, polygon: tuple[tuple[float, float], ...]) -> None:
        self._player.sketch.set_polygon(self._player.index, polygon)
        self._changed()

    def _on_box(self, box: tuple[float, float, float, float]) -> None:
        self._player.sketch.set_box(self._player.index, box)
        self._changed()

    def _changed(self) -> None:
        player = self._player
        if player.clip is None:
            return
        uuid = str(player.clip.clip.episode.attributes["uuid"])
        try:
            self._desk.save_sketch(uuid, player.sketch)
        except (CleanError, OSError) as error:
            self._say(f"The drawing cannot be kept: {error}", "bad")
        player.show_mask()
        player.show_marks()
        player.draw()
