"""Change keys, pedals and gamepad buttons of actions.

Choose an action, press Return, press the new key. A key that another action has is not taken: the
other action is named and a swap is offered. Every change is in force at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from widgets.theme import restyle

MODES = (("by letter, as printed", "letter"), ("by position, as on a US keyboard", "position"))
HOW = "Return changes the key of the chosen action."


@dataclass(frozen=True)
class KeyRow:
    """One action in the editor."""

    name: str
    title: str
    place: str
    key: str
    changed: bool
    control: str
    takes_pedal: bool


class Book(Protocol):
    """Keys and bindings as the editor changes them; see ``app.key_book``."""

    @property
    def mode(self) -> str: ...
    def rows(self) -> list[KeyRow]: ...
    def set_mode(self, mode: str) -> None: ...
    def set_key(self, name: str, key: str) -> tuple[str, bool]: ...
    def swap_key(self, name: str, key: str) -> str: ...
    def set_control(self, name: str, control: str) -> str: ...
    def reset(self, name: str) -> str: ...
    def reset_all(self) -> None: ...


class KeymapEditor(QDialog):
    """The dialog.

    Parameters
    ----------
    book : Book
        What is edited.
    name_key : callable
        Name of the key of an event; empty for a modifier alone.
    devices : sequence of str
        Names of the pedals and gamepads that are connected.
    """

    def __init__(
        self,
        book: Book,
        name_key: Callable[[QKeyEvent], str],
        parent: QWidget | None = None,
        devices: Sequence[str] = (),
    ) -> None:
        super().__init__(parent)
        self._book, self._name_key = book, name_key
        self._waiting_for = ""  # "key" or "control"
        self._wanted_key = ""
        self.setWindowTitle("Change keys")
        self.resize(760, 620)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find an action or a key")
        self.search.setAccessibleName("find an action or a key")
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.mode = QComboBox()
        self.mode.setAccessibleName("how keys are read")
        for title, mode in MODES:
            self.mode.addItem(title, mode)
        self.mode.setCurrentIndex([mode for _, mode in MODES].index(book.mode))
        self.mode.currentIndexChanged.connect(
            lambda place: self._book.set_mode(self.mode.itemData(place))
        )
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("actions and their keys")
        self.tree.setHeaderLabels(["Action", "Key", "Pedal or gamepad"])
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setStretchLastSection(False)
        self.tree.setColumnWidth(1, 130)
        self.tree.setColumnWidth(2, 200)
        self.tree.itemActivated.connect(  # queued: the Return that activates is not the new key
            self._on_activated, Qt.ConnectionType.QueuedConnection
        )
        self.tree.currentItemChanged.connect(lambda *_: self._leave())
        self.message = QLabel(HOW)
        self.message.setWordWrap(True)
        self.message.setMinimumHeight(36)
        found = ", ".join(devices) or "none connected"
        self.devices = QLabel(f"Pedals and gamepads: {found}")
        self.devices.setProperty("role", "dim")
        self._buttons()
        self._lay_out()
        self._fill()

    def _buttons(self) -> None:
        self.key_button = self._button("Change key", self.wait_for_key)
        self.pedal_button = self._button("Bind pedal", self.wait_for_control)
        self.swap_button = self._button("Swap", self._swap)
        self.swap_button.hide()
        self.reset_button = self._button("Reset", self._reset)
        self.reset_button.setToolTip("The action's own key again, and no pedal")
        self.reset_all_button = self._button("Reset all", self._reset_all)
        self.close_button = self._button("Close", self.reject)

    @staticmethod
    def _button(text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        top.addWidget(QLabel("Keys count"))
        top.addWidget(self.mode)
        told = QHBoxLayout()
        told.addWidget(self.message, 1)
        told.addWidget(self.swap_button)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.key_button, self.pedal_button, self.reset_button):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.reset_all_button)
        row.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.devices)
        layout.addLayout(told)
        layout.addLayout(row)

    def _fill(self) -> None:
        chosen = self.chosen
        self.tree.blockSignals(True)
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for row in self._book.rows():
            if row.place not in groups:
                groups[row.place] = QTreeWidgetItem(self.tree, [row.place])
                groups[row.place].setFlags(Qt.ItemFlag.ItemIsEnabled)
                groups[row.place].setExpanded(True)
            shown = f"{row.key}  (changed)" if row.changed else row.key
            item = QTreeWidgetItem(groups[row.place], [row.title, shown, row.control])
            item.setData(0, Qt.ItemDataRole.UserRole, row)
            if chosen is not None and row.name == chosen.name:
                self.tree.setCurrentItem(item)
        self.tree.blockSignals(False)
        self._filter(self.search.text())
        self._show_what_is_possible()

    def _filter(self, text: str) -> None:
        wanted = text.casefold().strip()
        for place in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(place)
            for index in range(group.childCount()):
                item = group.child(index)
                held = f"{item.text(0)} {item.text(1)} {item.text(2)}".casefold()
                item.setHidden(wanted not in held)
            group.setHidden(all(group.child(at).isHidden() for at in range(group.childCount())))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_key = watched is self.search and isinstance(event, QKeyEvent)
        if is_key and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Down:
            self._go_to_list()
            return True
        return super().eventFilter(watched, event)

    def _go_to_list(self) -> None:
        """Give the keyboard to the first action that is shown."""
        groups = [self.tree.topLevelItem(at) for at in range(self.tree.topLevelItemCount())]
        items = [group.child(at) for group in groups for at in range(group.childCount())]
        first = next((item for item in items if not item.isHidden()), None)
        if first is not None:
            self.tree.setCurrentItem(first)
            self.tree.setFocus()

    @property
    def chosen(self) -> KeyRow | None:
        """The chosen action."""
        item = self.tree.currentItem()
        return item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None

    def choose(self, name: str) -> None:
        """Choose the action with the id ``name``."""
        for item in self.tree.findItems(
            "*", Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive
        ):
            row = item.data(0, Qt.ItemDataRole.UserRole)
            if row is not None and row.name == name:
                self.tree.setCurrentItem(item)

    def _on_activated(self) -> None:
        self.wait_for_key()

    def wait_for_key(self) -> None:
        """The next key press is the new key of the chosen action."""
        self._wait("key", "Press the new key of '{}'; Esc leaves it as it is.")

    def wait_for_control(self) -> None:
        """The next press of a pedal or gamepad button is bound to the chosen action."""
        self._wait("control", "Press the pedal or button for '{}' now; Esc leaves it as it is.")

    def take_control(self, control: str) -> None:
        """A pedal or gamepad button was pressed."""
        row = self.chosen
        if self._waiting_for != "control" or row is None:
            return
        self._waiting_for = ""
        fault = self._book.set_control(row.name, control)
        self._say(fault or f"'{control}' now means '{row.title}'.", bool(fault))
        self._fill()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self._waiting_for:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._waiting_for:
            super().keyPressEvent(event)
            return
        key = self._name_key(event)
        if key == "Esc":
            self._leave()
        elif key and self._waiting_for == "key":
            self._take_key(key)

    def _wait(self, what: str, text: str) -> None:
        row = self.chosen
        if row is None:
            self._say("Choose an action first.", True)
        elif what == "control" and not row.takes_pedal:
            self._say(f"'{row.title}' needs the keyboard and takes no pedal.", True)
        else:
            self._waiting_for = what
            self.swap_button.hide()
            self._say(text.format(row.title))
            self.setFocus()

    def _take_key(self, key: str) -> None:
        row = self.chosen
        assert row is not None
        self._waiting_for = ""
        fault, can_swap = self._book.set_key(row.name, key)
        self._wanted_key = key
        self._say(fault or f"'{key}' now means '{row.title}'.", bool(fault))
        self._fill()
        self.swap_button.setVisible(can_swap)
        (self.swap_button if can_swap else self.tree).setFocus()

    def _swap(self) -> None:
        row = self.chosen
        if row is None:
            return
        fault = self._book.swap_key(row.name, self._wanted_key)
        self._say(fault or f"'{self._wanted_key}' now means '{row.title}'.", bool(fault))
        self.swap_button.hide()
        self._fill()
        self.tree.setFocus()

    def _reset(self) -> None:
        row = self.chosen
        if row is None:
            self._say("Choose an action first.", True)
            return
        fault = self._book.reset(row.name)
        self._say(fault or f"'{row.title}' has its own key again.", bool(fault))
        self._fill()

    def _reset_all(self) -> None:
        self._book.reset_all()
        self.mode.setCurrentIndex(0)
        self._say("All keys are as they were at first, and no pedal is bound.")
        self._fill()

    def _leave(self) -> None:
        self._waiting_for = ""
        self.swap_button.hide()
        self._say(HOW)
        self._show_what_is_possible()

    def _show_what_is_possible(self) -> None:
        row = self.chosen
        self.key_button.setEnabled(row is not None)
        self.reset_button.setEnabled(row is not None)
        self.pedal_button.setEnabled(row is not None and row.takes_pedal)

    def _say(self, text: str, wrong: bool = False) -> None:
        self.message.setText(text)
        restyle(self.message, "role", "warn" if wrong else "")
