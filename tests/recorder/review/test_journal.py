"""A journal on the disk: kills, torn ends, damage, and lines that were tampered with."""

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

from recorder.dataset import Dataset
from recorder.review.audit import audit_trail, verify_chain, verify_chains
from recorder.review.final import final_labels
from recorder.review.store import DamagedJournalError, ReviewStore, read_state

KILLS = 100


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return new_dataset(tmp_path)


def _type_until_killed(dataset: Dataset, acknowledge: int) -> None:
    """Count upwards in the note, undoing and redoing on the way; acknowledge each step."""
    review = open_review(dataset)
    number = int(review.state.note or 0)
    while True:
        number += 1
        review.apply(setting("note", str(number)))
        os.write(acknowledge, b"%d\n" % number)
        if number % 3 == 0:
            review.undo()
            review.redo()
        if number % 5 == 0:
            review.publish()


def _kill_after(dataset: Dataset, acknowledgements: int, delay_s: float) -> list[int]:
    """Numbers a child acknowledged before it was killed."""
    reading, writing = os.pipe()
    pid = in_child(lambda: _type_until_killed(dataset, writing))
    os.close(writing)
    heard = b""
    while heard.count(b"\n") < acknowledgements:
        assert select.select([reading], [], [], 20)[0], "the child did not begin"
        heard += os.read(reading, 4096)
    threading.Event().wait(delay_s)
    os.kill(pid, signal.SIGKILL)
    assert ended(pid) == -signal.SIGKILL
    while part := os.read(reading, 4096):
        heard += part
    os.close(reading)
    return [int(line) for line in heard.split()]


def test_a_hundred_kills_lose_at_most_the_edit_under_the_finger(dataset: Dataset) -> None:
    chance = random.Random(1)
    before = 0
    for _ in range(KILLS):
        heard = _kill_after(dataset, chance.randint(1, 4), chance.uniform(0, 0.004))
        assert heard == list(range(before + 1, heard[-1] + 1))
        review = open_review(dataset)
        assert review.problem == ""
        said = [
            int(edit.new)
            for entry in review.history
            if entry.kind == "change"
            for edit in entry.edits
        ]
        assert said == list(range(1, len(said) + 1))
        assert len(said) - heard[-1] in (0, 1)
        if review.can_redo:
            review.redo()
        assert review.state.note == str(len(said))
        published = review.path.with_suffix(".labels.json")
        if published.exists():
            assert int(json.loads(published.read_bytes())["state"]["note"]) % 5 == 0
        before = len(said)
    assert verify_chain(review.path).ok
    while review.undo():
        pass
    assert review.state.is_empty


def test_a_last_line_torn_anywhere_is_set_aside_and_the_rest_stays(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 4))
    kept = review.path.read_bytes()
    review.apply(setting("note", "under the finger"))
    whole = review.path.read_bytes()
    aside = review.path.with_name(review.path.name + ".torn")
    for length in range(len(kept) + 1, len(whole)):
        review.path.write_bytes(whole[:length])
        aside.unlink(missing_ok=True)
        assert read_state(dataset, "R1", UUID) is not None
        reopened = open_review(dataset)
        assert reopened.state.quality == 4
        assert reopened.state.note is None
        assert review.path.read_bytes() == kept
        assert aside.read_bytes() == whole[len(kept) : length] + b"\n"
    assert reopened.apply(setting("note", "again")).note == "again"
    assert verify_chain(review.path).lines == 2


def test_a_torn_first_line_leaves_an_empty_journal(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 4))
    review.path.write_bytes(review.path.read_bytes()[:20])
    assert read_state(dataset, "R1", UUID) is None
    assert open_review(dataset).state.is_empty
    assert review.path.read_bytes() == b""


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line.replace(b'"new":2', b'"new":5'),
        lambda line: b"\x00" * len(line),
        lambda line: line[:-1],
        lambda line: b"",
        lambda line: b"[]",
        lambda line: line.replace(b'"kind":"change"', b'"kind":"wish"'),
        lambda line: line + b"\n" + line,
    ],
)
def test_a_damaged_line_is_named_and_ends_editing(
    dataset: Dataset, damage, caplog: pytest.LogCaptureFixture
) -> None:
    review = open_review(dataset)
    for quality in (1, 2, 3, 4):
        review.apply(setting("quality", quality))
    review.apply(setting("accepted", True))
    lines = review.path.read_bytes().split(b"\n")
    lines[1] = damage(lines[1])
    content = b"\n".join(lines)
    review.path.write_bytes(content)
    reopened = open_review(dataset)
    assert "line 2 is damaged" in reopened.problem or "line 3 is damaged" in reopened.problem
    assert reopened.state.quality in (1, 2, 5)
    assert not reopened.can_undo
    for attempt in (
        lambda: reopened.apply(setting("note", "x")),
        reopened.undo,
        reopened.publish,
        lambda: reopened.note_access("x"),
        lambda: read_state(dataset, "R1", UUID),
        lambda: audit_trail(dataset, UUID),
    ):
        with pytest.raises(DamagedJournalError, match="damaged"):
            attempt()
    assert review.path.read_bytes() == content
    assert not verify_chain(review.path).ok
    assert [report.ok for report in verify_chains(dataset)] == [False]
    assert ReviewStore(dataset, "R1").reviewed() == set()
    final = final_labels(dataset, UUID, "success")
    assert (final.by, len(final.problems)) == ("operator", 1)
    assert "is damaged" in caplog.text


def test_a_damaged_last_line_is_found_by_whoever_has_it_open(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 2))
    content = review.path.read_bytes()
    review.path.write_bytes(content.replace(b'"new":2', b'"new":5'))
    with pytest.raises(DamagedJournalError, match="no longer what was read"):
        review.apply(setting("quality", 3))
    assert review.problem


def test_a_journal_that_vanished_is_not_begun_anew(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 2))
    review.path.unlink()
    with pytest.raises(OSError, match="No such file"):
        review.apply(setting("quality", 3))
    assert not review.path.exists()
    assert not review.reload()
    assert "is gone" in review.problem


def test_an_undo_that_fits_nothing_ends_editing(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 2))
    review.undo()
    line = json.loads(review.path.read_bytes().split(b"\n")[1])
    line["refers"] = "0" * 32
    lines = review.path.read_bytes().split(b"\n")
    review.path.write_bytes(lines[0] + b"\n" + json.dumps(line).encode() + b"\n")
    reopened = open_review(dataset)
    assert "does not fit" in reopened.problem
    with pytest.raises(DamagedJournalError, match="does not fit"):
        reopened.apply(setting("quality", 3))
    with pytest.raises(DamagedJournalError, match="contradicts itself"):
        read_state(dataset, "R1", UUID)


def test_a_journal_of_another_episode_or_reviewer_is_refused(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 2))
    other = review.path.with_name("f" * 32 + ".jsonl")
    review.path.rename(other)
    assert "it is of reviewer 'R1' about episode" in open_review(dataset, uuid="f" * 32).problem


def test_lines_cut_off_after_publishing_are_found(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 2))
    review.apply(setting("quality", 3))
    review.publish()
    assert verify_chain(review.path).ok
    lines = review.path.read_bytes().splitlines(keepends=True)
    review.path.write_bytes(lines[0])
    report = verify_chain(review.path)
    assert report.lines == 1
    assert "was published after" in report.problem
