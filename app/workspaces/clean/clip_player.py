"""Moves through the pictures of the shown clip and draws them: exact by number of the picture."""

from __future__ import annotations

import time
from bisect import bisect_right

from app.actions import ActionId
from app.workspaces.clean.clean_view import CleanView
from app.workspaces.clean.drawn_masks import DrawnMasks
from app.workspaces.clean.shown_clip import MaskPreview, ShownClip, ShownPicture
from recorder.cleaning.clip import CleanError
from recorder.cleaning.parameters import CleanParameters
from recorder.player.transport import Transport
from widgets.clean.clean_picture import View
from widgets.clean.sketch import Sketch, Tool

NS_PER_S = 1_000_000_000
VIEWS: dict[ActionId, View] = {
    ActionId.CLEAN_WIPE: "wipe",
    ActionId.CLEAN_SIDE: "side",
    ActionId.CLEAN_ALONE: "cleaned",
}
TOOLS: dict[ActionId, Tool] = {
    ActionId.CLEAN_LOOK: "look",
    ActionId.CLEAN_STROKE: "stroke",
    ActionId.CLEAN_OUTLINE: "polygon",
    ActionId.CLEAN_BOX: "box",
}
STEPS = {ActionId.CLEAN_STEP_BACK: -1, ActionId.CLEAN_STEP_FORWARD: 1}
ZOOMS: dict[ActionId, int | None] = {
    ActionId.CLEAN_FIT: None,
    ActionId.CLEAN_PIXELS_1: 1,
    ActionId.CLEAN_PIXELS_2: 2,
    ActionId.CLEAN_PIXELS_4: 4,
}
PANS = {
    ActionId.CLEAN_PAN_LEFT: (-1, 0),
    ActionId.CLEAN_PAN_RIGHT: (1, 0),
    ActionId.CLEAN_PAN_UP: (0, -1),
    ActionId.CLEAN_PAN_DOWN: (0, 1),
}
SECONDS = {ActionId.CLEAN_BACK_1S: -1, ActionId.CLEAN_FORWARD_1S: 1}
WIPE_STEP = 0.05


