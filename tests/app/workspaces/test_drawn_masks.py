"""Masks of drawings come from a thread: at once what is known, the newest drawing wins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from support.waiting import wait_until

from app.workspaces.clean.drawn_masks import DrawnMasks
from recorder.cleaning.masks.keyframes import KeyFrame

PICTURE = np.zeros((40, 60, 3), np.uint8)


def wait(predicate: Callable[[], object], what: str) -> None:
    """Wait while events of the window go on."""

    def seen() -> object:
        QApplication.processEvents()
        return predicate()

    wait_until(seen, 20.0, what)


def key(strokes: int, index: int = 3) -> KeyFrame:
    lines = tuple(((float(one), 1.0), (float(one), 9.0)) for one in range(strokes))
    return KeyFrame(index=index, foreground=lines)


class Finder:
    """Marks as many columns as there are strokes, when it is let."""

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.seen: list[int] = []
        self.threads: set[int] = set()

    def __call__(self, image: np.ndarray, drawn: KeyFrame) -> np.ndarray:
        assert self.go.acquire(timeout=20)
        self.seen.append(len(drawn.foreground))
        self.threads.add(threading.get_ident())
        if len(drawn.foreground) == 9:
            raise ValueError("no edge")
        mask = np.zeros(image.shape[:2], bool)
        mask[:, : len(drawn.foreground)] = True
        return mask


@pytest.fixture
def finder() -> Finder:
    return Finder()


@pytest.fixture
def masks(qapp, finder: Finder) -> Iterator[DrawnMasks]:
    made = DrawnMasks(find=finder)
    yield made
    for _ in range(5):
        finder.go.release()
    made.close()


def test_the_window_goes_on_while_a_mask_is_found(masks, finder):
    asked = masks.mask(PICTURE, key(1))
    assert asked.working
    assert asked.mask is None
    told: list[bool] = []
    masks.made.connect(lambda: told.append(QThread.currentThread().isMainThread()))
    finder.go.release()
    wait(lambda: told, "the mask")
    assert told == [True]
    assert finder.threads != {threading.get_ident()}
    known = masks.mask(PICTURE, key(1))
    assert not known.working
    assert known.mask.sum() == 40


def test_of_many_strokes_only_the_newest_is_worked_on(masks, finder):
    for strokes in (1, 2, 3, 4):
        assert masks.mask(PICTURE, key(strokes)).working
    finder.go.release()
    finder.go.release()
    wait(lambda: not masks.mask(PICTURE, key(4)).working, "the newest")
    assert finder.seen == [1, 4]


def test_meanwhile_the_mask_before_the_stroke_is_shown(masks, finder):
    finder.go.release()
    masks.mask(PICTURE, key(2))
    wait(lambda: not masks.mask(PICTURE, key(2)).working, "the first")
    asked = masks.mask(PICTURE, key(3))
    assert asked.working
    assert asked.mask[:, :2].all()
    assert masks.mask(PICTURE, key(1, index=8)).mask is None, "another picture"


def test_a_mask_of_the_clip_before_is_forgotten(masks, finder):
    masks.mask(PICTURE, key(2))
    masks.forget()
    finder.go.release()
    wait(lambda: not masks.working, "the thread")
    asked = masks.mask(PICTURE, key(2))
    assert asked.working
    assert asked.mask is None


def test_a_drawing_without_a_mask_is_tried_once_and_stops_working(masks, finder, caplog):
    finder.go.release()
    masks.mask(PICTURE, key(9))
    wait(lambda: not masks.working, "the failure")
    assert not masks.mask(PICTURE, key(9)).working
    assert finder.seen == [9]
    assert "no edge" in caplog.text


def test_nobody_needs_no_work(masks):
    asked = masks.mask(PICTURE, KeyFrame(index=0))
    assert not asked.working
    assert not asked.mask.any()
