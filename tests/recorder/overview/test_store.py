"""Overviews are kept, found again, and made again when what lies there is of no use."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recorder.dataset import Dataset
from recorder.episode import EpisodeError
from recorder.overview import store
from recorder.overview.making import make_overview
from recorder.overview.model import Overview
from recorder.overview.store import (
    cache_path,
    load_overview,
    make_missing,
    overview_for,
    save_overview,
)
from recorder.progress import Cancelled, Progress
from recorder.synthetic import SyntheticTake, write_take


@pytest.fixture
def path(dataset: Dataset) -> Path:
    """A one-second episode with a gap."""
    lost = {"front/rgb": frozenset({9, 10})}
    return write_take(dataset, SyntheticTake(seconds=1.0, lost=lost))


def assert_same(one: Overview, other: Overview) -> None:
    """Equal in every value, arrays included."""
    assert list(one.lanes) == list(other.lanes)
    for stream, lane in one.lanes.items():
        again = other.lanes[stream]
        assert (lane.kind, lane.labels, lane.unit) == (again.kind, again.labels, again.unit)
        assert np.array_equal(lane.low, again.low, equal_nan=True)
        assert np.array_equal(lane.high, again.high, equal_nan=True)
        assert again.low.dtype == np.float32
    assert replace(one, lanes={}) == replace(other, lanes={})


def test_what_was_saved_is_loaded_unchanged(dataset: Dataset, path: Path) -> None:
    made = make_overview(path)
    assert all((made.gaps, made.candidates, made.thumbnail_jpeg))
    save_overview(dataset, made)
    loaded = load_overview(dataset, made.uuid)
    assert loaded is not None
    assert_same(made, loaded)


def test_an_overview_is_made_once(
    dataset: Dataset, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = overview_for(dataset, path)

    def again(path: Path) -> Overview:
        raise AssertionError("made a second time")

    monkeypatch.setattr(store, "make_overview", again)
    assert_same(first, overview_for(dataset, path))


@pytest.mark.parametrize("damage", ["empty", "text", "half", "flipped", "pickle", "lane missing"])
def test_a_damaged_overview_counts_as_missing_and_is_made_again(
    dataset: Dataset, path: Path, damage: str
) -> None:
    made = overview_for(dataset, path)
    kept = cache_path(dataset, made.uuid)
    content = kept.read_bytes()
    with np.load(kept) as stored:
        arrays = {name: stored[name] for name in stored}
    if damage == "empty":
        kept.write_bytes(b"")
    elif damage == "text":
        kept.write_text("not an archive")
    elif damage == "half":
        kept.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        at = content.index(b'"version"')
        kept.write_bytes(content[:at] + b"X" + content[at + 1 :])
    elif damage == "pickle":
        np.savez(kept, facts=np.array([{"version": 1}], object))
    else:
        del arrays["low1"]
        np.savez(kept, **arrays)
    assert load_overview(dataset, made.uuid) is None
    assert_same(made, overview_for(dataset, path))
    assert load_overview(dataset, made.uuid) is not None


def test_an_overview_of_another_version_is_made_again(
    dataset: Dataset, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = overview_for(dataset, path).uuid
    monkeypatch.setattr(store, "OVERVIEW_VERSION", 2)
    assert load_overview(dataset, uuid) is None


def test_an_overview_under_the_wrong_name_is_not_believed(dataset: Dataset, path: Path) -> None:
    made = overview_for(dataset, path)
    other = "0" * 32
    cache_path(dataset, made.uuid).rename(cache_path(dataset, other))
    assert load_overview(dataset, other) is None


def test_a_name_that_is_no_identity_reaches_no_file(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="no episode identity"):
        load_overview(dataset, "../episodes/x")


def test_a_cache_that_cannot_be_written_costs_only_the_saving(
    dataset: Dataset, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (dataset.root / "cache").write_text("in the way")
    assert overview_for(dataset, path).candidates
    assert "not kept" in caplog.text


def test_nothing_half_written_is_left_when_saving_fails(
    dataset: Dataset, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_overview(path)

    def full(*args: object, **arrays: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        save_overview(dataset, made)
    assert list((dataset.root / "cache").iterdir()) == []


def test_missing_overviews_are_made_and_unreadable_episodes_named(
    dataset: Dataset, path: Path
) -> None:
    write_take(dataset, SyntheticTake(number=1, seconds=0.5))
    (dataset.episodes_dir / "episode_000002.h5").write_text("not an episode")
    overview_for(dataset, path)
    seen: list[Progress] = []
    result = make_missing(dataset, seen.append)
    assert result["made"] == 1
    assert len(result["failed"]) == 1
    assert "episode_000002" in result["failed"][0]
    assert [progress.done for progress in seen] == [1, 2, 3]


def test_making_ends_when_it_is_cancelled(dataset: Dataset, path: Path) -> None:
    write_take(dataset, SyntheticTake(number=1, seconds=0.5))

    def stop(progress: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        make_missing(dataset, stop)
    assert len(list((dataset.root / "cache").iterdir())) == 1


def test_the_child_process_tells_progress_and_result(dataset: Dataset, path: Path) -> None:
    command = [sys.executable, "-m", "recorder.overview.store", str(dataset.root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert lines[0]["progress"]["total"] == 1
    assert lines[-1] == {"result": {"made": 1, "failed": []}}


def test_a_file_that_is_no_episode_is_refused(dataset: Dataset) -> None:
    wrong = dataset.episodes_dir / "episode_000009.h5"
    wrong.write_text("nothing")
    with pytest.raises(EpisodeError, match="cannot be opened"):
        overview_for(dataset, wrong)
