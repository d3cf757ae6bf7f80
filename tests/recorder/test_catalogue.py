"""The catalogue follows the files, never the other way round."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from support.recording import write_log

from recorder.catalogue import DISCARDED, REPLACED, Catalogue
from recorder.dataset import Dataset, companions
from recorder.episode import Episode
from recorder.finalise import file_sha256, finalise_log
from recorder.inspect import inspect_episode
from recorder.verify import verify_path


def publish(dataset: Dataset, *numbers: int, **facts) -> None:
    for number in numbers:
        finalise_log(dataset, write_log(dataset, number=number, seconds=0.1, **facts))


def test_a_rebuilt_catalogue_equals_the_lost_one(dataset: Dataset) -> None:
    publish(dataset, 0, 1, 2, 3)
    publish(dataset, 1, redo_of=1)
    catalogue = Catalogue(dataset)
    catalogue.set_outcome(0, "failure")
    catalogue.discard(2)
    before = catalogue.rows(None)
    for path in dataset.root.glob("catalogue.sqlite*"):
        path.unlink()
    assert Catalogue(dataset).rows(None) == before
    assert len(before) == 5
    assert sorted(row.status for row in before) == sorted(["published"] * 3 + [DISCARDED, REPLACED])


def test_a_damaged_catalogue_is_rebuilt_by_itself(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    for path in dataset.root.glob("catalogue.sqlite-*"):
        path.unlink()
    dataset.catalogue_path.write_bytes(b"this was a database" * 500)
    assert [row.number for row in Catalogue(dataset).rows()] == [0, 1]


def test_a_catalogue_of_another_version_is_rebuilt_by_itself(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    with sqlite3.connect(dataset.catalogue_path) as connection:
        connection.execute("ALTER TABLE episodes DROP COLUMN discard_order")
    connection.close()
    assert [row.number for row in Catalogue(dataset).rows()] == [0, 1]


def test_a_label_never_touches_the_published_file(dataset: Dataset) -> None:
    publish(dataset, 0)
    path = dataset.episode_path(0)
    before = file_sha256(path)
    Catalogue(dataset).set_outcome(0, "failure")
    assert file_sha256(path) == before
    with Episode(path) as episode:
        assert episode.outcome == "failure"


def test_discard_and_undo_bring_everything_back_in_order(dataset: Dataset) -> None:
    publish(dataset, 0, 1, 2)
    catalogue = Catalogue(dataset)
    catalogue.set_outcome(1, "failure")
    content = dataset.episode_path(1).read_bytes()
    catalogue.discard(1)
    catalogue.discard(0)
    assert [row.number for row in catalogue.rows()] == [2]
    assert catalogue.undo_discard()[1].number == 0
    assert catalogue.undo_discard()[1].number == 1
    assert [row.number for row in catalogue.rows()] == [0, 1, 2]
    assert dataset.episode_path(1).read_bytes() == content
    assert [row.outcome for row in catalogue.rows()] == ["success", "failure", "success"]
    assert dataset.trashed() == []
    checksum = companions(dataset.episode_path(1))[0].read_text().split()
    assert checksum == [file_sha256(dataset.episode_path(1)), "episode_000001.h5"]
    with pytest.raises(KeyError, match="no discarded episode"):
        catalogue.undo_discard()


def test_undo_does_not_overwrite_an_episode_recorded_again(dataset: Dataset) -> None:
    publish(dataset, 0)
    catalogue = Catalogue(dataset)
    catalogue.discard(0)
    publish(dataset, 0, redo_of=0)
    was, row = catalogue.undo_discard()
    assert (was, row.number, row.path) == (0, 1, "episodes/episode_000001.h5")
    assert [row.number for row in catalogue.rows()] == [0, 1]
    assert inspect_episode(dataset.episode_path(1)).episode == 1
    assert [f for f in verify_path(dataset.root) if f.level == "critical"] == []
    assert dataset.trashed() == []


def test_a_trash_emptied_by_hand_leaves_nothing_to_bring_back(dataset: Dataset) -> None:
    publish(dataset, 0)
    catalogue = Catalogue(dataset)
    catalogue.discard(0)
    for path in dataset.trashed():
        path.unlink()
    assert catalogue.last_discarded() is None
    with pytest.raises(KeyError, match="no discarded episode"):
        catalogue.undo_discard()


def test_a_discarded_number_is_not_given_to_another_take(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    Catalogue(dataset).discard(1)
    assert dataset.next_number() == 2


def test_labelling_what_is_not_there_names_the_episode(dataset: Dataset) -> None:
    with pytest.raises(KeyError, match="episode 7 is not published"):
        Catalogue(dataset).set_outcome(7, "success")


def test_an_unreadable_episode_does_not_block_the_library(
    dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    publish(dataset, 0, 1)
    path: Path = dataset.episode_path(0)
    path.chmod(0o644)
    path.write_bytes(b"broken")
    assert Catalogue(dataset).rebuild() == 1
    assert "episode_000000.h5" in caplog.text
