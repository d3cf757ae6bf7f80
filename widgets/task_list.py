"""The task to be taught, with its language instruction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget


@dataclass(frozen=True, slots=True)
class Task:
    """A task: a short name and the instruction stored with every episode."""

    name: str
    instruction: str


class _Elided(QLabel):
    """A line of text that ends in an ellipsis where it does not fit."""

    def __init__(self) -> None:
        super().__init__("")
        self._whole = ""

    def show_text(self, whole: str) -> None:
        """Show ``whole``, or as much of it as there is room for."""
        self._whole = whole
        self._fit()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        cut = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self._whole, cut, self.width()))


class TaskList(QWidget):
    """Choose a task; its instruction stands beside it in full or as a tooltip."""

    task_changed = Signal(str)

    def __init__(self, tasks: Sequence[Task] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks: dict[str, Task] = {}
        self.combo = QComboBox()
        self.combo.setMinimumWidth(140)
        self.combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.combo.currentTextChanged.connect(self._on_chosen)
        self.instruction = _Elided()
        self.instruction.setProperty("role", "dim")
        self.instruction.setTextFormat(Qt.TextFormat.PlainText)
        self.instruction.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.combo)
        layout.addWidget(self.instruction, 1)
        self.set_tasks(tasks)

    @property
    def task(self) -> Task | None:
        """The chosen task, or None when there is none to choose."""
        return self._tasks.get(self.combo.currentText())

    def set_tasks(self, tasks: Sequence[Task]) -> None:
        """Offer ``tasks``; the choice stays when it is still there."""
        before = self.combo.currentText()
        self._tasks = {task.name: task for task in tasks}
        self.combo.blockSignals(True)
        self.combo.clear()
        self.combo.addItems(list(self._tasks))
        if before in self._tasks:
            self.combo.setCurrentText(before)
        self.combo.blockSignals(False)
        self.combo.setEnabled(bool(tasks))
        for place, task in enumerate(tasks):
            self.combo.setItemData(place, task.instruction, Qt.ItemDataRole.ToolTipRole)
        self._on_chosen(self.combo.currentText())

    def select(self, name: str) -> bool:
        """Choose ``name``; False when there is no such task (the choice stays)."""
        if name not in self._tasks:
            return False
        self.combo.setCurrentText(name)
        return True

    def _on_chosen(self, name: str) -> None:
        task = self._tasks.get(name)
        text = task.instruction if task else "no tasks: add some to the dataset's tasks file"
        quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{text}\N{RIGHT DOUBLE QUOTATION MARK}"
        self.instruction.show_text(quoted if task else text)
        self.instruction.setToolTip(text)
        self.combo.setToolTip(text)
        if task is not None:
            self.task_changed.emit(name)
