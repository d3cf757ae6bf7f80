"""The running job on one line: title, percent, time left, Cancel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

BAR_PX = 120
TITLE_PX = 260


class JobBar(QWidget):
    """Shows one job and how many wait behind it; hidden while there is none."""

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setMaximumWidth(TITLE_PX)
        self.bar = QProgressBar()
        self.bar.setFixedSize(BAR_PX, 8)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("progress of the job")
        self.figures = QLabel()
        self.figures.setProperty("role", "dim")
        self.cancel_button = QToolButton()
        self.cancel_button.setText("Cancel")
        self.cancel_button.setProperty("compact", True)
        self.cancel_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel_button.setToolTip("End this job; what it has made so far is put away")
        self.cancel_button.clicked.connect(self.cancel_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in (self.title, self.bar, self.figures, self.cancel_button):
            layout.addWidget(widget)
        self.hide()

    def show_job(
        self,
        title: str,
        share: float | None,
        left_s: float | None,
        waiting: int = 0,
        what: str = "",
    ) -> None:
        """Show how far a job is.

        Parameters
        ----------
        title : str
            What the job is called.
        share : float or None
            Done, 0 to 1; None while nothing is known.
        left_s : float or None
            Expected time left, seconds.
        waiting : int
            Jobs that wait behind this one.
        what : str
            What it works on now.
        """
        metrics = self.title.fontMetrics()
        self.title.setText(metrics.elidedText(title, Qt.TextElideMode.ElideRight, TITLE_PX))
        self.title.setToolTip(f"{title}: {what}" if what else title)
        self.bar.setRange(0, 0 if share is None else 1000)
        words = []
        if share is not None:
            self.bar.setValue(round(share * 1000))
            words.append(f"{share * 100:.0f} %")
        if left_s is not None:
            words.append(f"{time_text(left_s)} left")
        if waiting:
            words.append(f"{waiting} waiting")
        self.figures.setText(", ".join(words) or "starting")
        self.show()

    def clear(self) -> None:
        """No job runs."""
        self.hide()


def time_text(seconds: float) -> str:
    """Whole seconds, minutes or hours, as a person would say them."""
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
