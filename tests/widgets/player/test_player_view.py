"""The player shows the recorded sample of its time, always."""

import random
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible

from recorder.player.frame_reader import UnreadableSample
from recorder.player.transport import SPEEDS
from recorder.review.state import Interval, LabelState, Phase
from recorder.synthetic import frame_number
from widgets.player.player_view import PlayerView

CAMERAS = ("front/rgb", "wrist/rgb")


def _expected(view, stream):
    """Number in the newest recorded frame at or before the time shown."""
    episode = view.episode
    times = episode.frame_times_ns(stream)
    index = max(n for n, time_ns in enumerate(times) if time_ns <= view.time_ns)
    return frame_number(episode.frame(stream, index).data)


def test_seeking_paints_the_recorded_frame_of_that_instant(player, painted_number):
    draw = random.Random(3)
    for _ in range(12):
        player.seek(draw.randrange(player.episode.duration_ns))
        for camera in CAMERAS:
            assert painted_number(player.pictures.tile(camera)) == _expected(player, camera)
            assert frame_number(player.shown(camera).data) == _expected(player, camera)


def test_frame_changes_exactly_at_its_stamp(player):
    at_ns = int(player.episode.frame_times_ns("front/rgb")[30])
    player.seek(at_ns - 1)
    assert player.shown("front/rgb").index == 29
    player.seek(at_ns)
    assert player.shown("front/rgb").index == 30


def test_steps_go_frame_by_frame_both_ways(player, painted_number):
    player.seek(1_000_000_000)
    first = player.shown("front/rgb").index
    for count, steps in ((1, 5), (-1, 8)):
        for _ in range(steps):
            player.step(count)
            first += count
            assert painted_number(player.pictures.tile("front/rgb")) == first


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("backwards", [False, True])
def test_playing_shows_the_frame_of_every_instant_it_passes(player, qtbot, speed, backwards):
    player.seek(3_000_000_000 if backwards else 500_000_000)
    player.transport.set_speed(speed)
    if backwards:
        player.reverse()
    begun_ns, seen = player.time_ns, []

    def check(time_ns):
        for camera in CAMERAS:
            seen.append(frame_number(player.shown(camera).data) == _expected(player, camera))
        assert time_ns == player.time_ns

    player.time_changed.connect(check)
    player.toggle_play()
    qtbot.waitUntil(lambda: len(seen) >= 16 or not player.transport.playing)
    player.pause()
    player.time_changed.disconnect(check)
    assert seen  # a busy machine may reach the end with fewer pictures
    assert all(seen)
    assert (player.time_ns < begun_ns) == backwards


def test_a_gap_shows_the_last_frame_and_says_that_it_is_old(player, lost, painted_number):
    after = int(player.episode.frame_times_ns("front/rgb")[max(lost)])
    player.seek(after)
    tile = player.pictures.tile("wrist/rgb")
    assert painted_number(tile) == min(lost) - 1
    assert tile._note.startswith("GAP 0.")


def test_before_the_first_frame_there_is_no_picture_and_then_it_is_back(player):
    tile, first = player.pictures.tile("front/rgb"), player.shown("front/rgb")
    assert first.index == 0
    player.pictures.show_at(-1)
    assert player.shown("front/rgb") is None
    assert tile._sample is None
    player.pictures.show_at(0)
    assert tile._sample is not None


def test_clock_runs_only_while_playing_and_visible(player, qtbot):
    assert not player._timer.isActive()
    player.toggle_play()
    qtbot.waitUntil(lambda: player.time_ns > 0)
    player.hide()
    assert not player._timer.isActive()
    assert not player.playing
    player.toggle_play()
    assert not player._timer.isActive()
    player.show()
    assert player._timer.isActive()


def test_hand_stands_at_the_shown_instant_when_the_time_stands_still(player, qtbot):
    player.seek(2_500_000_000)
    qtbot.waitUntil(lambda: player.pictures.hand.shown_ns == 2_500_000_000)
    frame = player.episode.frame_at("right/joints_measured", 2_500_000_000)
    posed = player.pictures.hand.view.scene.measured[0]
    assert posed == pytest.approx(frame.data, abs=2e-4)


def test_time_label_says_time_length_and_frame(player):
    player.seek(1_234_000_000)
    length = player.episode.duration_ns // 10_000_000 / 100
    assert player.bar.time_label.text() == f"00:01.23 / 00:{length:05.2f}  frame 37"
    spoken = QAccessible.queryAccessibleInterface(player.bar.time_label)
    assert spoken.text(QAccessible.Text.Name) == "Time"
    assert spoken.text(QAccessible.Text.Description) == player.bar.time_label.text()


