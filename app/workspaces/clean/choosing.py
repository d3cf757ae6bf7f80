"""The choices of a cleaning: seen while they change, saved per camera and task, and reset."""

from __future__ import annotations

from collections.abc import Callable

from app.workspaces.clean.clean_desk import CleanDesk
from app.workspaces.clean.clip_player import ClipPlayer
from app.workspaces.clean.plugin_choice import PluginChoice
from recorder.cleaning.clip import CleanError
from recorder.cleaning.parameters import ParameterSource
from widgets.clean.parameters_panel import ParametersPanel

SEEN_AT_ONCE = ("dilation_px", "shadow_px", "feather_px")


class Choosing:
    """Brings the panel of choices to the shown episode.

    Parameters
    ----------
    panel : ParametersPanel
    desk : CleanDesk
    player : ClipPlayer
        Previews the choices.
    plugins : PluginChoice
    say : callable
        Shows a sentence in the status strip.

    Attributes
    ----------
    changed : bool
        Whether what the panel shows was not saved.
    """

    def __init__(
        self,
        panel: ParametersPanel,
        desk: CleanDesk,
        player: ClipPlayer,
        plugins: PluginChoice,
        say: Callable[..., object],
    ) -> None:
        self._panel, self._desk, self._player = panel, desk, player
        self._plugins, self._say = plugins, say
        self._uuid = ""
        self._source: ParameterSource = "default"
        self.changed = False
        panel.changed.connect(self._on_changed)
        panel.save_asked.connect(self.save)
        panel.reset_asked.connect(self.reset)

    def show(self, uuid: str) -> None:
        """Show what is saved for an episode; raises ``CleanError``."""
        params, self._source = self._desk.parameters(uuid)
        self._uuid, self.changed = uuid, False
        clip = self._player.clip
        mounted = clip.clip.mode if clip is not None else "static"
        task = self._desk.episode(uuid).task
        self._panel.set_parameters(params, self._source, mounted, task)
        self._player.set_params(params)

    def forget(self) -> None:
        """No episode is shown."""
        self._uuid = ""

    def _on_changed(self) -> None:
        self.changed = True
        params = self._panel.parameters()
        self._plugins.ask(params)
        before = self._player.params
        if any(getattr(params, name) != getattr(before, name) for name in SEEN_AT_ONCE):
            self._player.show_mask()
        self._player.set_params(params)

    def save(self, for_task: bool) -> None:
        """Keep the choices for the camera, or for the camera in this task."""
        task = self._task()
        if task is None:
            return
        if for_task and not task:
            self._say("This episode has no task; save the choices for the camera.", "warn")
            return
        params, where = self._panel.parameters(), task if for_task else ""
        if self._done(lambda: self._desk.save_parameters(params, where), "saved"):
            if self._player.params != params:
                self._say(f"Saved; the task '{task}' has choices of its own, which go first.")
            else:
                what = f" in the task '{task}'" if where else ""
                self._say(f"Saved for {params.camera}{what}.")

    def reset(self) -> None:
        """Back to what is saved; pressed again, forget what is saved for the task, the camera."""
        task = self._task()
        if task is None:
            return
        camera = self._desk.camera
        if self.changed:
            self._done(lambda: None, "read")
        elif self._source == "task":
            if self._done(lambda: self._desk.forget_parameters(task), "forgotten"):
                self._say(f"Forgotten what was saved for {camera} in the task '{task}'.")
        elif self._source == "camera":
            if self._done(lambda: self._desk.forget_parameters(""), "forgotten"):
                self._say(f"Forgotten what was saved for {camera}.")
        else:
            self._say("These are the defaults already.")

    def _task(self) -> str | None:
        """Task of the shown episode; None when there is none, and says so."""
        if not self._uuid:
            self._say("Choose an episode first.", "warn")
            return None
        return self._desk.episode(self._uuid).task

    def _done(self, change: Callable[[], None], word: str) -> bool:
        try:
            change()
            self.show(self._uuid)
        except (CleanError, OSError) as error:
            self._say(f"The choices cannot be {word}: {error}", "bad")
            return False
        return True
