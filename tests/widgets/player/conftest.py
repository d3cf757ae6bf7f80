"""Made-up episodes with numbered frames, and a player that shows one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recorder.dataset import open_dataset
from recorder.overview.making import make_overview
from recorder.player.player_episode import PlayerEpisode
from recorder.synthetic import BITS, CELL_PX, SyntheticTake, write_take
from widgets.player.player_view import PlayerView

LOST = frozenset(range(40, 52))


@pytest.fixture
def lost() -> frozenset[int]:
    """Frames of the wrist camera that are missing in the first episode."""
    return LOST


@pytest.fixture(scope="session")
def takes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two episodes: 4 s with a gap in the wrist camera, and 3 s."""
    dataset = open_dataset(tmp_path_factory.mktemp("played"), create=True)
    cameras = ("front", "wrist")
    first = SyntheticTake(0, 4.0, cameras, lost={"wrist/rgb": LOST})
    return write_take(dataset, first), write_take(dataset, SyntheticTake(1, 3.0, cameras, seed=1))


@pytest.fixture
def opened() -> Iterator[Callable[[Path], PlayerEpisode]]:
    """Open episodes with their overview; they are closed afterwards."""
    episodes: list[PlayerEpisode] = []

    def open_one(path: Path) -> PlayerEpisode:
        episodes.append(PlayerEpisode(path, make_overview(path)))
        return episodes[-1]

    yield open_one
    for episode in episodes:
        episode.close()


@pytest.fixture
def player(shown, takes, opened) -> Iterator[PlayerView]:
    """A player at its smallest size that shows the first episode."""
    view = shown(PlayerView(), 930, 650)
    view.set_episode(opened(takes[0]), "episode 0", "P01 success")
    yield view
    view.set_episode(None)


@pytest.fixture
def painted_number() -> Callable[..., int]:
    """The number in the picture a tile has painted, read from its pixels."""

    def read(tile) -> int:
        picture = tile.grab().toImage()
        place = tile._picture_rect()
        scale = place.width() / tile.spec.shape[1]
        number = 0
        for bit in range(BITS):
            x = place.left() + (bit + 0.5) * CELL_PX * scale
            y = place.top() + 0.5 * CELL_PX * scale
            if picture.pixelColor(int(x), int(y)).lightness() > 127:
                number |= 1 << bit
        return number

    return read
