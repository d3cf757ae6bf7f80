"""A dataset folder is refused or accepted in one clear sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recorder.dataset import (
    Dataset,
    DatasetError,
    Labels,
    append_label,
    episode_number,
    open_dataset,
    read_labels,
)


def test_a_new_folder_becomes_a_dataset_and_stays_the_same_one(tmp_path: Path) -> None:
    made = open_dataset(tmp_path / "new" / "set", create=True)
    assert open_dataset(made.root) == made
    assert (made.root.stat().st_mode & 0o077) == 0, "episodes show people; others may not read"


def test_a_dataset_of_another_schema_is_refused_and_left_alone(dataset: Dataset) -> None:
    about = dataset.root / "dataset.json"
    facts = json.loads(about.read_text()) | {"schema": "thenar.dataset/9"}
    about.write_text(json.dumps(facts))
    with pytest.raises(DatasetError, match=r"schema 'thenar.dataset/9'.*choose another folder"):
        open_dataset(dataset.root, create=True)
    assert json.loads(about.read_text()) == facts


def test_a_foreign_schema_without_identity_is_a_foreign_schema(dataset: Dataset) -> None:
    (dataset.root / "dataset.json").write_text('{"schema": "other.set/3"}')
    with pytest.raises(DatasetError, match=r"has schema 'other.set/3'"):
        open_dataset(dataset.root)


def test_a_folder_that_cannot_be_made_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "set"
    with pytest.raises(DatasetError) as refused:
        open_dataset(folder, create=True)
    assert str(refused.value) == (
        f"dataset folder '{folder}' cannot be written: Not a directory; choose another folder "
        "with --dataset"
    )


def test_an_existing_dataset_is_tried_before_anything_is_recorded(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    before = sorted(dataset.root.iterdir())
    open_dataset(dataset.root, create=True)
    assert sorted(dataset.root.iterdir()) == before, "the probe is gone"
    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(DatasetError, match=r"cannot be written: Permission denied; choose another"):
        open_dataset(dataset.root, create=True)
    assert open_dataset(dataset.root) == dataset, "reading needs no permission to write"


def test_a_folder_with_other_things_in_it_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match="is not empty"):
        open_dataset(tmp_path, create=True)
    with pytest.raises(DatasetError, match=r"no dataset.json"):
        open_dataset(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["photo.jpg"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "thenar.dataset/1"}'])
def test_a_damaged_dataset_file_is_named(dataset: Dataset, text: str) -> None:
    (dataset.root / "dataset.json").write_text(text)
    with pytest.raises(DatasetError, match=r"dataset.json' is damaged"):
        open_dataset(dataset.root)


def test_numbers_count_on_from_episodes_trash_and_logs(dataset: Dataset) -> None:
    assert dataset.next_number() == 0
    dataset.episode_path(4).touch()
    assert dataset.next_number() == 5
    dataset.trash_path(7, "a" * 32).touch()
    assert dataset.next_number() == 8
    dataset.log_path(11, "b" * 32).touch()
    assert dataset.next_number() == 12


def test_a_foreign_name_is_not_an_episode() -> None:
    with pytest.raises(ValueError, match="not named like an episode"):
        episode_number(Path("notes.h5"))


def test_labels_fold_to_the_newest_and_skip_torn_lines(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    append_label(path, event="outcome", outcome="success")
    append_label(path, event="discarded")
    with open(path, "ab") as file:
        file.write(b'{"event": "outco\n')
    append_label(path, event="outcome", outcome="failure")
    labels = read_labels(path)
    assert labels.outcome == "failure"
    assert labels.discarded
    append_label(path, event="restored")
    assert read_labels(path) == Labels(outcome="failure", restored=True)
    assert read_labels(tmp_path / "none") == Labels()
