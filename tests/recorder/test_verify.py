"""Verification and inspection say what is there and what is not."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from support.recording import JOINTS, TAXELS, write_log

from recorder.dataset import Dataset, DatasetError, companions
from recorder.episode import EpisodeError
from recorder.finalise import file_sha256, finalise_log
from recorder.inspect import inspect_episode
from recorder.verify import verify_path


def resign(path: Path) -> None:
    """Make the checksum file agree with a changed episode, so that deeper checks must speak."""
    companions(path)[0].write_text(f"{file_sha256(path)}  {path.name}\n")


def change(path: Path, name: str, index: int, by: int) -> None:
    path.chmod(0o644)
    with h5py.File(path, "r+") as file:
        value = file[name][index]
        file[name][index] = value + np.asarray(by).astype(value.dtype)
    resign(path)


def test_a_good_episode_gives_no_findings(episode_path: Path) -> None:
    assert verify_path(episode_path) == []


def test_a_changed_sample_is_found_even_when_all_file_checksums_agree(
    episode_path: Path,
) -> None:
    change(episode_path, "streams/right/taxels/data", 3, 1)
    (finding,) = verify_path(episode_path)
    assert finding.level == "critical"
    assert finding.stream == TAXELS.name
    assert "1 of 50 samples differ" in finding.text


def test_a_jump_in_seq_that_the_ledger_does_not_know_is_found(episode_path: Path) -> None:
    change(episode_path, "streams/right/joints_measured/seq", 99, 5)
    (finding,) = verify_path(episode_path)
    assert finding.level == "critical"
    assert "after sample 98: damage of 5 from seq 99 is not in the ledger" in finding.text


@pytest.mark.parametrize("by", [-1, 5, 10**12])
def test_offsets_that_do_not_fit_are_found(episode_path: Path, by: int) -> None:
    change(episode_path, "streams/front/rgb/offset", 15, by)
    (finding,) = verify_path(episode_path)
    assert finding.stream == "front/rgb"
    assert "offsets" in finding.text


def test_stamps_that_go_backwards_are_found(episode_path: Path) -> None:
    change(episode_path, "streams/right/joints_measured/stamp_ns", 50, -(10**9))
    (finding,) = verify_path(episode_path)
    assert "stamps go backwards 1 times" in finding.text


def test_samples_in_the_ledger_are_a_warning_with_their_share(dataset: Dataset) -> None:
    path = finalise_log(dataset, write_log(dataset, skip={JOINTS.name: set(range(10, 20))})).path
    assert path is not None
    (finding,) = verify_path(path)
    assert finding.level == "warning"
    assert "10 samples lost (10.00%), in the ledger" in finding.text


def test_a_dataset_is_verified_episode_by_episode_with_its_open_logs(dataset: Dataset) -> None:
    for number in (0, 1):
        finalise_log(dataset, write_log(dataset, number=number, seconds=0.1))
    change(dataset.episode_path(1), "streams/right/taxels/data", 0, 1)
    write_log(dataset, number=2, seconds=0.1)
    levels = [(finding.path.name[:14], finding.level) for finding in verify_path(dataset.root)]
    assert levels == [("episode_000001", "critical"), ("episode_000002", "note")]


def test_a_folder_that_is_no_dataset_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a dataset"):
        verify_path(tmp_path)
    with pytest.raises(DatasetError, match=r"episode_000000.h5' does not exist"):
        verify_path(tmp_path / "episode_000000.h5")


def test_a_folder_is_no_episode_to_inspect(dataset: Dataset) -> None:
    with pytest.raises(EpisodeError, match=r"is a folder; name one of its episodes"):
        inspect_episode(dataset.root)


def test_the_summary_counts_what_is_in_the_file(dataset: Dataset) -> None:
    lost = {JOINTS.name: set(range(10, 20))}
    path = finalise_log(dataset, write_log(dataset, number=7, skip=lost)).path
    assert path is not None
    summary = inspect_episode(path)
    joints = next(item for item in summary.streams if item.name == JOINTS.name)
    assert summary.episode == 7
    assert summary.lost_samples == 10
    assert (joints.samples, joints.lost) == (90, 10)
    assert joints.worst_interval_ms == pytest.approx(55.0)
    assert summary.pre_roll_s == pytest.approx(0.1)
    assert sum(item.samples for item in summary.streams) == summary.samples


def test_the_page_fits_a_terminal_and_names_every_stream(episode_path: Path) -> None:
    summary = inspect_episode(episode_path)
    lines = summary.text().splitlines()
    assert len(lines) < 40
    for item in summary.streams:
        (line,) = [line for line in lines if line.startswith(item.name + " ")]
        assert f" {item.samples} " in line
    assert np.isclose(summary.duration_s, 0.495)
