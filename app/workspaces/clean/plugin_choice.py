"""Plug-ins in the lists of choices; the licence of one is shown once, before its first use."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox

from app.workspaces.clean.clean_view import CleanView
from recorder.cleaning.clip import CleanError
from recorder.cleaning.methods import PLUGIN
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.plugins.manifest import Plugin
from recorder.cleaning.plugins.shelf import accept, find_plugins, is_accepted
from recorder.dataset import Dataset


class PluginChoice:
    """Offers the plug-ins of this user and of the dataset.

    Parameters
    ----------
    view : CleanView
    dataset : Dataset
    say : callable
    """

    def __init__(self, view: CleanView, dataset: Dataset, say: Callable[..., object]) -> None:
        self._view, self._dataset, self._say = view, dataset, say
        self._plugins: dict[str, Plugin] = {}
        self._refused: set[str] = set()

    def load(self) -> None:
        """Look for plug-ins."""
        shelf = find_plugins(self._dataset)
        self._plugins = {plugin.id: plugin for plugin in shelf.plugins}
        by_task = {
            task: [plugin.id for plugin in shelf.plugins if plugin.manifest.task == task]
            for task in ("mask", "fill")
        }
        self._view.parameters.set_plugins(by_task["mask"], by_task["fill"])
        for problem in shelf.problems[:1]:
            self._say(problem, "warn")

    def ask(self, params: CleanParameters) -> None:
        """Show the licence of a plug-in that was just chosen, unless it was accepted before."""
        for name in (params.masks, params.filler):
            plugin = self._plugins.get(name.removeprefix(PLUGIN))
            if not name.startswith(PLUGIN) or plugin is None or plugin.id in self._refused:
                continue
            if not is_accepted(plugin):
                self._show_licence(plugin)

    def _show_licence(self, plugin: Plugin) -> None:
        box = QMessageBox(self._view)
        box.setWindowTitle(f"Licence of the plug-in {plugin.id}")
        box.setText(
            f"'{plugin.id}' was installed by you and is not part of this program. It runs only "
            "after you accept its licence."
        )
        try:
            box.setInformativeText(plugin.licence_text()[:2000])
        except CleanError as error:
            self._say(str(error), "bad")
            return
        agree = box.addButton("Accept", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("Not now", QMessageBox.ButtonRole.RejectRole)
        box.exec()
        if box.clickedButton() is agree:
            accept(plugin)
        else:
            self._refused.add(plugin.id)
            self._say(f"'{plugin.id}' stays unused until its licence is accepted.", "warn")
