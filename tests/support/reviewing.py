"""Reviewers for tests: an empty dataset, a label schema, single edits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recorder.dataset import Dataset, open_dataset
from recorder.review.schema import LabelSchema, load_label_schemas, schema_for
from recorder.review.state import Change, Edit
from recorder.review.store import EpisodeReview, ReviewStore

UUID = "0123456789abcdef0123456789abcdef"


def any_task() -> LabelSchema:
    """The built-in schema for any task."""
    return schema_for(load_label_schemas(), "any")


def new_dataset(folder: Path) -> Dataset:
    """A dataset without episodes; labels need none."""
    return open_dataset(folder / "dataset", create=True)


def open_review(
    dataset: Dataset, reviewer: str = "R1", station: str = "desk-a", uuid: str = UUID
) -> EpisodeReview:
    """One reviewer's labels of one episode."""
    return ReviewStore(dataset, reviewer, station).open(uuid, any_task())


def setting(lane: Any, value: Any, item: str | None = None) -> Change:
    """A change with one edit."""
    return Change(f"{lane} {value}", (Edit(lane, item, value),))


def phase(label: str, start_ns: int, stop_ns: int) -> dict[str, Any]:
    """A phase as an edit carries it."""
    return {"label": label, "start_ns": start_ns, "stop_ns": stop_ns}


def in_child(work: Callable[[], None]) -> int:
    """Run ``work`` in a forked process and return its number; the caller waits for it."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def ended(pid: int) -> int:
    """Wait for a child and return its exit code; negative when a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
