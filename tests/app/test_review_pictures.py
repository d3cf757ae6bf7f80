"""The pictures of Review come from every page of the window, on episodes labelled by rule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.review_window import ReviewWindow, make_dataset

from app.review_pictures import ReviewPhotographer
from app.review_takes import SAID, review_takes
from app.stepper import Wait
from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, open_dataset
from recorder.review.final import final_labels
from recorder.review.store import read_state


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    dataset = open_dataset(make_dataset(tmp_path_factory.mktemp("pictures") / "dataset", 6, 3.0))
    review_takes(dataset)
    return dataset


def test_two_reviewers_say_what_the_touches_show_and_differ_once_on_the_outcome(reviewed: Dataset):
    rows = Catalogue(reviewed).rows()
    finals = [final_labels(reviewed, row.uuid, row.outcome) for row in rows]
    assert [len(final.reviewers) for final in finals] == [2] * len(SAID) + [0, 0]
    assert sum("outcome" in final.disputed for final in finals) == 1
    state = read_state(reviewed, "R1", rows[0].uuid)
    assert state is not None
    assert [p.label for p in state.phases.values()] == ["reach", "grasp", "manipulate", "release"]
    assert len(state.contacts) >= 2


def test_every_page_is_photographed_and_the_window_closes(qapp, reviewed: Dataset):
    window = ReviewWindow(reviewed.root)
    seen: list[tuple[str, str]] = []

    def shots(name: str) -> Iterator[Wait]:
        seen.append((name, window.review.page))
        yield Wait(lambda: True, 1.0, "nothing")

    photographer = ReviewPhotographer(window.window, shots)
    window.wait(lambda: not window.window.isVisible(), "the end of the pictures")
    assert photographer.stepper.problem == ""
    assert seen == [
        ("library", "Library"),
        ("triage", "Library"),
        ("episode", "Episode"),
        ("failure", "Episode"),
        ("adjudicate", "Adjudicate"),
        ("statistics", "Statistics"),
        ("agreement", "Statistics"),
        ("export", "Export"),
    ]
