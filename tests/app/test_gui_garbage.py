"""Cycles with widgets in them go away in the GUI's thread, whoever allocates."""

from __future__ import annotations

import gc
import threading

import pytest
from PySide6.QtCore import QObject

from app.gui_garbage import GuiGarbage, collect_what_is_due


class Cycle:
    """A cycle that notes which thread takes it apart."""

    def __init__(self, ended: list[str]) -> None:
        self.me = self
        self._ended = ended

    def __del__(self) -> None:
        self._ended.append(threading.current_thread().name)


@pytest.fixture
def automatic():
    was_on = gc.isenabled()
    gc.enable()
    yield
    if not was_on:
        gc.disable()


def allocate() -> None:
    kept = [[] for _ in range(200_000)]
    assert kept


def test_a_thread_that_allocates_collects_nothing(qapp, qtbot, automatic):
    parent = QObject()
    garbage = GuiGarbage(parent)
    ended: list[str] = []
    Cycle(ended)
    worker = threading.Thread(target=allocate, name="worker")
    worker.start()
    worker.join()
    assert ended == []
    kept = [[] for _ in range(5 * gc.get_threshold()[0])]
    qtbot.waitUntil(lambda: bool(ended), timeout=5000)
    assert kept
    assert ended == [threading.main_thread().name]
    garbage.stop()


def test_stopping_gives_the_collection_back(qapp, automatic):
    parent = QObject()
    garbage = GuiGarbage(parent)
    assert not gc.isenabled()
    garbage.stop()
    assert gc.isenabled()
    garbage.stop()
    assert gc.isenabled()


def test_nothing_is_collected_before_its_threshold(automatic):
    gc.disable()
    gc.collect()
    assert collect_what_is_due() is None
    allocated = [[] for _ in range(2 * gc.get_threshold()[0])]
    assert allocated
    assert collect_what_is_due() == 0