def test_states_are_said_in_words(player):
    player.reverse()
    player.faster()
    player.set_loop(Interval(start_ns=10, stop_ns=1_000_000_000))
    assert player.bar.direction_button.accessibleDescription() == "backwards"
    assert player.bar.speed_label.text() == "\N{MULTIPLICATION SIGN}1.5"
    assert player.bar.loop_button.text() == "LOOP on"
    player.toggle_loop()
    assert player.bar.loop_button.text() == "Loop"


def test_skip_idle_jumps_over_what_the_overview_calls_idle(player):
    episode = player.episode
    episode.overview = replace(episode.overview, idle=((1_000_000_000, 2_000_000_000),))
    player.toggle_skip_idle()
    assert player.bar.skip_button.text() in ("SKIP IDLE on", "SKIP on")
    player.seek(990_000_000)
    player.transport.play()
    player.transport.tick(0.02)
    assert player.time_ns == 2_010_000_000
    player.set_episode(episode)
    assert player.transport.skip
    player.toggle_skip_idle()
    assert player.transport.skip == ()


def test_a_picture_fills_the_space_and_steps_go_by_it(player, lost, qtbot):
    player.next_picture()
    player.next_picture()
    wrist = player.pictures.tile("wrist/rgb")
    assert player.pictures.visible_streams == ("wrist/rgb",)
    assert wrist.width() == player.pictures.grid.width()
    player.seek(int(player.episode.frame_times_ns("wrist/rgb")[min(lost) - 1]))
    player.step(1)
    assert frame_number(player.shown("wrist/rgb").data) == max(lost) + 1
    qtbot.mouseDClick(wrist, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert "front/rgb" in player.pictures.visible_streams
    assert player.shown("front/rgb").index == player.episode.index_at("front/rgb", player.time_ns)


def test_large_picture_stays_large_in_the_next_episode(player, takes, opened):
    player.next_picture()
    player.set_episode(opened(takes[1]), "episode 1")
    assert player.pictures.visible_streams == ("front/rgb",)
    assert player.shown("front/rgb").index == 0


def test_blind_hides_who_moved_the_hand_and_the_verdict(player):
    assert "P01 success" in player.bar.title.toolTip()
    player.set_blind(True)
    everything = [player.bar.title.text(), player.bar.title.toolTip(),
                  player.bar.title.accessibleName(), player.pictures.title.text()]  # fmt: skip
    assert not any("P01" in text or "success" in text for text in everything)
    assert "episode 0" in player.bar.title.toolTip()


def test_without_an_episode_it_says_what_to_do(shown):
    view = shown(PlayerView(), 930, 650)
    assert view.empty.isVisible()
    assert "library" in view.empty.text()
    assert not view.bar.play_button.isEnabled()
    view.toggle_play()
    view.step(1)
    view.zoom_in()
    assert view.time_ns == 0


@pytest.mark.parametrize("size", [(930, 650), (1560, 950)])
def test_tiles_lie_within_the_grid_and_apart(player, size):
    player.resize(*size)
    grid = player.pictures.grid
    for place, tile in enumerate(grid.tiles):
        assert grid.rect().contains(tile.geometry())
        for other in grid.tiles[:place]:
            assert not tile.geometry().intersects(other.geometry())


def test_a_damaged_frame_is_said_and_the_next_one_is_shown(player, monkeypatch):
    whole = player.episode.frame

    def damaged(stream, index):
        if (stream, index) == ("front/rgb", 10):
            raise UnreadableSample("frame 10 is damaged")
        return whole(stream, index)

    monkeypatch.setattr(player.episode, "frame", damaged)
    times = player.episode.frame_times_ns("front/rgb")
    player.seek(int(times[10]))
    tile = player.pictures.tile("front/rgb")
    assert player.shown("front/rgb") is None
    assert tile._note == "frame 10 cannot be read"
    player.seek(int(times[11]))
    assert player.shown("front/rgb").index == 11
    assert tile._note == "frame 11"


def test_an_episode_of_an_unknown_rig_is_played_without_its_hand(shown, takes, opened):
    episode = opened(takes[0])
    episode.rig = {"name": "foreign"}
    view = shown(PlayerView(), 930, 650)
    view.set_episode(episode, "imported")
    view.seek(1_000_000_000)
    assert view.pictures.hand is None
    assert view.shown("front/rgb").index == 30
    view.set_episode(None)


def test_an_overview_made_meanwhile_is_taken_up_and_labels_stay(shown, takes, opened):
    episode = opened(takes[0])
    made, episode.overview = episode.overview, None
    view = shown(PlayerView(), 930, 650)
    view.set_episode(episode)
    phases = {"a": Phase(start_ns=0, stop_ns=1_000_000_000, label="reach")}
    view.set_labels(LabelState(phases=phases), None)
    assert not view.timeline.shows_lane("right/taxels")
    episode.overview = made
    view.follow_overview()
    assert view.timeline.shows_lane("right/taxels")
    lane = view.timeline.stack.lanes[0]
    assert lane.item_at(5, 5, view.timeline.stack.axis, 20).item == "a"
    view.set_episode(None)
