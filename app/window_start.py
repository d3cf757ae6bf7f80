"""From a prepared session to a window on the screen, and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.actions import ActionId, resolve_keys
from app.session import ProcessPlan, Session
from app.settings import Settings
from app.window import MainWindow
from widgets.theme import apply_theme

SCALE_VARIABLE = "QT_SCALE_FACTOR"


def stop_listener_plan(key: str) -> ProcessPlan | None:
    """The STOP listener as a process of the session; None without an X display."""
    if sys.platform != "linux" or not os.environ.get("DISPLAY"):
        return None
    return ProcessPlan("stop", "app.stop_process", arguments=("--key", key), optional=True)


def set_scale(scale: float) -> None:
    """Draw everything ``scale`` times as large; works before the first window only."""
    if scale != 1.0 and SCALE_VARIABLE not in os.environ:
        os.environ[SCALE_VARIABLE] = f"{scale:g}"


def run_window(
    session: Session | None,
    settings: Settings,
    settings_path: Path | None,
    problems: list[str],
    *,
    review_dataset: Path | None = None,
    when_shown: Callable[[MainWindow], None] | None = None,
    size: tuple[int, int] | None = None,
) -> str:
    """Start ``session``, show the window until it closes, end the session.

    Parameters
    ----------
    session : Session or None
        Prepared, not started; None for a window that reviews only.
    settings, settings_path, review_dataset
        See ``MainWindow``.
    problems : list of str
        Sentences to show first, e.g. about damaged settings.
    when_shown : callable, optional
        Called with the window once it is on the screen.
    size : tuple of int, optional
        Width and height in pixels; by default the remembered ones or nearly the whole screen.

    Returns
    -------
    str
        Rig the user wants to open next; empty when the program is to end.
    """
    if session is not None:
        listener = stop_listener_plan(resolve_keys(settings.keys)[0][ActionId.STOP])
        if listener is not None:
            session.plans.append(listener)
        session.start()
    try:
        application = QApplication.instance() or QApplication(sys.argv[:1])
        assert isinstance(application, QApplication)
        application.setApplicationName("Thenar")
        apply_theme(application)
        window = MainWindow(session, settings, settings_path, review_dataset=review_dataset)
        if problems:
            window.strip.show_message(" ".join(problems), "warn")
        if size is not None:
            window.resize(*size)
        elif not settings.window_geometry:
            window.resize(application.primaryScreen().availableSize())
        window.show()
        if when_shown is not None:
            when_shown(window)
        application.exec()
        return window.next_rig
    finally:
        if session is not None:
            session.close()
