"""The main window: status strip, workspaces, menus and the timers that keep them alive.

Timers
------
fast (16 ms)    the newest sample of every stream is drawn
slow (100 ms)   status, health, heartbeat to the supervisor, place of the STOP button
memory (10 s)   settings are saved when they changed
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from app.actions import ACTIONS, MENUS, ActionId, resolve_keys
from app.controls import CLIENT, Controls, TakePlan
from app.last_take import LastTake
from app.session import ProcessPlan, Session
from app.settings import Settings, save_settings
from app.workspaces import WORKSPACES
from app.workspaces.record import SYNERGY_ACTIONS, RecordWorkspace
from devices.clock import NS_PER_S, now_ns
from devices.rig import rig_files
from recorder.dataset import Dataset
from widgets.shortcuts_sheet import ShortcutsSheet
from widgets.status_strip import StatusStrip
from widgets.theme import apply_theme

FAST_MS = 16
SLOW_MS = 100
REMEMBER_MS = 10_000
STATUS_LIMIT_S = 2.0
LIVE_ACTIONS = (ActionId.RECORD, ActionId.REDO, ActionId.ARM_KINESTHETIC, ActionId.ARM_EXOSKELETON)


class MainWindow(QMainWindow):
    """The program's window.

    Parameters
    ----------
    session : Session
        A started session.
    settings : Settings
        What is remembered; written when the window closes.
    settings_path : Path or None
        Where settings go; None remembers nothing.
    """

    def __init__(self, session: Session, settings: Settings, settings_path: Path | None) -> None:
        super().__init__()
        self.session = session
        self._settings, self._settings_path = settings, settings_path
        self.setWindowTitle(f"Thenar - {session.rig.name}")
        keys, problems = resolve_keys(settings.keys)
        self.strip = StatusStrip(WORKSPACES, keys[ActionId.STOP])
        self.strip.set_rig(session.rig.name)
        plan = TakePlan(operator_code=settings.operator_code)
        self.controls = Controls(session, plan, self.strip.show_message)
        self.workspace = RecordWorkspace(session, self.controls, keys, self.perform)
        self.last_take = LastTake(self.workspace.playback)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.workspace)
        self._arrange()
        self._make_menus(keys)
        self.strip.stop_requested.connect(lambda: self.perform(ActionId.STOP))
        self._places = session.bus.outbox("stop/place")
        self._seen_published: tuple[int, ...] | None = None
        self._play_when_verified: int | None = None
        self._recorder_message = ""
        self._operator_error = ""
        self._told_deaf = False
        self._seen_recovered: tuple[int, ...] = ()
        self._remembered = ""
        self.next_rig = ""
        self._restore()
        for problem in problems:
            self.strip.show_message(problem, "warn")
        self._fast = self._timer(FAST_MS, self.workspace.tick, Qt.TimerType.PreciseTimer)
        self._slow = self._timer(SLOW_MS, self._on_slow, Qt.TimerType.CoarseTimer)
        self._memory = self._timer(REMEMBER_MS, self.remember, Qt.TimerType.VeryCoarseTimer)

    def _arrange(self) -> None:
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self._stack, 1)
        self.setCentralWidget(central)
        self.setMinimumSize(1024, 700)

    def _make_menus(self, keys: dict[ActionId, str]) -> None:
        menus = {name: self.menuBar().addMenu(name) for name in MENUS}
        for item in ACTIONS:
            entry = menus[item.menu].addAction(item.title)
            entry.setShortcut(QKeySequence(keys[item.id]))
            if item.id is ActionId.STOP:
                entry.setShortcuts([QKeySequence(keys[item.id]), QKeySequence("Pause")])
            entry.setToolTip(item.hint)
            entry.setObjectName(item.id)
            entry.triggered.connect(lambda _=False, chosen=item.id: self.perform(chosen))
        self._keys = keys
        rigs = QMenu("Open rig", self)
        menus["File"].insertMenu(menus["File"].actions()[0], rigs)
        for name in rig_files():
            entry = rigs.addAction(name)
            entry.setCheckable(True)
            entry.setChecked(name == self.session.rig.name)
            entry.triggered.connect(partial(self._open_rig, name))

    def _timer(self, interval_ms: int, slot: Callable[[], None], kind: Qt.TimerType) -> QTimer:
        timer = QTimer(self)
        timer.setTimerType(kind)
        timer.setInterval(interval_ms)
        timer.timeout.connect(slot)
        timer.start()
        return timer

    def perform(self, action: ActionId) -> None:
        """Do what the key, menu entry, button or pedal of ``action`` does."""
        bar = self.workspace.bar
        own: dict[ActionId, Callable[[], object]] = {
            ActionId.RECORD: bar.press_record,
            ActionId.STOP_TAKE: bar.press_stop,
            ActionId.SUCCESS: bar.press_success,
            ActionId.FAILURE: bar.press_fail,
            ActionId.DISCARD: bar.press_discard,
            ActionId.UNDO_DISCARD: bar.press_undo_discard,
            ActionId.REDO: bar.press_redo,
            ActionId.PLAY_LAST: self._play_last,
            ActionId.AUTOPLAY: self._toggle_autoplay,
            ActionId.NEXT_TASK: lambda: self._step_task(1),
            ActionId.PREVIOUS_TASK: lambda: self._step_task(-1),
            ActionId.RESET_VIEW: self.workspace.hand.reset_view,
            ActionId.CHEAT_SHEET: self._show_keys,
            ActionId.QUIT: self.close,
        }
        own |= {item: partial(self._synergy, item) for item in SYNERGY_ACTIONS}
        if action in own:
            reason = self.controls.refusal(action)
            if reason:
                self.strip.show_message(reason, "warn")
            else:
                own[action]()
        elif self.controls.handles(action):
            self.controls.perform(action)
        if action in LIVE_ACTIONS:
            self.workspace.centre.setCurrentWidget(self.workspace.hand)

    def _open_rig(self, name: str, _: bool = False) -> None:
        """Close this window; ``run_window``'s caller opens ``name`` next."""
        if name != self.session.rig.name:
            self.next_rig = name
            self.close()

    def _toggle_autoplay(self) -> None:
        self._settings.autoplay = not self._settings.autoplay
        word = "on" if self._settings.autoplay else "off"
        self.strip.show_message(f"Playing every take once it is verified: {word}.")

    def _play_last(self) -> None:
        status, number = self.session.recorder.status, self.controls.last_episode
        if status is None or number is None:
            self.strip.show_message("There is no take to play yet.", "warn")
        elif number in status.published:
            self._play(number)
        else:
            self._play_when_verified = number
            self.strip.show_message(f"Episode {number} plays as soon as it is verified.")

    def _play(self, number: int) -> None:
        path = Dataset(self.session.file.dataset_dir, "").episode_path(number)
        self.last_take.play(path)
        self.workspace.centre.setCurrentWidget(self.workspace.playback)

    def _synergy(self, action: ActionId) -> None:
        exo = self.workspace.exo
        if exo is None:
            self.strip.show_message("This rig has no exoskeleton.", "warn")
        else:
            exo.press_synergy(action.value.removeprefix("exo."))

    def _step_task(self, step: int) -> None:
        combo = self.workspace.bar.tasks.combo
        if combo.count():
            combo.setCurrentIndex((combo.currentIndex() + step) % combo.count())

    def _show_keys(self) -> None:
        rows = [(item.title, self._keys[item.id], item.menu) for item in ACTIONS]
        sheet = ShortcutsSheet(rows, self)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.open()

    def _on_slow(self) -> None:
        session = self.session
        session.supervisor.heartbeat(CLIENT)
        session.poll()
        at_ns = now_ns()
        while session.problems:
            self.strip.show_message(session.problems.popleft(), "bad")
        self._report_operator()
        hand, disk = session.supervisor.status, session.recorder.status
        if hand is None or (at_ns - hand.stamp_ns) / NS_PER_S > STATUS_LIMIT_S:
            self.strip.set_supervisor(None)
            self.strip.set_real_time_factor(None)
        else:
            self.strip.set_supervisor(hand.state, hand.authority, hand.cause)
            self.strip.set_real_time_factor(hand.real_time_factor)
        self.strip.set_disk_minutes(disk.disk_minutes if disk else None)
        self.workspace.refresh()
        self.strip.set_health(self.workspace.health.levels())
        self._announce_published()
        self._publish_stop_place()

    def _announce_published(self) -> None:
        disk = self.session.recorder.status
        if disk is None:
            return
        if disk.message and disk.message != self._recorder_message:
            self.strip.show_message(disk.message, "warn")
        self._recorder_message = disk.message
        seen = self._seen_published
        self._seen_published = disk.published
        if disk.recovered != self._seen_recovered:
            self._seen_recovered = disk.recovered
            numbers = ", ".join(str(number) for number in disk.recovered)
            if numbers:
                self.strip.show_message(
                    f"Recording was interrupted; recovered as episode {numbers}.", "warn"
                )
        for number in disk.published if seen is not None else ():
            if number not in seen and number not in disk.recovered:
                self.strip.show_message(f"Episode {number} is verified: {disk.last_path}")
                self._play_verified(number)

    def _play_verified(self, number: int) -> None:
        """Play a take that has just been verified, if it was asked for or all are."""
        hand, disk = self.session.supervisor.status, self.session.recorder.status
        at_rest = bool(hand and disk) and hand.state != "ACTIVE" and disk.state == "idle"
        if number == self._play_when_verified or (self._settings.autoplay and at_rest):
            self._play_when_verified = None
            self._play(number)

    def _report_operator(self) -> None:
        """Say why a script or a replay ended, and when the STOP listener cannot listen."""
        status = self.session.operator.status
        error = status.error if status else ""
        if error and error != self._operator_error:
            self.strip.show_message(error, "warn")
        self._operator_error = error
        listener = self.session.health.get("stop", {})
        if listener.get("listening") is False and not self._told_deaf:
            self._told_deaf = True
            self.strip.show_message(
                "STOP works through this window only: raw keys cannot be heard here "
                f"({listener.get('reason', 'no X display')}).",
                "warn",
            )

    def _publish_stop_place(self) -> None:
        button = self.strip.stop_button
        corner = button.mapToGlobal(QPoint(0, 0))
        scale = self.devicePixelRatioF()
        visible = self.isVisible() and not self.isMinimized()
        rect = (
            [corner.x(), corner.y(), button.width(), button.height()] if visible else [0, 0, 0, 0]
        )
        self._places.send(
            {
                "rect": [round(value * scale) for value in rect],
                "window": int(self.winId()),
                "pid": os.getpid(),
            }
        )

    def _restore(self) -> None:
        settings = self._settings
        bar = self.workspace.bar
        bar.set_operator_code(settings.operator_code)
        if settings.task:
            bar.tasks.select(settings.task)
        bar.countdown_button.setChecked(settings.countdown)
        bar.sound_button.setChecked(settings.sound)
        bar.cue.connect(lambda _: QApplication.beep())
        for name, sizes in settings.splitters.items():
            splitter = self.workspace.splitters.get(name)
            if splitter is not None and len(sizes) == splitter.count():
                splitter.setSizes(sizes)
        if settings.window_geometry:
            raw = QByteArray(base64.b64decode(settings.window_geometry, validate=False))
            self.restoreGeometry(raw)
        self.workspace.lower_left.setCurrentIndex(settings.panels.get("lower_left", 0))
        self.workspace.touch.set_full_scale_n(settings.heatmap_full_scale_n)
        if not settings.show_operator:
            self.controls.perform(ActionId.TOGGLE_OPERATOR)

    def remember(self) -> None:
        """Write the window's state into the settings file."""
        settings, bar = self._settings, self.workspace.bar
        settings.rig = self.session.rig.name
        settings.dataset_dir = str(self.session.file.dataset_dir)
        settings.task = bar.tasks.combo.currentText()
        if bar.operator_code:
            settings.operator_code = bar.operator_code
        settings.countdown = bar.countdown_button.isChecked()
        settings.sound = bar.sound_button.isChecked()
        settings.show_operator = self.controls.operator_visible
        settings.splitters = {name: s.sizes() for name, s in self.workspace.splitters.items()}
        settings.window_geometry = base64.b64encode(self.saveGeometry().data()).decode()
        settings.panels = {"lower_left": self.workspace.lower_left.currentIndex()}
        settings.heatmap_full_scale_n = self.workspace.touch.full_scale_n()
        text = settings.model_dump_json()
        if self._settings_path is not None and text != self._remembered:
            save_settings(settings, self._settings_path)
            self._remembered = text

    def closeEvent(self, event: QCloseEvent) -> None:
        self.remember()
        for timer in (self._fast, self._slow, self._memory):
            timer.stop()
        self.workspace.close_streams()
        super().closeEvent(event)


