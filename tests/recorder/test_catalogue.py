"""The catalogue follows the files, never the other way round: on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.recording import ROOT, write_log

from recorder.catalogue import DISCARDED, EPISODES, REPLACED, Catalogue, EpisodeRow
from recorder.catalogue_database import REVISIONS, CatalogueDatabase
from recorder.dataset import Dataset, companions
from recorder.episode import Episode
from recorder.finalise import file_sha256, finalise_log
from recorder.inspect import inspect_episode
from recorder.verify import verify_path

pytestmark = pytest.mark.usefixtures("catalogue_kind")

WRITER = """
import sys
from pathlib import Path
from recorder.catalogue import Catalogue, EpisodeRow
from recorder.dataset import open_dataset

catalogue = Catalogue(open_dataset(Path(sys.argv[1])))
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
for number in map(int, sys.argv[2].split(",")):
    catalogue.put(EpisodeRow(f"{number:032x}", number, "published", f"episodes/{number}.h5"))
"""


def publish(dataset: Dataset, *numbers: int, **facts) -> None:
    for number in numbers:
        finalise_log(dataset, write_log(dataset, number=number, seconds=0.1, **facts))


def lose_catalogue(dataset: Dataset) -> None:
    for path in dataset.root.glob("catalogue.sqlite*"):
        path.unlink()
    database = CatalogueDatabase(dataset, (EPISODES,))
    with database.connection() as connection:
        for table in (EPISODES, REVISIONS):
            connection.execute(table.delete().where(table.c.dataset == dataset.uuid))


def test_a_rebuilt_catalogue_equals_the_lost_one(dataset: Dataset) -> None:
    publish(dataset, 0, 1, 2, 3)
    publish(dataset, 1, redo_of=1)
    catalogue = Catalogue(dataset)
    catalogue.set_outcome(0, "failure")
    catalogue.discard(2)
    before = catalogue.rows(None)
    lose_catalogue(dataset)
    assert Catalogue(dataset).rows(None) == before
    assert len(before) == 5
    assert sorted(row.status for row in before) == sorted(["published"] * 3 + [DISCARDED, REPLACED])


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


def test_two_processes_writing_at_once_lose_no_row(dataset: Dataset) -> None:
    Catalogue(dataset)
    halves = [range(0, 60, 2), range(1, 60, 2)]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(dataset.root), ",".join(map(str, half))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for half in halves
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert [row.number for row in Catalogue(dataset).rows()] == list(range(60))
    database = CatalogueDatabase(dataset, (EPISODES,))
    with database.connection() as connection:
        revision = database.revision(connection)
    assert revision is not None
    assert revision[0] == 61, "one revision per write, and one for the rebuild at the start"


def test_numbers_texts_and_truths_come_back_as_they_were(dataset: Dataset) -> None:
    row = EpisodeRow(
        "0" * 32,
        7,
        "published",
        "episodes/x.h5",
        "plug \u2014 'it\"",
        bytes=5 << 40,
        duration_s=1 / 3,
    )
    Catalogue(dataset).put(row)
    assert Catalogue(dataset).published(7) == row
