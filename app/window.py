"""The main window: status strip, workspaces, menus and the timers that keep them alive.

Timers
------
fast (16 ms)    the shown workspace draws the newest sample of every stream
slow (100 ms)   status, health, heartbeat to the supervisor, place of the STOP button
memory (10 s)   settings are saved when they changed

Record goes on while another workspace is shown: a running take, the heartbeat and STOP do not
depend on it. Review and Clean are made when they are first shown. A window without a session has
only those two.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import shiboken6
from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app.actions import ActionId, action, resolve_keys
from app.bindings import resolve_bindings
from app.controls import Controls, TakePlan
from app.gui_garbage import GuiGarbage
from app.job_display import JobDisplay
from app.jobs import JobRunner
from app.key_dialogs import change_keys, show_keys
from app.key_filter import KeyFilter
from app.keymap import Keymap
from app.pedals import Pedals
from app.session import Session
from app.session_watch import SessionWatch
from app.settings import Settings, save_settings
from app.window_menus import WindowMenus
from app.workspaces import WITHOUT_HAND, WORKSPACES, clean_class, review_class
from app.workspaces.record import RecordWorkspace
from app.workspaces.workspace import Workspace
from widgets.job_bar import JobBar
from widgets.status_strip import StatusStrip

FAST_MS = 16
SLOW_MS = 100
REMEMBER_MS = 10_000
MIN_SIZE = (1024, 700)
LIVE_ACTIONS = (ActionId.ARM_KINESTHETIC, ActionId.ARM_EXOSKELETON)
PLACES = {
    ActionId.SHOW_RECORD: "Record",
    ActionId.SHOW_REVIEW: "Review",
    ActionId.SHOW_CLEAN: "Clean",
}


class MainWindow(QMainWindow):
    """The program's window.

    Parameters
    ----------
    session : Session or None
        A started session; None for a window that reviews only.
    settings : Settings
        What is remembered; written when the window closes.
    settings_path : Path or None
        Where settings go; None remembers nothing.
    review_dataset : Path, optional
        Dataset that Review shows; by default the one that is recorded into.
    review : callable, optional
        Makes the Review workspace; by default the program's own, once it is first shown.
    """

    def __init__(
        self,
        session: Session | None,
        settings: Settings,
        settings_path: Path | None,
        *,
        review_dataset: Path | None = None,
        review: Callable[..., Workspace] | None = None,
    ) -> None:
        super().__init__()
        self._garbage = GuiGarbage(self)
        self.session = session
        self._settings, self._settings_path = settings, settings_path
        self._review_dataset = review_dataset
        self._make_review = review
        self.setWindowTitle(f"Thenar - {session.rig.name}" if session else "Thenar - review")
        keys, problems = resolve_keys(settings.keys)
        bindings, more = resolve_bindings(settings.bindings)
        self.keymap = Keymap(keys, settings.key_mode)
        names = WORKSPACES if session else WITHOUT_HAND
        self.strip = StatusStrip(names, keys[ActionId.STOP])
        self.controls: Controls | None = None
        self.record: RecordWorkspace | None = None
        self._watch: SessionWatch | None = None
        self._open: dict[str, Workspace] = {}
        self._stack = QStackedWidget()
        self.active: Workspace | None = None
        self.jobs = JobRunner(self)
        self._arrange()
        self.menus = WindowMenus(self, keys, self.perform, names)
        if session is not None:
            self._add_record(session, keys)
        else:
            self.strip.set_no_hand()
        self._key_filter = KeyFilter(
            self, self.keymap, self._place_name, self.perform, self._press_key
        )
        self.pedals = Pedals(bindings, settings.pedal_name, self)
        self.pedals.pressed.connect(self._on_pedal)
        self.pedals.lost_changed.connect(self._on_pedals_lost)
        self.strip.stop_requested.connect(lambda: self.perform(ActionId.STOP))
        self.strip.take_requested.connect(lambda: self.show_workspace("Record"))
        self.strip.workspace_selected.connect(self.show_workspace)
        self._remembered = ""
        self.next_rig = ""
        try:
            self._restore(names)
        except Exception:
            self._garbage.stop()
            shiboken6.delete(self)  # half made; taken apart by chance later it would crash Qt
            raise
        for problem in (*problems, *more):
            self.strip.show_message(problem, "warn")
        self._fast = self._timer(FAST_MS, self._on_fast, Qt.TimerType.PreciseTimer)
        self._slow = self._timer(SLOW_MS, self._on_slow, Qt.TimerType.CoarseTimer)
        self._memory = self._timer(REMEMBER_MS, self.remember, Qt.TimerType.VeryCoarseTimer)

    @property
    def workspace(self) -> RecordWorkspace:
        """The Record workspace of a window that has a session."""
        assert self.record is not None, "a window without a session has no Record workspace"
        return self.record

    def _arrange(self) -> None:
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self._stack, 1)
        bar = JobBar()
        self.strip.add_to_line(bar)
        self._job_display = JobDisplay(self.jobs, bar, self.strip.show_message)
        self.setCentralWidget(central)
        room = self.screen().availableSize()
        self.setMinimumSize(min(MIN_SIZE[0], room.width()), min(MIN_SIZE[1], room.height()))

    def _add_record(self, session: Session, keys: dict[ActionId, str]) -> None:
        self.strip.set_rig(session.rig.name)
        plan = TakePlan(operator_code=self._settings.operator_code)
        self.controls = Controls(session, plan, self.strip.show_message)
        say = self.strip.show_message
        self.record = RecordWorkspace(
            session, self.controls, self._settings, keys, self.perform, say
        )
        self._watch = SessionWatch(session, self, self.strip)
        self.menus.add_rigs(session.rig.name, self._open_rig)
        self._add(self.record)

    def _add(self, workspace: Workspace) -> None:
        self._open[workspace.name] = workspace
        self._stack.addWidget(workspace.widget)

    def _timer(self, interval_ms: int, slot: Callable[[], None], kind: Qt.TimerType) -> QTimer:
        timer = QTimer(self)
        timer.setTimerType(kind)
        timer.setInterval(interval_ms)
        timer.timeout.connect(slot)
        timer.start()
        return timer

    def _place_name(self) -> str:
        return self.active.name if self.active is not None else ""

    def opened(self, name: str) -> Workspace | None:
        """The workspace ``name`` if it has been shown already."""
        return self._open.get(name)

    def show_workspace(self, name: str) -> None:
        """Bring workspace ``name`` to the screen; what the other one does goes on."""
        if self.active is not None and name == self.active.name:
            return
        if name == "Record" and self.record is None:
            self.strip.show_message("No hand is connected; open a rig under File.", "warn")
            return
        if name not in self._open and not self._open_place(name):
            self.strip.select_workspace(self._place_name())
            return
        if self.active is not None:
            self.active.hidden()
        self.active = self._open[name]
        self._stack.setCurrentWidget(self.active.widget)
        self.menus.show_workspace(name, has_hand=self.session is not None)
        self.strip.select_workspace(name)
        self.active.shown()
        self._settings.workspace = name

    def _open_place(self, name: str) -> bool:
        """Make a workspace that shows a dataset; False when it cannot be made."""
        make = clean_class() if name == "Clean" else self._make_review or review_class()
        try:
            place = make(
                self._dataset(),
                self.session,
                self._settings,
                self.keymap.keys,
                self.perform,
                self.strip.show_message,
            )
        except (OSError, ValueError, RuntimeError) as error:
            if self.session is None and self.active is None:
                raise
            self.strip.show_message(f"{name} cannot open: {error}", "bad")
            return False
        place.use_jobs(self.jobs)
        place.restore(self._settings)
        self._add(place)
        return True

    def _dataset(self) -> Path:
        if self._review_dataset is not None:
            return self._review_dataset
        if self.session is not None:
            return Path(self.session.file.dataset_dir)
        return Path(self._settings.review_dataset or self._settings.dataset_dir)

    def perform(self, action_id: ActionId) -> None:
        """Do what the key, menu entry, button or pedal of an action does."""
        item = action(action_id)
        own: dict[ActionId, Callable[[], object]] = {
            ActionId.CHEAT_SHEET: lambda: show_keys(self, self.keymap, self.active),
            ActionId.CHANGE_KEYS: lambda: change_keys(self, self._settings, self.pedals),
            ActionId.QUIT: self.close,
        }
        if action_id in PLACES:
            self.show_workspace(PLACES[action_id])
        elif action_id in own:
            own[action_id]()
        elif not item.workspace:
            self._move_hand(action_id)
        elif self.active is None or item.workspace != self.active.name:
            self.strip.show_message(
                f"'{item.title}' belongs to {item.workspace}, which is not shown.", "warn"
            )
        elif not self.active.perform(action_id):
            reason = self.active.refusal(action_id)
            self.strip.show_message(reason or f"'{item.title}' has no meaning on this page.")

    def _move_hand(self, action_id: ActionId) -> None:
        if self.controls is None:
            self.strip.show_message("No hand is connected.", "warn")
            return
        self.controls.perform(action_id)
        if action_id in LIVE_ACTIONS:
            self.workspace.show_live()

    def _press_key(self, key: str) -> bool:
        return self.active is not None and self.active.press_key(key)

    def apply_keys(self) -> None:
        """Put the keys and bindings of the settings in force."""
        keys, problems = resolve_keys(self._settings.keys)
        bindings, more = resolve_bindings(self._settings.bindings)
        self.keymap.change(keys, self._settings.key_mode)
        self.menus.set_keys(keys)
        self.strip.set_stop_key(keys[ActionId.STOP])
        self.pedals.set_bindings(bindings)
        for workspace in self._open.values():
            workspace.set_keys(keys)
        for problem in (*problems, *more):
            self.strip.show_message(problem, "warn")
        self.remember()

    def _on_pedal(self, control: str) -> None:
        chosen = self.pedals.find(control, self._place_name())
        asking = QApplication.activeModalWidget() is not None
        if chosen is not None and (chosen is ActionId.STOP or not asking):
            self.perform(chosen)

    def _on_pedals_lost(self) -> None:
        self.strip.set_lost_pedals(self.pedals.lost)
        for name in self.pedals.lost:
            self.strip.show_message(
                f"'{name}' is not connected; what is bound to it needs the keyboard.", "warn"
            )

    def _open_rig(self, name: str) -> None:
        """Close this window; ``run_window``'s caller opens ``name`` next."""
        if self.session is None or name != self.session.rig.name:
            self.next_rig = name
            self.close()

    def _on_fast(self) -> None:
        if self.active is not None:
            self.active.tick()

    def _on_slow(self) -> None:
        if self._watch is not None:
            self._watch.follow()
        for workspace in self._open.values():
            workspace.refresh()
        if self.active is not None:
            self.menus.show_switches(self.active.switched())
        if self._watch is not None:
            self.strip.set_health(self.workspace.health.levels())
            self._watch.publish_stop_place()

    def _restore(self, names: tuple[str, ...]) -> None:
        settings = self._settings
        if self.record is not None:
            self.record.restore(settings)
        if settings.window_geometry:
            raw = QByteArray(base64.b64decode(settings.window_geometry, validate=False))
            self.restoreGeometry(raw)
        known = self.session is not None and settings.workspace in names
        self.show_workspace(settings.workspace if known else names[0])
        if self.active is None:
            self.show_workspace(names[0])

    def remember(self) -> None:
        """Write the window's state into the settings file."""
        settings = self._settings
        for workspace in self._open.values():
            workspace.remember(settings)
        settings.window_geometry = base64.b64encode(self.saveGeometry().data()).decode()
        text = settings.model_dump_json()
        if self._settings_path is not None and text != self._remembered:
            save_settings(settings, self._settings_path)
            self._remembered = text

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._key_filter.watch()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.remember()
        for timer in (self._fast, self._slow, self._memory):
            timer.stop()
        self.pedals.close()
        self.jobs.close()
        for workspace in self._open.values():
            workspace.close()
        self._garbage.stop()
        super().closeEvent(event)
