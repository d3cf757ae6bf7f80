"""Fixtures for every test: a bus namespace of its own, a session file, short waits."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
sys.path[:0] = [str(_TESTS.parent), str(_TESTS)]  # the packages come before tests/devices etc.
os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)

from devices.rig import Rig, load_rig  # noqa: E402
from devices.session_file import SessionFile  # noqa: E402

_counter = itertools.count()


@pytest.fixture(scope="session")
def qapp(qapp):
    """The application, themed once, before there is a widget: as in the program.

    A theme that comes while windows of earlier tests are still going away crashes in Qt. From here
    on cycles are collected between tests, never in a worker thread (``app.gui_garbage``).
    """
    import gc

    from widgets.theme import apply_theme

    apply_theme(qapp)
    gc.disable()
    return qapp


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Collect in the main thread what a test left behind, once Qt is in use."""
    import gc

    from app.gui_garbage import collect_what_is_due

    if not gc.isenabled():
        collect_what_is_due()


@pytest.fixture(autouse=True)
def own_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rig locks and settings of a test never meet those of another test or of a running window."""
    runtime = tmp_path / "xdg"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("THENAR_SETTINGS", str(tmp_path / "settings.json"))


@pytest.fixture
def namespace() -> str:
    """A bus namespace that no other test or session uses."""
    return f"test-{os.getpid()}-{next(_counter)}"


@pytest.fixture
def session_file(namespace: str, tmp_path: Path) -> Callable[..., SessionFile]:
    """Build (and write) a session file for a rig name or a ``Rig``."""

    def build(rig: str | Rig = "sim-xhand", **fields) -> SessionFile:
        chosen = load_rig(rig) if isinstance(rig, str) else rig
        session = SessionFile(
            namespace=namespace,
            rig=chosen,
            dataset_dir=fields.pop("dataset_dir", tmp_path / "dataset"),
            runtime_dir=fields.pop("runtime_dir", tmp_path / "runtime"),
            parent_pid=fields.pop("parent_pid", os.getpid()),
            **fields,
        )
        session.write()
        return session

    return build
