"""What is shown at an instant is the recorded sample of that instant, however it was reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from recorder.player.player_episode import PlayerEpisode
from recorder.player.transport import Transport
from recorder.review.state import Interval
from recorder.synthetic import frame_number

CAMERAS = ("front/rgb", "wrist/rgb", "side/rgb")
SPEEDS = (0.1, 0.5, 1.0, 2.0, 8.0)


@dataclass(frozen=True)
class Truth:
    """Stamps and numbers of one camera, read with h5py alone."""

    time_ns: NDArray[np.int64]
    number: NDArray[np.uint64]

    def number_at(self, time_ns: int) -> int | None:
        """Number of the newest picture recorded until then, by counting."""
        until = int(np.count_nonzero(self.time_ns <= time_ns))
        return int(self.number[until - 1]) if until else None


@pytest.fixture(scope="module")
def truth(numbered_path: Path) -> dict[str, Truth]:
    """Of every camera."""
    with h5py.File(numbered_path) as file:
        start_ns = int(file.attrs["start_stamp_ns"])
        return {
            camera: Truth(
                file[f"streams/{camera}/stamp_ns"][:] - start_ns, file[f"streams/{camera}/seq"][:]
            )
            for camera in CAMERAS
        }


def shown(player: PlayerEpisode, camera: str, time_ns: int) -> int | None:
    """Number that the picture of an instant carries in its pixels."""
    frame = player.frame_at(camera, time_ns)
    return None if frame is None else frame_number(frame.data)


def assert_exact(player: PlayerEpisode, truth: dict[str, Truth], time_ns: int) -> None:
    """Every camera shows the recorded picture of the instant."""
    for camera in CAMERAS:
        assert shown(player, camera, time_ns) == truth[camera].number_at(time_ns), (
            f"{camera} at {time_ns} ns"
        )


def test_every_instant_shows_its_recorded_picture(player, truth) -> None:
    for time_ns in range(0, player.duration_ns + 1, 7_919_993):
        assert_exact(player, truth, time_ns)


def test_a_picture_appears_at_its_own_nanosecond_and_not_one_before(player, truth) -> None:
    for camera in CAMERAS:
        for time_ns in truth[camera].time_ns:
            for at_ns in (int(time_ns) - 1, int(time_ns), int(time_ns) + 1):
                assert shown(player, camera, at_ns) == truth[camera].number_at(at_ns)


def test_nothing_is_shown_before_the_first_picture(player, truth) -> None:
    first_ns = int(truth["wrist/rgb"].time_ns[0])
    assert first_ns > 0
    assert player.frame_at("wrist/rgb", first_ns - 1) is None
    assert player.frame_at("wrist/rgb", first_ns) is not None


def test_a_frame_names_its_index_stamp_and_time(player, truth) -> None:
    time_ns = int(truth["side/rgb"].time_ns[20])
    frame = player.frame_at("side/rgb", time_ns + 5)
    assert frame is not None
    assert (frame.index, frame.time_ns) == (20, time_ns)
    assert frame.stamp_ns == player.start_stamp_ns + time_ns


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("speed", SPEEDS)
def test_playing_shows_recorded_pictures_at_every_speed(player, truth, speed, direction) -> None:
    transport = Transport(player.duration_ns)
    transport.set_speed(speed)
    transport.seek(player.duration_ns // 2)
    transport.direction = direction
    transport.play()
    random = np.random.default_rng(int(speed * 10) + direction)
    for _ in range(120):
        time_ns = transport.tick(float(random.uniform(0.001, 0.04)))
        player.prefetch(CAMERAS, time_ns, direction * speed)
        assert_exact(player, truth, time_ns)
    assert transport.time_ns != player.duration_ns // 2


def test_turning_round_and_changing_speed_while_playing_stays_exact(player, truth) -> None:
    transport = Transport(player.duration_ns)
    transport.play()
    random = np.random.default_rng(3)
    for at in range(150):
        if at % 10 == 9:
            transport.reverse()
        if at % 15 == 14:
            transport.set_speed(float(random.choice(SPEEDS)))
        if not transport.playing:
            transport.play()
        assert_exact(player, truth, transport.tick(float(random.uniform(0.0, 0.05))))


def test_looping_stays_exact_and_inside(player, truth) -> None:
    loop = Interval(start_ns=1_200_000_001, stop_ns=1_777_777_777)
    transport = Transport(player.duration_ns)
    transport.loop = loop
    transport.play()
    for at in range(160):
        if at == 80:
            transport.reverse()
        time_ns = transport.tick(0.031)
        assert loop.contains(time_ns)
        assert_exact(player, truth, time_ns)


@pytest.mark.parametrize("reference", CAMERAS)
def test_stepping_shows_each_recorded_picture_once_in_both_directions(
    player, truth, reference
) -> None:
    times = player.frame_times_ns(reference)
    transport = Transport(player.duration_ns, times)
    transport.seek(int(times[0]))
    seen = [shown(player, reference, transport.time_ns)]
    for _ in range(len(times) - 1):
        transport.step(1)
        assert_exact(player, truth, transport.time_ns)
        seen.append(shown(player, reference, transport.time_ns))
    assert seen == truth[reference].number.tolist()
    for number in reversed(seen[:-1]):
        transport.step(-1)
        assert shown(player, reference, transport.time_ns) == number


def test_pictures_stay_exact_when_hardly_any_is_kept(numbered_path, truth) -> None:
    player = PlayerEpisode(numbered_path, budget_bytes=5 * 160 * 120 * 3)
    random = np.random.default_rng(4)
    for time_ns in random.integers(0, player.duration_ns, 150):
        player.prefetch(CAMERAS, int(time_ns), 1.0)
        assert_exact(player, truth, int(time_ns))
    player.close()
