"""The reader gives back what was recorded, in time and in colour."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from support.recording import COLOUR, DEPTH, JOINTS, MASK, START_NS, TAXELS, sample_value, stamps_ns

from devices.stream import NO_DEVICE_STAMP
from recorder.episode import Episode, EpisodeError


def test_a_colour_frame_comes_back_in_rgb_order(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        frame = episode.stream("front/rgb").frame(3)
    expected = sample_value(COLOUR, 3)
    assert frame.shape == expected.shape
    assert np.abs(frame.astype(int) - expected).max() <= 3, "more than JPEG 95 may change"


def test_masks_and_depth_come_back_exactly(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        for spec in (MASK, DEPTH):
            np.testing.assert_array_equal(
                episode.stream(spec.name).frame(-1),
                sample_value(spec, len(episode.stream(spec.name)) - 1),
            )


def test_a_window_holds_the_samples_of_its_time_and_no_others(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        window = episode.stream("right/joints_measured").window(0.1, 0.2)
        assert window.first == 20
        assert window.seq.tolist() == list(range(20, 40))
        np.testing.assert_array_equal(window.stamp_ns, stamps_ns(JOINTS, 40)[20:])
        np.testing.assert_array_equal(window.data[-1], sample_value(JOINTS, 39))
        assert episode.stream("front/rgb").window(0.0, 0.05).data.shape == (2, 48, 64, 3)
        assert len(episode.stream("right/joints_measured").window(5, 9).seq) == 0


def test_a_sample_keeps_device_stamps_and_their_absence(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        assert episode.stream("right/joints_measured").sample(7).device_stamp_ns == 7000
        assert episode.stream("right/taxels").sample(7).device_stamp_ns is None
        assert episode.stream("right/taxels").device_stamp_ns[7] == NO_DEVICE_STAMP


def test_nearest_is_the_closest_sample_in_time(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        joints = episode.stream("right/joints_measured")
        assert [joints.nearest(t) for t in (-1.0, 0.0, 0.0124, 0.0126, 99.0)] == [0, 0, 2, 3, 99]


def test_rows_in_any_order_and_repeated_are_those_asked_for(episode_path: Path) -> None:
    wanted = np.array([5, 2, 2, 30])
    with Episode(episode_path) as episode:
        rows = episode.stream("right/taxels").rows(wanted)
    for row, seq in zip(rows, wanted, strict=True):
        np.testing.assert_array_equal(row, sample_value(TAXELS, int(seq)))


def test_the_description_of_a_stream_survives(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        assert episode.stream("right/joints_measured").spec == JOINTS
        assert episode.stream("front/rgb").spec == COLOUR
        assert episode.start_stamp_ns == START_NS
        assert episode.rig == {"name": "small"}


def test_an_unknown_stream_or_sample_is_named(episode_path: Path) -> None:
    with Episode(episode_path) as episode:
        with pytest.raises(KeyError, match="no stream 'left/taxels'"):
            episode.stream("left/taxels")
        with pytest.raises(IndexError, match="has 15 samples, no sample 15"):
            episode.stream("front/rgb").frame(15)


def test_files_that_are_no_episodes_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EpisodeError, match="does not exist"):
        Episode(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(EpisodeError, match="cannot be opened"):
        Episode(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.attrs["schema"] = "thenar.episode/99"
    with pytest.raises(EpisodeError, match=r"schema 'thenar.episode/99'"):
        Episode(tmp_path / "other.h5")


def test_files_that_reach_outside_themselves_are_refused(
    episode_path: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not for you" * 100)
    content = episode_path.read_bytes()

    def forged(name: str) -> h5py.File:
        path = tmp_path / name
        path.write_bytes(content)
        file = h5py.File(path, "r+")
        del file["streams/right/taxels/data"]
        return file

    with forged("external.h5") as file:
        file["streams/right/taxels"].create_dataset(
            "data", (100,), "u1", external=[(str(secret), 0, 100)]
        )
    with forged("link.h5") as file:
        file["streams/right/taxels/data"] = h5py.ExternalLink(str(episode_path), "ledger")
    with forged("bomb.h5") as file:
        file["streams/right/taxels"].create_dataset("data", (1 << 40,), "u1", chunks=(1 << 20,))
    with forged("packed.h5") as file:
        file["streams/right/taxels"].create_dataset("data", data=np.zeros(9), compression="gzip")
    for name, text in {
        "external.h5": "takes its data from another file",
        "link.h5": "is a link",
        "bomb.h5": "claims 1099511627776 bytes",
        "packed.h5": "asks for filters",
    }.items():
        with pytest.raises(EpisodeError, match=text):
            Episode(tmp_path / name)
