"""One numbered-frame episode for all player tests; nobody writes to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.dataset import Dataset, open_dataset
from recorder.player.player_episode import PlayerEpisode
from recorder.synthetic import SyntheticTake, write_take

LOST = {"wrist/rgb": frozenset({0, 1, 7, *range(40, 52), 88, 89})}


@pytest.fixture(scope="session")
def numbered_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Two episodes of three cameras, 3 s; the wrist's pictures are lost at start, end, between."""
    dataset = open_dataset(tmp_path_factory.mktemp("player") / "dataset", create=True)
    for number in range(2):
        write_take(
            dataset,
            SyntheticTake(number, 3.0, ("front", "wrist", "side"), lost=LOST),
        )
    return dataset


@pytest.fixture(scope="session")
def numbered_path(numbered_dataset: Dataset) -> Path:
    """The first of the two."""
    return numbered_dataset.published()[0]


@pytest.fixture
def player(numbered_path: Path) -> Iterator[PlayerEpisode]:
    """The first episode, open."""
    opened = PlayerEpisode(numbered_path)
    yield opened
    opened.close()
