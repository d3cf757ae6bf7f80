"""Lanes keep the extremes of every column and show where nothing was recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.dataset import open_dataset
from recorder.episode import Episode
from recorder.overview.lanes import decimate, make_lanes
from recorder.overview.model import COLUMNS
from recorder.overview.signals import taxel_sums
from recorder.synthetic import SyntheticTake, write_take

MS = 1_000_000


@given(st.integers(1, 400), st.integers(1, 40), st.integers(0, 2**31))
def test_every_column_holds_the_extremes_of_its_samples(count, columns, seed) -> None:
    random = np.random.default_rng(seed)
    duration = int(random.integers(1, 10_000))
    times = np.sort(random.integers(0, duration + 1, count))
    values = random.normal(size=(count, 2)).astype(np.float32)
    low, high = decimate(times, values, duration, columns)
    column_of = [max(k for k in range(columns) if k * duration // columns <= t) for t in times]
    for column in set(column_of):
        inside = values[[at for at, where in enumerate(column_of) if where == column]]
        assert np.array_equal(low[column], inside.min(axis=0))
        assert np.array_equal(high[column], inside.max(axis=0))


def test_one_outlier_among_thousands_is_seen() -> None:
    times = np.arange(60_000) * MS
    values = np.zeros((60_000, 1))
    values[31_234] = 9.0
    _, high = decimate(times, values, int(times[-1]))
    assert np.flatnonzero(high[:, 0] == 9.0).tolist() == [31_234 * COLUMNS // 60_000]


def test_slow_samples_stand_until_the_next_one() -> None:
    low, high = decimate(np.array([0, 100, 200]), np.array([[1.0], [2.0], [3.0]]), 200, 20)
    assert low[:10, 0].tolist() == [1.0] * 10
    assert high[10:19, 0].tolist() == [2.0] * 9


def test_columns_in_a_gap_before_the_first_and_after_the_last_sample_are_empty() -> None:
    times = np.array([100, 110, 120, 130, 400, 410, 420])
    low, _ = decimate(times, np.ones((7, 1)), 1000, 100)
    empty = np.isnan(low[:, 0])
    assert empty[:10].all()
    assert not empty[10:14].any()
    assert empty[14:40].all()
    assert not empty[40:43].any()
    assert empty[43:].all()


def test_an_empty_stream_is_an_empty_lane() -> None:
    low, high = decimate(np.array([], np.int64), np.empty((0, 3)), 1000, 10)
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    assert low.shape == (10, 3)


@pytest.fixture(scope="module")
def episode_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dataset = open_dataset(tmp_path_factory.mktemp("lanes") / "d", create=True)
    lost = {"front/rgb": frozenset(range(30, 45))}
    return write_take(dataset, SyntheticTake(seconds=3.0, lost=lost))


def test_lanes_of_an_episode_have_their_names_units_and_extremes(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        lanes = make_lanes(episode, round(episode.duration_s * 1e9), taxel_sums(episode))
        taxels = episode.stream("right/taxels").rows(slice(None))
        joints = episode.stream("right/joints_measured").rows(slice(None)).astype(np.float32)
    facts = {name: (lane.kind, lane.unit) for name, lane in lanes.items()}
    assert facts == {
        "right/joints_measured": ("joints", "rad|m"),
        "right/joints_sent": ("joints", "rad|m"),
        "right/taxels": ("taxels", "N"),
        "right/fingertip_force": ("force", "N"),
        "front/rgb": ("rate", "ms"),
    }
    assert lanes["right/taxels"].labels == lanes["right/fingertip_force"].labels
    finger_n = taxels[..., 2].sum(axis=2)
    assert np.allclose(np.nanmax(lanes["right/taxels"].high, axis=0), finger_n.max(axis=0))
    moved = lanes["right/joints_measured"]
    assert np.array_equal(np.nanmin(moved.low, axis=0), joints.min(axis=0))
    assert all(lane.low.shape == (COLUMNS, len(lane.labels)) for lane in lanes.values())
    assert all(lane.low.dtype == np.float32 for lane in lanes.values())


def test_lost_pictures_show_as_an_empty_stretch_and_a_long_interval(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        duration_ns = round(episode.duration_s * 1e9)
        lane = make_lanes(episode, duration_ns, {})["front/rgb"]
    inside = int(1.2e9 * COLUMNS / duration_ns)
    assert np.isnan(lane.low[inside, 0])
    assert np.nanmax(lane.high) == pytest.approx(16 * 1000 / 30, abs=0.1)
    assert np.nanmin(lane.low) == pytest.approx(1000 / 30, abs=0.1)


def test_a_stretch_of_no_samples_takes_no_lane(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        assert "right/taxels" not in make_lanes(episode, 10, {})