def stop_listener_plan(key: str) -> ProcessPlan | None:
    """The STOP listener as a process of the session; None without an X display."""
    if sys.platform != "linux" or not os.environ.get("DISPLAY"):
        return None
    return ProcessPlan("stop", "app.stop_process", arguments=("--key", key), optional=True)


def run_window(
    session: Session,
    settings: Settings,
    settings_path: Path | None,
    problems: list[str],
    *,
    when_shown: Callable[[MainWindow], None] | None = None,
    size: tuple[int, int] | None = None,
) -> str:
    """Start ``session``, show the window until it closes, end the session.

    Parameters
    ----------
    session : Session
        Prepared, not started.
    settings, settings_path
        See ``MainWindow``.
    problems : list of str
        Sentences to show first, e.g. about damaged settings.
    when_shown : callable, optional
        Called with the window once it is on the screen.
    size : tuple of int, optional
        Width and height in pixels; by default the remembered ones or nearly the whole screen.

    Returns
    -------
    str
        Rig the user wants to open next; empty when the program is to end.
    """
    listener = stop_listener_plan(resolve_keys(settings.keys)[0][ActionId.STOP])
    if listener is not None:
        session.plans.append(listener)
    session.start()
    try:
        application = QApplication.instance() or QApplication(sys.argv[:1])
        assert isinstance(application, QApplication)
        application.setApplicationName("Thenar")
        apply_theme(application)
        window = MainWindow(session, settings, settings_path)
        if problems:
            window.strip.show_message(" ".join(problems), "warn")
        if size is not None:
            window.resize(*size)
        elif not settings.window_geometry:
            window.resize(application.primaryScreen().availableSize())
        window.show()
        if when_shown is not None:
            when_shown(window)
        application.exec()
        return window.next_rig
    finally:
        session.close()
