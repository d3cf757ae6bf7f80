"""Two episodes side by side move together."""

import pytest
from PySide6.QtCore import QPoint, Qt

from recorder.review.state import LabelState, Phase
from widgets.player.lane_stack import GUTTER_PX

S = 1_000_000_000


@pytest.fixture
def two(player, takes, opened):
    other = opened(takes[1])
    player.set_compare(other, "episode 1")
    yield player, other
    player.set_compare(None)


def test_both_show_the_recorded_frame_of_the_same_time(two):
    player, other = two
    for time_ns in (0, 700_000_000, 2_900_000_000):
        player.seek(time_ns)
        assert player.shown("front/rgb").index == player.episode.index_at("front/rgb", time_ns)
        beside = player.other_pictures.shown("front/rgb")
        assert beside.index == other.index_at("front/rgb", time_ns)


def test_offset_aligns_the_second_at_a_chosen_instant(two):
    player, other = two
    player.set_compare_offset_ns(-500_000_000)
    player.seek(2 * S)
    assert player.other_pictures.shown("front/rgb").index == other.index_at(
        "front/rgb", 1_500_000_000
    )
    left, right = player.timeline.stack, player.other_timeline.stack
    assert left.cursor_x() == pytest.approx(right.cursor_x())
    player.seek(100_000_000)
    assert player.other_pictures.shown("front/rgb") is None


def test_playing_moves_both(two, qtbot):
    player, other = two
    together = []
    player.time_changed.connect(
        lambda ns: together.append(
            player.other_pictures.shown("front/rgb").index == other.index_at("front/rgb", ns)
        )
    )
    player.toggle_play()
    qtbot.waitUntil(lambda: len(together) > 10)
    player.pause()
    assert all(together)


def test_same_cameras_stand_at_the_same_places(two):
    player, _ = two
    assert player.other_pictures.streams == player.pictures.streams
    for stream in player.pictures.streams:
        assert (
            player.pictures.tile(stream).geometry() == player.other_pictures.tile(stream).geometry()
        )


def test_zoom_and_large_picture_are_shared(two):
    player, _ = two
    player.set_compare_offset_ns(S)
    player.zoom_in()
    mine, beside = player.timeline.stack.axis, player.other_timeline.stack.axis
    assert (beside.start_ns, beside.stop_ns) == (mine.start_ns + S, mine.stop_ns + S)
    player.next_picture()
    assert player.other_pictures.visible_streams == ("front/rgb",)


def test_click_in_the_second_timeline_seeks_in_its_time(two, qtbot):
    player, _ = two
    player.set_compare_offset_ns(S)
    stack = player.other_timeline.stack
    x = GUTTER_PX + round(stack.axis.x(2 * S))
    qtbot.mouseClick(stack, Qt.MouseButton.LeftButton, pos=QPoint(x, 20))
    assert player.time_ns == pytest.approx(S, abs=8_000_000)


def test_second_episode_has_labels_of_its_own(two):
    player, _ = two
    phases = {"x": Phase(start_ns=0, stop_ns=S, label="reach")}
    player.set_compare_labels(LabelState(phases=phases), None)
    lane = player.other_timeline.stack.lanes[0]
    axis = player.other_timeline.stack.axis
    assert lane.item_at(axis.x(S // 2), 5, axis, 20).item == "x"
    assert player.timeline.stack.lanes[0].item_at(axis.x(S // 2), 5, axis, 20) is None


def test_leaving_the_comparison_shows_one_again(two):
    player, _ = two
    player.set_compare(None)
    assert not player.other_pictures.isVisible()
    assert not player.other_timeline.isVisible()
    assert player.pictures.width() > 900
