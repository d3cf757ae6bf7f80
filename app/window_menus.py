"""The menus and shortcuts of the window, from the action table.

Only the menus of the shown workspace are visible and only its actions listen, so a key may mean one
thing in Record and another in Review.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from app.actions import ACTIONS, MENUS, REPEATING, ActionId
from devices.rig import rig_files


class WindowMenus:
    """Menus of one window.

    Parameters
    ----------
    window : QMainWindow
        Owner of the menu bar.
    keys : mapping of ActionId to str
        Keys in force.
    perform : callable
        Performs an action.
    workspaces : sequence of str
        Workspaces this window has.
    """

    def __init__(
        self,
        window: QMainWindow,
        keys: Mapping[ActionId, str],
        perform: Callable[[ActionId], None],
        workspaces: tuple[str, ...],
    ) -> None:
        self._window, self._perform = window, perform
        self._menus = {name: window.menuBar().addMenu(name) for name in MENUS}
        self._entries = {item.id: self._entry(item.id) for item in ACTIONS}
        self._hidden = {"Workspace"} if len(workspaces) < 2 else set()
        self.set_keys(keys)

    def _entry(self, action_id: ActionId) -> QAction:
        item = next(item for item in ACTIONS if item.id is action_id)
        entry = self._menus[item.menu].addAction(item.title)
        entry.setToolTip(item.hint)
        entry.setStatusTip(item.hint)
        entry.setObjectName(item.id)
        entry.setAutoRepeat(item.id in REPEATING)
        entry.triggered.connect(lambda _=False: self._perform(action_id))
        return entry

    def set_keys(self, keys: Mapping[ActionId, str]) -> None:
        """Put ``keys`` on the entries."""
        for action_id, entry in self._entries.items():
            shortcuts = [QKeySequence(keys[action_id])]
            if action_id is ActionId.STOP:
                shortcuts.append(QKeySequence("Pause"))
            if keys[action_id] == "Return":
                shortcuts.append(QKeySequence("Enter"))
            entry.setShortcuts(shortcuts)

    def show_workspace(self, name: str, *, has_hand: bool = True) -> None:
        """Show the menus of workspace ``name`` and let only its actions listen."""
        for menu_name, menu in self._menus.items():
            places = {item.workspace for item in ACTIONS if item.menu == menu_name}
            wanted = bool(places & {"", name}) and menu_name not in self._hidden
            wanted = wanted and (has_hand or menu_name != "Hand")
            menu.menuAction().setVisible(wanted)
        for item in ACTIONS:
            self._entries[item.id].setEnabled(item.workspace in ("", name))

    def show_switches(self, switched: Mapping[ActionId, bool]) -> None:
        """Mark what is on among the actions that turn something on or off."""
        for action_id, on in switched.items():
            entry = self._entries[action_id]
            entry.setCheckable(True)
            entry.setChecked(on)

    def add_rigs(self, shown: str, open_rig: Callable[[str], None]) -> None:
        """Offer the other rigs under File; ``shown`` is the one that is open."""
        rigs = QMenu("Open rig", self._window)
        files = self._menus["File"]
        files.insertMenu(files.actions()[0], rigs)
        for name in rig_files():
            entry = rigs.addAction(name)
            entry.setCheckable(True)
            entry.setChecked(name == shown)
            entry.triggered.connect(partial(_chosen, open_rig, name))


def _chosen(open_rig: Callable[[str], None], name: str, _: bool = False) -> None:
    open_rig(name)
