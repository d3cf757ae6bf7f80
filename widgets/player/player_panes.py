"""How the player is arranged: pictures above, one line of transport, timelines below.

The timeline gets the height it is best read at, but never more than half; who moves the border
between the two keeps it where it was put.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from widgets.player.episode_pictures import EpisodePictures
from widgets.player.timeline import Timeline
from widgets.player.transport_bar import TransportBar

LOWER_AT_MOST = 0.5  # of the height, for transport and timeline
LOWER_AT_MOST_TWO = 0.6  # with two timelines


class PlayerPanes(QWidget):
    """The parts of the player in their places; knows nothing of time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._people, self._other_title = "", "", ""
        self._blind = False
        self._two = False
        self._border_moved = False
        self.pictures, self.other_pictures = EpisodePictures(), EpisodePictures()
        self.timeline, self.other_timeline = Timeline(), Timeline()
        self.other_timeline.setAccessibleName("Timeline of the episode beside it")
        self.bar = TransportBar()
        self.setFocusProxy(self.timeline)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self._upper())
        self.splitter.addWidget(self._lower())
        self.splitter.setChildrenCollapsible(False)
        self.splitter.splitterMoved.connect(self._on_border_moved)
        self.empty = QLabel("No episode is open. Choose one in the library: it plays here.")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "dim")
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.splitter)
        self._pages.addWidget(self.empty)

    def _upper(self) -> QWidget:
        above = QWidget()
        row = QHBoxLayout(above)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.pictures, 1)
        row.addWidget(self.other_pictures, 1)
        return above

    def _lower(self) -> QWidget:
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.bar)
        column.addWidget(self.timeline, 1)
        column.addWidget(self.other_timeline, 1)
        return below

    def sizeHint(self) -> QSize:
        return QSize(930, 650)

    def set_words(self, title: str, people: str) -> None:
        """Name the episode, and who moved the hand and how it was judged."""
        self._title, self._people = title, people
        self._show_words()

    def set_blind(self, blind: bool) -> None:
        """Hide who moved the hand, under which condition, and how it was judged."""
        self._blind = blind
        self.timeline.set_blind(blind)
        self.other_timeline.set_blind(blind)
        self._show_words()

    def show_empty(self, empty: bool) -> None:
        """Say what to do when there is no episode."""
        self._pages.setCurrentWidget(self.empty if empty else self.splitter)
        self.bar.set_usable(not empty)
        self.share_height()

    def show_two(self, two: bool, title: str) -> None:
        """Make room for a second episode called ``title``, or take it away."""
        self._two, self._other_title = two, title
        self.other_pictures.setVisible(two)
        self.other_timeline.setVisible(two)
        self.timeline.set_note("seconds, left" if two else "")
        self.other_timeline.set_note("seconds, right")
        self._show_words()
        self.share_height()

    def _show_words(self) -> None:
        parts = [self._title] if self._blind else [self._title, self._people]
        text = "   ".join(part for part in parts if part)
        self.bar.set_title("" if self._two else text)
        self.pictures.title.setText(text)
        self.other_pictures.title.setText(self._other_title)
        self.pictures.title.setVisible(self._two)
        self.other_pictures.title.setVisible(self._two)

    # ---- height ----------------------------------------------------------------------------

    def share_height(self) -> None:
        """Give the timelines what they need, within limits, unless the border was moved."""
        if self._border_moved:
            return
        wish = self.bar.sizeHint().height() + 2 + self.timeline.sizeHint().height()
        if self._two:
            wish += 2 + self.other_timeline.sizeHint().height()
        most = int(self.height() * (LOWER_AT_MOST_TWO if self._two else LOWER_AT_MOST))
        lower = min(wish, most)
        self.splitter.setSizes([max(1, self.height() - lower), max(1, lower)])

    def _on_border_moved(self) -> None:
        self._border_moved = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share_height()
