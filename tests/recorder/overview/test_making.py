"""An overview says of an episode what went into it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.rig import load_rig
from recorder.dataset import Dataset, open_dataset
from recorder.episode import Episode, EpisodeError
from recorder.overview.making import make_overview
from recorder.overview.model import Overview
from recorder.synthetic import TOUCHES, SyntheticTake, write_take

SECONDS = 4.0
S = 1_000_000_000


def written(root: Path, rig: str = "sim-xhand", **facts) -> Path:
    dataset = open_dataset(root, create=True)
    return write_take(dataset, SyntheticTake(seconds=SECONDS, **facts), load_rig(rig))


@pytest.fixture(scope="module")
def overview(tmp_path_factory: pytest.TempPathFactory) -> Overview:
    """Of a grasp with two touches, half a second of pictures lost."""
    lost = {"front/rgb": frozenset(range(60, 75))}
    root = tmp_path_factory.mktemp("making") / "d"
    return make_overview(written(root, size=(320, 240), texture=True, lost=lost))


def assert_touches_found(overview: Overview, fingers: tuple[str, ...]) -> None:
    assert len(overview.candidates) == len(TOUCHES)
    for (start, stop, pad), found in zip(TOUCHES, overview.candidates, strict=True):
        assert found.finger == fingers[pad]
        assert found.start_ns == pytest.approx(start * SECONDS * S, abs=10_000_001)
        assert found.stop_ns == pytest.approx(stop * SECONDS * S, abs=10_000_001)
        assert found.peak_n == pytest.approx(2.2, abs=0.01)


def test_the_touches_of_a_grasp_are_proposed(overview: Overview) -> None:
    assert_touches_found(overview, ("thumb", "index"))


def test_touches_are_found_on_visuotactile_pads(tmp_path: Path) -> None:
    made = make_overview(written(tmp_path / "d", "sim-leap"))
    fingers = made.lanes["right/fingertip_force"].labels
    assert "right/taxels" not in made.lanes
    assert_touches_found(made, fingers)


def test_touches_are_found_from_taxels_alone(tmp_path: Path) -> None:
    every = frozenset(range(int(100 * SECONDS)))
    made = make_overview(written(tmp_path / "d", lost={"right/fingertip_force": every}))
    assert "right/fingertip_force" not in made.lanes
    assert_touches_found(made, made.lanes["right/taxels"].labels)


def test_figures_agree_with_what_was_made(overview: Overview) -> None:
    figures = overview.figures
    assert (figures.contacts, figures.contact_losses) == (2, 0)
    assert figures.peak_force_n == pytest.approx(2.2, abs=0.01)
    assert sum(figures.force_histogram) == sum(
        round((stop - start) * SECONDS * 100) for start, stop, _ in TOUCHES
    )
    assert figures.worst_gap_s == pytest.approx(16 / 30, abs=1e-6)
    stored = round(SECONDS) * (200 + 200 + 100 + 100 + 30) - 15
    assert figures.gap_rate == pytest.approx(15 / (stored + 15))
    assert 5.0 < figures.jerk < 20.0


def test_gaps_are_those_of_the_ledger(overview: Overview) -> None:
    (gap,) = overview.gaps
    assert (gap.stream, gap.count) == ("front/rgb", 15)
    assert gap.start_ns == pytest.approx(60 / 30 * S, abs=10)
    assert gap.stop_ns == pytest.approx(75 / 30 * S, abs=10)


def test_the_thumbnail_is_the_middle_picture_made_small(overview: Overview) -> None:
    small = cv2.imdecode(np.frombuffer(overview.thumbnail_jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert small.shape == (144, 192, 3)


def test_without_colour_cameras_there_is_no_thumbnail(tmp_path: Path) -> None:
    made = make_overview(written(tmp_path / "d", cameras=()))
    assert made.thumbnail_jpeg == b""
    assert made.duration_s > 3.9


def test_a_camera_that_dies_early_shows_as_the_worst_gap(tmp_path: Path) -> None:
    dead = frozenset(range(30, int(30 * SECONDS)))
    made = make_overview(written(tmp_path / "d", lost={"front/rgb": dead}))
    assert made.figures.worst_gap_s == pytest.approx(SECONDS - 1.0, abs=0.1)


def test_every_kind_of_stream_finds_its_way_into_an_overview(
    dataset: Dataset, episode_path: Path
) -> None:
    made = make_overview(episode_path)
    with Episode(episode_path) as episode:
        assert set(made.lanes) <= set(episode.streams)
        assert made.uuid == episode.attributes["uuid"]


def test_an_episode_of_next_to_nothing_has_an_overview(dataset: Dataset) -> None:
    path = write_take(dataset, SyntheticTake(seconds=0.02, cameras=("front",)))
    made = make_overview(path)
    assert made.candidates == ()
    assert made.figures.jerk == 0.0


def test_damaged_numbers_are_named_with_a_way_out(tmp_path: Path) -> None:
    path = written(tmp_path / "d")
    with Episode(path) as episode:
        row = bytes(episode.stream("right/joints_measured").stored(100))
    damaged = tmp_path / "damaged.h5"
    content = path.read_bytes()
    at = content.index(row)
    damaged.write_bytes(content[:at] + bytes(8) + content[at + 8 :])
    with pytest.raises(EpisodeError, match=r"damaged.h5.*thenar verify"):
        make_overview(damaged)
