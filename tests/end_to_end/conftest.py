"""The real window on ``sim-xhand``, opened once for all tests of this folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from support.activation import activate

from app.actions import ActionId, action
from app.opening import open_session
from app.settings import Settings
from app.window import MainWindow
from app.window_start import stop_listener_plan

ANSWER_S = 1.0  # a state that stays this long is answered again
START_MS = 40_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dataset and settings of this window."""
    return tmp_path_factory.mktemp("window")


@pytest.fixture(scope="module")
def window(qapp: QApplication, folder: Path) -> Iterator[MainWindow]:
    """A window with live data, as after ``thenar run``."""
    with pytest.MonkeyPatch.context() as patch:
        runtime = folder / "xdg"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        session = open_session("sim-xhand", folder / "dataset")
        assert os.environ.get("DISPLAY"), "these tests need an X display"
        session.plans.append(stop_listener_plan(action(ActionId.STOP).key))
        session.start()
        shown = MainWindow(session, Settings(), folder / "settings.json")
        shown.resize(1280, 800)
        shown.show()
        activate(shown)
        yield shown
        shown.close()
        session.close()


@pytest.fixture
def live(window: MainWindow, qtbot) -> MainWindow:
    """The window once every stream is live and the supervisor, recorder and operator answer."""
    session = window.session

    def ready() -> bool:
        return (
            window.workspace.all_live()
            and session.supervisor.status is not None
            and session.recorder.status is not None
            and session.operator.status is not None
            and "stop" in session.health
        )

    qtbot.waitUntil(ready, timeout=START_MS)
    return window


@pytest.fixture
def holding(live: MainWindow, qtbot) -> MainWindow:
    """The window with the hand in HOLD and no take running.

    A key of an earlier test may still be on its way to the window and latch the hand again, so a
    state that stays is answered again.
    """
    session = live.session
    towards_hold = {
        "STOPPED": ActionId.RESET,
        "FAULT": ActionId.RESET,
        "OFF": ActionId.ENABLE,
        "ACTIVE": ActionId.HOLD,
    }
    if session.recorder.status.state == "recording":
        live.perform(ActionId.STOP_TAKE)
    answered, due_s = "", 0.0

    def at_rest() -> bool:
        nonlocal answered, due_s
        state = session.supervisor.status.state
        if state in towards_hold and (state != answered or time.monotonic() > due_s):
            live.perform(towards_hold[state])
            due_s = time.monotonic() + ANSWER_S
        answered = state
        return state == "HOLD" and session.recorder.status.state == "idle"

    qtbot.waitUntil(at_rest, timeout=15_000)
    return live
