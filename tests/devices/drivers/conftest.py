"""An emulated LEAP hand for the tests of its driver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.emulated_leap import EmulatedLeap


@pytest.fixture
def leap(tmp_path: Path) -> Iterator[EmulatedLeap]:
    with EmulatedLeap(tmp_path / "run") as leap:
        yield leap


@pytest.fixture
def opened(leap: EmulatedLeap) -> EmulatedLeap:
    leap.hand.open()
    return leap
