"""Lanes stand under one cursor, and what is half-open is drawn half-open."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from support.activation import activate

from recorder.overview.model import ContactCandidate
from recorder.review.contact_edits import candidate_id
from recorder.review.schema import load_label_schemas, schema_for
from recorder.review.state import Contact, Interval, LabelState, Mark, Phase, Recovery
from widgets.player.lane_stack import GUTTER_PX
from widgets.theme import color

S = 1_000_000_000
SCHEMA = schema_for(load_label_schemas(), "any")


def _stack(player):
    return player.timeline.stack


def _x(player, time_ns):
    return round(GUTTER_PX + _stack(player).axis.x(time_ns))


def _pixel(player, time_ns, lane, dx=0, y_share=0.5):
    """Colour in ``lane`` at an instant, ``dx`` pixels aside."""
    stack = _stack(player)
    rect = stack.lane_rect(lane)
    y = rect.top() + int(rect.height() * y_share)
    return stack.grab().toImage().pixelColor(_x(player, time_ns) + dx, y)


def _click(player, qtbot, time_ns, lane, row=0, rows=1):
    rect = _stack(player).lane_rect(lane)
    y = rect.top() + int((row + 0.5) * rect.height() / rows)
    qtbot.mouseClick(_stack(player), Qt.MouseButton.LeftButton, pos=QPoint(_x(player, time_ns), y))


def _columns_with_cursor(player):
    """Columns of the lanes that are white from top to bottom."""
    image = _stack(player).grab().toImage()
    text = color("text")
    return [
        x for x in range(GUTTER_PX, image.width())
        if all(image.pixelColor(x, y) == text for y in range(0, image.height(), 7))
    ]  # fmt: skip


def test_cursor_stands_at_the_time_in_lanes_and_ruler(player):
    for time_ns in (0, 1 * S, 2_500_000_000, player.episode.duration_ns - 1):
        player.seek(time_ns)
        columns = _columns_with_cursor(player)
        assert len(columns) in (1, 2)
        assert abs(columns[0] - _x(player, time_ns)) <= 1
        ruler = player.timeline.ruler
        assert abs(ruler.axis.x(time_ns) - _stack(player).axis.x(time_ns)) <= 1


def test_moving_the_cursor_draws_no_lane_again(player):
    _stack(player).grab()
    kept = dict(_stack(player)._pictures)
    assert kept
    player.seek(2 * S)
    _stack(player).grab()
    assert all(_stack(player)._pictures[lane] is picture for lane, picture in kept.items())


def test_lanes_lie_below_each_other_in_full(player):
    rects = [_stack(player).lane_rect(lane.name) for lane in _stack(player).lanes]
    for above, below in zip(rects, rects[1:], strict=False):
        assert above.bottom() < below.top()
    assert rects[-1].bottom() < _stack(player).height()
    names = {lane.name for lane in _stack(player).lanes}
    assert {"phases", "events", "contacts", "right/fingertip_force", "right/taxels",
            "right/joints_measured", "front/rgb", "wrist/rgb"} <= names  # fmt: skip


def test_neighbouring_phases_meet_at_one_pixel_and_none_covers_its_stop(player):
    phases = {
        "a": Phase(start_ns=S, stop_ns=2 * S, label="reach"),
        "b": Phase(start_ns=2 * S, stop_ns=3 * S, label="grasp"),
    }
    player.set_labels(LabelState(phases=phases), SCHEMA)
    player.seek(0)
    empty = _pixel(player, 3_500_000_000, "phases")
    reach, grasp = (
        _pixel(player, t, "phases", y_share=0.9) for t in (1_900_000_000, 2_900_000_000)
    )
    assert len({empty.name(), reach.name(), grasp.name()}) == 3
    assert _pixel(player, S, "phases", -2, 0.9) == empty
    assert _pixel(player, 2 * S, "phases", -2, 0.9) == reach
    assert _pixel(player, 2 * S, "phases", 2, 0.9) == grasp
    assert _pixel(player, 3 * S, "phases", -2, 0.9) == grasp
    assert _pixel(player, 3 * S, "phases", 1, 0.9) == empty


def test_click_on_a_shared_boundary_picks_the_phase_that_begins_there(player, qtbot):
    phases = {
        "a": Phase(start_ns=S, stop_ns=2 * S, label="reach"),
        "b": Phase(start_ns=2 * S, stop_ns=3 * S, label="grasp"),
    }
    player.set_labels(LabelState(phases=phases), SCHEMA)
    lane = next(lane for lane in _stack(player).lanes if lane.name == "phases")
    axis = replace(_stack(player).axis, start_ns=0, stop_ns=4 * S, width_px=400)
    assert lane.item_at(200, 5, axis, 24).item == "b"
    assert lane.item_at(199, 5, axis, 24).item == "a"
    assert lane.item_at(300, 5, axis, 24) is None
    with qtbot.waitSignal(player.item_picked) as picked:
        _click(player, qtbot, 1_500_000_000, "phases")
    assert picked.args == ["phases", "a"]
    assert player.time_ns == pytest.approx(1_500_000_000, abs=4_000_000)


def test_confirmed_contacts_are_solid_and_proposals_outlined(player, qtbot):
    episode = player.episode
    found = (ContactCandidate("right", "index", S, 3 * S, 2.0),
             ContactCandidate("right", "middle", S, 3 * S, 2.0))  # fmt: skip
    episode.overview = replace(episode.overview, candidates=found)
    contacts = {"c": Contact(finger="index", start_ns=S, stop_ns=3 * S)}
    player.set_labels(LabelState(contacts=contacts), SCHEMA)
    rows = next(lane for lane in _stack(player).lanes if lane.name == "contacts").rows
    share = {name: (row + 0.5) / len(rows) for row, name in enumerate(rows)}
    assert _pixel(player, 2 * S, "contacts", 3, share["index"]) == color("ok")
    assert _pixel(player, 2 * S, "contacts", 3, share["middle"]) == color("background")
    for finger, expected in (("index", ["contacts", "c"]), ("middle", ["candidates", "1"])):
        with qtbot.waitSignal(player.item_picked) as picked:
            _click(player, qtbot, 2 * S, "contacts", rows.index(finger), len(rows))
        assert picked.args == expected


def test_a_refused_proposal_is_drawn_and_told_unlike_an_open_one(player):
    episode = player.episode
    found = ContactCandidate("right", "index", S, 3 * S, 2.0)
    episode.overview = replace(episode.overview, candidates=(found,))
    told = []
    for refused in ((), (candidate_id(found),)):
        player.set_labels(LabelState(refused=refused), SCHEMA)
        lane = next(lane for lane in _stack(player).lanes if lane.name == "contacts")
        axis = replace(_stack(player).axis, start_ns=0, stop_ns=4 * S, width_px=400)
        height_px = 20 * len(lane.rows)
        y = lane.row_rect(lane.rows.index("index"), axis, height_px).center().y()
        told.append((lane.text_at(200, y, axis, height_px), _stack(player).grab().toImage()))
    assert "proposed from the forces" in told[0][0]
    assert "refused" in told[1][0]
    assert told[0][1] != told[1][1]


def test_new_labels_draw_label_lanes_only(player):
    _stack(player).grab()
    kept = {lane.name: p for lane, p in _stack(player)._pictures.items()}
    player.set_labels(LabelState(events={"e": Mark(label="slip", at_ns=S)}), SCHEMA)
    _stack(player).grab()
    after = {lane.name: p for lane, p in _stack(player)._pictures.items()}
    assert after["right/joints_measured"] is kept["right/joints_measured"]
    assert after["events"] is not kept["events"]


def test_recoveries_have_a_lane_once_there_is_one(player):
    assert not player.timeline.shows_lane("recoveries")
    pair = Recovery(failure=Interval(start_ns=S, stop_ns=2 * S),
                    recovery=Interval(start_ns=2 * S, stop_ns=3 * S), mode="dropped")  # fmt: skip
    player.set_labels(LabelState(recoveries={"r": pair}), SCHEMA)
    assert player.timeline.shows_lane("recoveries")
    assert _pixel(player, 2_500_000_000, "recoveries", y_share=0.15) == color("ok")


def test_what_the_trim_leaves_out_is_darker_and_hatched(player):
    player.seek(0)
    before = _pixel(player, 3_500_000_000, "front/rgb")
    player.set_labels(LabelState(trim=Interval(start_ns=S, stop_ns=3 * S)), SCHEMA)
    image = _stack(player).grab().toImage()
    y = _stack(player).lane_rect("front/rgb").center().y()
    out = {image.pixelColor(_x(player, 3_500_000_000) + dx, y).name() for dx in range(12)}
    assert before.name() not in out
    assert len(out) > 1
    assert _pixel(player, 2 * S, "front/rgb").name() == before.name()


def test_lost_frames_are_hatched(player, lost):
    times = player.episode.frame_times_ns("front/rgb")
    middle = int(times[(min(lost) + max(lost)) // 2])
    image = _stack(player).grab().toImage()
    rect = _stack(player).lane_rect("wrist/rgb")
    seen = {image.pixelColor(_x(player, middle) + dx, rect.center().y()).name()
            for dx in range(-12, 12)}  # fmt: skip
    assert color("warn").name() in seen
    lane = next(lane for lane in _stack(player).lanes if lane.name == "wrist/rgb")
    words = lane.text_at(_stack(player).axis.x(middle), 5, _stack(player).axis, rect.height())
    assert f"{len(lost)} missing" in words


def _wheel(widget, x, turns):
    here = QPointF(x, 10)
    event = QWheelEvent(
        here, widget.mapToGlobal(here), QPoint(), QPoint(0, 120 * turns),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def test_ctrl_wheel_zooms_around_the_mouse(player):
    stack = _stack(player)
    x = GUTTER_PX + 300
    held = stack.axis.time_ns(300)
    for _ in range(4):
        _wheel(stack, x, 1)
    assert stack.axis.span_ns == pytest.approx(player.episode.duration_ns * 0.8**4, rel=1e-6)
    assert stack.axis.time_ns(300) == pytest.approx(held, abs=stack.axis.span_ns / 300)
    assert player.timeline.ruler.axis.start_ns == stack.axis.start_ns


def test_zoom_stays_within_the_episode_and_fit_shows_all(player):
    player.seek(player.episode.duration_ns)
    for _ in range(12):
        player.zoom_in()
    assert player.zoom.stop_ns <= player.episode.duration_ns
    assert player.zoom.stop_ns - player.zoom.start_ns == 50_000_000
    player.fit()
    assert player.zoom is None


def test_zoomed_in_lanes_show_the_samples_themselves(player):
    """A force that rises between two columns of the overview rises at its own sample."""
    player.set_zoom(Interval(start_ns=1_350_000_000, stop_ns=1_450_000_000))
    lane = next(lane for lane in _stack(player).lanes if lane.name == "right/fingertip_force")
    axis = _stack(player).axis
    low, high = lane._values.band(axis)
    times, values = player.episode.numeric("right/fingertip_force")
    pad = int(np.argmax(values[:, :, 2].max(axis=0)))
    first = int(times[np.flatnonzero(values[:, pad, 2] > 0)[0]])
    shown = axis.time_ns(int(np.flatnonzero(high[:, pad] > 0)[0]))
    assert abs(shown - first) <= 2 * axis.span_ns / axis.width_px
    assert high[0, pad] == 0.0
    assert low[-1, pad] > 0.0


def test_playing_turns_the_page_when_the_cursor_leaves_the_view(player):
    player.set_zoom(Interval(start_ns=0, stop_ns=S))
    player.seek(S + 1)
    assert player.zoom.start_ns <= S + 1 < player.zoom.stop_ns
    assert player.zoom.stop_ns - player.zoom.start_ns == S


def test_click_on_the_ruler_seeks_and_drag_loops(player, qtbot):
    ruler = player.timeline.ruler
    y = ruler.height() // 2
    at = [QPoint(GUTTER_PX + round(ruler.axis.x(t)), y) for t in (S, 2 * S)]
    qtbot.mouseClick(ruler, Qt.MouseButton.LeftButton, pos=at[1])
    assert player.time_ns == pytest.approx(2 * S, abs=4_000_000)
    qtbot.mousePress(ruler, Qt.MouseButton.LeftButton, pos=at[0])
    qtbot.mouseMove(ruler, at[1])
    qtbot.mouseRelease(ruler, Qt.MouseButton.LeftButton, pos=at[1])
    loop = player.transport.loop
    assert loop.start_ns == pytest.approx(S, abs=6_000_000)
    assert loop.stop_ns == pytest.approx(2 * S, abs=6_000_000)
    assert player.time_ns == loop.start_ns


def test_lanes_can_be_hidden_and_shown(player):
    count = len(_stack(player).lanes)
    player.toggle_lane("right/taxels")
    assert not player.timeline.shows_lane("right/taxels")
    assert len(_stack(player).lanes) == count - 1
    player.toggle_lane("right/taxels")
    assert player.timeline.shows_lane("right/taxels")


def test_joints_of_one_finger_have_a_row_each(player):
    player.set_finger("thumb")
    lane = next(lane for lane in _stack(player).lanes if lane.name == "right/joints_measured")
    assert lane.rows == ("joint0", "joint1", "joint2")


def test_focus_is_seen(player, qtbot):
    activate(player)
    player.timeline.setFocus()
    qtbot.waitUntil(player.timeline.hasFocus)
    assert player.timeline.grab().toImage().pixelColor(200, 1) == color("accent")
