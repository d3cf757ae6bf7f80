"""An open episode answers from memory where it can, and says what is missing."""

from __future__ import annotations

import gc
import json
import os
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from support.recording import write_log
from support.waiting import wait_until

from recorder.dataset import Dataset, open_dataset
from recorder.encoding import decode_sample
from recorder.episode import Episode
from recorder.finalise import finalise_log
from recorder.player import frame_reader
from recorder.player.frame_reader import UnreadableSample
from recorder.player.player_episode import Frame, PlayerEpisode
from recorder.synthetic import SyntheticTake, frame_number, write_take

S = 1_000_000_000  # ns
CAMERAS = ["front/rgb", "side/rgb"]


def test_length_and_streams_are_those_of_the_file(player, numbered_path) -> None:
    with Episode(numbered_path) as episode:
        assert [spec.name for spec in player.streams()] == list(episode.streams)
        last_ns = max(int(s.stamp_ns[-1]) for s in episode.streams.values() if len(s))
        assert player.duration_ns == last_ns - episode.start_stamp_ns
        assert player.uuid == episode.attributes["uuid"]


def test_an_unknown_stream_is_named_with_those_there_are(player) -> None:
    with pytest.raises(KeyError, match="no stream 'back/rgb'.*front/rgb"):
        player.frame_at("back/rgb", 0)


def test_numbers_are_held_in_full_with_their_times(player, numbered_path) -> None:
    times, values = player.numeric("right/joints_measured")
    with Episode(numbered_path) as episode:
        stream = episode.stream("right/joints_measured")
        assert np.array_equal(times, stream.stamp_ns - episode.start_stamp_ns)
        assert np.allclose(values, stream.rows(slice(None)), atol=1e-6)
    assert values.dtype == np.float32
    assert player.numeric("right/joints_measured")[1] is values


@pytest.mark.parametrize("stream", ["front/rgb", "right/taxels"])
def test_what_is_too_large_is_not_held_in_full(player, stream) -> None:
    with pytest.raises(ValueError, match="frame_at"):
        player.numeric(stream)


def test_taxels_are_shown_by_instant(player, numbered_path) -> None:
    frame = player.frame_at("right/taxels", 1_500_000_000)
    with Episode(numbered_path) as episode:
        assert np.array_equal(frame.data, episode.stream("right/taxels").frame(150))


def test_samples_handed_out_cannot_be_written_to(player) -> None:
    for stream in ("front/rgb", "right/taxels", "right/joints_measured"):
        with pytest.raises(ValueError, match="read-only"):
            player.frame_at(stream, S).data[...] = 0


def test_a_gap_spans_from_when_the_first_lost_sample_was_due_to_the_next_that_came(player) -> None:
    times = player.frame_times_ns("wrist/rgb")
    period_ns = S / 30
    first_lost_ns = round(7 * period_ns)
    gap = player.gap_at("wrist/rgb", first_lost_ns + 1)
    assert gap is not None
    assert gap.count == 1
    assert abs(gap.start_ns - first_lost_ns) <= 2
    assert gap.stop_ns in times
    assert player.gap_at("wrist/rgb", gap.stop_ns) is None
    assert player.gap_at("wrist/rgb", first_lost_ns - 1000) is None
    assert player.gap_at("front/rgb", first_lost_ns + 1) is None


def test_device_clocks_are_shown_as_lateness_behind_the_quickest_sample(dataset: Dataset) -> None:
    path = finalise_log(dataset, write_log(dataset)).path
    player = PlayerEpisode(path)
    with Episode(path) as episode:
        known = {
            name: stream
            for name, stream in episode.streams.items()
            if len(stream) and (stream.device_stamp_ns != -(2**63)).all()
        }
        unknown = set(episode.streams) - set(known)
        assert known
        assert unknown
        for name, stream in known.items():
            late_ns = stream.stamp_ns - stream.device_stamp_ns
            for index in range(len(stream)):
                expected = (int(late_ns[index]) - int(late_ns.min())) / 1e6
                assert player.device_offset_ms(name, index) == pytest.approx(expected)
    assert player.device_offset_ms(unknown.pop(), 0) is None
    player.close()


def test_events_are_told_in_the_order_of_time(dataset: Dataset) -> None:
    path = finalise_log(dataset, write_log(dataset)).path
    player = PlayerEpisode(path)
    events = player.events()
    assert events
    assert [event.time_ns for event in events] == sorted(event.time_ns for event in events)
    with Episode(path) as episode:
        name = events[0].stream
        assert events[0].facts == json.loads(bytes(episode.stream(name).frame(0)))
    player.close()


def test_what_lies_ahead_is_decoded_in_the_background(player) -> None:
    at_ns = S
    player.prefetch(CAMERAS, at_ns, velocity=1.0)
    wait_until(lambda: player.is_decoded("side/rgb", at_ns + 300_000_000))
    assert player.is_decoded("front/rgb", at_ns + 300_000_000)
    assert not player.is_decoded("front/rgb", at_ns - 100_000_000)


