"""The real window on ``sim-xhand``, opened once for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.actions import ActionId, action
from app.opening import open_session
from app.settings import Settings
from app.window import MainWindow
from app.window_start import stop_listener_plan

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
        shown.activateWindow()
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
    """The window with the hand in HOLD and no take running."""
    session = live.session
    state = session.supervisor.status.state
    if state in ("STOPPED", "FAULT"):
        live.perform(ActionId.RESET)
    elif state == "OFF":
        live.perform(ActionId.ENABLE)
    elif state == "ACTIVE":
        live.perform(ActionId.HOLD)
    if session.recorder.status.state == "recording":
        live.perform(ActionId.STOP_TAKE)
    qtbot.waitUntil(
        lambda: (
            session.supervisor.status.state == "HOLD" and session.recorder.status.state == "idle"
        ),
        timeout=15_000,
    )
    return live
