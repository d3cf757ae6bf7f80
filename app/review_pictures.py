"""The pictures of Review: every page of the window on reviewed episodes, without a hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject

from app.actions import ActionId
from app.stepper import Stepper, Wait
from app.window import MainWindow
from app.workspaces.review import ReviewWorkspace

Shots = Callable[[str], Iterator[Wait]]  # saves the window under a name, at every size
LABELLED = 0  # number of an episode that R1 has finished
NEW = 4  # one that nobody has
ADJUDICATING = "R3"  # settles what R1 and R2 said
EXPORT_TO = "~/demos-lerobot"
INSIDE = 0.6  # share of an episode at which the hand holds the object


class ReviewPhotographer(QObject):
    """Goes through the pages of Review and saves each, then closes the window.

    Parameters
    ----------
    window : MainWindow
        On reviewed episodes, without a session.
    shots : callable
        Given a name, the steps that save the window.
    """

    def __init__(self, window: MainWindow, shots: Shots) -> None:
        super().__init__(window)
        self._window, self._shots = window, shots
        review = window.active
        assert isinstance(review, ReviewWorkspace)
        self._review = review
        self.stepper = Stepper(self._steps(), window.close, self)

    def _steps(self) -> Iterator[Wait]:
        review, perform = self._review, self._window.perform
        yield Wait(lambda: bool(review.library.rows), 30.0, "the rows of the library")
        yield from self._shots("library")
        review.library.view.triage_button.setChecked(True)
        yield from self._shots("triage")
        review.library.view.triage_button.setChecked(False)
        yield from self._open(LABELLED)
        yield from self._shots("episode")
        yield from self._open(NEW)
        perform(ActionId.REVIEW_FAILURE)
        yield from self._shots("failure")
        perform(ActionId.REVIEW_UNDO)
        review.set_reviewer(ADJUDICATING)
        perform(ActionId.REVIEW_ADJUDICATE)
        yield Wait(lambda: review.adjudicate.open is not None, 20.0, "a disputed episode")
        yield from self._shots("adjudicate")
        perform(ActionId.REVIEW_STATISTICS)
        yield Wait(lambda: not review.insight.is_busy, 30.0, "the statistics")
        yield from self._shots("statistics")
        insight = review.insight
        insight.tabs.setCurrentWidget(insight.agreement)
        yield Wait(lambda: insight.report is not None, 60.0, "the agreement")
        yield from self._shots("agreement")
        perform(ActionId.REVIEW_EXPORT)
        panel = review.transfer.panel
        panel.outcome.setCurrentText("success")
        panel.out.setText(EXPORT_TO)
        yield Wait(lambda: panel.start.isEnabled(), 30.0, "what an export would be")
        yield from self._shots("export")

    def _open(self, number: int) -> Iterator[Wait]:
        review = self._review
        chosen = [row for row in review.library.rows if row.episode.number == number]
        review.show_page("Library")
        review.open_from_library(chosen[0].episode.uuid)
        yield Wait(lambda: review.page == "Episode", 20.0, f"episode {number}")
        player = review.episode.player
        player.seek(round(INSIDE * player.transport.duration_ns))