class ClipPlayer:
    """Draws one picture after the other.

    Parameters
    ----------
    view : CleanView
    """

    def __init__(self, view: CleanView) -> None:
        self.view = view
        self.clip: ShownClip | None = None
        self.sketch = Sketch()
        self.params = CleanParameters()
        self.transport = Transport(0)
        self.index = 0
        self.preview_ms = 0.0
        self.masks = DrawnMasks(view)
        self.masks.made.connect(self._draw_masks)
        view.picture.zoomed.connect(self.show_tools)
        self._shown: ShownPicture | None = None
        self._times: list[int] = []
        self._ticked_s = 0.0

    def set_clip(self, clip: ShownClip | None, sketch: Sketch) -> None:
        """Show another clip from its first picture."""
        self.clip, self.sketch = clip, sketch
        self.masks.forget()
        self._times = [] if clip is None else [int(one) for one in clip.times_ns()]
        speed = self.transport.speed
        self.transport = Transport(self._times[-1] if self._times else 0, self._times)
        self.transport.set_speed(speed)
        self.index = 0
        self.view.timeline.set_clip(len(self._times))
        self.show_result()

    def show_result(self) -> None:
        """The cleaned video came, changed or went."""
        clip = self.clip
        if clip is None or clip.video is None:
            self.view.timeline.set_figures(None, None, self.params.rekey_below)
        else:
            self.view.timeline.set_figures(
                clip.video.confidence, clip.video.residue, self.params.rekey_below
            )
        self.view.legend.set_shares({} if clip is None else clip.shares())
        self.show_marks()
        self.draw()

    def show_marks(self) -> None:
        """Show where was drawn, and where it would be worth it."""
        keys = [key.index for key in self.sketch.keyframes]
        self.view.timeline.set_marks(keys, self.suggested())

    def suggested(self) -> tuple[int, ...]:
        """Pictures that are worth drawing on."""
        return () if self.clip is None else self.clip.suggested(self.params.rekey_below)

    def set_params(self, params: CleanParameters) -> None:
        """Preview other choices."""
        limit_changed = params.rekey_below != self.params.rekey_below
        self.params = params
        if limit_changed:
            self.show_result()
        else:
            self._draw_masks()

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self.transport.playing

    def go_to(self, index: int) -> None:
        """Show a picture by its number."""
        if self._times:
            index = min(max(index, 0), len(self._times) - 1)
            self.transport.seek(self._times[index])
            self.index = index
            self.draw()

    def tick(self) -> None:
        """Move while playing."""
        now_s = time.monotonic()
        elapsed_s, self._ticked_s = now_s - self._ticked_s, now_s
        if not self.transport.playing:
            return
        self.transport.tick(min(elapsed_s, 0.5))
        self._follow()
        if not self.transport.playing:
            self.draw()

    def _follow(self) -> None:
        index = max(0, bisect_right(self._times, self.transport.time_ns) - 1)
        if index != self.index:
            self.index = index
            self.draw()

    def draw(self) -> None:
        """Draw the picture, its overlays and what was drawn on it."""
        view, clip = self.view, self.clip
        time_s = self._times[self.index] / NS_PER_S if self._times else 0.0
        view.play.show_place(
            self.index, len(self._times), time_s, self.transport.speed, self.transport.playing
        )
        view.timeline.set_index(self.index)
        self._shown = None
        if clip is None:
            view.picture.set_pictures(None)
            view.picture.set_key(None)
            return
        try:
            shown = clip.picture(self.index, view.picture.show_layers)
        except CleanError as error:
            view.picture.set_pictures(None)
            view.picture.set_empty("This picture cannot be read", str(error))
            return
        self._shown = shown
        view.picture.set_key(self.sketch.at(self.index))
        self._draw_masks()

    def _draw_masks(self) -> None:
        picture, clip, shown = self.view.picture, self.clip, self._shown
        if clip is None or shown is None:
            return
        found, working = None, False
        if picture.show_mask:
            key = self.sketch.at(self.index)
            drawn = None if key is None else self.masks.mask(shown.before, key)
            working = drawn is not None and drawn.working
            found = clip.preview(
                self.index, self.params, key, None if drawn is None else drawn.mask
            )
        after = shown.after
        if found is None:
            picture.set_mask(None)
        else:
            self.preview_ms = found.took_ms
            picture.set_mask(found.mask, found.grown)
            after = after if found.after is None else found.after
        picture.set_pictures(shown.before, after, shown.layers)
        picture.set_note(self._note(found, working))

    def _note(self, found: MaskPreview | None, working: bool) -> str:
        clip, picture = self.clip, self.view.picture
        if clip is None:
            return ""
        if working:
            return "Finding the operator from what was drawn ..."
        if clip.problem:
            return clip.problem
        if clip.video is None and picture.show_mask and found is None:
            return "No mask is known here yet: draw on the operator, or clean the episode."
        if clip.video is None and picture.tool == "look":
            return "Not cleaned yet: shown as recorded."
        if found is not None and found.after is not None:
            return "Margin and seam as chosen now: a preview, until the episode is cleaned again."
        return ""

    def perform(self, action: ActionId) -> bool:
        """Do what moves or shows; False when it is something else."""
        picture, transport = self.view.picture, self.transport
        if action in VIEWS:
            picture.set_view(VIEWS[action])
        elif action in TOOLS:
            picture.set_tool(TOOLS[action])
        elif action in ZOOMS:
            picture.set_zoom(ZOOMS[action])
        elif action in PANS:
            picture.pan(*PANS[action])
            return True
        elif action is ActionId.CLEAN_MASK:
            picture.set_overlays(not picture.show_mask, picture.show_layers)
        elif action is ActionId.CLEAN_LAYERS:
            picture.set_overlays(picture.show_mask, not picture.show_layers)
        elif action is ActionId.CLEAN_WIPE_LEFT:
            picture.set_wipe(picture.wipe - WIPE_STEP)
        elif action is ActionId.CLEAN_WIPE_RIGHT:
            picture.set_wipe(picture.wipe + WIPE_STEP)
        elif action is ActionId.CLEAN_PLAY:
            self._ticked_s = time.monotonic()
            if self._times:
                transport.toggle()
                self._follow()
        elif action in STEPS:
            transport.step(STEPS[action])
            self._follow()
        elif action in SECONDS:
            transport.seek(transport.time_ns + SECONDS[action] * NS_PER_S)
            self._follow()
        elif action is ActionId.CLEAN_BEGIN:
            self.go_to(0)
        elif action is ActionId.CLEAN_END:
            self.go_to(len(self._times) - 1)
        elif action is ActionId.CLEAN_SLOWER:
            transport.slower()
        elif action is ActionId.CLEAN_FASTER:
            transport.faster()
        elif action is ActionId.CLEAN_SPEED_1:
            transport.set_speed(1.0)
        else:
            return False
        self.show_tools()
        self.draw()
        return True

    def close(self) -> None:
        """Find no masks any more."""
        self.masks.made.disconnect(self._draw_masks)
        self.masks.close()

    def show_mask(self) -> None:
        """Turn the mask overlay on, so that a change of margin is seen."""
        picture = self.view.picture
        if not picture.show_mask:
            picture.set_overlays(True, picture.show_layers)
            self.show_tools()

    def show_tools(self) -> None:
        """Show on the buttons what is on."""
        picture = self.view.picture
        self.view.tools.show_state(
            picture.view,
            picture.tool,
            mask=picture.show_mask,
            layers=picture.show_layers,
            zoom=picture.zoom.pixels,
        )