def test_what_lies_behind_is_decoded_when_playing_backwards(player) -> None:
    player.prefetch(CAMERAS, S, velocity=-1.0)
    wait_until(lambda: player.is_decoded("side/rgb", S - 300_000_000))
    assert not player.is_decoded("front/rgb", S + 100_000_000)


def test_both_neighbours_are_decoded_while_it_stands_still(player) -> None:
    player.prefetch(CAMERAS, S)
    wait_until(lambda: player.is_decoded("side/rgb", S - 34_000_000))
    wait_until(lambda: player.is_decoded("side/rgb", S + 34_000_000))


def test_decoded_pictures_stay_within_their_bytes(numbered_path) -> None:
    budget = 6 * 160 * 120 * 3
    player = PlayerEpisode(numbered_path, budget_bytes=budget)
    for index in range(40):
        player.frame("front/rgb", index)
        assert player.held_bytes <= budget
    assert player.is_decoded("front/rgb", int(player.frame_times_ns("front/rgb")[39]))
    assert not player.is_decoded("front/rgb", 0)
    player.close()


def test_many_threads_may_ask_at_once(player) -> None:
    expected = [player.frame("front/rgb", index).data.copy() for index in range(60)]
    wrong: list[int] = []

    def ask(seed: int) -> None:
        for index in np.random.default_rng(seed).integers(0, 60, 150):
            player.prefetch(CAMERAS, int(index) * 33_333_333, 1.0)
            if not np.array_equal(player.frame("front/rgb", int(index)).data, expected[index]):
                wrong.append(int(index))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_closed_episode_says_so_and_what_it_gave_stays(numbered_path) -> None:
    player = PlayerEpisode(numbered_path)
    frame = player.frame_at("front/rgb", S)
    player.close()
    player.close()
    assert frame.data.any()
    with pytest.raises(UnreadableSample, match="was closed"):
        player.frame_at("front/rgb", S)


def test_the_file_closes_when_nobody_holds_the_episode_any_more(numbered_path) -> None:
    before = _open_files(numbered_path)
    player = PlayerEpisode(numbered_path)
    player.prefetch(CAMERAS, 0, 1.0)
    assert _open_files(numbered_path) == before + 1
    del player
    gc.collect()
    wait_until(lambda: _open_files(numbered_path) == before)


def test_a_damaged_picture_is_named_and_the_others_are_shown(tmp_path: Path) -> None:
    dataset = open_dataset(tmp_path / "d", create=True)
    path = write_take(dataset, SyntheticTake(seconds=1.0))
    with Episode(path) as episode:
        jpeg = bytes(episode.stream("front/rgb").stored(4))
    damaged = tmp_path / "damaged.h5"
    content = path.read_bytes()
    at = content.index(jpeg)
    damaged.write_bytes(content[: at + 40] + bytes(60) + content[at + 100 :])
    player = PlayerEpisode(damaged)
    with pytest.raises(UnreadableSample, match=r"damaged.h5.*stream 'front/rgb': sample 4"):
        player.frame("front/rgb", 4)
    assert player.frame_at("right/taxels", 0) is not None
    player.prefetch(["front/rgb", "right/taxels"], 0, 1.0)
    wait_until(lambda: player.is_decoded("right/taxels", 300_000_000))
    player.close()


def _open_files(path: Path) -> int:
    links = Path("/proc/self/fd").iterdir()
    return sum(os.path.realpath(link) == str(path.resolve()) for link in links)


def test_a_picture_that_is_being_decoded_is_waited_for_and_not_decoded_twice(
    player, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    decoded: list[str] = []

    def slowly(spec, stored):
        decoded.append(spec.name)
        begun.set()
        assert go_on.wait(5.0)
        return decode_sample(spec, stored)

    monkeypatch.setattr(frame_reader, "decode_sample", slowly)
    player.prefetch(["front/rgb"], S, velocity=0.1)
    assert begun.wait(5.0)
    player.prefetch([], S)
    shown: list[Frame] = []
    asking = threading.Thread(target=lambda: shown.append(player.frame_at("front/rgb", S)))
    asking.start()
    asking.join(0.1)  # time enough to decode it a second time
    go_on.set()
    asking.join()
    assert frame_number(shown[0].data) == 30
    assert decoded == ["front/rgb"]


def test_an_episode_opens_at_the_first_instant_with_every_picture(tmp_path):
    dataset = open_dataset(tmp_path / "late", create=True)
    lost = {"wrist/rgb": frozenset(range(5)), "side/rgb": frozenset(range(2))}
    take = SyntheticTake(seconds=1.0, cameras=("front", "wrist", "side"), lost=lost)
    with closing(PlayerEpisode(write_take(dataset, take))) as episode:
        assert episode.opening_ns == episode.frame_times_ns("wrist/rgb")[0] > 0
        for camera in take.cameras:
            assert episode.frame_at(f"{camera}/rgb", episode.opening_ns) is not None


def test_a_camera_that_starts_late_does_not_hide_the_beginning(tmp_path):
    dataset = open_dataset(tmp_path / "late", create=True)
    take = SyntheticTake(seconds=2.0, lost={"front/rgb": frozenset(range(40))})
    with closing(PlayerEpisode(write_take(dataset, take))) as episode:
        assert episode.opening_ns == 0
