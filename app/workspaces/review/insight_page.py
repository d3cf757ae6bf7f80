"""Statistics of the library and agreement of its reviewers, computed when they are looked at.

Both are computed in a thread: the first time loads a library that takes seconds on a busy machine.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QTabWidget, QVBoxLayout, QWidget

from app.workspaces.review.review_desk import ReviewDesk
from recorder.agreement.page import agreement_page
from recorder.agreement.report import AgreementReport, agreement_report
from recorder.library.statistics import LibraryStatistics, make_statistics
from widgets.review.agreement_view import AgreementView
from widgets.review.statistics_view import StatisticsView


class InsightPage(QWidget):
    """Two tabs: statistics, agreement.

    Parameters
    ----------
    desk : ReviewDesk
    say : callable
        Shows a sentence in the status strip.
    """

    def __init__(
        self, desk: ReviewDesk, say: Callable[..., object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._say = desk, say
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="agreement")
        self._counting: Future[LibraryStatistics] | None = None
        self._coming: Future[AgreementReport] | None = None
        self.report: AgreementReport | None = None
        self.statistics = StatisticsView()
        self.agreement = AgreementView()
        self.tabs = QTabWidget()
        self.tabs.addTab(self.statistics, "Statistics")
        self.tabs.addTab(self.agreement, "Agreement")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.tabs.currentChanged.connect(lambda _: self.load())
        self.agreement.refresh_requested.connect(self.compute)
        self.agreement.save_requested.connect(self._save)

    def load(self) -> None:
        """Show the figures of the dataset as it is now."""
        if self.tabs.currentWidget() is self.statistics:
            self._count()
        else:
            self.compute()

    @property
    def is_busy(self) -> bool:
        """Whether something is being computed."""
        return self._counting is not None or self._coming is not None

    def _count(self) -> None:
        if self._counting is None:
            self.statistics.say_counting()
            self._counting = self._pool.submit(make_statistics, self._desk.rows())

    def compute(self) -> None:
        """Compute the agreement in the background; a blind reviewer does not get to see it."""
        if self._desk.blind:
            self.agreement.set_report(None)
            self.agreement.summary.setText(
                "You review blind: how far the reviewers agree is shown to whoever adjudicates."
            )
        elif self._coming is None:
            self.agreement.summary.setText("Computing\N{HORIZONTAL ELLIPSIS}")
            self._coming = self._pool.submit(agreement_report, self._desk.dataset)

    def refresh(self) -> None:
        """Take in what was computed."""
        if self._counting is not None and self._counting.done():
            counted, self._counting = self._counting, None
            self.statistics.set_statistics(counted.result())
        if self._coming is None or not self._coming.done():
            return
        coming, self._coming = self._coming, None
        problem = coming.exception()
        if problem is not None:
            self._say(f"The agreement cannot be computed: {problem}", "bad")
            return
        self.report = coming.result()
        self.agreement.set_report(self.report)

    def _save(self) -> None:
        if self.report is None:
            return
        proposed = str(self._desk.dataset.root / "agreement.html")
        name, _ = QFileDialog.getSaveFileName(self, "Save the report", proposed, "HTML (*.html)")
        if not name:
            return
        try:
            root = self._desk.dataset.root
            command = f"thenar agreement {root}"
            Path(name).write_text(agreement_page(self.report, root.name, command))
        except OSError as error:
            self._say(f"'{name}' cannot be written: {error.strerror}", "bad")
        else:
            self._say(f"Saved as '{name}'.")

    def close_work(self) -> None:
        """Wait for what is being computed, and let it go."""
        self._pool.shutdown(wait=True, cancel_futures=True)
