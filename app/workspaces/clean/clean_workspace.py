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
from app.workspaces.clean.choosing import Choosing
from app.workspaces.clean.clean_batch import CleanBatch
from app.workspaces.clean.clean_desk import CleanDesk
from app.workspaces.clean.clean_view import PLAY_ACTIONS, STATES, TOOL_ACTIONS, CleanView
from app.workspaces.clean.clip_player import ClipPlayer
from app.workspaces.clean.drawing import Drawing
from app.workspaces.clean.judging import Judging
from app.workspaces.clean.plugin_choice import PluginChoice
from app.workspaces.clean.shown_clip import ShownClip
from app.workspaces.workspace import Workspace
from recorder.cleaning.clip import CleanError
from recorder.cleaning.plan import CleanPlan
from recorder.dataset import open_dataset
from recorder.episode import EpisodeError
from widgets.clean.sketch import Sketch

LOOK_S = 0.008  # of every tenth of a second
ENDED_LOOK_S = 0.1  # at the end of a batch; what is left then is looked at as always
RELOAD_TICKS = 50  # 5 s


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
        self.drawing = Drawing(self.player, self.desk, say)
        self.batch = CleanBatch(self.view)
        self.plugins = PluginChoice(self.view, self.dataset, say)
        self.choosing = Choosing(self.view.parameters, self.desk, self.player, self.plugins, say)
        self.judging = Judging(self.desk, self.view.episodes, say)
        self.uuid = ""
        self._stamp: tuple[int, ...] = ()
        self._ticks = 0
        self._load_problem = ""
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
        view.take_back.clicked.connect(lambda: perform(ActionId.CLEAN_TAKE_BACK))
        view.clean.clicked.connect(lambda: perform(ActionId.CLEAN_THIS))
        view.episodes.episode_chosen.connect(self.open_episode)
        view.episodes.camera_chosen.connect(self.set_camera)
        view.episodes.clean_asked.connect(lambda: perform(ActionId.CLEAN_BATCH))
        view.episodes.pause_asked.connect(lambda: perform(ActionId.CLEAN_PAUSE))
        view.episodes.cancel_asked.connect(lambda: perform(ActionId.CLEAN_CANCEL))
        self.batch.progressed.connect(lambda _: self._show_batch())
        self.batch.finished.connect(self._on_finished)
        self.batch.failed.connect(self._on_failed)
        self.batch.ended.connect(self._on_ended)

    # episodes

    def _load(self) -> None:
        try:
            changed = self.desk.load()
        except OSError as error:  # what was read before stays on the screen
            if str(error) != self._load_problem:
                self._say(f"The episodes cannot be listed: {error}", "bad")
            self._load_problem = str(error)
            return
        self._load_problem = ""
        if changed:
            self.view.episodes.set_cameras(self.desk.cameras, self.desk.camera)
            self.view.episodes.set_rows(list(self.desk.rows.values()))

    def _show_nothing(self) -> None:
        self.player.set_clip(None, Sketch())
        self.view.parameters.setEnabled(False)
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
            sketch = self.desk.sketch(uuid)
            params, _ = self.desk.parameters(uuid)
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
        self.player.params = params
        self.player.set_clip(clip, sketch)
        self.view.parameters.setEnabled(True)
        self.choosing.show(uuid)
        self.view.play.title.setText(f"{row.number}  {row.task or 'free play'}")
        self._show_state()
        return True

    def _leave(self) -> None:
        self.choosing.forget()
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
        view.take_back.setEnabled(row is not None and row.state in ("accepted", "redo"))
        view.clean.setEnabled(row is not None and not self.batch.running)

    def _judged(self, done: bool) -> None:
        if done and self.uuid:
            self._stamp = self.desk.stamp(self.uuid)
            self._show_state()

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
        if self.choosing.changed:
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
        self._look(ENDED_LOOK_S)
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
            accepted = action is ActionId.CLEAN_ACCEPT
            self._judged(self.judging.give(self.uuid, "accepted" if accepted else "redo"))
        elif action is ActionId.CLEAN_TAKE_BACK:
            uuid = self.judging.take_back(self.uuid)
            if uuid and uuid != self.uuid:
                self.open_episode(uuid)
            self._judged(bool(uuid))
        elif action is ActionId.CLEAN_RESET_CHOICES:
            self.choosing.reset()
        elif action in (ActionId.CLEAN_SAVE_CAMERA, ActionId.CLEAN_SAVE_TASK):
            self.choosing.save(action is ActionId.CLEAN_SAVE_TASK)
        else:
            return False
        return True

    def switched(self) -> dict[ActionId, bool]:
        picture = self.view.picture
        return {
            ActionId.CLEAN_MASK: picture.show_mask,
            ActionId.CLEAN_LAYERS: picture.show_layers,
        }

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
