"""The Clean workspace: episodes and batch, pictures, choices.

What is long (cleaning) runs in a child process (``CleanBatch``); what is shown is read from the
stored results, a few of them at a time, so the window never waits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.actions import ActionId
from app.jobs import JobRunner
from app.session import Session
from app.settings import Settings
from app.workspaces.clean.clean_batch import CleanBatch
from app.workspaces.clean.clean_desk import CleanDesk
from app.workspaces.clean.clean_view import PLAY_ACTIONS, STATES, TOOL_ACTIONS, CleanView
from app.workspaces.clean.clip_player import ClipPlayer
from app.workspaces.clean.drawing import Drawing
from app.workspaces.clean.plugin_choice import PluginChoice
from app.workspaces.clean.shown_clip import ShownClip
from app.workspaces.workspace import Workspace
from recorder.cleaning.clip import CleanError
from recorder.cleaning.plan import CleanPlan
from recorder.dataset import open_dataset
from recorder.episode import EpisodeError
from widgets.clean.sketch import Sketch

LOOK_S = 0.008  # of every tenth of a second
RELOAD_TICKS = 50  # 5 s
SEEN_AT_ONCE = ("dilation_px", "shadow_px", "feather_px")


class CleanWorkspace(Workspace):
    """Cleaning of one dataset.

    Parameters
    ----------
    dataset_root : Path
        The dataset.
    session : Session or None
        Not used: no hand is needed.
    settings : Settings
        The reviewer's code goes with verdicts.
    keys : dict of ActionId to str
    perform : callable
        Performs an action as if its key had been pressed.
    say : callable
        Shows a sentence in the status strip.
    """

    name = "Clean"

    def __init__(
        self,
        dataset_root: Path,
        session: Session | None,
        settings: Settings,
        keys: dict[ActionId, str],
        perform: Callable[[ActionId], object],
        say: Callable[..., object],
    ) -> None:
        self._say, self._settings = say, settings
        self.dataset = open_dataset(dataset_root)
        self.desk = CleanDesk(self.dataset, settings.reviewer)
        self.view = CleanView()
        self.widget = self.view
        self.player = ClipPlayer(self.view)
        self.drawing = Drawing(self.player, self.desk, say, self.view.parameters.masks_by_drawing)
        self.batch = CleanBatch(self.view)
        self.plugins = PluginChoice(self.view, self.dataset, say)
        self.uuid = ""
        self._stamp: tuple[int, ...] = ()
        self._dirty = False
        self._ticks = 0
        self._connect(perform)
        self.set_keys(keys)
        self._load()
        self._show_nothing()

    def _connect(self, perform: Callable[[ActionId], object]) -> None:
        view = self.view
        view.tools.pressed.connect(lambda name: perform(TOOL_ACTIONS[name]))
        view.play.pressed.connect(lambda name: perform(PLAY_ACTIONS[name]))
        view.timeline.picture_asked.connect(self._go_to)
        view.accept.clicked.connect(lambda: perform(ActionId.CLEAN_ACCEPT))
        view.redo.clicked.connect(lambda: perform(ActionId.CLEAN_REDO))
        view.clean.clicked.connect(lambda: perform(ActionId.CLEAN_THIS))
        view.episodes.episode_chosen.connect(self.open_episode)
        view.episodes.camera_chosen.connect(self.set_camera)
        view.episodes.clean_asked.connect(lambda: perform(ActionId.CLEAN_BATCH))
        view.episodes.pause_asked.connect(lambda: perform(ActionId.CLEAN_PAUSE))
        view.episodes.cancel_asked.connect(lambda: perform(ActionId.CLEAN_CANCEL))
        view.parameters.changed.connect(self._on_parameters)
        view.parameters.save_asked.connect(self.save)
        self.batch.progressed.connect(lambda _: self._show_batch())
        self.batch.finished.connect(self._on_finished)
        self.batch.failed.connect(self._on_failed)
        self.batch.ended.connect(self._on_ended)

    # episodes

    def _load(self) -> None:
        if self.desk.load():
            self.view.episodes.set_cameras(self.desk.cameras, self.desk.camera)
            self.view.episodes.set_rows(list(self.desk.rows.values()))

    def _show_nothing(self) -> None:
        self.player.set_clip(None, Sketch())
        if not self.desk.episodes:
            self.view.picture.set_empty(
                "No episodes yet",
                "Record a take in Record (Ctrl+1), or open another dataset with "
                "'thenar review DATASET'.",
            )
        else:
            self.view.picture.set_empty("No episode chosen", "Choose one on the left.")
        self._show_state()

    def open_episode(self, uuid: str) -> bool:
        """Show an episode; False when it cannot be shown."""
        self._leave()
        try:
            row = self.desk.episode(uuid)
            place = self.desk.place(uuid)
            clip = ShownClip(self.desk.path_of(uuid), self.desk.camera, place.path)
            sketch = Sketch(self.desk.drawn(uuid))
            params, source = self.desk.parameters(uuid)
        except (CleanError, EpisodeError, KeyError, OSError) as error:
            self.view.episodes.show_current(uuid)
            self.uuid = ""
            self._show_nothing()
            self.view.picture.set_empty("This episode cannot be shown", str(error))
            return False
        self.uuid = uuid
        self._stamp = self.desk.stamp(uuid)
        self.desk.look_at(uuid)
        self.view.episodes.model.put(self.desk.rows[uuid])
        self.view.episodes.show_current(uuid)
        mounted = clip.clip.mode
        self._dirty = False
        self.view.parameters.set_parameters(params, source, mounted, row.task)
        self.player.params = params
        self.player.set_clip(clip, sketch)
        self.view.play.title.setText(f"{row.number}  {row.task or 'free play'}")
        self._show_state()
        return True

    def _leave(self) -> None:
        clip = self.player.clip
        self.player.clip = None
        if clip is not None:
            clip.close()

    def set_camera(self, camera: str) -> None:
        """Look at another camera of the dataset."""
        if camera == self.desk.camera:
            return
        self.desk.set_camera(camera)
        self.view.episodes.set_cameras(self.desk.cameras, camera)
        self.view.episodes.set_rows(list(self.desk.rows.values()))
        if self.uuid:
            self.open_episode(self.uuid)

    def _show_state(self) -> None:
        row = self.desk.rows.get(self.uuid)
        view = self.view
        view.state.setText("" if row is None else STATES.get(row.state, ""))
        said = [] if row is None else [one for one in (row.error, *row.warnings) if one]
        view.warnings.setText("\n\n".join(f"\N{WARNING SIGN} {one}" for one in said))
        view.warnings.setVisible(bool(said))
        judged = row is not None and row.state in ("proposed", "accepted", "redo")
        view.accept.setEnabled(judged)
        view.redo.setEnabled(judged)
        view.clean.setEnabled(row is not None and not self.batch.running)

    def _judge(self, accepted: bool) -> None:
        if not self.uuid:
            self._say("Choose an episode first.", "warn")
            return
        try:
            row = self.desk.judge(self.uuid, "accepted" if accepted else "redo")
        except CleanError as error:
            self._say(str(error), "warn")
            return
        if row is not None:
            self.view.episodes.model.put(row)
        self._stamp = self.desk.stamp(self.uuid)
        self.view.episodes.count()
        self._show_state()
        if accepted and not self.view.episodes.step(1):
            self._say("That was the last episode of the list.")

    # choices

    def _on_parameters(self) -> None:
        self._dirty = True
        params = self.view.parameters.parameters()
        self.plugins.ask(params)
        before = self.player.params
        if any(getattr(params, name) != getattr(before, name) for name in SEEN_AT_ONCE):
            self.player.show_mask()
        self.player.set_params(params)

    def save(self, for_task: bool) -> None:
        """Keep the choices for the camera, or for the camera in this task."""
        if not self.uuid:
            self._say("Choose an episode first.", "warn")
            return
        row = self.desk.episode(self.uuid)
        params = self.view.parameters.parameters()
        task = row.task if for_task else ""
        if for_task and not task:
            self._say("This episode has no task; save the choices for the camera.", "warn")
            return
        try:
            self.desk.save_parameters(params, task)
            kept, source = self.desk.parameters(self.uuid)
        except (CleanError, OSError) as error:
            self._say(f"The choices cannot be saved: {error}", "bad")
            return
        if kept != params:
            self._say(f"Saved; the task '{row.task}' has choices of its own, which go first.")
        clip = self.player.clip
        mounted = clip.clip.mode if clip is not None else "static"
        self._dirty = False
        self.view.parameters.set_parameters(kept, source, mounted, row.task)
        self.player.set_params(kept)

    # batch

    def clean(self, uuids: list[str], again: bool = False) -> bool:
        """Clean episodes (all when empty) with the saved choices, or those changed on the page."""
        if self.batch.running:
            self._say("A batch runs already; wait for it or cancel it.", "warn")
            return False
        if not self.desk.episodes:
            self._say("There is no episode to clean; record a take first.", "warn")
            return False
        numbers = tuple(self.desk.episode(uuid).number for uuid in uuids)
        panel = self.view.parameters
        chosen: dict[str, Any] = {}
        if self._dirty:
            chosen = panel.parameters().model_dump(mode="json", exclude={"camera"})
        plan = CleanPlan(
            dataset=self.dataset.root,
            cameras=(self.desk.camera,),
            episodes=numbers,
            parameters=chosen,
            masks_from=panel.masks_from if panel.masks.currentData() == "imported" else None,
            again=again,
            who=self._settings.reviewer,
        )
        count = len(numbers) or len(self.desk.episodes)
        title = f"Clean episode {numbers[0]}" if len(numbers) == 1 else f"Clean {count} episodes"
        if not self.batch.start(title, plan):
            return False
        self._show_batch()
        self._show_state()
        return True

    def _show_batch(self) -> None:
        if self.batch.running:
            self.view.episodes.show_batch(self.batch.progress, self.batch.paused)

    def _on_finished(self, result: dict[str, Any]) -> None:
        self.desk.note_outcomes(result.get("outcomes", []))
        words = [f"{result.get('cleaned', 0)} cleaned"]
        if result.get("finished_before"):
            words.append(f"{result['finished_before']} finished before")
        if result.get("failed"):
            first = next(one for one in result["outcomes"] if one["outcome"] == "failed")
            words.append(f"{result['failed']} failed; episode {first['number']}: {first['error']}")
        self.view.episodes.say(", ".join(words))

    def _on_failed(self, why: str) -> None:
        self.view.episodes.say(f"The batch failed: {why}")

    def _on_ended(self) -> None:
        unanswered = self.view.episodes.batch_shown
        self.view.episodes.show_idle()
        if unanswered:
            self.view.episodes.say("Cancelled; what was finished is kept, clean again to go on.")
        self._look(1.0)
        self._show_state()

    # what the window asks

    def perform(self, action: ActionId) -> bool:
        if self.player.perform(action) or self.drawing.perform(action):
            return True
        if action is ActionId.CLEAN_NEXT_EPISODE:
            if not self.view.episodes.step(1):
                self._say("That was the last one.")
        elif action is ActionId.CLEAN_PREVIOUS_EPISODE:
            if not self.view.episodes.step(-1):
                self._say("That is the first one.")
        elif action is ActionId.CLEAN_NEXT_CAMERA:
            self._next_camera()
        elif action is ActionId.CLEAN_MARK:
            if self.view.episodes.current:
                self.view.episodes.model.toggle(self.view.episodes.current)
        elif action is ActionId.CLEAN_BATCH:
            marked = self.view.episodes.model.marked
            self.clean([uuid for uuid in self.desk.rows if uuid in marked])
        elif action is ActionId.CLEAN_THIS:
            if self.uuid:
                self.clean([self.uuid], again=True)
        elif action is ActionId.CLEAN_PAUSE:
            if not self.batch.toggle_pause():
                self._say("No batch is running.")
            self._show_batch()
        elif action is ActionId.CLEAN_CANCEL:
            if not self.batch.cancel():
                self._say("No batch is running.")
        elif action in (ActionId.CLEAN_ACCEPT, ActionId.CLEAN_REDO):
            self._judge(action is ActionId.CLEAN_ACCEPT)
        elif action in (ActionId.CLEAN_SAVE_CAMERA, ActionId.CLEAN_SAVE_TASK):
            self.save(action is ActionId.CLEAN_SAVE_TASK)
        else:
            return False
        return True

    def _next_camera(self) -> None:
        cameras = self.desk.cameras
        if len(cameras) < 2:
            self._say("This dataset has one camera.")
            return
        self.set_camera(cameras[(cameras.index(self.desk.camera) + 1) % len(cameras)])

    def _go_to(self, index: int) -> None:
        self.player.transport.pause()
        self.player.go_to(index)

    def set_keys(self, keys: dict[ActionId, str]) -> None:
        self.view.set_keys(keys)

    def use_jobs(self, jobs: JobRunner) -> None:
        self.batch.jobs = jobs

    def tick(self) -> None:
        self.player.tick()

    def refresh(self) -> None:
        self._ticks += 1
        if self.batch.running and self._ticks % 5 == 0:
            self._show_batch()
        if not self.view.isVisible() or self.player.playing:
            return
        if self._ticks % RELOAD_TICKS == 0:
            self._load()
        self._look(LOOK_S)

    def _look(self, budget_s: float) -> None:
        changed = self.desk.look(budget_s)
        for row in changed:
            self.view.episodes.model.put(row)
        if changed:
            self.view.episodes.count()
        if not self.uuid:
            return
        stamp = self.desk.stamp(self.uuid)
        if stamp != self._stamp and self.player.clip is not None:
            self._stamp = stamp
            self.player.clip.open_cleaned(self.desk.place(self.uuid).path)
            self.player.show_result()
        if any(row.uuid == self.uuid for row in changed):
            self._show_state()

    def shown(self) -> None:
        self.desk.who = self._settings.reviewer
        self._load()
        self.plugins.load()
        if not self.uuid and self.desk.episodes:
            self.view.episodes.table.selectRow(0)
        self.view.picture.setFocus()

    def hidden(self) -> None:
        self.player.transport.pause()
        self.player.draw()

    def remember(self, settings: Settings) -> None:
        sizes = {"clean": self.view.splitter.sizes()}
        settings.splitters = settings.splitters | sizes

    def restore(self, settings: Settings) -> None:
        sizes = settings.splitters.get("clean", [])
        if len(sizes) == self.view.splitter.count() and all(sizes):
            self.view.splitter.setSizes(sizes)

    def close(self) -> None:
        self._leave()
        self.player.close()
        self.batch.close()
