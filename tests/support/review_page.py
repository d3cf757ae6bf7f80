"""A Review workspace that only remembers what the window asked of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel

from app.actions import ActionId
from app.workspaces.workspace import Workspace


class ReviewPage(Workspace):
    """Stands in for Review where the window itself is tested."""

    name = "Review"

    def __init__(self, dataset: Path, session, settings, keys, perform, say) -> None:
        self.widget = QLabel("review")
        self.dataset, self.session = dataset, session
        self.keys = keys
        self.performed: list[ActionId] = []
        self.pressed: list[str] = []
        self.calls: list[str] = []
        self.ticks = self.refreshes = 0

    def perform(self, action: ActionId) -> bool:
        self.performed.append(action)
        return True

    def press_key(self, key: str) -> bool:
        self.pressed.append(key)
        return True

    def extra_keys(self) -> list[tuple[str, str, str]]:
        return [("Reach", "A", "Phases and events")]

    def set_keys(self, keys: dict[ActionId, str]) -> None:
        self.keys = keys

    def tick(self) -> None:
        self.ticks += 1

    def refresh(self) -> None:
        self.refreshes += 1

    def shown(self) -> None:
        self.calls.append("shown")

    def hidden(self) -> None:
        self.calls.append("hidden")

    def close(self) -> None:
        self.calls.append("close")
