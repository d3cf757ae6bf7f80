"""A log becomes one verified, read-only episode, whatever happens on the way."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.recording import (
    DEPTH,
    JOINTS,
    ROOT,
    STREAMS,
    TAXELS,
    header_of,
    sample_value,
    write_log,
)

import recorder.finalise as finalising
from recorder.catalogue import Catalogue
from recorder.copying import CopyError, copy_log, verify_copy
from recorder.dataset import Dataset, append_label, companions
from recorder.durability import DurableFile
from recorder.episode import Episode
from recorder.finalise import LogBusyError, finalise_log
from recorder.log import LogReader, LogWriter
from recorder.log_index import index_log


def test_every_sample_of_the_log_stands_in_the_episode(dataset: Dataset) -> None:
    done = finalise_log(dataset, write_log(dataset, number=12))
    assert done.number == 12
    assert done.lost == 0
    assert done.path is not None
    with Episode(done.path) as episode:
        assert sum(len(stream) for stream in episode.streams.values()) == done.samples == 200
        for spec in (JOINTS, TAXELS, DEPTH):
            stream = episode.stream(spec.name)
            assert stream.seq.tolist() == list(range(len(stream)))
            for index in range(len(stream)):
                np.testing.assert_array_equal(stream.frame(index), sample_value(spec, index))
        assert episode.attributes["task"] == "plug"
        assert episode.attributes["operator_code"] == "P07"
        assert episode.outcome == "success"


def test_published_files_are_read_only_and_pass_sha256sum(
    dataset: Dataset, episode_path: Path
) -> None:
    assert stat.S_IMODE(episode_path.stat().st_mode) == 0o444
    checksum = companions(episode_path)[0]
    check = subprocess.run(
        ["sha256sum", "-c", checksum.name], cwd=checksum.parent, capture_output=True, check=False
    )
    assert check.returncode == 0, check.stderr


def test_the_log_goes_only_after_the_episode_is_in_the_catalogue(dataset: Dataset) -> None:
    log = write_log(dataset, number=3)
    finalise_log(dataset, log)
    assert not log.exists()
    row = Catalogue(dataset).published(3)
    assert row is not None
    assert row.samples == 200
    assert row.outcome == "success"


def test_every_dataset_in_the_file_carries_a_checksum(episode_path: Path) -> None:
    bare = []

    def visit(name: str, node: h5py.Group | h5py.Dataset) -> None:
        if isinstance(node, h5py.Dataset) and node.size and not node.fletcher32:
            bare.append(name)

    with h5py.File(episode_path) as file:
        file.visititems(visit)
    assert bare == []


def test_a_log_without_an_end_becomes_an_interrupted_episode(dataset: Dataset) -> None:
    done = finalise_log(dataset, write_log(dataset, end=False))
    assert done.path is not None
    with Episode(done.path) as episode:
        assert episode.attributes["end_reason"] == "interrupted"
        assert episode.outcome == "unlabelled"


def test_a_log_without_samples_leaves_nothing_behind(dataset: Dataset) -> None:
    header = header_of(0)
    log = dataset.log_path(0, header["uuid"])
    LogWriter(DurableFile(log), header).close()
    done = finalise_log(dataset, log)
    assert done.number is None
    assert not log.exists()
    assert dataset.published() == []


def test_finalising_again_after_a_kill_between_rename_and_log_removal_changes_nothing(
    dataset: Dataset, tmp_path: Path
) -> None:
    log = write_log(dataset, number=5)
    content = log.read_bytes()
    first = finalise_log(dataset, log)
    assert first.path is not None
    published = first.path.read_bytes()
    dataset.catalogue_path.unlink()
    log.write_bytes(content)
    again = finalise_log(dataset, log)
    assert again.number == 5
    assert [path.read_bytes() for path in dataset.published()] == [published]
    assert Catalogue(dataset).published(5) is not None
    assert not log.exists()


def test_a_number_that_is_taken_gets_the_next_free_one(dataset: Dataset) -> None:
    finalise_log(dataset, write_log(dataset, number=5))
    done = finalise_log(dataset, write_log(dataset, number=5))
    assert done.number == 6
    assert done.path is not None
    with Episode(done.path) as episode:
        assert episode.attributes["episode"] == 6
    check = subprocess.run(
        ["sha256sum", "-c", companions(done.path)[0].name],
        cwd=done.path.parent,
        capture_output=True,
        check=False,
    )
    assert check.returncode == 0


def test_a_redo_takes_the_number_and_the_old_take_goes_to_the_trash(dataset: Dataset) -> None:
    old = finalise_log(dataset, write_log(dataset, number=5, task="old"))
    new = finalise_log(dataset, write_log(dataset, number=5, task="new", redo_of=5))
    assert old.path == new.path
    assert [row.task for row in Catalogue(dataset).rows()] == ["new"]
    (trashed,) = dataset.trashed()
    with Episode(trashed) as episode:
        assert episode.attributes["task"] == "old"
    assert Catalogue(dataset).last_discarded() is None, "undo must not bring a redone take back"


def test_labels_given_before_publishing_come_along(dataset: Dataset) -> None:
    log = write_log(dataset)
    append_label(companions(log)[1], event="outcome", outcome="failure")
    done = finalise_log(dataset, log)
    assert done.path is not None
    with Episode(done.path) as episode:
        assert episode.attributes["outcome"] == "success", "the file says what was known at stop"
        assert episode.outcome == "failure"
    assert [row.outcome for row in Catalogue(dataset).rows()] == ["failure"]


def test_a_take_discarded_before_publishing_goes_to_the_trash(dataset: Dataset) -> None:
    log = write_log(dataset)
    append_label(companions(log)[1], event="discarded")
    done = finalise_log(dataset, log)
    assert done.discarded
    assert dataset.published() == []
    assert len(dataset.trashed()) == 1


def test_a_log_held_by_another_process_is_left_alone(dataset: Dataset) -> None:
    log = write_log(dataset)
    fd = os.open(log, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    with pytest.raises(LogBusyError, match="in use by another process"):
        finalise_log(dataset, log, wait=False)
    os.close(fd)
    assert finalise_log(dataset, log, wait=False).number == 0


@pytest.mark.parametrize("stream", [spec.name for spec in STREAMS])
def test_a_copy_that_differs_in_one_sample_is_refused(
    dataset: Dataset, tmp_path: Path, stream: str
) -> None:
    index = index_log(LogReader(write_log(dataset)))
    part = tmp_path / "x.part"
    copy_log(index, part, 0)
    verify_copy(index, part)
    with h5py.File(part, "r+") as file:
        data = file[f"streams/{stream}/data"]
        flat = np.asarray(data).copy()
        flat.reshape(-1).view(np.uint8)[flat.nbytes // 2] ^= 1
        data[...] = flat
    with pytest.raises(CopyError, match=f"stream '{stream}': sample"):
        verify_copy(index, part)


def test_when_verification_fails_nothing_is_published_and_the_log_stays(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CopyError("differs")

    monkeypatch.setattr(finalising, "verify_copy", refuse)
    log = write_log(dataset)
    with pytest.raises(CopyError):
        finalise_log(dataset, log)
    assert log.exists()
    assert dataset.published() == []


def test_without_room_for_the_copy_hdf5_is_never_asked_to_write(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write_log(dataset)
    size = log.stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr(finalising, "free_bytes", lambda _: size)
        with pytest.raises(OSError, match="free some space and run `thenar recover`"):
            finalise_log(dataset, log)
    assert list(dataset.episodes_dir.iterdir()) == []
    assert finalise_log(dataset, log).number == 0


def test_damage_in_the_log_appears_in_the_ledger(dataset: Dataset) -> None:
    log = write_log(dataset)
    index = index_log(LogReader(log))
    content = bytearray(log.read_bytes())
    for seq in (10, 11):
        content[index.streams[0].offset[seq]] ^= 0xFF
    log.write_bytes(content)
    done = finalise_log(dataset, log)
    assert done.path is not None
    with Episode(done.path) as episode:
        row = episode.ledger[0]
        assert row["stream"] == b"right/joints_measured"
        assert row["kind"] == b"damage"
        assert (row["first_missing_seq"], row["count"]) == (10, 2)
        assert 10 not in episode.stream("right/joints_measured").seq
        np.testing.assert_array_equal(
            episode.stream("right/joints_measured").frame(10), sample_value(JOINTS, 12)
        )


def test_the_command_says_what_it_did_in_one_line_of_json(dataset: Dataset) -> None:
    log = write_log(dataset, number=4)
    done = subprocess.run(
        [sys.executable, "-m", "recorder.finalise", "--dataset", dataset.root, "--log", log],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["number"] == 4
    broken = dataset.log_path(9, "0" * 32)
    broken.write_bytes(b"no log at all")
    failed = subprocess.run(
        [sys.executable, "-m", "recorder.finalise", "--dataset", dataset.root, "--log", broken],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert failed.returncode == 1
    assert "no intact header" in json.loads(failed.stdout)["error"]
    assert broken.exists()
