"""The STOP key and the STOP button work without the window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.waiting import wait_until
from Xlib import XK, X, display
from Xlib.ext import xtest

from app.virtual_display import VirtualDisplay
from devices.bus import Bus, Inbox
from devices.session_file import SessionFile

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def screen() -> Iterator[display.Display]:
    """A screen of its own, so that fake keys reach nobody else."""
    with VirtualDisplay(640, 480):
        connection = display.Display()
        yield connection
        connection.close()


@pytest.fixture
def orders(screen, session_file: Callable[..., SessionFile]) -> Iterator[tuple[Bus, Inbox]]:
    """A running listener; yields the bus and what the supervisor would hear."""
    session = session_file("sim-xhand")
    bus = Bus(session.namespace)
    heard, health = bus.inbox("supervisor/control"), bus.inbox("health")
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "app.stop_process",
            "--session",
            session.runtime_dir / "session.json",
        ],
        cwd=ROOT,
    )
    wait_until(
        lambda: any(message.get("listening") for message in health.drain()), 15, "the listener"
    )
    yield bus, heard
    child.send_signal(signal.SIGTERM)
    assert child.wait(5) == 0


def press_key(screen: display.Display, symbol: int) -> None:
    code = screen.keysym_to_keycode(symbol)
    xtest.fake_input(screen, X.KeyPress, code)
    xtest.fake_input(screen, X.KeyRelease, code)
    screen.sync()


def click(screen: display.Display, x: int, y: int) -> None:
    xtest.fake_input(screen, X.MotionNotify, x=x, y=y)
    xtest.fake_input(screen, X.ButtonPress, 1)
    xtest.fake_input(screen, X.ButtonRelease, 1)
    screen.sync()


@pytest.mark.parametrize("symbol", [XK.XK_F12, XK.XK_Pause])
def test_the_stop_key_reaches_the_supervisor(screen, orders, symbol):
    _, heard = orders
    press_key(screen, XK.XK_a)
    press_key(screen, symbol)
    message = wait_until(heard.newest, 2, "the stop order")
    assert message == {"type": "stop", "client": "stop-key"}


def test_a_click_on_the_stop_buttons_place_stops_and_one_beside_it_does_not(screen, orders):
    bus, heard = orders
    place = bus.outbox("stop/place")
    place.send({"rect": [500, 10, 100, 40], "window": 0, "pid": os.getpid()})
    click(screen, 499, 20)
    click(screen, 520, 20)
    wait_until(heard.newest, 2, "the stop order")
    assert heard.newest() is None, "the click beside the button stopped as well"
