"""One reviewer on two stations: nothing is overwritten in silence, nothing is lost."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import threading
from pathlib import Path

import pytest
from support.reviewing import UUID, ended, in_child, new_dataset, open_review, setting

from devices.exclusive import lock
from recorder.dataset import Dataset
from recorder.review import snapshot
from recorder.review.audit import verify_chain
from recorder.review.store import EditConflict, read_state


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return new_dataset(tmp_path)


def test_a_change_on_another_station_is_shown_before_anything_is_written(dataset: Dataset) -> None:
    review = open_review(dataset, station="desk-a")
    review.apply(setting("quality", 2))

    def elsewhere() -> None:
        open_review(dataset, station="desk-b").apply(setting("quality", 5))

    assert ended(in_child(elsewhere)) == 0
    content = review.path.read_bytes()
    for attempt in (lambda: review.apply(setting("note", "x")), review.undo, review.publish):
        with pytest.raises(EditConflict, match="desk-b") as caught:
            attempt()
    (theirs,) = caught.value.theirs
    assert (theirs.lane, theirs.old, theirs.new, theirs.station) == ("quality", 2, 5, "desk-b")
    assert review.path.read_bytes() == content
    assert review.state.quality == 2
    assert review.reload()
    assert review.state.quality == 5
    assert not review.reload()
    assert review.apply(setting("note", "x")).quality == 5
    review.undo()
    review.undo()
    assert review.state.quality == 2


def test_publishing_on_another_station_is_no_conflict(dataset: Dataset) -> None:
    review = open_review(dataset, station="desk-a")
    review.apply(setting("quality", 2))
    open_review(dataset, station="desk-b").publish()
    assert review.apply(setting("quality", 3)).quality == 3
    assert verify_chain(review.path).lines == 3


def test_a_station_waits_while_another_is_writing(dataset: Dataset) -> None:
    review = open_review(dataset, station="desk-a")
    review.apply(setting("quality", 2))
    reading, writing = os.pipe()
    starting, start = os.pipe()

    def change() -> None:
        mine = open_review(dataset, station="desk-b")
        os.read(starting, 1)
        os.write(writing, b"o")
        mine.apply(setting("quality", 5))
        os.write(writing, b"w")

    pid = in_child(change)  # before the lock is taken: a child shares the open files it is given
    with open(review.path, "rb") as held:
        lock(held.fileno())
        os.write(start, b"!")
        assert os.read(reading, 1) == b"o"
        assert not select.select([reading], [], [], 0.2)[0]
        assert read_state(dataset, "R1", UUID) == review.state
    assert os.read(reading, 1) == b"w"
    assert ended(pid) == 0
    for fd in (reading, writing, starting, start):
        os.close(fd)
    assert review.reload()
    assert review.state.quality == 5


def test_two_stations_that_write_at_once_lose_nothing(dataset: Dataset) -> None:
    starting, start = os.pipe()

    def add_marks(station: str) -> None:
        review = open_review(dataset, station=station)
        os.read(starting, 1)
        for number in range(30):
            while True:
                try:
                    mark = {"label": "slip", "at_ns": number}
                    review.apply(setting("events", mark, f"{station}-{number}"))
                    break
                except EditConflict:
                    assert review.reload()

    children = [in_child(lambda: add_marks("desk-a")), in_child(lambda: add_marks("desk-b"))]
    os.write(start, b"go")
    assert [ended(pid) for pid in children] == [0, 0]
    os.close(starting)
    os.close(start)
    review = open_review(dataset)
    assert set(review.state.events) == {f"desk-{s}-{n}" for s in "ab" for n in range(30)}
    assert verify_chain(review.path).lines == 60


def test_published_labels_say_state_line_and_schema(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 2))
    path = review.publish()
    facts = json.loads(path.read_bytes())
    assert path.name == f"{UUID}.labels.json"
    assert facts["state"]["quality"] == 2
    assert facts["head"] == verify_chain(review.path).head
    assert facts["schema"]["fingerprint"] == review.schema.fingerprint
    assert facts["time"] == review.history[-1].time


def test_publishing_keeps_three_versions_and_repeats_nothing(dataset: Dataset) -> None:
    review = open_review(dataset)
    for quality in (1, 2, 3, 4, 5):
        review.apply(setting("quality", quality))
        review.publish()
        path = review.publish()
    found = sorted(item.name for item in path.parent.glob(f"{path.name}*"))
    assert found == [path.name, *(f"{path.name}.{age}" for age in (1, 2, 3))]
    qualities = [
        json.loads((path.parent / name).read_bytes())["state"]["quality"] for name in found
    ]
    assert qualities == [5, 4, 3, 2]
    assert len([entry for entry in review.history if entry.kind == "publish"]) == 5


def test_a_publication_that_fails_leaves_the_one_before(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 1))
    content = review.publish().read_bytes()
    review.apply(setting("quality", 2))

    def full(path: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(snapshot, "fsync_path", full)
    with pytest.raises(OSError, match="no space"):
        review.publish()
    path = review.path.with_suffix(".labels.json")
    assert path.read_bytes() == content
    assert not list(path.parent.glob(".*.part"))
    monkeypatch.undo()
    assert json.loads(review.publish().read_bytes())["state"]["quality"] == 2


def test_published_labels_are_whole_whenever_the_program_is_killed(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("note", "x" * 5000))
    path = review.publish()
    chance = random.Random(2)

    def publish_on() -> None:
        mine = open_review(dataset)
        number = 0
        while True:
            number += 1
            mine.apply(setting("note", f"{os.getpid()} {number} " + "x" * 5000))
            mine.publish()

    for _ in range(25):
        pid = in_child(publish_on)
        threading.Event().wait(chance.uniform(0.002, 0.02))
        os.kill(pid, signal.SIGKILL)
        assert ended(pid) == -signal.SIGKILL
        for name in (path, *path.parent.glob(f"{path.name}.?")):
            assert len(json.loads(name.read_bytes())["state"]["note"]) >= 5000
        assert verify_chain(review.path).problem == ""
