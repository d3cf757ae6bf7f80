"""Waiting for events in tests, with a deadline instead of a fixed sleep."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(predicate: Callable[[], T], timeout_s: float = 5.0, what: str = "condition") -> T:
    """Poll ``predicate`` every 2 ms until it is true and return its value.

    Raises
    ------
    AssertionError
        When ``timeout_s`` passes first; the message names ``what``.
    """
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {timeout_s} s")
        pause.wait(0.002)
