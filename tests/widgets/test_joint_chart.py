"""The strip chart shows both curves of the chosen joints, losing no spike."""

import numpy as np
import pytest

from devices.clock import now_ns
from devices.hands.spec import load_hand
from devices.stream import Sample
from widgets.joint_chart import ALL, JointChart
from widgets.strip_buffer import StripBuffer, connections, decimated
from widgets.theme import color

HAND = load_hand("xhand", "right", "free6")


def _fill(chart, seconds=8.0, rate_hz=100.0, offset=0.3):
    end_ns = now_ns()
    count = int(seconds * rate_hz)
    for k in range(count):
        stamp_ns = end_ns - int((count - 1 - k) / rate_hz * 1e9)
        swing = 0.2 * np.sin(k / rate_hz) * np.ones(HAND.size)
        chart.show_measured(
            Sample(k, stamp_ns, None, 0, np.clip(HAND.home + swing, HAND.lower, HAND.upper))
        )
        chart.show_sent(
            Sample(
                k, stamp_ns, None, 0, np.clip(HAND.home + swing + offset, HAND.lower, HAND.upper)
            )
        )
    chart.redraw(end_ns)


def _count(widget, shade):
    image = widget.grab().toImage()
    target = shade.rgb() & 0xFFFFFF
    return sum(
        (image.pixel(x, y) & 0xFFFFFF) == target
        for x in range(80, image.width() - 60)
        for y in range(50, image.height() - 24)
    )


def _texts(chart, side):
    """What stands on the axis ``side``, from the top."""
    return [text for _, text in chart.plot.getPlotItem().getAxis(side)._tickLevels[0]]


def test_measured_and_sent_are_both_painted(shown):
    chart = shown(JointChart(HAND), 640, 320)
    assert _count(chart, color("text")) == 0
    _fill(chart)
    assert _count(chart, color("text")) > 500
    assert _count(chart, color("accent")) > 500


def test_choosing_a_finger_shows_its_joints_only(shown, qtbot):
    chart = shown(JointChart(HAND), 640, 320)
    _fill(chart)
    whole = len(chart.measured_curve.getData()[0])
    chart.selector.setFocus()
    qtbot.keyClicks(chart.selector, "thumb")
    assert _texts(chart, "left") == ["thumb 0", "thumb 1", "thumb 2"]
    assert len(chart.measured_curve.getData()[0]) == whole * 3 // HAND.size


def test_one_joint_is_drawn_in_its_own_unit(shown):
    chart = shown(JointChart(HAND), 640, 320)
    chart.select("right_index_joint1")
    _fill(chart)
    y = chart.measured_curve.getData()[1]
    home = HAND.home[HAND.names.index("right_index_joint1")]
    assert y.max() == pytest.approx(home + 0.2, abs=0.01)


def test_values_have_units(shown):
    chart = shown(JointChart(HAND), 640, 320)
    chart.show_measured(Sample(1, now_ns(), None, 0, np.full(HAND.size, 0.125)))
    chart._on_room_changed()
    values = _texts(chart, "right")
    assert values[:3] == ["+0.125 m"] * 3
    assert values[3:] == ["+0.12 rad"] * 15


@pytest.mark.parametrize(("height", "every"), [(320, 1), (220, 1), (180, 2), (140, 2)])
def test_every_lane_is_named_when_there_is_room_and_else_every_nth(shown, height, every):
    chart = shown(JointChart(HAND), 540, 600)
    chart.show_measured(Sample(1, now_ns(), None, 0, HAND.home))
    chart.resize(540, height)
    names, values = _texts(chart, "left"), _texts(chart, "right")
    whole = [name.removeprefix("right_") for name in HAND.names[::every]]
    assert [name.replace(" ", "") for name in names] == [
        name.replace("_joint", "").replace("_", "") for name in whole
    ]
    assert len(values) == len(names)


def test_unknown_choice_is_refused_by_name(shown):
    with pytest.raises(ValueError, match="'tail' is neither a finger nor a joint"):
        shown(JointChart(HAND)).select("tail")


def test_samples_that_are_not_finite_never_reach_the_plot(shown):
    chart = shown(JointChart(HAND), 640, 320)
    _fill(chart)
    broken = np.full(HAND.size, np.nan)
    chart.show_measured(Sample(9999, now_ns(), None, 0, broken))
    chart.redraw()
    assert np.isfinite(chart.measured_curve.getData()[1]).all()


def test_chart_redraws_by_itself_when_samples_come_and_rests_when_none_do(shown, qtbot):
    chart = shown(JointChart(HAND), 640, 320)
    chart.select(ALL)
    _fill(chart, 1.0)
    drawn = len(chart.measured_curve.getData()[0])
    chart.show_measured(Sample(1, now_ns(), None, 0, HAND.home))
    qtbot.waitUntil(lambda: len(chart.measured_curve.getData()[0]) > drawn)
    redraws = chart._redraws
    qtbot.waitUntil(lambda: not chart._dirty)
    chart._on_tick()
    assert chart._redraws <= redraws + 1


def test_silent_joints_are_called_stale(shown, qtbot):
    chart = shown(JointChart(HAND), 640, 320)
    chart.show_measured(Sample(1, now_ns() - 2_000_000_000, None, 0, HAND.home))
    qtbot.waitUntil(lambda: chart.note.text().startswith("STALE 2."))


def test_decimation_keeps_every_spike():
    stamps = np.arange(2000, dtype=np.int64) * 5_000_000
    values = np.zeros((2000, 3))
    values[777, 1], values[1203, 2] = 5.0, -4.0
    times, kept = decimated(stamps, values, 50_000_000)
    assert len(times) == len(kept) <= 2 * 200 + 2
    assert kept[:, 1].max() == 5.0
    assert kept[:, 2].min() == -4.0
    assert np.all(np.diff(times) >= 0)


def test_decimated_bins_stay_put_while_the_window_scrolls():
    stamps = np.arange(2000, dtype=np.int64) * 5_000_000
    values = np.random.default_rng(1).normal(size=(2000, 1))
    _, whole = decimated(stamps, values, 50_000_000)
    _, later = decimated(stamps[105:], values[105:], 50_000_000)
    assert np.array_equal(whole[-300:], later[-300:])


def test_line_is_broken_where_nothing_came():
    stamps = np.array([0, 10, 20, 900, 910], np.int64) * 1_000_000
    assert connections(stamps).tolist() == [1, 1, 0, 1, 0]


def test_buffer_keeps_the_newest_and_refuses_what_is_older():
    buffer = StripBuffer(2, 100)
    for k in range(1, 451):
        assert buffer.append(k, np.array([k, -k], float))
    assert not buffer.append(450, np.zeros(2))
    stamps, values = buffer.window(440)
    assert stamps.tolist() == list(range(440, 451))
    assert values[:, 1].tolist() == [-k for k in range(440, 451)]
    assert len(buffer.window(0)[0]) == 100
