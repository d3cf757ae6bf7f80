"""File locks, and that nothing else asks for what only one system has."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.repository import ROOT, python_files, shown

import devices.exclusive as exclusive

POSIX_ONLY = ("fcntl", "termios", "resource", "pwd", "grp", "syslog")
EVERYTHING = """
import importlib, pkgutil, sys
import psutil  # its edition for this system needs them
for name in {hidden!r}:
    sys.modules[name] = None
import devices.supervision, policies, recorder
for package in (devices.supervision, policies, recorder):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
import app.cli, devices.capture_process, devices.sim.world_process, devices.exclusive
assert devices.exclusive.fcntl is None
"""


@pytest.fixture
def two_openings(tmp_path: Path):
    path = tmp_path / "lock"
    first = os.open(path, os.O_RDWR | os.O_CREAT)
    second = os.open(path, os.O_RDONLY)
    yield first, second
    os.close(first)
    os.close(second)


def test_a_lock_has_one_holder_until_its_file_is_closed(tmp_path: Path):
    path = tmp_path / "lock"
    first = os.open(path, os.O_RDWR | os.O_CREAT)
    second = os.open(path, os.O_RDONLY)
    assert exclusive.try_lock(first)
    assert not exclusive.try_lock(second)
    os.close(first)
    assert exclusive.try_lock(second)
    os.close(second)


def test_lock_waits_for_the_holder(tmp_path: Path, two_openings):
    first, second = two_openings
    assert exclusive.try_lock(first)
    taken = threading.Event()

    def wait_for_it() -> None:
        exclusive.lock(second)
        taken.set()

    waiter = threading.Thread(target=wait_for_it, daemon=True)
    waiter.start()
    assert not taken.wait(0.1)
    exclusive.fcntl.flock(first, exclusive.fcntl.LOCK_UN)
    assert taken.wait(10.0)
    waiter.join()


class ByteLocks:
    """The locking half of ``msvcrt``: one byte at the file's position, refused when taken."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.taken: dict[tuple[int, int], int] = {}
        self.refusals = 0

    def locking(self, fd: int, mode: int, count: int) -> None:
        assert (mode, count) == (self.LK_NBLCK, 1)
        place = (os.fstat(fd).st_ino, os.lseek(fd, 0, os.SEEK_CUR))
        if self.taken.setdefault(place, fd) != fd:
            self.refusals += 1
            if self.refusals == 3:
                del self.taken[place]  # the holder has gone
            raise PermissionError(13, "Permission denied")


@pytest.fixture
def byte_locks(monkeypatch) -> ByteLocks:
    locks = ByteLocks()
    monkeypatch.setattr(exclusive, "fcntl", None)
    monkeypatch.setattr(exclusive, "msvcrt", locks)
    return locks


def test_without_flock_one_byte_behind_the_content_is_locked(byte_locks, two_openings):
    first, second = two_openings
    os.write(first, b"content")
    assert exclusive.try_lock(first)
    assert not exclusive.try_lock(second)
    ((_, position),) = byte_locks.taken
    assert position > 1 << 30
    os.write(first, b" and more")
    assert os.read(second, 100) == b"content and more"


def test_without_flock_lock_tries_until_the_holder_has_gone(byte_locks, two_openings):
    first, second = two_openings
    assert exclusive.try_lock(first)
    exclusive.lock(second)
    assert byte_locks.refusals == 3


def test_a_system_without_any_file_lock_is_told(monkeypatch, two_openings):
    monkeypatch.setattr(exclusive, "fcntl", None)
    monkeypatch.setattr(exclusive, "msvcrt", None)
    with pytest.raises(OSError, match="neither flock nor msvcrt"):
        exclusive.try_lock(two_openings[0])


def test_windows_modules_are_found_where_there_is_no_fcntl(monkeypatch):
    with monkeypatch.context() as windows:
        windows.setitem(sys.modules, "fcntl", None)
        windows.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2))
        importlib.reload(exclusive)
        assert exclusive.fcntl is None
        assert exclusive.msvcrt.LK_NBLCK == 2
    importlib.reload(exclusive)
    assert exclusive.fcntl is not None


def test_everything_above_the_drivers_imports_without_posix_modules():
    code = EVERYTHING.format(hidden=POSIX_ONLY)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]


def system_modules(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return [name for name in names if name in (*POSIX_ONLY, "msvcrt", "winreg")]


def test_only_the_lock_the_drivers_and_the_limits_name_modules_of_one_system():
    files = python_files("app", "widgets", "policies", "recorder", "devices")
    found = {shown(path): system_modules(path) for path in files}
    allowed = (
        "devices/drivers/",
        "devices/emulators/",
        "devices/exclusive.py",
        "recorder/importers/confinement.py",  # limits of a child, where the system has them
        "recorder/cleaning/executors.py",
    )
    assert not {at: names for at, names in found.items() if names and not at.startswith(allowed)}
    assert found["devices/exclusive.py"] == ["fcntl", "msvcrt"]
