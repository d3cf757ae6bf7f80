"""What the window asks of a workspace.

The window owns the menus, the keys, the status strip and the timers; a workspace owns its widgets.
Only the shown workspace ticks. A workspace that is left goes on with what runs outside the screen:
leaving Record never ends a take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from PySide6.QtWidgets import QWidget

from app.actions import ActionId
from app.jobs import JobRunner
from app.settings import Settings


class Workspace(Protocol):
    """One page of the window. Inherit it to get an answer to every call that needs none.

    Attributes
    ----------
    name : str
        What the tab says; ``Action.workspace`` refers to it.
    widget : QWidget
        What is shown under the status strip.
    """

    name: str
    widget: QWidget

    def perform(self, action: ActionId) -> bool:
        """Do ``action``; False when it is not one of this workspace's."""
        ...

    def refusal(self, action: ActionId) -> str:
        """Why ``action`` is impossible now, as a sentence; empty when it is possible."""
        return ""

    def switched(self) -> Mapping[ActionId, bool]:
        """Actions that turn something on or off, and whether it is on: marked in the menus."""
        return {}

    def press_key(self, key: str) -> bool:
        """Use a key that no action has, e.g. the key of a phase.

        Parameters
        ----------
        key : str
            In Qt's portable text form, by letter or by position as the user chose: ``A``,
            ``Shift+A``. Auto-repeat never arrives here.

        Returns
        -------
        bool
            Whether the key had a meaning; else it goes on to the focused widget.
        """
        return False

    def extra_keys(self) -> list[tuple[str, str, str]]:
        """Title, key and group of keys that stand in no action, for the cheat sheet."""
        return []

    def set_keys(self, keys: dict[ActionId, str]) -> None:
        """The user has changed keys: show the new ones."""

    def use_jobs(self, jobs: JobRunner) -> None:
        """Run long work with ``jobs``; called once, before ``restore``."""

    def tick(self) -> None:
        """Draw what is new; called about 60 times a second while the workspace is shown."""

    def refresh(self) -> None:
        """Follow status and the passing of time; ten times a second, shown or not."""

    def shown(self) -> None:
        """The workspace has come to the screen."""

    def hidden(self) -> None:
        """The workspace has left the screen."""

    def remember(self, settings: Settings) -> None:
        """Write what is to be kept into ``settings``."""

    def restore(self, settings: Settings) -> None:
        """Put the workspace as ``settings`` remember it; called once."""

    def close(self) -> object:
        """Give back files, queues and processes; called once, last."""
