"""The two dialogs about keys: the cheat sheet and the editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.actions import ACTIONS
from app.key_book import KeyBook
from app.keymap import Keymap, key_of_event
from app.pedals import Pedals
from app.settings import Settings
from app.workspaces.workspace import Workspace
from recorder.review.schema import ANY_TASK, load_label_schemas
from widgets.keymap_editor import KeymapEditor
from widgets.shortcuts_sheet import ShortcutsSheet

if TYPE_CHECKING:
    from app.window import MainWindow


def sheet_rows(keymap: Keymap, workspace: Workspace | None) -> list[tuple[str, str, str]]:
    """Title, key and group of everything that works in ``workspace``."""
    place = workspace.name if workspace is not None else ""
    rows = [
        (item.title, keymap.keys[item.id], item.menu)
        for item in ACTIONS
        if item.workspace in ("", place)
    ]
    return rows + (workspace.extra_keys() if workspace is not None else [])


def label_keys(window: MainWindow) -> dict[str, str]:
    """Keys of phases and events: those of the open review, else the built-in ones."""
    review = window.opened("Review")
    if review is not None:
        return {key: title for title, key, _ in review.extra_keys()}
    schema = load_label_schemas()[ANY_TASK]
    return {term.key: term.title for term in (*schema.phases, *schema.events) if term.key}


def show_keys(window: MainWindow, keymap: Keymap, workspace: Workspace | None) -> None:
    """Open the cheat sheet of the shown workspace."""
    note = "Keys count by their place on a US keyboard." if keymap.mode == "position" else ""
    sheet = ShortcutsSheet(sheet_rows(keymap, workspace), window, note=note)
    sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    sheet.open()


def change_keys(window: MainWindow, settings: Settings, pedals: Pedals) -> None:
    """Open the editor of keys, pedals and gamepad buttons."""
    book = KeyBook(settings, window.apply_keys, label_keys(window))
    editor = KeymapEditor(
        book, lambda event: key_of_event(event, settings.key_mode), window, devices=pedals.names
    )
    pedals.pressed.connect(editor.take_control)
    editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    editor.open()
