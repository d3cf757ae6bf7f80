"""The Record workspace: everything live, and the controls of a take.

Samples come in through one poller on the window's timer; orders go out through ``Controls``. The
workspace itself only arranges.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.actions import ActionId
from app.controls import Controls
from app.exo_intents import IntentPublisher
from app.hand_display import HandDisplay
from app.last_take import LastTake
from app.live_preview import LivePreview
from app.polling import StreamPoller
from app.session import Session
from app.settings import Settings
from app.take_announcer import TakeAnnouncer
from app.workspaces.camera_panel import CameraPanel
from app.workspaces.record_memory import remember_record, restore_record
from app.workspaces.record_status import cause_in_words, episode_state, fresh
from app.workspaces.touch_panel import TouchPanel
from devices.clock import now_ns
from devices.messages import RecorderStatus
from devices.stream import Sample
from policies.tasks import load_tasks
from widgets.episode_bar import EpisodeBar
from widgets.exo_panel import ExoPanel
from widgets.health_table import HealthTable, StreamHealth
from widgets.joint_chart import JointChart
from widgets.mode_panel import ModePanel
from widgets.playback_view import PlaybackView
from widgets.task_list import Task

SYNERGY_ACTIONS = tuple(item for item in ActionId if item.value.startswith("exo."))
BAR_KEYS = {
    "record": ActionId.RECORD,
    "stop": ActionId.STOP_TAKE,
    "success": ActionId.SUCCESS,
    "fail": ActionId.FAILURE,
    "discard": ActionId.DISCARD,
    "undo_discard": ActionId.UNDO_DISCARD,
    "redo": ActionId.REDO,
}
MODE_KEYS = {
    "enable": ActionId.ENABLE,
    "hold": ActionId.HOLD,
    "reset": ActionId.RESET,
    "arm_kinesthetic": ActionId.ARM_KINESTHETIC,
    "arm_exoskeleton": ActionId.ARM_EXOSKELETON,
}


class RecordWorkspace(QWidget):
    """The workspace of the demonstrator.

    Parameters
    ----------
    session : Session
        The running session.
    controls : Controls
        What the buttons do.
    settings : Settings
        What is remembered.
    keys : dict of ActionId to str
        Key of every action, shown on the buttons.
    perform : callable
        Performs an action as if its key had been pressed.
    say : callable
        Receives a sentence and its importance for the message line.
    """

    name = "Record"

    def __init__(
        self,
        session: Session,
        controls: Controls,
        settings: Settings,
        keys: dict[ActionId, str],
        perform: Callable[[ActionId], None],
        say: Callable[[str, str], None],
    ) -> None:
        super().__init__()
        self.widget = self
        self.session = session
        self._controls, self._settings = controls, settings
        self._perform, self._say = perform, say
        self._on_screen = False
        rig = session.rig
        self.poller = StreamPoller(session.bus)
        self.cameras = CameraPanel(rig, self.poller)
        self.preview = LivePreview(session, self.cameras, say)
        self.touch = TouchPanel(rig, self.poller)
        self.hand = HandDisplay(rig, session.bus, self.poller)
        self.charts = [JointChart(hand.spec, hand.control_rate_hz) for hand in rig.hands]
        for hand, chart in zip(rig.hands, self.charts, strict=True):
            self._connect_chart(hand.side, chart)
        self.health = HealthTable()
        self.playback = PlaybackView([pad for hand in rig.hands[:1] for pad in hand.spec.pads])
        self.playback.closed.connect(lambda: self.centre.setCurrentWidget(self.hand))
        sources = ["kinesthetic", *(["exoskeleton"] if rig.exoskeletons else [])]
        self.mode = ModePanel(sources, {name: keys[item] for name, item in MODE_KEYS.items()})
        tasks = [Task(task.name, task.instruction) for task in load_tasks()]
        self.bar = EpisodeBar(tasks, {name: keys[item] for name, item in BAR_KEYS.items()})
        self.intents = IntentPublisher(rig, session.bus)
        self.exo = ExoPanel(_synergy_keys(keys)) if rig.exoskeletons else None
        self.last_take = LastTake(self.playback)
        self._takes = TakeAnnouncer(session, settings, say, self._play)
        self._do = self._own_actions()
        self._connect_buttons()
        self._on_task(self.bar.tasks.combo.currentText())
        self._lay_out()
        for spec in rig.streams():
            if spec.kind in ("control", "encoders", "force"):
                self.poller.newest(spec, _ignore)

    def _connect_chart(self, side: str, chart: JointChart) -> None:
        rig = self.session.rig
        measured = rig.stream(f"{side}/joints_measured")
        sent = rig.stream(f"{side}/joints_sent")
        self.poller.every(measured, chart.show_measured)
        self.poller.every(sent, chart.show_sent)

    def _connect_buttons(self) -> None:
        perform, controls = self._perform, self._controls
        bar, mode = self.bar, self.mode
        bar.record_requested.connect(lambda: controls.perform(ActionId.RECORD))
        bar.stop_requested.connect(lambda: controls.perform(ActionId.STOP_TAKE))
        bar.outcome_requested.connect(self._on_outcome)
        bar.discard_requested.connect(lambda _: controls.perform(ActionId.DISCARD))
        bar.undo_discard_requested.connect(lambda: controls.perform(ActionId.UNDO_DISCARD))
        bar.redo_requested.connect(lambda _: controls.perform(ActionId.REDO))
        bar.task_changed.connect(self._on_task)
        bar.operator_code_changed.connect(self._on_operator)
        mode.enable_requested.connect(lambda: perform(ActionId.ENABLE))
        mode.hold_requested.connect(lambda: perform(ActionId.HOLD))
        mode.reset_requested.connect(lambda: perform(ActionId.RESET))
        mode.arm_requested.connect(lambda source: perform(MODE_KEYS[f"arm_{source}"]))
        if self.exo is not None:
            self.exo.intents_changed.connect(self.intents.set_intent)

    def _lay_out(self) -> None:
        self.centre = QStackedWidget()
        self.centre.addWidget(self.hand)
        self.centre.addWidget(self.playback)
        self.lower_left = QTabWidget()
        self.lower_left.setAccessibleName("joints and exoskeleton")
        sides = {"right": "Joints", "left": "Joints left"}
        for hand, chart in zip(self.session.rig.hands, self.charts, strict=True):
            self.lower_left.addTab(chart, sides[hand.side])
        if self.exo is not None:
            self.lower_left.addTab(self.exo, "Exoskeleton")
        left = self._column(self.cameras, self.lower_left)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.centre, 1)
        column.addWidget(self.mode)
        right = self._column(self.touch, self.health)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        for widget, stretch in ((left, 20), (middle, 15), (right, 16)):
            self.columns.addWidget(widget)
            self.columns.setStretchFactor(self.columns.count() - 1, stretch)
        self.columns.setChildrenCollapsible(False)
        self.splitters = {"columns": self.columns, "left": left, "right": right}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.columns, 1)
        layout.addWidget(self.bar)

    @staticmethod
    def _column(upper: QWidget, lower: QWidget) -> QSplitter:
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(upper)
        splitter.addWidget(lower)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        return splitter

    def _own_actions(self) -> dict[ActionId, Callable[[], object]]:
        bar = self.bar
        own: dict[ActionId, Callable[[], object]] = {
            ActionId.RECORD: bar.press_record,
            ActionId.STOP_TAKE: bar.press_stop,
            ActionId.SUCCESS: bar.press_success,
            ActionId.FAILURE: bar.press_fail,
            ActionId.DISCARD: bar.press_discard,
            ActionId.UNDO_DISCARD: bar.press_undo_discard,
            ActionId.REDO: bar.press_redo,
            ActionId.PLAY_LAST: lambda: self._takes.play(self._controls.last_episode),
            ActionId.AUTOPLAY: self._toggle_autoplay,
            ActionId.NEXT_TASK: lambda: self._step_task(1),
            ActionId.PREVIOUS_TASK: lambda: self._step_task(-1),
            ActionId.RESET_VIEW: self.hand.reset_view,
            ActionId.PREVIEW_CLEAN: self.preview.toggle,
        }
        return own | {item: partial(self._synergy, item) for item in SYNERGY_ACTIONS}

    def perform(self, action: ActionId) -> bool:
        """Do an action of this workspace; False when it is not one of its own."""
        if action not in self._do:
            if self._controls.handles(action):
                self._controls.perform(action)
                return True
            return False
        reason = self.refusal(action)
        if reason:
            self._say(reason, "warn")
        else:
            self._do[action]()
        if action in (ActionId.RECORD, ActionId.REDO):
            self.show_live()
        return True

    def refusal(self, action: ActionId) -> str:
        """Why ``action`` is impossible now, as a sentence; empty when it is possible."""
        return self._controls.refusal(action)

    def switched(self) -> dict[ActionId, bool]:
        return {ActionId.PREVIEW_CLEAN: self.preview.on}

    def show_live(self) -> None:
        """Bring the live hand back in place of the playback."""
        self.centre.setCurrentWidget(self.hand)

    def press_key(self, key: str) -> bool:
        """No key beside the action table."""
        return False

    def extra_keys(self) -> list[tuple[str, str, str]]:
        """No key beside the action table."""
        return []

    def set_keys(self, keys: dict[ActionId, str]) -> None:
        """Show other keys on the buttons."""
        self.bar.set_keys({name: keys[item] for name, item in BAR_KEYS.items()})
        self.mode.set_keys({name: keys[item] for name, item in MODE_KEYS.items()})
        if self.exo is not None:
            self.exo.set_keys(_synergy_keys(keys))

    def _toggle_autoplay(self) -> None:
        self._settings.autoplay = not self._settings.autoplay
        word = "on" if self._settings.autoplay else "off"
        self._say(f"Playing every take once it is verified: {word}.", "info")

    def _play(self, path: Path) -> None:
        if self._on_screen:
            self.last_take.play(path)
            self.centre.setCurrentWidget(self.playback)

    def _synergy(self, action: ActionId) -> None:
        if self.exo is None:
            self._say("This rig has no exoskeleton.", "warn")
        else:
            self.exo.press_synergy(action.value.removeprefix("exo."))

    def _step_task(self, step: int) -> None:
        combo = self.bar.tasks.combo
        if combo.count():
            combo.setCurrentIndex((combo.currentIndex() + step) % combo.count())

    def tick(self) -> None:
        """Draw what is new; called by the window's fast timer."""
        self.poller.tick()

    def refresh(self) -> None:
        """Follow status and the passing of time; called ten times a second, shown or not."""
        if not self._on_screen:
            self.poller.tick()  # ages and curves stay true behind another workspace
        self._controls.follow()
        at_ns = now_ns()
        for display in (*self.cameras.tiles, *self.touch.displays):
            display.refresh(at_ns)
        self.preview.refresh(at_ns)
        self.hand.refresh(at_ns)
        self.intents.publish()
        hand = fresh(self.session.supervisor.status, at_ns)
        disk = fresh(self.session.recorder.status, at_ns)
        self.mode.set_supervisor(
            hand.state if hand else None,
            hand.authority if hand else "none",
            cause_in_words(hand, self.session.rig) if hand else "",
        )
        if hand is not None:
            self.mode.set_counts(hand.rejects, hand.clamps)
        self.hand.set_teaching(bool(hand and hand.authority == "kinesthetic"))
        self.bar.set_state(episode_state(disk, self._controls.last_episode))
        self._show_health(disk)
        self._takes.follow()

    def shown(self) -> None:
        """Catch up with what came while another workspace was shown."""
        self.poller.tick()
        self._on_screen = True

    def hidden(self) -> None:
        """From now on samples are taken by ``refresh`` only."""
        self._on_screen = False

    def _show_health(self, disk: RecorderStatus | None) -> None:
        ages = self.poller.ages_s()
        rows = []
        for spec in self.session.rig.streams():
            rows.append(
                StreamHealth(
                    name=spec.name,
                    nominal_hz=spec.rate_hz,
                    rate_hz=disk.rates_hz.get(spec.name, 0.0) if disk else 0.0,
                    lost=disk.gaps.get(spec.name, 0) if disk else 0,
                    age_s=ages.get(spec.name, disk.ages_s.get(spec.name) if disk else None),
                    intermittent=spec.intermittent,
                )
            )
        self.health.set_health(rows)
        for tile in self.cameras.tiles:
            tile.set_gaps(disk.gaps.get(tile.spec.name, 0) if disk else 0)

    def all_live(self) -> bool:
        """Whether every picture, joint and touch stream has shown a sample."""
        wanted = {
            spec.name
            for spec in self.session.rig.streams()
            if spec.kind in ("image", "depth", "visuotactile", "taxels", "pressure")
            or spec.name.endswith("joints_measured")
        }
        return wanted <= set(self.poller.last_stamp_ns)

    def _on_outcome(self, outcome: str) -> None:
        action = ActionId.SUCCESS if outcome == "success" else ActionId.FAILURE
        self._controls.perform(action)

    def _on_task(self, name: str) -> None:
        task = self.bar.tasks.task
        self._controls.plan.task = name
        self._controls.plan.instruction = task.instruction if task else ""

    def _on_operator(self, code: str) -> None:
        self._controls.plan.operator_code = code

    def restore(self, settings: Settings) -> None:
        """Fill in what was remembered."""
        restore_record(self, settings)
        self.bar.cue.connect(lambda _: QApplication.beep())
        if not settings.show_operator:
            self._controls.perform(ActionId.TOGGLE_OPERATOR)

    def remember(self, settings: Settings) -> None:
        """Write what is to be kept into ``settings``."""
        remember_record(self, settings)
        settings.show_operator = self._controls.operator_visible

    def close(self) -> bool:
        """Give the bus queues and the played take back."""
        self.poller.close()
        self.last_take.close()
        return super().close()


def _synergy_keys(keys: dict[ActionId, str]) -> dict[str, str]:
    """Key of every synergy, by its name in ``policies.synergies``."""
    return {item.value.removeprefix("exo."): keys[item] for item in SYNERGY_ACTIONS}


def _ignore(sample: Sample) -> None:
    """Only the age of this stream is of interest."""
