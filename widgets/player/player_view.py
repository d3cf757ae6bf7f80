"""Plays an episode: pictures and hand above, timeline below, all at one time.

What is shown at an instant is the recorded sample of that instant, at every speed, either way and
when stepping: time is moved first, by the transport, and every tile then asks for the sample of
that time. Playing draws the newest time only; a busy machine shows fewer pictures, never wrong
ones. The clock stops while the view is hidden or the time stands still.

A second episode can stand beside the first. One transport moves both: the second shows the time
of the first plus an offset.
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from recorder.player.player_episode import Frame, PlayerEpisode
from recorder.player.transport import Transport
from recorder.review.schema import LabelSchema
from recorder.review.state import Interval, LabelState
from widgets.player.episode_lanes import joint_groups
from widgets.player.player_panes import PlayerPanes
from widgets.player.time_axis import zoomed

TICK_MS = 16
ZOOM_STEP = 0.5


class PlayerView(PlayerPanes):
    """One episode, or two side by side."""

    time_changed = Signal(object)  # int, ns after the first sample
    item_picked = Signal(str, str)  # lane of the labels (or "candidates"), item id
    playing_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.transport = Transport(0)  # a new one with each episode
        self.skips_idle = False
        self._episode: PlayerEpisode | None = None
        self._other: PlayerEpisode | None = None
        self._offset_ns = 0
        self._zoom: tuple[int, int] = (0, 1)
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        self._connect()
        self.set_episode(None)

    def _connect(self) -> None:
        self.timeline.time_picked.connect(self.seek)
        self.timeline.item_picked.connect(self.item_picked)
        self.timeline.range_dragged.connect(self._on_range_dragged)
        self.timeline.zoom_turned.connect(self._zoom_by)
        other = self.other_timeline
        other.time_picked.connect(lambda ns: self.seek(ns - self._offset_ns))
        other.zoom_turned.connect(lambda by, ns: self._zoom_by(by, ns - self._offset_ns))
        other.range_dragged.connect(
            lambda a, b: self._on_range_dragged(a - self._offset_ns, b - self._offset_ns)
        )
        for pictures in (self.pictures, self.other_pictures):
            pictures.arranged.connect(self._show_pictures)
        self.pictures.grid.maximised_changed.connect(self._on_maximised)
        bar = self.bar
        bar.play_asked.connect(self.toggle_play)
        bar.reverse_asked.connect(self.reverse)
        bar.slower_asked.connect(self.slower)
        bar.faster_asked.connect(self.faster)
        bar.loop_asked.connect(self.toggle_loop)
        bar.skip_asked.connect(self.toggle_skip_idle)
        bar.zoom_asked.connect(lambda factor: self.fit() if factor == 0 else self._zoom_by(factor))
        bar.lane_toggled.connect(self.toggle_lane)
        bar.finger_chosen.connect(self.set_finger)

    # ---- episodes --------------------------------------------------------------------------

    @property
    def episode(self) -> PlayerEpisode | None:
        """The episode that is played."""
        return self._episode

    def set_episode(self, episode: PlayerEpisode | None, title: str = "", people: str = "") -> None:
        """Show ``episode`` from its first picture, without labels, alone; None empties the view.

        Parameters
        ----------
        episode : PlayerEpisode or None
            Stays open as long as it is shown; whoever opened it closes it.
        title : str
            What it is called.
        people : str
            Who moved the hand and how it was judged; hidden in a blind review.
        """
        speed = self.transport.speed
        self._stop()
        self._episode = episode
        self.set_words(title, people)
        self.set_compare(None)
        self.transport = Transport(episode.duration_ns if episode else 0)
        self.transport.set_speed(speed)
        if episode is not None:
            self.transport.seek(episode.opening_ns)
        self.pictures.set_episode(episode)
        self.timeline.set_episode(episode)
        self._find_steps()
        self._follow_skipping()
        self.show_empty(episode is None)
        self._offer_lanes()
        self.set_zoom(None)
        self._show_time()

    def follow_overview(self) -> None:
        """Take up the overview that ``episode.overview`` was given after it was opened."""
        self.timeline.follow_overview()
        self._follow_skipping()
        self._offer_lanes()

    def set_compare(self, other: PlayerEpisode | None, title: str = "", offset_ns: int = 0) -> None:
        """Show a second episode beside the first; None shows the first alone."""
        self._other = other if self._episode is not None else None
        self._offset_ns = offset_ns
        shows = self._other is not None
        self.show_two(shows, title)
        self.other_pictures.set_episode(self._other, self.pictures.streams)
        self.other_timeline.set_episode(self._other)
        if shows:
            self.other_pictures.grid.maximise(self._other_place(self.pictures.grid.maximised))
            self.set_zoom(Interval(start_ns=self._zoom[0], stop_ns=self._zoom[1]))
            self._show_time()

    def set_compare_offset_ns(self, offset_ns: int) -> None:
        """Align the second episode: it shows the time of the first plus ``offset_ns``."""
        self._offset_ns = offset_ns
        self.set_zoom(Interval(start_ns=self._zoom[0], stop_ns=self._zoom[1]))
        self._show_time()

    def set_blind(self, blind: bool) -> None:
        """Hide who moved the hand, under which condition, and how it was judged."""
        super().set_blind(blind)
        self._offer_lanes()

    # ---- labels ----------------------------------------------------------------------------

    def set_labels(self, state: LabelState, schema: LabelSchema | None) -> None:
        """Draw the labels' lanes of the first episode again."""
        self.timeline.set_labels(state, schema)

    def set_compare_labels(self, state: LabelState, schema: LabelSchema | None) -> None:
        """Draw the labels' lanes of the second episode again."""
        self.other_timeline.set_labels(state, schema)

    def select_item(self, lane: str, item: str | None) -> None:
        """Frame one item of the labels; None frames nothing."""
        self.timeline.set_selected(lane, item)

    # ---- time ------------------------------------------------------------------------------

    @property
    def time_ns(self) -> int:
        """Where the cursor stands, ns after the first sample."""
        return self.transport.time_ns

    @property
    def playing(self) -> bool:
        """Whether time moves."""
        return self.transport.playing

    def shown(self, stream: str) -> Frame | None:
        """The recorded frame the tile of ``stream`` shows; None before the first."""
        return self.pictures.shown(stream)

    def seek(self, time_ns: int) -> None:
        """Go to an instant; playing goes on from there."""
        self.transport.seek(time_ns)
        self._clock.start()
        self._show_time()

    def step(self, count: int) -> None:
        """Pause and go ``count`` frames on, or back."""
        self.transport.step(count)
        self._follow_playing()
        self._show_time()

    def toggle_play(self) -> None:
        """Play, or pause; at the end, play from the start."""
        if self._episode is not None:
            self.transport.toggle()
            self._follow_playing()
            self._show_time()

    def pause(self) -> None:
        """Stand still."""
        self._stop()
        self._show_time()

    def reverse(self) -> None:
        """Play the other way."""
        self.transport.reverse()
        self._show_bar()

    def faster(self) -> None:
        """The next higher speed."""
        self.transport.faster()
        self._show_bar()

    def slower(self) -> None:
        """The next lower speed."""
        self.transport.slower()
        self._show_bar()

    def toggle_loop(self) -> None:
        """Loop what is in view, or loop no more."""
        if self._episode is not None:
            start_ns, stop_ns = self._zoom
            window = Interval(start_ns=start_ns, stop_ns=max(start_ns + 1, stop_ns))
            self.set_loop(window if self.transport.loop is None else None)

    def set_loop(self, loop: Interval | None) -> None:
        """Play ``loop`` over and over; None plays everything."""
        self.transport.loop = loop
        self.timeline.set_loop(loop)
        self._show_bar()

    def toggle_skip_idle(self) -> None:
        """Jump over idle stretches when playing, here and in the next episodes, or no more."""
        self.skips_idle = not self.skips_idle
        self._follow_skipping()
        self._show_bar()

    def _follow_skipping(self) -> None:
        overview = self._episode.overview if self._episode else None
        idle = overview.idle if overview is not None and self.skips_idle else ()
        self.transport.skip = [Interval(start_ns=a, stop_ns=b) for a, b in idle if a < b]

    def _stop(self) -> None:
        self.transport.pause()
        self._follow_playing()

    def _follow_playing(self) -> None:
        runs = self.transport.playing and self.isVisible()
        if runs != self._timer.isActive():
            if runs:
                self._clock.start()
                self._timer.start()
            else:
                self._timer.stop()
            self.playing_changed.emit(self.transport.playing)

    def _on_tick(self) -> None:
        self.transport.tick(self._clock.nsecsElapsed() / 1e9)
        self._clock.restart()
        self._follow_playing()
        self._show_time()

    def _show_time(self) -> None:
        if self._episode is None:
            return
        time_ns = self.transport.time_ns
        self._show_pictures()
        self.timeline.set_time(time_ns)
        self.other_timeline.set_time(time_ns + self._offset_ns)
        self._show_bar()
        self._keep_in_view(time_ns)
        self.time_changed.emit(time_ns)

    def _show_pictures(self) -> None:
        if self._episode is None:
            return
        time_ns, plays = self.transport.time_ns, self.transport.playing
        velocity = self.transport.direction * self.transport.speed if plays else 0.0
        self.pictures.show_at(time_ns, plays)
        if self._other is not None:
            self.other_pictures.match_depth(self.pictures)
            self.other_pictures.show_at(time_ns + self._offset_ns, plays)
            streams = self.other_pictures.visible_streams
            self._other.prefetch(streams, time_ns + self._offset_ns, velocity)
        self._episode.prefetch(self.pictures.visible_streams, time_ns, velocity)

    def _show_bar(self) -> None:
        stream = self._step_stream()
        frame = self._episode.index_at(stream, self.time_ns) if self._episode and stream else -1
        self.bar.follow(self.transport, None if frame < 0 else frame, self.skips_idle)

    # ---- pictures --------------------------------------------------------------------------

    def next_picture(self) -> None:
        """Let the next picture fill the space; after the last one, all are shown again."""
        self.pictures.grid.next_picture()

    def _on_maximised(self, place: int) -> None:
        self._find_steps()
        if self._other is not None:
            self.other_pictures.grid.maximise(self._other_place(place))

    def _other_place(self, place: int) -> int:
        """Place of the same stream in the other episode; -1 where it has none."""
        streams, others = self.pictures.streams, self.other_pictures.streams
        if not 0 <= place < len(streams):
            return -1
        return others.index(streams[place]) if streams[place] in others else -1

    def _step_stream(self) -> str | None:
        """The stream that steps and frame numbers go by: the large picture."""
        streams = self.pictures.streams
        place = self.pictures.grid.maximised
        if 0 <= place < len(streams):
            return streams[place]
        return streams[0] if streams else None

    def _find_steps(self) -> None:
        stream = self._step_stream()
        if self._episode is not None and stream is not None:
            self.transport.step_times_ns = self._episode.frame_times_ns(stream)
        else:
            self.transport.step_times_ns = ()
        self._show_bar()

    # ---- timeline --------------------------------------------------------------------------

    @property
    def zoom(self) -> Interval | None:
        """The stretch the timeline shows; None when it is the whole episode."""
        if self._episode is None or self._zoom == (0, self._episode.duration_ns):
            return None
        return Interval(start_ns=self._zoom[0], stop_ns=self._zoom[1])

    def set_zoom(self, zoom: Interval | None) -> None:
        """Let the timeline show ``zoom``; None shows the whole episode."""
        duration_ns = max(1, self.transport.duration_ns)
        start_ns, stop_ns = (0, duration_ns) if zoom is None else (zoom.start_ns, zoom.stop_ns)
        self._zoom = zoomed(start_ns, stop_ns, 1.0, start_ns, duration_ns)
        self.timeline.set_view(*self._zoom)
        self.other_timeline.set_view(*(time_ns + self._offset_ns for time_ns in self._zoom))

    def zoom_in(self) -> None:
        """Show half as much, around the cursor."""
        self._zoom_by(ZOOM_STEP)

    def zoom_out(self) -> None:
        """Show twice as much, around the cursor."""
        self._zoom_by(1 / ZOOM_STEP)

    def fit(self) -> None:
        """Show the whole episode."""
        self.set_zoom(None)

    def _zoom_by(self, factor: float, around_ns: int | None = None) -> None:
        if self._episode is None:
            return
        around_ns = self.time_ns if around_ns is None else around_ns
        start, stop = zoomed(*self._zoom, factor, around_ns, self.transport.duration_ns)
        self.set_zoom(Interval(start_ns=start, stop_ns=stop))

    def _keep_in_view(self, time_ns: int) -> None:
        """Turn the page when the cursor leaves the view."""
        start, stop = self._zoom
        if start <= time_ns <= stop:
            return
        span = stop - start
        start = time_ns if time_ns > stop else max(0, time_ns - span)
        self.set_zoom(Interval(start_ns=start, stop_ns=start + span))

    def toggle_lane(self, name: str) -> None:
        """Hide a lane of the timeline, or show it again."""
        self.timeline.toggle_lane(name)
        self.other_timeline.toggle_lane(name)
        self._offer_lanes()

    def set_finger(self, finger: str) -> None:
        """Draw the joints of one finger, each in its own row; all fingers when empty."""
        self.timeline.set_finger(finger)
        self.other_timeline.set_finger(finger)

    def _offer_lanes(self) -> None:
        fingers = joint_groups(self._episode) if self._episode else ()
        lanes = [
            (name, title, self.timeline.shows_lane(name))
            for name, title in self.timeline.lane_names
        ]
        self.bar.offer_lanes(lanes, fingers)

    def _on_range_dragged(self, start_ns: int, stop_ns: int) -> None:
        stop_ns = min(stop_ns, self.transport.duration_ns)
        if 0 <= start_ns < stop_ns:
            self.set_loop(Interval(start_ns=start_ns, stop_ns=stop_ns))
            self.seek(start_ns)

    # ---- being seen ------------------------------------------------------------------------

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._follow_playing()

    def hideEvent(self, event) -> None:
        self._stop()
        super().hideEvent(event)
