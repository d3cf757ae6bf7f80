"""Clips answer any index with the same picture, and say what is wrong in a sentence."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from recorder.cleaning.clip import CleanError
from recorder.cleaning.clips import ArrayClip, VideoClip, episode_clip
from recorder.cleaning.picture_cache import KEPT_BYTES, KEPT_PICTURES, PictureCache
from recorder.dataset import open_dataset
from recorder.episode import Episode
from recorder.synthetic import SyntheticTake, frame_number, write_take

COUNT = 60


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H.264 with B pictures and key pictures far apart; picture n is mostly grey 4 n."""
    path = tmp_path_factory.mktemp("video") / "numbered.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"g": "25", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(COUNT):
            picture = np.full((48, 64, 3), 4 * number, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dataset = open_dataset(tmp_path_factory.mktemp("data") / "set", create=True)
    return write_take(dataset, SyntheticTake(0, 1.0, ("front",), (160, 120)))


def test_a_video_gives_the_same_picture_in_any_order(video: Path):
    with VideoClip(video) as clip:
        assert clip.count == COUNT
        in_order = [clip.frame(index).copy() for index in range(COUNT)]
    assert all(abs(int(in_order[n].mean()) - 4 * n) <= 2 for n in range(COUNT))
    with VideoClip(video) as clip:
        for index in np.random.default_rng(1).integers(0, COUNT, 40):
            assert np.array_equal(clip.frame(int(index)), in_order[index])


def test_the_last_picture_of_a_video_can_be_read_first(video: Path):
    with VideoClip(video) as clip:
        assert abs(int(clip.frame(COUNT - 1).mean()) - 4 * (COUNT - 1)) <= 2


def test_the_times_of_a_video_follow_its_rate(video: Path):
    with VideoClip(video) as clip:
        assert clip.time_ns[0] == 0
        assert np.allclose(np.diff(clip.time_ns), 1e9 / 30, atol=1e5)


def test_a_picture_outside_the_clip_is_an_index_error(video: Path):
    with VideoClip(video) as clip:
        for index in (-1, COUNT):
            with pytest.raises(IndexError, match=f"{COUNT} pictures"):
                clip.frame(index)


def test_what_is_no_video_is_refused_with_a_sentence(tmp_path: Path):
    wrong = tmp_path / "notes.mp4"
    wrong.write_bytes(b"these are no pictures" * 50)
    with pytest.raises(CleanError, match="cannot be read as a video"):
        VideoClip(wrong)
    with pytest.raises(CleanError, match="does not exist"):
        VideoClip(tmp_path / "absent.mp4")


def test_a_sound_file_has_no_pictures(tmp_path: Path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.sample_rate = 8000
        for packet in stream.encode(sound):
            container.mux(packet)
    with pytest.raises(CleanError, match="no video in it"):
        VideoClip(path)


def test_a_cut_off_video_gives_what_is_there_and_names_the_rest(video: Path, tmp_path: Path):
    whole = tmp_path / "whole.mkv"
    with av.open(str(video)) as source, av.open(str(whole), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    with VideoClip(cut) as clip:
        assert 0 < clip.count < COUNT
        assert clip.frame(0).shape == (48, 64, 3)


def test_pictures_of_an_episode_are_those_recorded_with_their_joints(take: Path):
    with Episode(take) as episode, episode_clip(episode, "front/rgb") as clip:
        assert clip.size == (160, 120)
        assert clip.mode == "static"
        assert clip.joints["right"].shape[0] == clip.count
        for index in (clip.count - 1, 0, 7):
            assert np.array_equal(clip.frame(index), episode.stream("front/rgb").frame(index))
            assert frame_number(clip.frame(index)) == index
        assert clip.time_ns[0] == episode.stream("front/rgb").stamp_ns[0] - episode.start_stamp_ns


def test_an_unknown_camera_is_refused_with_those_there_are(take: Path):
    with pytest.raises(CleanError, match="camera 'side/rgb' is not in .*front/rgb"):
        episode_clip(take, "side/rgb")
    with pytest.raises(CleanError, match="not RGB"):
        episode_clip(take, "right/joints_measured")


def test_an_empty_clip_is_refused():
    with pytest.raises(CleanError, match="no pictures"):
        ArrayClip([])


def test_the_cache_is_bounded_by_pictures_and_by_bytes():
    made: list[int] = []

    def make(index: int) -> np.ndarray:
        made.append(index)
        return np.zeros((4, 4, 3), np.uint8)

    cache = PictureCache(48)
    for index in range(KEPT_PICTURES + 1):
        cache.get(index, make)
    cache.get(1, make)
    assert made == list(range(KEPT_PICTURES + 1))
    cache.get(0, make)
    assert made[-1] == 0
    large = PictureCache(KEPT_BYTES)
    made.clear()
    for index in (0, 1, 0):
        large.get(index, make)
    assert made == [0, 1, 0]


def test_kept_pictures_cannot_be_changed_by_their_readers(take: Path):
    with episode_clip(take, "front/rgb") as clip, pytest.raises(ValueError, match="read-only"):
        clip.frame(0)[0, 0] = 1
