"""Who moves the hand: enable, arm a source, hold, reset, each with what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from devices.messages import HandState
from widgets.theme import font, icon, restyle

SOURCE_TITLES = {"kinesthetic": "Kinesthetic", "exoskeleton": "Exoskeleton"}
SOURCE_NEEDS = {
    "kinesthetic": "Fingers give way: drag a link in the 3-D view, Shift-drag pins it",
    "exoskeleton": "The hand follows the exoskeleton, or the sliders and synergy keys",
}
SAYS = {
    "OFF": "Torque is off. Enable holds the hand where it is.",
    "HOLD": "Holding its pose. Arm a source to move the hand.",
    "ACTIVE": "The hand follows the source. Hold takes it back.",
    "FAULT": "Latched by a fault. Reset leads to HOLD once the cause is gone.",
    "STOPPED": "Stopped and latched. Reset leads to HOLD.",
}


class ModePanel(QFrame):
    """Buttons of the supervisor's states.

    Parameters
    ----------
    sources : sequence of str
        Operator sources this rig has, in the order of the buttons.
    keys : mapping of str to str
        Key of ``enable``, ``hold``, ``reset`` and ``arm_<source>``.
    """

    enable_requested = Signal()
    arm_requested = Signal(str)
    hold_requested = Signal()
    reset_requested = Signal()

    def __init__(
        self,
        sources: Sequence[str] = ("kinesthetic", "exoskeleton"),
        keys: Mapping[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._keys = dict(keys or {})
        self._captions: dict[str, tuple[QPushButton, str]] = {}
        self._state: HandState | None = None
        self._authority = "none"
        title = QLabel("who moves the hand")
        title.setProperty("role", "title")
        self.says = QLabel("Waiting for the supervisor.")
        self.says.setWordWrap(True)
        self.says.setTextFormat(Qt.TextFormat.PlainText)
        self.counts = QLabel("")
        self.counts.setProperty("role", "dim")
        self.counts.setFont(font(11))
        self.counts.setTextFormat(Qt.TextFormat.PlainText)
        self.counts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.enable_button = self._button("enable", "Enable", "power", self.press_enable)
        self.hold_button = self._button("hold", "Hold", "hold", self.press_hold)
        self.reset_button = self._button("reset", "Reset", "reset", self.press_reset)
        self.arm_buttons: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setSpacing(8)
        for column, button in enumerate((self.enable_button, self.hold_button, self.reset_button)):
            grid.addWidget(button, 0, column * 2, 1, 2)
        share = 6 // max(1, len(sources))
        for column, source in enumerate(sources):
            name = SOURCE_TITLES.get(source, source.capitalize())
            picture = "exoskeleton" if source == "exoskeleton" else "hand"
            button = self._button(f"arm_{source}", name, picture, self._arm_slot(source))
            button.setCheckable(True)
            self.arm_buttons[source] = button
            grid.addWidget(button, 1, column * share, 1, share)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addLayout(grid)
        layout.addWidget(self.says)
        layout.addWidget(self.counts)
        self.set_supervisor(None)

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

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Show other keys on the buttons."""
        self._keys = dict(keys)
        for action, (button, text) in self._captions.items():
            button.setText(self._with_key(action, text))

    def _arm_slot(self, source: str):
        def press() -> None:
            self.press_arm(source)

        return press

    def set_supervisor(
        self,
        state: HandState | None,
        authority: str = "none",
        cause: str = "",
        unavailable: Mapping[str, str] | None = None,
    ) -> None:
        """Show the supervisor's state.

        Parameters
        ----------
        state : str or None
            State of the hand, None while the supervisor does not answer.
        authority : str
            Source in authority.
        cause : str
            Why it is latched, in words.
        unavailable : mapping of str to str, optional
            Sources that cannot be armed now and why.
        """
        self._state, self._authority = state, authority
        missing = unavailable or {}
        if state is None:
            says = "Waiting for the supervisor."
        else:
            says = SAYS[state]
            if state == "ACTIVE" and authority in SOURCE_NEEDS:
                says = f"{SOURCE_NEEDS[authority]}. Hold takes it back."
            if cause:
                says = f"{says} Cause: {cause.rstrip('.')}."
        if self.says.text() != says:
            self.says.setText(says)
            restyle(self.says, "role", "bad" if state in ("FAULT", "STOPPED") else "dim")
        word = state or "unknown"
        self._allow(self.enable_button, state == "OFF", "Hold the hand at its measured pose",
                    f"only from OFF; the state is {word}")  # fmt: skip
        self._allow(self.hold_button, state == "ACTIVE", "Hold the hand where it is",
                    f"only while ACTIVE; the state is {word}")  # fmt: skip
        self._allow(self.reset_button, state in ("FAULT", "STOPPED"), "Unlatch; leads to HOLD",
                    f"nothing is latched; the state is {word}")  # fmt: skip
        for source, button in self.arm_buttons.items():
            armed = state == "ACTIVE" and authority == source
            why = missing.get(source) or f"only from HOLD or ACTIVE; the state is {word}"
            can = state in ("HOLD", "ACTIVE") and source not in missing
            self._allow(button, can or armed, SOURCE_NEEDS.get(source, ""), why)
            button.setChecked(armed)
            picture = "exoskeleton" if source == "exoskeleton" else "hand"
            button.setIcon(icon(picture, "on_accent" if armed else "text"))

    def set_counts(self, rejects: Mapping[str, int], clamps: Mapping[str, int]) -> None:
        """Show how often the gate refused or shaped a request since the start, by reason."""
        parts = [
            f"{title} " + ", ".join(f"{reason} {count}" for reason, count in sorted(what.items()))
            for title, what in (("refused:", rejects), ("shaped:", clamps))
            if what
        ]
        text = "gate  " + "   ".join(parts) if parts else "gate  nothing refused, nothing shaped"
        if self.counts.text() != text:
            self.counts.setText(text)
            self.counts.setToolTip(
                "Requests the command gate refused, and ticks in which it shaped a request to stay "
                "within range, tracking window, velocity or acceleration\n" + "\n".join(parts)
            )

    @staticmethod
    def _allow(button: QPushButton, can: bool, tip: str, why_not: str) -> None:
        button.setEnabled(can)
        button.setToolTip(tip if can else f"Not now: {why_not}")

    def press_enable(self) -> None:
        """OFF to HOLD."""
        if self.enable_button.isEnabled():
            self.enable_requested.emit()

    def press_arm(self, source: str) -> None:
        """HOLD to ACTIVE under ``source``; the button lights up when the supervisor says so."""
        button = self.arm_buttons.get(source)
        if button is None or not button.isEnabled():
            return
        button.setChecked(self._state == "ACTIVE" and self._authority == source)
        self.arm_requested.emit(source)

    def press_hold(self) -> None:
        """ACTIVE to HOLD."""
        if self.hold_button.isEnabled():
            self.hold_requested.emit()

    def press_reset(self) -> None:
        """FAULT or STOPPED to HOLD."""
        if self.reset_button.isEnabled():
            self.reset_requested.emit()
