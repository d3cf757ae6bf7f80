"""The timeline of one episode: a ruler over lanes that scroll, one cursor through both."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPen
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from recorder.player.player_episode import PlayerEpisode
from recorder.review.schema import LabelSchema
from recorder.review.state import Interval, LabelState
from widgets.player.episode_lanes import fingers_of, stream_lanes
from widgets.player.label_lanes import ContactLane, EventLane, PhaseLane, RecoveryLane
from widgets.player.lane import Lane
from widgets.player.lane_stack import LaneStack
from widgets.player.ruler import RULER_PX, Ruler
from widgets.theme import color

LABEL_LANES = ("phases", "events", "contacts", "recoveries")


class Timeline(QWidget):
    """Lanes of an episode and of its labels.

    The view (which stretch is seen) and the time are set from outside, so that two timelines can
    show the same.
    """

    time_picked = Signal(object)  # int, ns in this episode's time
    item_picked = Signal(str, str)  # lane, item id
    range_dragged = Signal(object, object)  # int ns start, int ns stop
    zoom_turned = Signal(float, object)  # factor, int ns that stays in place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._episode: PlayerEpisode | None = None
        self._state = LabelState()
        self._schema: LabelSchema | None = None
        self._selected: tuple[str, str] | None = None
        self._finger = ""
        self._blind = False
        self._hidden: set[str] = set()
        self._label_lanes: list[Lane] = []
        self._stream_lanes: list[Lane] = []
        self.ruler = Ruler()
        self.stack = LaneStack()
        self.scroll = QScrollArea()
        self.scroll.setWidget(self.stack)
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll.viewport().installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(0)
        layout.addWidget(self.ruler)
        layout.addWidget(self.scroll, 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline")
        self.setMinimumHeight(RULER_PX + 72)
        for part in (self.ruler, self.stack):
            part.time_picked.connect(self.time_picked)
            part.zoom_turned.connect(self.zoom_turned)
        self.ruler.range_dragged.connect(self.range_dragged)
        self.stack.item_picked.connect(self.item_picked)

    def sizeHint(self) -> QSize:
        return QSize(800, RULER_PX + self.stack.best_height_px + 4)

    # ---- content ---------------------------------------------------------------------------

    def set_episode(self, episode: PlayerEpisode | None) -> None:
        """Show the lanes of ``episode``, without labels; None empties the timeline."""
        self._episode = episode
        self._state, self._schema, self._selected = LabelState(), None, None
        self._make_stream_lanes()
        self._make_label_lanes()

    def set_labels(self, state: LabelState, schema: LabelSchema | None) -> None:
        """Draw the lanes of the labels again; those of the streams stay as they are."""
        self._state, self._schema = state, schema
        self._make_label_lanes()

    def follow_overview(self) -> None:
        """Draw everything again from an overview that was made meanwhile; labels stay."""
        self._make_stream_lanes()
        self._make_label_lanes()

    def set_selected(self, lane: str, item: str | None) -> None:
        """Frame one item; None frames nothing."""
        self._selected = (lane, item) if item is not None else None
        self._make_label_lanes()

    def set_finger(self, finger: str) -> None:
        """Draw the joints of one finger in rows of their own; all fingers when empty."""
        if finger != self._finger:
            self._finger = finger
            self._make_stream_lanes()
            self._show_lanes()

    def set_blind(self, blind: bool) -> None:
        """Hide the lanes that tell who moved the hand or how it was judged."""
        if blind != self._blind:
            self._blind = blind
            self._make_stream_lanes()
            self._show_lanes()

    @property
    def lane_names(self) -> tuple[tuple[str, str], ...]:
        """Name and title of every lane there is, shown or hidden."""
        return tuple((lane.name, lane.title) for lane in (*self._label_lanes, *self._stream_lanes))

    def toggle_lane(self, name: str) -> bool:
        """Hide a lane or show it again; returns whether it is shown now."""
        self._hidden.symmetric_difference_update({name})
        self._show_lanes()
        return name not in self._hidden

    def shows_lane(self, name: str) -> bool:
        """Whether a lane is shown."""
        return any(lane.name == name for lane in self.stack.lanes)

    def _make_stream_lanes(self) -> None:
        episode = self._episode
        self._stream_lanes = (
            [] if episode is None else stream_lanes(episode, self._finger, self._blind)
        )

    def _make_label_lanes(self) -> None:
        if self._episode is None:
            self._label_lanes = []
        else:
            overview = self._episode.overview
            candidates = overview.candidates if overview else ()
            state, schema = self._state, self._schema
            self._label_lanes = [
                PhaseLane(state.phases, schema, self._chosen("phases")),
                EventLane(state.events, schema, self._chosen("events")),
                ContactLane(
                    state.contacts,
                    candidates,
                    fingers_of(self._episode),
                    self._selected,
                    state.refused,
                ),
            ]
            if state.recoveries:
                lane = RecoveryLane(state.recoveries, self._chosen("recoveries"))
                self._label_lanes.append(lane)
        self._show_lanes()

    def _chosen(self, lane: str) -> str | None:
        if self._selected is None or self._selected[0] != lane:
            return None
        return self._selected[1]

    def _show_lanes(self) -> None:
        lanes: Sequence[Lane] = (*self._label_lanes, *self._stream_lanes)
        self.stack.set_lanes([lane for lane in lanes if lane.name not in self._hidden])
        overview = self._episode.overview if self._episode else None
        self.stack.set_shades(self._state.trim, overview.idle if overview else ())

    # ---- view ------------------------------------------------------------------------------

    def set_view(self, start_ns: int, stop_ns: int) -> None:
        """Show ``[start_ns, stop_ns)`` of this episode's time."""
        duration_ns = self._episode.duration_ns if self._episode else 1
        self.ruler.set_view(start_ns, stop_ns, duration_ns)
        self.stack.set_view(start_ns, stop_ns, duration_ns)

    def set_time(self, time_ns: int) -> None:
        """Move the cursor to an instant of this episode."""
        self.ruler.set_time(time_ns)
        self.stack.set_time(time_ns)

    def set_loop(self, loop: Interval | None) -> None:
        """Mark the range that is looped."""
        self.ruler.set_loop(loop)

    def set_note(self, text: str) -> None:
        """Name the timeline, where there are two."""
        self.ruler.note = text
        self.ruler.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.scroll.viewport() and event.type() == QEvent.Type.Resize:
            viewport = self.scroll.viewport()
            self.stack.set_room(viewport.height())
            self.ruler.set_right_margin(self.ruler.width() - viewport.width())
        return super().eventFilter(watched, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(color("accent"), 2))
            painter.drawRect(QRect(1, 1, self.width() - 2, self.height() - 2))
            painter.end()
