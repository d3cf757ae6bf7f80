"""Everything to make an episode: task, operator, number, timer, lamp and the buttons.

Buttons and keys go the same way: the window's actions call the ``press_*`` methods that the
buttons call. Discard takes two presses, the second within three seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.episode_state import EpisodeState
from widgets.operator_code import OperatorCode
from widgets.recording_lamp import RecordingLamp
from widgets.task_list import Task, TaskList
from widgets.theme import icon, restyle

ARMED_MS = 3000
COUNTDOWN_S = 3


class EpisodeBar(QFrame):
    """Controls of the take.

    Parameters
    ----------
    tasks : sequence of Task
        Tasks to choose from.
    keys : mapping of str to str
        Key of each action (``record``, ``stop``, ``success``, ``fail``, ``discard``,
        ``undo_discard``, ``redo``) as shown on its button.
    """

    record_requested = Signal()
    stop_requested = Signal()
    outcome_requested = Signal(str)  # "success" or "failure"
    discard_requested = Signal(int)
    undo_discard_requested = Signal()
    redo_requested = Signal(int)
    task_changed = Signal(str)
    operator_code_changed = Signal(str)  # "" when it is no longer valid
    countdown_changed = Signal(bool)
    sound_changed = Signal(bool)
    cue = Signal(str)  # "tick", "start", "stop": for a sound, when sound is on

    def __init__(
        self,
        tasks: Sequence[Task] = (),
        keys: Mapping[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._keys = dict(keys or {})
        self._captions: dict[str, tuple[QPushButton, str]] = {}
        self._state = EpisodeState()
        self._countdown_left = 0
        self._armed_timer = QTimer(self)
        self._armed_timer.setSingleShot(True)
        self._armed_timer.setInterval(ARMED_MS)
        self._armed_timer.timeout.connect(self.disarm_discard)
        self._countdown_timer = QTimer(self)
        self._countdown_timer.setInterval(1000)
        self._countdown_timer.timeout.connect(self._on_countdown)
        self._build_fields(tasks)
        self._build_buttons()
        self._lay_out()
        self.set_state(self._state)

    def _build_fields(self, tasks: Sequence[Task]) -> None:
        self.tasks = TaskList(tasks)
        self.tasks.task_changed.connect(self.task_changed)
        self.code_edit = OperatorCode()
        self.code_edit.code_changed.connect(self.operator_code_changed)
        self.code_edit.textChanged.connect(self._on_code_typed)
        self.episode_label = QLabel()
        self.timer_label = QLabel()
        self.timer_label.setProperty("role", "figure")
        self.timer_label.setMinimumWidth(72)
        self.note = QLabel()
        self.note.setProperty("role", "dim")
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.lamp = RecordingLamp()
        self.countdown_button = self._switch(
            "timer", f"Count down {COUNTDOWN_S} s before recording"
        )
        self.countdown_button.toggled.connect(self.countdown_changed)
        self.sound_button = self._switch("sound", "Sound at countdown, start and stop")
        self.sound_button.toggled.connect(self.sound_changed)

    def _build_buttons(self) -> None:
        self.record_button = self._button("record", "Record", "record", self.press_record)
        self.record_button.setProperty("primary", True)
        self.stop_button = self._button("stop", "Stop", "stop", self.press_stop)
        self.success_button = self._button("success", "Success", "success", self.press_success)
        self.fail_button = self._button("fail", "Fail", "fail", self.press_fail)
        self.discard_button = self._button("discard", "Discard", "discard", self.press_discard)
        self.undo_button = self._button("undo_discard", "Undo", "undo", self.press_undo_discard)
        self.redo_button = self._button("redo", "Redo", "redo", self.press_redo)
        for button in (self.success_button, self.fail_button):
            button.setCheckable(True)

    def _button(self, action: str, text: str, picture: str, slot) -> QPushButton:
        button = QPushButton(icon(picture), self._with_key(action, text))
        button.setIconSize(QSize(14, 14))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(slot)
        self._captions[action] = (button, text)
        return button

    def _with_key(self, action: str, text: str) -> str:
        key = self._keys.get(action, "")
        return f"{text}  {key}" if key else text

    def _switch(self, picture: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(picture))
        button.setCheckable(True)
        button.setToolTip(tip)
        button.setProperty("compact", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.toggled.connect(
            lambda on: button.setIcon(icon(picture, "on_accent" if on else "text"))
        )
        return button

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(_dim("task"))
        first.addWidget(self.tasks, 1)
        first.addSpacing(8)
        first.addWidget(_dim("operator"))
        first.addWidget(self.code_edit)
        first.addSpacing(8)
        first.addWidget(self.countdown_button)
        first.addWidget(self.sound_button)
        second = QHBoxLayout()
        second.setSpacing(8)
        second.addWidget(self.lamp)
        second.addWidget(self.episode_label)
        second.addWidget(self.timer_label)
        second.addWidget(self.note, 1)
        for button in (
            self.record_button, self.stop_button, self.success_button, self.fail_button,
            self.redo_button, self.discard_button, self.undo_button,
        ):  # fmt: skip
            second.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addLayout(first)
        layout.addLayout(second)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def operator_code(self) -> str:
        """The operator's pseudonym, or an empty string while it is empty or not valid."""
        return self.code_edit.code

    @property
    def counting_down(self) -> bool:
        """Whether a countdown to a take is running."""
        return self._countdown_left > 0

    @property
    def discard_armed(self) -> bool:
        """Whether the next press on discard discards."""
        return self._armed_timer.isActive()

    def set_operator_code(self, code: str) -> None:
        """Fill in ``code``, e.g. from the settings."""
        self.code_edit.setText(code)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Show other keys on the buttons."""
        self._keys = dict(keys)
        for action, (button, text) in self._captions.items():
            button.setText(self._with_key(action, text))

    def set_state(self, state: EpisodeState) -> None:
        """Show ``state``: texts, which buttons work, and why the others do not."""
        if state.last_episode != self._state.last_episode or state.recorder != self._state.recorder:
            self.disarm_discard()
        self._state = state
        live = state.recorder == "recording"
        number = state.episode if live and state.episode is not None else state.next_episode
        self.lamp.set_lit(live)
        _set_text(self.episode_label, f"episode {number}")
        _set_text(self.timer_label, _clock_text(state.elapsed_s))
        _set_text(self.note, self._note_text())
        self.note.setToolTip(self.note.text())  # whole where the line has no room for it
        ready = self._why_not_record()
        self._allow(self.record_button, ready, "Start a take; the second before the press is kept")
        if self.counting_down:
            self.record_button.setEnabled(True)
        self._allow(self.stop_button, "" if live else "nothing is being recorded", "End the take")
        have = "" if live or state.last_episode is not None else "no take yet"
        self._allow(self.success_button, have, "Mark the take as a success")
        self._allow(self.fail_button, have, "Mark the take as a failure")
        self._allow(self.discard_button, have, "Move the take to the trash: press twice")
        self._allow(self.redo_button, have or ready, "Record again under the same number")
        undo = "" if state.discarded is not None else "nothing was discarded"
        self._allow(self.undo_button, undo, f"Bring back episode {state.discarded}")
        self.success_button.setChecked(not have and state.outcome == "success")
        self.fail_button.setChecked(not have and state.outcome == "failure")
        for button, picture in ((self.success_button, "success"), (self.fail_button, "fail")):
            button.setIcon(icon(picture, "on_accent" if button.isChecked() else "text"))

    def _why_not_record(self) -> str:
        state = self._state
        reasons = {
            "absent": "the recorder does not answer",
            "recording": "a take is being recorded",
            "stopping": "the take is being closed",
            "error": state.blocked or "the recorder reports an error",
        }
        return reasons.get(state.recorder, state.blocked) or self.code_edit.problem

    def _note_text(self) -> str:
        state = self._state
        if self.counting_down:
            return f"recording in {self._countdown_left} \N{HORIZONTAL ELLIPSIS}"
        if state.recorder == "absent":
            return "waiting for the recorder"
        if state.blocked and state.recorder != "recording":
            return state.blocked
        if state.recorder == "idle" and self.code_edit.problem:
            return self.code_edit.problem
        if state.finalising:
            return f"verifying {state.finalising} in the background"
        if state.discarded is not None:
            return f"episode {state.discarded} is in the trash"
        return ""

    @staticmethod
    def _allow(button: QPushButton, why_not: str, tip: str) -> None:
        button.setEnabled(not why_not)
        button.setToolTip(f"Not now: {why_not}" if why_not else tip)

    def press_record(self) -> None:
        """Start a take, or the countdown to it; a press during the countdown cancels it."""
        if self.counting_down:
            self._end_countdown()
        elif self._why_not_record():
            return
        elif self.countdown_button.isChecked():
            self._countdown_left = COUNTDOWN_S
            self._countdown_timer.start()
            self._cue("tick")
            self.record_button.setText(self._with_key("record", f"Cancel {COUNTDOWN_S}"))
            self.set_state(self._state)
        else:
            self._cue("start")
            self.record_requested.emit()

    def press_stop(self) -> None:
        """End the take."""
        if self._state.recorder == "recording":
            self._cue("stop")
            self.stop_requested.emit()

    def press_success(self) -> None:
        """Mark the take as a success."""
        self._press_outcome("success")

    def press_fail(self) -> None:
        """Mark the take as a failure."""
        self._press_outcome("failure")

    def _press_outcome(self, outcome: str) -> None:
        if self._state.recorder == "recording" or self._state.last_episode is not None:
            self.outcome_requested.emit(outcome)
        self.set_state(self._state)

    def press_discard(self) -> None:
        """Arm discard; pressed again within three seconds, discard."""
        state = self._state
        number = state.episode if state.recorder == "recording" else state.last_episode
        if number is None:
            return
        if self.discard_armed:
            self.disarm_discard()
            self.discard_requested.emit(number)
            return
        self._armed_timer.start()
        restyle(self.discard_button, "armed", True)
        self.discard_button.setIcon(icon("discard", "on_accent"))
        self.discard_button.setText(f"Discard {number}? again")

    def disarm_discard(self) -> None:
        """Forget the first press on discard."""
        self._armed_timer.stop()
        restyle(self.discard_button, "armed", False)
        self.discard_button.setIcon(icon("discard"))
        self.discard_button.setText(self._with_key("discard", "Discard"))

    def press_undo_discard(self) -> None:
        """Bring back what was discarded last."""
        if self._state.discarded is not None:
            self.undo_discard_requested.emit()

    def press_redo(self) -> None:
        """Record the last take again under its number."""
        if self.redo_button.isEnabled() and self._state.last_episode is not None:
            self.redo_requested.emit(self._state.last_episode)

    def _on_countdown(self) -> None:
        self._countdown_left -= 1
        if self._countdown_left > 0:
            self._cue("tick")
            self.record_button.setText(self._with_key("record", f"Cancel {self._countdown_left}"))
            self.set_state(self._state)
            return
        self._end_countdown()
        if not self._why_not_record():
            self._cue("start")
            self.record_requested.emit()

    def _end_countdown(self) -> None:
        self._countdown_left = 0
        self._countdown_timer.stop()
        self.record_button.setText(self._with_key("record", "Record"))
        self.set_state(self._state)

    def _cue(self, name: str) -> None:
        if self.sound_button.isChecked():
            self.cue.emit(name)

    def _on_code_typed(self, text: str) -> None:
        self.set_state(self._state)


def _dim(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "dim")
    return label


def _set_text(label: QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)


def _clock_text(elapsed_s: float) -> str:
    minutes, seconds = divmod(max(0.0, elapsed_s), 60)
    return f"{int(minutes):02d}:{seconds:04.1f}"
