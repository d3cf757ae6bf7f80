"""Alignment chooses the samples its policy promises and says which rows to trust."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.recording import JOINTS, TAXELS, sample_value, write_log

from recorder.dataset import Dataset
from recorder.episode import Episode
from recorder.finalise import finalise_log


def test_a_reference_stream_gives_its_own_times(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        aligned = episode.aligned("front/rgb", ["front/rgb", "right/taxels"])
        own = episode.stream("front/rgb")
        np.testing.assert_array_equal(aligned["right/taxels"].time_s, own.time_s)
        assert aligned["front/rgb"].index.tolist() == list(range(len(own)))
        assert aligned["front/rgb"].valid.all()


def test_hold_never_looks_into_the_future(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        held = episode.aligned(77.0, ["right/taxels"], {"taxels": "hold"})["right/taxels"]
    assert (held.age_s >= 0).all()
    assert held.age_s.max() <= 0.0101


def test_nearest_is_never_farther_than_half_a_period(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        near = episode.aligned(77.0, ["right/taxels"])["right/taxels"]
    inside = near.time_s <= 0.49
    assert np.abs(near.age_s[inside]).max() <= 0.00501
    assert near.valid[inside].all()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate_hz=st.floats(20, 900))
def test_interpolated_joints_lie_on_the_line_between_their_neighbours(
    episode_path: Path, rate_hz: float
) -> None:
    with Episode(episode_path) as episode:
        joints = episode.aligned(rate_hz, [JOINTS.name])[JOINTS.name]
    inside = joints.time_s <= 99 / 200
    expected = joints.time_s[inside] * 200  # sample_value rises by one per sample
    np.testing.assert_allclose(joints.data[inside, 0], expected, atol=1e-6)
    assert joints.valid[inside].all()


def test_taxels_and_images_are_never_interpolated(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        for name in ("right/taxels", "front/rgb", "front/depth"):
            with pytest.raises(ValueError, match="must not be interpolated; use nearest or hold"):
                episode.aligned(30.0, [name], {name: "interpolate"})


def test_events_and_unknown_policies_are_refused(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        with pytest.raises(ValueError, match="events cannot be aligned"):
            episode.aligned(30.0, ["operator/events"])
        with pytest.raises(ValueError, match="policy 'cubic' is unknown"):
            episode.aligned(30.0, ["right/taxels"], {"taxels": "cubic"})  # type: ignore[dict-item]
        with pytest.raises(ValueError, match="must be positive"):
            episode.aligned(0.0)


def test_rows_inside_a_gap_are_not_valid_and_not_nan(dataset: Dataset) -> None:
    gap = {JOINTS.name: set(range(20, 60)), TAXELS.name: set(range(10, 30))}
    path = finalise_log(dataset, write_log(dataset, skip=gap)).path
    assert path is not None
    with Episode(path) as episode:
        for aligned in episode.aligned(100.0, [JOINTS.name, TAXELS.name]).values():
            inside = (aligned.time_s > 0.15) & (aligned.time_s < 0.25)
            assert not aligned.valid[inside].any()
            assert np.isfinite(aligned.data).all()
            assert aligned.valid[aligned.time_s < 0.09].all()


def test_without_a_list_all_streams_but_events_are_aligned(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        aligned = episode.aligned("right/taxels")
        assert set(aligned) == set(episode.streams) - {"operator/events"}
        np.testing.assert_array_equal(aligned[TAXELS.name].data[4], sample_value(TAXELS, 4))
