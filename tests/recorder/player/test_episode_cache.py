"""Episodes that are moved between stay open; the next one is ready before it is asked for."""

from __future__ import annotations

import gc
import os
import shutil
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.dataset import Dataset, open_dataset
from recorder.episode import EpisodeError
from recorder.overview.store import cache_path
from recorder.player.episode_cache import EpisodeCache
from recorder.synthetic import SyntheticTake, write_take


@pytest.fixture
def episodes(tmp_path: Path) -> Dataset:
    """Four short episodes."""
    dataset = open_dataset(tmp_path / "dataset", create=True)
    for number in range(4):
        write_take(dataset, SyntheticTake(number, 0.5))
    return dataset


@pytest.fixture
def cache(episodes: Dataset) -> Iterator[EpisodeCache]:
    """A cache of two."""
    made = EpisodeCache(episodes, capacity=2)
    yield made
    made.close()


def test_the_same_episode_is_opened_once(cache, episodes) -> None:
    path = episodes.published()[0]
    assert cache.open(path) is cache.open(path)


def test_a_warm_episode_has_its_first_pictures_and_its_overview(cache, episodes) -> None:
    path = episodes.published()[1]
    cache.warm(path)
    cache.wait()
    player = cache.open(path)
    assert player.is_decoded("front/rgb", 0)
    assert player.overview is not None
    assert player.overview.uuid == player.uuid


def test_an_overview_appears_when_it_was_made(cache, episodes) -> None:
    player = cache.open(episodes.published()[0])
    cache.wait()
    assert player.overview is not None
    assert cache_path(episodes, player.uuid).exists()


def test_the_least_recently_used_episode_is_let_go(cache, episodes) -> None:
    paths = episodes.published()
    opened = [weakref.ref(cache.open(path)) for path in paths[:2]]
    cache.wait()
    cache.open(paths[0])
    cache.open(paths[2])
    cache.wait()
    gc.collect()
    assert opened[0]() is not None
    assert opened[1]() is None


def test_an_episode_that_is_shown_outlives_the_cache_and_its_eviction(cache, episodes) -> None:
    paths = episodes.published()
    shown = cache.open(paths[0])
    for path in paths[1:]:
        cache.open(path)
    cache.close()
    assert shown.frame_at("front/rgb", 100_000_000) is not None
    shown.close()


def test_after_its_end_the_cache_still_opens_but_makes_nothing_ready(cache, episodes) -> None:
    cache.close()
    first, second = episodes.published()[:2]
    cache.warm(second)
    player = cache.open(first)
    assert player.frame_at("front/rgb", 0) is not None
    assert player.overview is None
    assert not cache_path(episodes, player.uuid).exists()
    cache.close()


def test_an_episode_closed_by_its_view_is_opened_anew(cache, episodes) -> None:
    path = episodes.published()[0]
    cache.open(path).close()
    assert cache.open(path).frame_at("front/rgb", 0) is not None


def test_another_file_of_the_same_name_is_another_episode(cache, episodes) -> None:
    first, second = episodes.published()[:2]
    before = cache.open(first)
    replacement = first.with_suffix(".new")
    shutil.copy(second, replacement)
    os.replace(replacement, first)
    after = cache.open(first)
    assert after is not before
    assert after.attributes["episode"] == 1


def test_a_missing_episode_is_refused_and_warming_it_harms_nothing(cache, episodes) -> None:
    gone = episodes.root / "episodes" / "episode_000099.h5"
    with pytest.raises(EpisodeError, match="does not exist"):
        cache.open(gone)
    cache.warm(gone)
    cache.wait()
    assert cache.open(episodes.published()[0]) is not None
