"""One line between pictures and timeline: what is played, when, how fast, which way, and how.

Every state is said in words; nothing depends on a colour. With less room an arrow stands for the
direction, then what keys and menus do as well is left out.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QMenu, QSizePolicy, QToolButton, QWidget

from recorder.player.transport import Transport
from widgets.player.time_axis import clock_text
from widgets.theme import font, icon

ARROW_CHARACTERS = 1  # of FORWARDS and BACKWARDS, where there is no room for the word
LEAST_PX = 440  # without words
TITLE_LEAST_PX = 150  # number and task of the episode
TIMES = "\N{MULTIPLICATION SIGN}"
FORWARDS = "\N{BLACK RIGHT-POINTING TRIANGLE} forwards"
NARROW_PX = 32
BACKWARDS = "\N{BLACK LEFT-POINTING TRIANGLE} backwards"


class TransportBar(QWidget):
    """Shows the state of a ``Transport`` and asks for changes of it."""

    play_asked = Signal()
    reverse_asked = Signal()
    slower_asked = Signal()
    faster_asked = Signal()
    loop_asked = Signal()
    skip_asked = Signal()
    zoom_asked = Signal(float)  # factor of the view's length; 0: the whole episode
    finger_chosen = Signal(str)  # "": all fingers
    lane_toggled = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plays = False
        self._is_forwards, self._skips, self._time_text = True, False, ""
        self._room = 2  # 2: all words, 1: an arrow for the direction, 0: what keys do as well goes
        self.play_button = self._button("", "Play or pause", "Play", self.play_asked)
        self.play_button.setIcon(icon("play"))
        self.play_button.setIconSize(QSize(16, 16))
        self.time_label = QLabel()
        self.time_label.setFont(font(13, bold=True))
        self.time_label.setAccessibleName("Time")
        sample = "00:00.00 / 00:00.00  frame 00000"
        self._time_px = QFontMetrics(font(13, bold=True)).horizontalAdvance(sample)
        self.time_label.setMinimumWidth(self._time_px)
        self.slower_button = self._button("\N{MINUS SIGN}", "Slower", "Slower", self.slower_asked)
        self.speed_label = QLabel()
        self.speed_label.setAccessibleName("Speed")
        self.speed_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.speed_label.setMinimumWidth(QFontMetrics(font()).horizontalAdvance(f"{TIMES}0.25") + 4)
        self.faster_button = self._button("+", "Faster", "Faster", self.faster_asked)
        for button in (self.slower_button, self.faster_button):
            button.setFixedWidth(NARROW_PX)
        self.direction_button = self._button(
            FORWARDS, "Turn the direction of playing round", "Direction", self.reverse_asked
        )
        self._direction_px = QFontMetrics(font()).horizontalAdvance(BACKWARDS) + 20
        self.direction_button.setMinimumWidth(self._direction_px)
        self.loop_button = self._button(
            "Loop", "Play a range over and over: drag across the ruler, or loop what is in view",
            "Loop", self.loop_asked,
        )  # fmt: skip
        self.loop_button.setCheckable(True)
        self.skip_button = self._button(
            "Skip idle", "Jump over stretches in which nothing moves", "Skip idle", self.skip_asked
        )
        self.skip_button.setCheckable(True)
        self.title = QLabel()
        self.title.setProperty("role", "dim")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.lanes_button = QToolButton()
        self.lanes_button.setText("Lanes")
        self.lanes_button.setToolTip("Which lanes the timeline shows, and whose joints")
        self.lanes_button.setAccessibleName("Lanes")
        self.lanes_button.setProperty("compact", True)
        self.lanes_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.lanes_menu = QMenu(self)
        self.lanes_button.setMenu(self.lanes_menu)
        self.fit_button = self._button("Fit", "Show the whole episode", "Fit", None)
        self.fit_button.clicked.connect(lambda: self.zoom_asked.emit(0.0))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # see ``_make_room``
        layout.setSpacing(6)
        for widget in (self.play_button, self.time_label, self.slower_button, self.speed_label,
                       self.faster_button, self.direction_button, self.loop_button,
                       self.skip_button):  # fmt: skip
            layout.addWidget(widget)
        layout.addWidget(self.title, 1)
        layout.addWidget(self.lanes_button)
        layout.addWidget(self.fit_button)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _button(self, text: str, tip: str, name: str, asked) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(name)
        button.setProperty("compact", True)
        if asked is not None:
            button.clicked.connect(lambda: asked.emit())
        return button

    def follow(self, transport: Transport, frame: int | None, skips: bool) -> None:
        """Show where ``transport`` stands.

        Parameters
        ----------
        transport : Transport
            Its time, speed, direction and loop are shown.
        frame : int or None
            Of the first camera; None before its first one.
        skips : bool
            Whether idle stretches are jumped over.
        """
        length = clock_text(transport.duration_ns)
        shown = "\N{EN DASH}" if frame is None else f"{frame}"
        text = f"{clock_text(transport.time_ns)} / {length}  frame {shown}"
        if text != self._time_text:
            self._time_text = text
            self._show_time()
        if transport.playing != self._plays:
            self._plays = transport.playing
            self.play_button.setIcon(icon("pause" if self._plays else "play"))
            self.play_button.setAccessibleName("Pause" if self._plays else "Play")
        if not self._plays and self.time_label.accessibleDescription() != text:
            self.time_label.setAccessibleDescription(text)
            event = QAccessibleEvent(self.time_label, QAccessible.Event.DescriptionChanged)
            QAccessible.updateAccessibility(event)
        self.speed_label.setText(f"{TIMES}{transport.speed:g}")
        self._is_forwards, self._skips = transport.direction > 0, skips
        self._show_words()
        loops = transport.loop is not None
        self.loop_button.setChecked(loops)
        self.loop_button.setText("LOOP on" if loops else "Loop")
        self.skip_button.setChecked(skips)

    def set_title(self, title: str) -> None:
        """Name the episode."""
        self.title.setToolTip(title)
        self.title.setAccessibleName(title)
        self._elide_title()

    def _elide_title(self) -> None:
        metrics = self.title.fontMetrics()
        whole, room = self.title.toolTip(), self.title.width()
        if self._room < 2:
            whole = " ".join(whole.removeprefix("episode ").split())
        self.title.setText(metrics.elidedText(whole, Qt.TextElideMode.ElideRight, room))

    def _show_time(self) -> None:
        self.time_label.setText(
            self._time_text if self._room else self._time_text.partition(" /")[0]
        )

    def _show_words(self) -> None:
        skip = "SKIP IDLE on" if self._skips else "Skip idle"
        self.skip_button.setText(
            skip if self._room == 2 else skip.replace(" idle", "").replace(" IDLE", "")
        )
        words = FORWARDS if self._is_forwards else BACKWARDS
        self.direction_button.setText(words if self._room == 2 else words[:ARROW_CHARACTERS])
        self.direction_button.setAccessibleDescription(words[ARROW_CHARACTERS:].strip())

    def _make_room(self) -> None:
        """Give up words, then what keys and menus do as well, until the rest fits."""
        for room in (2, 1, 0):
            self._room = room
            self.direction_button.setMinimumWidth(self._direction_px if room == 2 else NARROW_PX)
            self.time_label.setMinimumWidth(self._time_px if room else 0)
            self._show_time()
            self._show_words()
            for button in (self.slower_button, self.faster_button, self.fit_button):
                button.setVisible(room > 0)
            self.title.setVisible(room > 0)
            self.layout().activate()
            title_px = TITLE_LEAST_PX if room == 2 else 0
            if self.layout().minimumSize().width() + title_px <= self.width():
                break

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_PX, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()
        self.layout().activate()
        self._elide_title()

    def offer_lanes(self, lanes: list[tuple[str, str, bool]], fingers: tuple[str, ...]) -> None:
        """Fill the menu: (name, title, shown) of every lane, and the fingers with joints."""
        self.lanes_menu.clear()
        for name, title, shown in lanes:
            action = self.lanes_menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(shown)
            action.triggered.connect(lambda _=False, name=name: self.lane_toggled.emit(name))
        self.lanes_menu.addSeparator()
        joints = self.lanes_menu.addMenu("Joints of")
        for text, finger in (("all fingers", ""), *((name, name) for name in fingers)):
            action = joints.addAction(text)
            action.triggered.connect(lambda _=False, finger=finger: self.finger_chosen.emit(finger))

    def set_usable(self, usable: bool) -> None:
        """Switch every control on, or off when there is no episode."""
        for button in self.findChildren(QToolButton):
            button.setEnabled(usable)
        if not usable:
            self._time_text = "no episode"
            self._show_time()
