"""A reviewer's store: what is said stays said, can be undone without end, and is checked."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reviewing import UUID, any_task, new_dataset, open_review, phase, setting

from recorder.dataset import Dataset
from recorder.review.state import Change, Edit, Interval, LabelState, Mark, Phase
from recorder.review.store import (
    EpisodeReview,
    LabelError,
    ReviewerError,
    ReviewStore,
    new_item_id,
    read_state,
    reviewers_of,
)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return new_dataset(tmp_path)


@pytest.fixture
def review(dataset: Dataset) -> EpisodeReview:
    return open_review(dataset)


def test_every_lane_comes_back_after_a_restart(dataset: Dataset, review: EpisodeReview) -> None:
    said = Change(
        "all of it",
        (
            Edit("outcome", None, "failure"),
            Edit("failure_mode", None, "dropped"),
            Edit("quality", None, 2),
            Edit("instruction", None, "pick up the bäll"),
            Edit("note", None, "line one\nline two"),
            Edit("trim", None, {"start_ns": 5, "stop_ns": 900}),
            Edit("rejected", None, "bad_data"),
            Edit("views", None, ["front/rgb", "taxels"]),
            Edit("accepted", None, True),
            Edit("phases", "p", Phase(label="grasp", start_ns=1, stop_ns=2)),
            Edit("events", "e", {"label": "slip", "at_ns": 7}),
            Edit("contacts", "c", {"finger": "index", "start_ns": 3, "proposed": True}),
            Edit(
                "recoveries",
                "r",
                {
                    "failure": {"start_ns": 1, "stop_ns": 2},
                    "recovery": {"start_ns": 2, "stop_ns": 9},
                    "mode": "missed",
                },
            ),
        ),
    )
    state = review.apply(said)
    assert state.trim == Interval(start_ns=5, stop_ns=900)
    assert state.views == ("front/rgb", "taxels")
    assert open_review(dataset).state == state
    assert read_state(dataset, "R1", UUID) == state
    assert ReviewStore(dataset, "R1").reviewed() == {UUID}


def test_undo_and_redo_have_no_limit_and_survive_a_restart(dataset: Dataset) -> None:
    review = open_review(dataset)
    for number in range(60):
        review.apply(setting("note", str(number)))
        if number % 20 == 0:
            review.publish()
    for number in reversed(range(60)):
        if number == 30:
            review = open_review(dataset)
        undone = review.undo()
        assert undone is not None
        assert undone.title == f"note {number}"
    assert review.state.is_empty
    assert not review.can_undo
    assert review.undo() is None
    review = open_review(dataset)
    for _ in range(60):
        assert review.redo() is not None
    assert review.redo() is None
    assert review.state.note == "59"


def test_a_new_change_forgets_what_could_be_redone(review: EpisodeReview) -> None:
    review.apply(setting("quality", 1))
    review.undo()
    assert review.can_redo
    review.apply(setting("quality", 5))
    assert not review.can_redo
    assert review.redo() is None
    assert review.state.quality == 5


def test_edits_of_one_change_are_undone_together_in_reverse(review: EpisodeReview) -> None:
    before = review.apply(setting("phases", phase("reach", 0, 100), "p"))
    review.apply(
        Change(
            "split",
            (
                Edit("phases", "p", phase("reach", 0, 40)),
                Edit("phases", "q", phase("grasp", 40, 100)),
                Edit("phases", "q", phase("grasp", 40, 90)),
            ),
        )
    )
    assert [item.stop_ns for item in review.state.phases.values()] == [40, 90]
    review.undo()
    assert review.state == before


def test_what_changes_nothing_is_not_written(review: EpisodeReview) -> None:
    review.apply(setting("accepted", True))
    size = review.path.stat().st_size
    review.apply(setting("accepted", True))
    review.apply(setting("phases", None, "never-there"))
    assert review.path.stat().st_size == size
    review.undo()
    assert not review.state.accepted


@pytest.mark.parametrize(
    ("lane", "item", "value", "words"),
    [
        ("quality", None, 6, "less than or equal to 5"),
        ("quality", None, 0, "greater than or equal to 1"),
        ("quality", None, True, "valid integer"),
        ("outcome", None, "great", "success"),
        ("failure_mode", None, "bored", "'bored' is not in the label schema"),
        ("rejected", None, "ugly", "'ugly' is not in the label schema"),
        ("accepted", None, 1, "valid boolean"),
        ("trim", None, {"start_ns": 5, "stop_ns": 5}, "holds no instant"),
        ("note", None, "x" * 10_001, "at most 10000 characters"),
        ("phases", "p", {"label": "nap", "start_ns": 0, "stop_ns": 1}, "'nap' is not in"),
        ("phases", "p", {"label": "grasp", "start_ns": 4, "stop_ns": 4}, "holds no instant"),
        ("phases", None, {"label": "grasp", "start_ns": 0, "stop_ns": 4}, "names one"),
        ("events", "e", {"label": "slip", "at_ns": -1}, "greater than or equal to 0"),
        ("contacts", "c", {"finger": "i", "start_ns": 9, "stop_ns": 9}, "not after its start"),
        ("quality", "p", 3, "holds one value"),
        ("colour", None, "red", "unknown"),
    ],
)
def test_an_impossible_label_is_refused_in_words_and_nothing_is_written(
    review: EpisodeReview, lane: Any, item: str | None, value: Any, words: str
) -> None:
    before = review.apply(setting("note", "kept"))
    size = review.path.stat().st_size
    with pytest.raises(LabelError, match=words):
        review.apply(Change("x", (Edit("quality", None, 3), Edit(lane, item, value))))
    assert review.state == before
    assert review.path.stat().st_size == size


def test_phases_may_touch_but_not_overlap(review: EpisodeReview) -> None:
    review.apply(setting("phases", phase("reach", 0, 10), "p"))
    review.apply(setting("phases", phase("grasp", 10, 20), "q"))
    with pytest.raises(LabelError, match="phases may touch, not overlap"):
        review.apply(setting("phases", phase("release", 19, 30), "r"))
    assert list(review.state.phases) == ["p", "q"]


def test_items_stand_in_the_order_of_their_times(review: EpisodeReview) -> None:
    review.apply(setting("events", {"label": "drop", "at_ns": 50}, "a"))
    review.apply(setting("events", {"label": "slip", "at_ns": 10}, "b"))
    assert list(review.state.events) == ["b", "a"]


def test_labels_stay_when_their_schema_forgets_the_word(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("failure_mode", "dropped"))
    shorter = any_task().model_copy(update={"failure_modes": (), "version": 2})
    later = ReviewStore(dataset, "R1", "desk-a").open(UUID, shorter)
    assert later.state.failure_mode == "dropped"
    assert later.undo() is not None
    assert later.redo() is not None
    assert later.history[0].schema_.version == 1
    assert later.history[-1].schema_.version == 2
    assert later.history[0].schema_.fingerprint != later.history[-1].schema_.fingerprint


@pytest.mark.parametrize("name", ["", "Jane Doe", "../R1", "a" * 33, "R1/..", "R1\n", "é"])
def test_a_reviewer_is_a_code(dataset: Dataset, name: str) -> None:
    with pytest.raises(ReviewerError, match="code"):
        ReviewStore(dataset, name)
    assert reviewers_of(dataset) == []


@pytest.mark.parametrize("uuid", ["../../x", "", "a/b", ".hidden"])
def test_an_episode_is_named_by_its_identity(dataset: Dataset, uuid: str) -> None:
    with pytest.raises(ReviewerError, match="identity"):
        open_review(dataset, uuid=uuid)


def test_opening_and_looking_leave_no_file_behind(dataset: Dataset) -> None:
    review = open_review(dataset)
    assert review.undo() is None
    assert read_state(dataset, "R1", UUID) is None
    assert not (dataset.root / "reviews").exists()


def test_a_full_disk_loses_nothing_and_leaves_no_half_line(
    review: EpisodeReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = review.apply(setting("quality", 4))
    content = review.path.read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[: len(data) // 2]))
    with pytest.raises(OSError, match="only"):
        review.apply(setting("note", "too long for the disk"))
    monkeypatch.undo()
    assert review.path.read_bytes() == content
    assert review.state == before
    assert review.apply(setting("note", "there is room again")).note == "there is room again"


def test_a_change_is_on_the_device_before_it_is_acknowledged(
    review: EpisodeReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def record(fd: int) -> None:
        synced.append(os.fstat(fd).st_ino)
        fsync(fd)

    monkeypatch.setattr(os, "fsync", record)
    review.apply(setting("quality", 4))
    assert synced[-2:] == [review.path.stat().st_ino, review.path.parent.stat().st_ino]
    review.apply(setting("quality", 5))
    assert synced[-1] == review.path.stat().st_ino


def test_what_was_accepted_is_known_at_once_after_a_change(dataset: Dataset) -> None:
    store = ReviewStore(dataset, "R1")
    assert store.reviewed() == set()
    review = store.open(UUID, any_task())
    review.apply(setting("accepted", True))
    assert store.reviewed() == store.reviewed() == {UUID}
    review.undo()
    assert store.reviewed() == set()


def test_a_change_too_large_for_a_line_is_refused_before_it_is_written(
    dataset: Dataset, review: EpisodeReview
) -> None:
    review.apply(setting("quality", 2))
    size = review.path.stat().st_size
    with pytest.raises(LabelError, match="too much for one change"):
        review.apply(Change("x" * (5 << 20), (Edit("quality", None, 3),)))
    assert review.path.stat().st_size == size
    assert read_state(dataset, "R1", UUID) == review.state


def test_item_ids_are_new() -> None:
    assert len({new_item_id() for _ in range(1000)}) == 1000


_EDITS = st.one_of(
    st.tuples(st.just("quality"), st.none(), st.one_of(st.none(), st.integers(1, 5))),
    st.tuples(st.just("note"), st.none(), st.one_of(st.none(), st.text(max_size=8))),
    st.tuples(
        st.just("events"),
        st.sampled_from("abc"),
        st.one_of(
            st.none(),
            st.builds(lambda at: {"label": "slip", "at_ns": at}, st.integers(0, 1 << 62)),
        ),
    ),
)
_STEPS = st.lists(
    st.one_of(_EDITS, st.sampled_from(["undo", "redo", "reopen", "publish"])), max_size=25
)


def _modelled(state: LabelState, lane: str, item: str | None, value: Any) -> LabelState:
    if item is None:
        return replace(state, **{lane: value})
    items = {name: mark for name, mark in state.events.items() if name != item}
    if value is not None:
        items[item] = Mark(**value)
    ordered = sorted(items.items(), key=lambda pair: (pair[1].at_ns, pair[0]))
    return replace(state, events=dict(ordered))


@settings(max_examples=40, deadline=None)
@given(_STEPS)
def test_any_sequence_of_edits_undos_and_restarts_equals_a_list_of_states(steps: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = new_dataset(Path(folder))
        review = open_review(dataset)
        states, now = [LabelState()], 0
        for step in steps:
            if step == "undo":
                assert (review.undo() is not None) == (now > 0)
                now = max(0, now - 1)
            elif step == "redo":
                assert (review.redo() is not None) == (now < len(states) - 1)
                now = min(len(states) - 1, now + 1)
            elif step == "reopen":
                review = open_review(dataset)
            elif step == "publish":
                review.publish()
            else:
                lane, item, value = step
                after = _modelled(states[now], lane, item, value)
                review.apply(setting(lane, value, item))
                if after != states[now]:
                    states, now = [*states[: now + 1], after], now + 1
            assert review.state == states[now]
            assert review.can_undo == (now > 0)
            assert review.can_redo == (now < len(states) - 1)
        assert open_review(dataset).state == states[now]
