"""The strip on top of every workspace: tabs, rig, state, authority, health, disk, STOP.

STOP acts on press, not on release: a finger that slips off the button still stops the hand.
Messages appear on one line under the strip and stay in a history; there are no dialogs. What went
wrong is not talked over: while a warning or an error has its time, lesser messages go into the
history only.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from devices.messages import HandState
from widgets.marks import SEVERITY, WORDS, Level, paint_mark
from widgets.theme import color, font, icon, restyle

Importance = Literal["info", "warn", "bad"]
HISTORY_LINES = 40
MESSAGE_S = {"info": 6.0, "warn": 10.0, "bad": 20.0}
BAD_LEAST_S = 10.0  # not even a warning takes the line from an error sooner
FEW_MINUTES = 15.0
REAL_TIME_LEAST = 0.95
STATE_LEVELS: dict[str, Level] = {
    "OFF": "off",
    "HOLD": "late",
    "ACTIVE": "ok",
    "FAULT": "gone",
    "STOPPED": "stale",
}
STATE_MEANS = {
    "OFF": "torque is off",
    "HOLD": "the hand holds its pose and listens to nobody",
    "ACTIVE": "the hand follows the source in authority",
    "FAULT": "stopped by a fault and latched; reset leads to HOLD",
    "STOPPED": "stopped by a person and latched; reset leads to HOLD",
    "": "the supervisor has not answered yet",
}


class _Marked(QWidget):
    """A mark with a word."""

    def __init__(self, text: str = "", bold: bool = False) -> None:
        super().__init__()
        self.level: Level = "off"
        self.text = text
        self._font = font(13, bold=bold)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_state(self, level: Level, text: str) -> None:
        if (level, text) != (self.level, self.text):
            longer = len(text) != len(self.text)
            self.level, self.text = level, text
            if longer:
                self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(20 + QFontMetrics(self._font).horizontalAdvance(self.text), 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(16, 24)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        paint_mark(painter, QRectF(0, self.height() / 2 - 6, 12, 12), self.level)
        painter.setFont(self._font)
        painter.setPen(color("text"))
        room = self.rect().adjusted(18, 0, 0, 0)
        text = painter.fontMetrics().elidedText(
            self.text, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


class StatusStrip(QWidget):
    """Tabs and status on top of the window.

    Parameters
    ----------
    workspaces : sequence of str
        Names of the workspaces that exist, in order.
    stop_key : str
        Key that stops, shown in the button's tooltip.
    """

    stop_requested = Signal()
    take_requested = Signal()
    workspace_selected = Signal(str)

    def __init__(
        self, workspaces: Sequence[str], stop_key: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._history: deque[tuple[str, Importance, str]] = deque(maxlen=HISTORY_LINES)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)  # all workspaces stay in sight
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for name in workspaces:
            self.tabs.addTab(name)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.tabs.setAccessibleName("workspaces")
        self.lamp = QPushButton()
        self.lamp.setObjectName("lamp")
        self.lamp.setIcon(icon("record", "bad"))
        self.lamp.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.lamp.setToolTip("A take is being recorded; press to see it")
        self.lamp.clicked.connect(self.take_requested)
        self.lamp.hide()
        self.pedal_label = QLabel("")
        self.pedal_label.setProperty("role", "warn")
        self.pedal_label.hide()
        self.rig_label = QLabel("")
        self.rig_label.setToolTip("The rig that is open")
        self.state = _Marked("no supervisor", bold=True)
        self.health = _Marked("waiting for streams")
        self.disk_label = QLabel("")
        self.disk_label.setToolTip("How long this rig can still record on this disk")
        self.real_time_label = QLabel("")
        self.real_time_label.setToolTip("Simulated time per real time; 1.00 is real time")
        self.stop_button = QPushButton("STOP")
        self.stop_button.setObjectName("stop")
        self.stop_button.setMinimumHeight(40)
        self.stop_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        key = f" ({stop_key})" if stop_key else ""
        self.stop_button.setToolTip(
            f"Stop the hand at once{key}. Not an emergency stop: that one cuts motor power."
        )
        self.stop_button.pressed.connect(self.stop_requested)
        self.message_label = QLabel("")
        self.message_label.setTextFormat(Qt.TextFormat.PlainText)
        self.message_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.history_button = QToolButton()
        self.history_button.setIcon(icon("history"))
        self.history_button.setProperty("compact", True)
        self.history_button.setToolTip("Earlier messages")
        self.history_button.setAccessibleName("earlier messages")
        self.history_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.history_button.clicked.connect(self._on_history_clicked)
        self._shown: Importance = "info"
        self._message_timer = QTimer(self)
        self._message_timer.setSingleShot(True)
        self._message_timer.timeout.connect(self.clear_message)
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(20)
        top.addWidget(self.tabs)
        top.addStretch(1)
        for widget in (
            self.lamp,
            self.pedal_label,
            self.rig_label,
            self.state,
            self.health,
            self.disk_label,
            self.real_time_label,
        ):
            top.addWidget(widget)
        under = QHBoxLayout()
        under.setContentsMargins(8, 0, 0, 0)
        under.setSpacing(8)
        under.addWidget(self.message_label, 1)
        self._line = under
        under.addWidget(self.history_button)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addLayout(top)
        left.addLayout(under)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(16)
        layout.addLayout(left, 1)
        layout.addWidget(self.stop_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def add_to_line(self, widget: QWidget) -> None:
        """Put ``widget`` at the right end of the message line."""
        self._line.insertWidget(1, widget)

    def select_workspace(self, name: str) -> None:
        """Mark the tab of ``name`` without asking for a change."""
        for place in range(self.tabs.count()):
            if self.tabs.tabText(place) == name:
                before = self.tabs.blockSignals(True)
                self.tabs.setCurrentIndex(place)
                self.tabs.blockSignals(before)

    def set_recording(self, episode: int | None) -> None:
        """Light the lamp for a take that runs, in every workspace; None puts it out."""
        self.lamp.setVisible(episode is not None)
        if episode is not None:
            self.lamp.setText(f"REC {episode}")

    def set_lost_pedals(self, names: Sequence[str]) -> None:
        """Say which pedals and gamepads that were here are gone."""
        self.pedal_label.setText(f"lost: {', '.join(names)}" if names else "")
        self.pedal_label.setToolTip("Plug it in again; it is found within two seconds")
        self.pedal_label.setVisible(bool(names))

    def set_no_hand(self) -> None:
        """Show that no hand is connected, so nothing can be stopped."""
        self.state.show_state("off", "no hand connected")
        self.state.setToolTip("This window was opened for review only")
        self.health.hide()
        self.stop_button.setEnabled(False)
        self.stop_button.setToolTip("No hand is connected, so there is nothing to stop")

    def set_stop_key(self, key: str) -> None:
        """Name the key that stops in the button's tooltip."""
        if self.stop_button.isEnabled():
            self.stop_button.setToolTip(
                f"Stop the hand at once ({key}). Not an emergency stop: that one cuts motor power."
            )

    def set_rig(self, name: str) -> None:
        """Show which rig is open."""
        self.rig_label.setText(name)

    def set_supervisor(self, state: HandState | None, authority: str = "", cause: str = "") -> None:
        """Show the supervisor's state, who has authority, and why it is latched."""
        if state is None:
            self.state.show_state("gone", "no supervisor")
            self.state.setToolTip("The supervisor does not answer; the hand stops by itself")
            return
        word = state if authority in ("", "none") else f"{state} {authority}"
        self.state.show_state(STATE_LEVELS[state], word)
        self.state.setToolTip(STATE_MEANS[state] + (f"\ncause: {cause}" if cause else ""))

    def set_health(self, levels: Mapping[str, Level]) -> None:
        """Sum up the streams: how many are well, or which one is worst."""
        bad = [name for name in levels if SEVERITY[levels[name]] > SEVERITY["off"]]
        waiting = sum(level == "off" for level in levels.values())
        if not bad:
            text = f"{len(levels) - waiting} ok" + (f", {waiting} waiting" if waiting else "")
            level: Level = "ok" if levels and waiting < len(levels) else "off"
            self.health.show_state(level, text)
        else:
            worst = max(bad, key=lambda name: SEVERITY[levels[name]])
            more = f" +{len(bad) - 1}" if len(bad) > 1 else ""
            self.health.show_state(levels[worst], f"{WORDS[levels[worst]]}: {worst}{more}")
        self.health.setToolTip(
            "\n".join(f"{WORDS[level]:8s} {name}" for name, level in levels.items())
        )

    def set_disk_minutes(self, minutes: float | None) -> None:
        """Show how long recording can go on; None before it is known."""
        if minutes is None:
            self.disk_label.setText("")
            return
        text = f"{minutes:.0f} min disk" if minutes < 6000 else "> 99 h disk"
        few = minutes < FEW_MINUTES
        self.disk_label.setText(f"low: {text}" if few else text)
        restyle(self.disk_label, "role", "warn" if few else "")

    def set_real_time_factor(self, factor: float | None) -> None:
        """Show simulated over real time; None on rigs of real devices."""
        if factor is None:
            self.real_time_label.setText("")
            return
        slow = factor < REAL_TIME_LEAST
        words = "slow " if slow else ""
        self.real_time_label.setText(f"{words}\N{MULTIPLICATION SIGN}{factor:.2f}")
        restyle(self.real_time_label, "role", "warn" if slow else "")

    def show_message(self, text: str, importance: Importance = "info") -> None:
        """Keep ``text`` in the history and say it on the message line.

        An "info" leaves the line to a "warn" or "bad" message until that one's time is over; a
        "warn" leaves it to a "bad" message for the first ten seconds. The newest of equals is seen.
        """
        self._history.append((time.strftime("%H:%M:%S"), importance, text))
        if self._line_is_taken(importance):
            return
        self._shown = importance
        self.message_label.setText(text)
        self.message_label.setToolTip(text)
        role = {"info": "dim", "warn": "warn", "bad": "bad"}[importance]
        restyle(self.message_label, "role", role)
        self._message_timer.start(int(MESSAGE_S[importance] * 1000))

    def _line_is_taken(self, importance: Importance) -> bool:
        timer = self._message_timer
        if not timer.isActive():
            return False
        if importance == "info":
            return self._shown != "info"
        shown_s = (timer.interval() - timer.remainingTime()) / 1000
        return importance == "warn" and self._shown == "bad" and shown_s < BAD_LEAST_S

    def clear_message(self) -> None:
        """Empty the message line, e.g. when what it complains of is mended."""
        self._message_timer.stop()
        self.message_label.setText("")
        self.message_label.setToolTip("")

    @property
    def history(self) -> tuple[str, ...]:
        """Messages so far, newest last."""
        return tuple(text for _, _, text in self._history)

    def _on_tab_changed(self, place: int) -> None:
        self.workspace_selected.emit(self.tabs.tabText(place))

    def _on_history_clicked(self) -> None:
        menu = QMenu(self)
        for when, importance, text in reversed(self._history):
            word = (
                "" if importance == "info" else {"warn": "warning: ", "bad": "error: "}[importance]
            )
            menu.addAction(f"{when}   {word}{text}").setEnabled(importance != "info")
        if not self._history:
            menu.addAction("no messages yet").setEnabled(False)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.history_button.mapToGlobal(self.history_button.rect().bottomLeft()))
