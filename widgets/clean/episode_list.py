"""The episodes of a dataset and the batch: what is cleaned, mark some, clean, pause, cancel."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from recorder.progress import Progress
from resources import ROOT
from widgets.clean.episode_rows import CleanEpisodeModel, CleanRow
from widgets.job_bar import time_text
from widgets.theme import colors, font

ROW_PX = 26
CELLS = """
QHeaderView::section { padding: 4px 3px; }
QTableView::item { padding: 0 3px; }
QTableView::indicator {
    width: 12px; height: 12px; border: 1px solid @dim; border-radius: 3px; background: @background;
}
QTableView::indicator:checked { background: @accent; image: url(@icons/check-dark.svg); }
"""


class CleanEpisodeList(QWidget):
    """Camera, table of episodes and batch.

    Signals
    -------
    episode_chosen(str), camera_chosen(str)
    clean_asked(), pause_asked(), cancel_asked()
    """

    episode_chosen = Signal(str)
    camera_chosen = Signal(str)
    clean_asked = Signal()
    pause_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.batch_shown = False  # its figures are still those of a running batch
        self.model = CleanEpisodeModel()
        self.model.marks_changed.connect(self._name_clean)
        self.camera = QComboBox()
        self.camera.setAccessibleName("Camera")
        self.camera.setToolTip("Camera whose pictures are cleaned")
        self.camera.activated.connect(lambda at: self.camera_chosen.emit(self.camera.itemText(at)))
        self.counts = QLabel()
        self.counts.setProperty("role", "dim")
        self.counts.setWordWrap(True)
        self.table = QTableView()
        self._dress_table()
        self.clean_button = QPushButton("Clean all")
        self.pause_button = QPushButton("Pause")
        self.cancel_button = QPushButton("Cancel")
        self.clean_button.clicked.connect(self.clean_asked)
        self.pause_button.clicked.connect(self.pause_asked)
        self.cancel_button.clicked.connect(self.cancel_asked)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(8)
        self.progress.setAccessibleName("Progress of the batch")
        self.figures = QLabel()
        self.figures.setWordWrap(True)
        self.figures.setProperty("role", "dim")
        self._arrange()
        self.show_idle()

    def _dress_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setAccessibleName("Episodes")
        table.setProperty("keeps_keys", False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)  # or a hyphen breaks a task into two lines
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # tasks often begin alike
        table.setFont(font(13))
        table.setStyleSheet(_styled(CELLS))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().currentRowChanged.connect(self._on_row)

    def _arrange(self) -> None:
        top = QHBoxLayout()
        caption = QLabel("camera")
        caption.setProperty("role", "dim")
        top.addWidget(caption)
        top.addWidget(self.camera, 1)
        buttons = QHBoxLayout()
        for button in (self.clean_button, self.pause_button, self.cancel_button):
            buttons.addWidget(button, 2 if button is self.clean_button else 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.counts)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.figures)

    def set_cameras(self, cameras: list[str], chosen: str) -> None:
        """Offer the cameras of the dataset."""
        self.camera.clear()
        self.camera.addItems(cameras)
        self.camera.setCurrentText(chosen)
        self.camera.setEnabled(bool(cameras))

    def set_rows(self, rows: list[CleanRow]) -> None:
        """Show these episodes; the current one stays current."""
        current = self.current
        self.model.set_rows(rows)
        if current:
            self.show_current(current)
        self.count()

    def count(self) -> None:
        """Write how many episodes there are of each state."""
        states = [row.state for row in self.model.rows]
        words = [
            f"{states.count(state)} {word}"
            for state, word in (
                ("none", "not cleaned"),
                ("proposed", "proposed"),
                ("accepted", "accepted"),
                ("redo", "to redo"),
                ("failed", "failed"),
                ("", "not looked at yet"),
            )
            if state in states
        ]
        self.counts.setText(", ".join(words))
        self._name_clean()

    @property
    def current(self) -> str:
        """Identity of the current episode; empty for none."""
        place = self.table.currentIndex().row()
        return self.model.rows[place].uuid if 0 <= place < len(self.model.rows) else ""

    def show_current(self, uuid: str) -> None:
        """Make an episode the current one without opening it."""
        place = self.model.place_of(uuid)
        if place is None:
            return
        selection = self.table.selectionModel()
        selection.blockSignals(True)
        index = self.model.index(place, 0)
        flags = (
            QItemSelectionModel.SelectionFlag.ClearAndSelect
            | QItemSelectionModel.SelectionFlag.Rows
        )
        selection.setCurrentIndex(index, flags)
        selection.blockSignals(False)
        self.table.scrollTo(index)
        self.table.viewport().update()

    def step(self, by: int) -> bool:
        """Open the next (or previous) episode; False at the end."""
        place = self.table.currentIndex().row() + by
        if not 0 <= place < len(self.model.rows):
            return False
        self.table.selectRow(place)
        return True

    def _on_row(self, now: QModelIndex, before: QModelIndex) -> None:
        if now.isValid() and now.row() != before.row():
            self.episode_chosen.emit(self.model.rows[now.row()].uuid)

    # batch

    def show_idle(self) -> None:
        """No batch runs."""
        self.batch_shown = False
        self.progress.hide()
        self.pause_button.setEnabled(False)
        self.cancel_button.setEnabled(False)
        self.pause_button.setText("Pause")
        self._name_clean()

    def show_batch(self, progress: Progress | None, paused: bool) -> None:
        """A batch runs, or waits."""
        self.batch_shown = True
        self.progress.show()
        self.clean_button.setEnabled(False)
        self.pause_button.setEnabled(True)
        self.cancel_button.setEnabled(True)
        self.pause_button.setText("Go on" if paused else "Pause")
        if progress is None or progress.total <= 0:
            self.progress.setRange(0, 0)
            self.figures.setText("starting")
            return
        self.progress.setRange(0, 1000)
        self.progress.setValue(round(1000 * progress.done / progress.total))
        words = [f"{progress.done:.0f} of {progress.total:.0f} pictures"]
        if paused:
            words.append("PAUSED")
        elif progress.left_s is not None:
            words.append(f"{time_text(progress.left_s)} left")
        if progress.what and progress.what != "paused":
            words.append(progress.what)
        self.figures.setText(", ".join(words))

    def say(self, text: str) -> None:
        """Write how the last batch ended."""
        self.batch_shown = False
        self.figures.setText(text)

    def set_keys(self, clean: str, pause: str, cancel: str) -> None:
        """Show keys on the buttons."""
        self.clean_button.setToolTip(f"Clean the marked episodes, or all ({clean})")
        self.pause_button.setToolTip(f"Wait between two pictures, or go on ({pause})")
        self.cancel_button.setToolTip(f"End the batch; finished episodes are kept ({cancel})")

    def _name_clean(self) -> None:
        marked = len(self.model.marked)
        self.clean_button.setText(f"Clean {marked} marked" if marked else "Clean all")
        self.clean_button.setEnabled(bool(self.model.rows) and self.progress.isHidden())


def _styled(sheet: str) -> str:
    sheet = sheet.replace("@icons", (ROOT / "icons").as_posix())
    for name in sorted(colors(), key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", colors()[name])
    return sheet
