"""Values under each pixel, from columns or from samples."""

import numpy as np
import pytest

from recorder.overview.model import LaneSummary
from widgets.player.lane_values import LaneValues
from widgets.player.time_axis import TimeAxis
from widgets.player.value_lanes import CurveLane, HeatLane

S = 1_000_000_000
RISING = np.arange(1200, dtype=np.float32)[:, None]


def _summary(low=RISING, high=RISING + 0.5):
    return LaneSummary("right/x", "joints", ("a",), "rad", low, high)


def _no_samples():
    raise AssertionError("samples were read although the overview is fine enough")


def test_whole_episode_comes_from_the_overview_alone():
    values = LaneValues(_summary(), _no_samples, np.asarray, 60 * S)
    low, high = values.band(TimeAxis(0, 60 * S, 600))
    assert low[:, 0].tolist() == list(range(0, 1200, 2))
    assert high[:, 0].tolist() == [n + 1.5 for n in range(0, 1200, 2)]


def test_zoomed_in_samples_are_held_until_the_next():
    times = np.array([0, 100, 200], np.int64) * 1_000_000
    rows = np.array([[1.0], [5.0], [2.0]], np.float32)
    values = LaneValues(_summary(), lambda: (times, rows), np.asarray, 60 * S)
    low, high = values.band(TimeAxis(0, 300_000_000, 300))
    assert low[50, 0] == high[50, 0] == 1.0
    assert low[150, 0] == high[150, 0] == 5.0
    assert low[250, 0] == high[250, 0] == 2.0


def test_a_short_peak_is_never_lost():
    times = np.arange(1000, dtype=np.int64) * 1_000_000
    rows = np.zeros((1000, 1), np.float32)
    rows[437] = 9.0
    values = LaneValues(None, lambda: (times, rows), np.asarray, S)
    _, high = values.band(TimeAxis(0, S, 50))
    assert high.max() == 9.0
    assert int(np.argmax(high[:, 0])) == 437 * 50 // 1000


@pytest.mark.parametrize("width", [50, 5000])
def test_outside_the_episode_there_is_nothing(width):
    times = np.arange(10, dtype=np.int64) * S // 10
    rows = np.ones((10, 1), np.float32)
    values = LaneValues(_summary(), lambda: (times, rows), np.asarray, S)
    low, _ = values.band(TimeAxis(-S, 2 * S, width))
    third = width // 3
    assert np.isnan(low[: third - 1]).all()
    assert np.isnan(low[2 * third + 2 :]).all()
    assert np.isfinite(low[third + 1 : 2 * third - 1]).all()


def test_holes_of_the_overview_stay_holes():
    low = RISING.copy()
    low[600:900] = np.nan
    values = LaneValues(_summary(low, low), _no_samples, np.asarray, 60 * S)
    found, _ = values.band(TimeAxis(0, 60 * S, 400))
    assert np.isnan(found[205:295]).all()
    assert np.isfinite(found[:195]).all()
    assert values.range_of(0) == (0.0, 1199.0)


def test_a_lane_without_any_source_is_refused():
    with pytest.raises(ValueError, match="neither"):
        LaneValues(None, None, np.asarray, S)


def test_noise_of_a_joint_at_rest_does_not_fill_its_row():
    rows = np.array([[0.5, 0.0], [0.5002, 1.0]], np.float32)
    values = LaneValues(None, lambda: (np.array([0, S // 2]), rows), np.asarray, S)
    lane = CurveLane("right/x", "joints", values, [("still", [0]), ("moving", [1])], "rad")
    low, high = lane._scale([0])
    assert high - low == pytest.approx(0.02)
    assert lane._scale([1]) == (0.0, 1.0)


def test_forces_say_their_scale():
    rows = np.array([[0.0], [2.13]], np.float32)
    values = LaneValues(None, lambda: (np.array([0, S // 2]), rows), np.asarray, S)
    lane = CurveLane("right/f", "force", values, [("thumb", [0])], "N", filled=True)
    assert lane.note == "to 2.1 N"
    assert HeatLane("right/t", "taxels", values, ["thumb"]).note == "to 5 N"
