"""Choose what to export and how, see what it will be, start it, watch it, stop it.

The panel reads no episode. It says what it wants to know (``preview_requested``) and shows what it
is told: ``set_preview`` or ``set_problem`` before the start, ``set_progress`` while it runs, and
``set_result`` or ``set_error`` at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from recorder.exporters.actions import ACTION_MEANING
from recorder.exporters.formats import AS_RECORDED, EXPLAINED
from recorder.exporters.plan import ExportFormat, ExportPlan
from recorder.progress import Progress
from widgets.export_words import (
    ALIGNMENTS,
    AUTO,
    LOOKING,
    NEEDS_FOLDER,
    OUTCOMES,
    RATES_HZ,
    SIZES,
    sentence,
    size_text,
    time_text,
)
from widgets.theme import color, font, restyle

WIDTH_MOST_PX = 900  # longer lines are hard to read
PREVIEW_AFTER_MS = 250  # of rest after the last choice


class ExportPanel(QFrame):
    """Everything an export can be told, with what follows from it."""

    start_requested = Signal(object)  # ExportPlan
    preview_requested = Signal(object)  # ExportPlan
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAccessibleName("Export")
        self.setStyleSheet(_own_style())
        self.setMaximumWidth(WIDTH_MOST_PX)
        self._dataset: Path | None = None
        self._episodes: tuple[int, ...] = ()
        self._problem = NEEDS_FOLDER
        self._running = False
        self._make_choices()
        self._make_ending()
        self._wait = QTimer(self, singleShot=True, interval=PREVIEW_AFTER_MS)
        self._wait.timeout.connect(self._ask_preview)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(self._grid)
        layout.addStretch(1)
        layout.addWidget(self.summary)
        layout.addWidget(self.says)
        layout.addWidget(self.bar)
        layout.addLayout(self._buttons)
        self._connect()
        self._on_changed()

    def _make_choices(self) -> None:
        self.format = QComboBox()
        for name, text in EXPLAINED.items():
            self.format.addItem(text.partition(":")[0], name)
        self.format_says = _dim()
        self.rate = QComboBox()
        self.rate.addItems([f"{rate_hz} Hz" for rate_hz in RATES_HZ])
        self.rate.setCurrentText("30 Hz")
        self.cameras: dict[str, QCheckBox] = {}
        self._camera_row = QGridLayout()
        self._camera_row.setVerticalSpacing(8)
        self.no_cameras = _dim("no colour cameras in this dataset")
        self._camera_row.addWidget(self.no_cameras)
        self.action = QComboBox()
        self.action.addItem("by kind of take", "auto")
        for name in ACTION_MEANING:
            self.action.addItem(name.replace("_", " "), name)
        self.action_says = _dim()
        self.alignment = QComboBox()
        self.alignment.addItems(list(ALIGNMENTS))
        self.alignment_says = _dim()
        self.size = QComboBox()
        self.size.addItems(SIZES)
        self.outcome = QComboBox()
        self.outcome.addItems(list(OUTCOMES))
        self.trim = QCheckBox("Leave out what reviewers trimmed", checked=True)
        self.rejected = QCheckBox("Export rejected episodes too")
        self.people = QCheckBox("Hide people: no operator codes, reviewers or notes")
        self.images = QCheckBox("LeRobot: pictures as PNG instead of video")
        self.out = QLineEdit(placeholderText="folder to make")
        self.browse = QPushButton("Browse …")
        place = QHBoxLayout()
        place.setSpacing(8)
        place.addWidget(self.out, 1)
        place.addWidget(self.browse)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._row("&Format", self.format, "Target format", self.format_says)
        self._row("&Rate", self.rate, "Rows per second of the common clock")
        self._row("A&lignment", self.alignment, "Which sample a row takes", self.alignment_says)
        self._row("Cameras", self._camera_row, "Colour and fingertip cameras")
        self._row("Picture si&ze", self.size, "Width and height of exported pictures")
        self._row("&Action", self.action, "What a row says the hand was told", self.action_says)
        self._row("&Outcome", self.outcome, "Only episodes with these final outcomes")
        for box in (self.trim, self.rejected, self.people, self.images):
            box.setAccessibleName(box.text())
            self._grid.addWidget(box, self._grid.rowCount(), 1)
        self._row("&Into", place, "Folder the export becomes", focus=self.out)

    def _row(
        self,
        title: str,
        field: QWidget | QLayout,
        meaning: str,
        explained: QLabel | None = None,
        focus: QWidget | None = None,
    ) -> None:
        row = self._grid.rowCount()
        label = QLabel(title)
        label.setProperty("role", "dim")
        self._grid.addWidget(
            label, row, 0, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        )
        buddy = focus or (field if isinstance(field, QWidget) else None)
        if buddy is not None:
            label.setBuddy(buddy)
            buddy.setAccessibleName(title.replace("&", ""))
            buddy.setToolTip(meaning)
            buddy.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if isinstance(field, QLayout):
            self._grid.addLayout(field, row, 1)
        else:
            self._grid.addWidget(field, row, 1)
        if explained is not None:
            self._grid.addWidget(explained, row + 1, 1)

    def _make_ending(self) -> None:
        self.summary = QLabel("", wordWrap=True)
        self.summary.setFont(font(15, bold=True))
        self.says = QLabel("", wordWrap=True)
        self.says.setTextFormat(Qt.TextFormat.PlainText)
        self.says.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName("Progress of the export")
        self.bar.hide()
        self.start = QPushButton("Start export")
        self.start.setProperty("primary", True)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Ends the export; finished episodes are kept and go on next time")
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        self._buttons.addWidget(self.cancel)
        self._buttons.addWidget(self.start)

    def _connect(self) -> None:
        for combo in (self.format, self.rate, self.alignment, self.action, self.size, self.outcome):
            combo.currentIndexChanged.connect(self._on_changed)
        for box in (self.trim, self.rejected, self.people, self.images):
            box.toggled.connect(self._on_changed)
        self.out.textChanged.connect(self._on_changed)
        self.browse.clicked.connect(self._on_browse)
        self.start.clicked.connect(self._on_start)
        self.cancel.clicked.connect(self.cancel_requested)

    def set_dataset(
        self, dataset: Path, cameras: Sequence[str], episodes: Sequence[int] = ()
    ) -> None:
        """Say what can be exported.

        Parameters
        ----------
        dataset : Path
            The dataset's folder.
        cameras : sequence of str
            Its colour and visuotactile streams; all are chosen at first.
        episodes : sequence of int
            Numbers to export; empty for all that are published and not rejected.
        """
        self._dataset, self._episodes = dataset, tuple(episodes)
        chosen = {name for name, box in self.cameras.items() if not box.isChecked()}
        for box in self.cameras.values():
            self._camera_row.removeWidget(box)
            box.deleteLater()
        self.cameras = {}
        self.no_cameras.setVisible(not cameras)
        for place, name in enumerate(cameras):
            box = QCheckBox(name, checked=name not in chosen)
            box.setAccessibleName(f"Camera {name}")
            box.toggled.connect(self._on_changed)
            self.cameras[name] = box
            self._camera_row.addWidget(box, place // 2, place % 2)
        if not self.out.text():
            self.out.setText(str(dataset.with_name(f"{dataset.name}-{self.format.currentData()}")))
        self._chain_focus()
        self._on_changed()

    def _chain_focus(self) -> None:
        order = [self.format, self.rate, self.alignment, *self.cameras.values(), self.size,
                 self.action, self.outcome, self.trim, self.rejected, self.people, self.images,
                 self.out, self.browse, self.cancel, self.start]  # fmt: skip
        for before, after in zip(order[:-1], order[1:], strict=True):
            QWidget.setTabOrder(before, after)

    def plan(self) -> ExportPlan | None:
        """Return the plan that is chosen, or None while it is not complete."""
        out = self.out.text().strip()
        if self._dataset is None or not out:
            return None
        names = tuple(name for name, box in self.cameras.items() if box.isChecked())
        size = self.size.currentText()
        try:
            return ExportPlan.model_validate(
                {
                    "dataset": self._dataset,
                    "out": Path(out).expanduser(),
                    "format": self.format.currentData(),
                    "episodes": self._episodes,
                    "rate_hz": RATES_HZ[self.rate.currentIndex()],
                    "cameras": names,
                    "image_size": None if size == SIZES[0] else tuple(map(int, size.split(" x "))),
                    "action": self.action.currentData(),
                    "alignment": ALIGNMENTS[self.alignment.currentText()][0],
                    "trim": self.trim.isChecked(),
                    "include_rejected": self.rejected.isChecked(),
                    "require_outcome": OUTCOMES[self.outcome.currentText()],
                    "hide_people": self.people.isChecked(),
                    "video_images": not self.images.isChecked(),
                }
            )
        except ValidationError as error:
            self._say(str(error.errors()[0]["msg"]), "bad")
            return None

    def set_preview(self, found: Mapping[str, Any]) -> None:
        """Show what the plan would give: ``Selection.as_dict()``."""
        if self._running:
            return
        self._problem = ""
        self.summary.setText(
            f"{found['episodes']}{' marked' if self._episodes else ''} episodes, "
            f"{found['rows']:,} rows, about {size_text(found['bytes'])}; "
            f"{size_text(found['free'])} free"
        )
        left_out = [f"{one['episode']} ({one['reason']})" for one in found["skipped"]]
        text = f"Action: {ACTION_MEANING[found['action']]}."
        if left_out:
            more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
            text += f" Left out: episode {', '.join(left_out[:5])}{more}."
        if found["bytes"] > found["free"]:
            self.set_problem("There is not enough room; choose another folder or fewer pictures.")
            return
        self._say(text, "dim")
        self._allow()

    def set_problem(self, text: str) -> None:
        """Show why the export cannot start."""
        if not self._running:
            self._problem = text
            self._say(f"Cannot start: {text}", "bad")
            self._allow()

    def set_progress(self, progress: Progress) -> None:
        """Show how far it is; the choices rest meanwhile."""
        self._set_running(True)
        share = progress.done / progress.total if progress.total else 0.0
        self.bar.setValue(round(1000 * share))
        left = "" if progress.left_s is None else f", {time_text(progress.left_s)} left"
        what = f", {progress.what}" if progress.what else ""
        self._say(f"Exporting: {100 * share:.0f} %{left}{what}", "")

    def set_result(self, text: str) -> None:
        """Show that it is done."""
        self._set_running(False)
        self._problem = "Exported; change a choice or the folder to export again."
        self._say(f"Done. {text}", "")
        self._allow()

    def set_error(self, text: str) -> None:
        """Show why it ended early; the same choices can be started again."""
        self._set_running(False)
        self._problem = ""
        self._say(f"Ended early: {text}", "bad")
        self._allow()

    def _on_changed(self) -> None:
        name: ExportFormat = self.format.currentData()
        self.format_says.setText(sentence(EXPLAINED[name].partition(": ")[2]))
        action = self.action.currentData()
        self.action_says.setText(AUTO if action == "auto" else sentence(ACTION_MEANING[action]))
        self.alignment_says.setText(ALIGNMENTS[self.alignment.currentText()][1])
        for choice in (self.rate, self.alignment, self.action):
            choice.setEnabled(name not in AS_RECORDED)
        self.images.setEnabled(name == "lerobot")
        if self._running:
            return
        self.summary.setText("")
        complete = bool(self.out.text().strip() and self._dataset)
        self._problem = LOOKING if complete else NEEDS_FOLDER
        which = f"{len(self._episodes)} marked episodes" if self._episodes else "all episodes"
        self._say(f"Looking at {which} …" if complete else NEEDS_FOLDER, "dim")
        self._allow()
        self._wait.start()

    def _ask_preview(self) -> None:
        plan = self.plan()
        if plan is not None and not self._running:
            self.preview_requested.emit(plan)

    def _on_browse(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Folder to make", self.out.text())
        if chosen:
            self.out.setText(chosen)

    def _on_start(self) -> None:
        plan = self.plan()
        if plan is not None and not self._problem:
            self._set_running(True)
            self.bar.setValue(0)
            self._say("Exporting: starting", "")
            self.start_requested.emit(plan)

    def _set_running(self, running: bool) -> None:
        if self._running == running:
            return
        self._running = running
        self._wait.stop()
        self.bar.setRange(0, 1000)
        self.bar.setVisible(running)
        for widget in (self.format, self.size, self.outcome, self.trim, self.rejected, self.people,
                       self.out, self.browse, *self.cameras.values()):  # fmt: skip
            widget.setEnabled(not running)
        name = self.format.currentData()
        for choice in (self.rate, self.alignment, self.action):
            choice.setEnabled(not running and name not in AS_RECORDED)
        self.images.setEnabled(not running and name == "lerobot")
        self._allow()
        (self.cancel if running else self.start).setFocus()

    def _allow(self) -> None:
        can = not self._running and not self._problem
        self.start.setEnabled(can)
        why = "an export is running" if self._running else self._problem
        self.start.setToolTip("Export the chosen episodes" if can else f"Not now: {why}")
        self.cancel.setEnabled(self._running)

    def _say(self, text: str, role: str) -> None:
        self.says.setText(text)
        restyle(self.says, "role", role)


def _dim(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "dim")
    label.setWordWrap(True)
    return label


def _own_style() -> str:
    accent, line, raised = (color(name).name() for name in ("accent", "line", "raised"))
    return (
        f"QCheckBox:focus {{ color: {accent}; }}"
        f"QCheckBox::indicator:focus {{ border: 2px solid {accent}; }}"
        f"QProgressBar {{ background: {raised}; border: 1px solid {line}; border-radius: 4px;"
        " max-height: 8px; }"
        f"QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}"
    )
