"""Absolute deadlines and the honest count of missed ones."""

from __future__ import annotations

import pytest

from devices.supervision import pacing
from devices.supervision.pacing import Pacer


class Time:
    """Clock and sleep of a machine that is late when told to."""

    def __init__(self) -> None:
        self.now = 10**9
        self.oversleep = 0

    def sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1e9) + self.oversleep


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Time:
    host = Time()
    monkeypatch.setattr(pacing, "now_ns", lambda: host.now)
    monkeypatch.setattr(pacing.time, "sleep", host.sleep)
    return host


def test_ticks_keep_their_absolute_deadlines(host: Time) -> None:
    pacer = Pacer(200.0)
    host.oversleep = 300_000
    stamps = []
    for _ in range(5):
        stamps.append(pacer.wait())
        host.now += 1_000_000
    assert [(stamp - stamps[0]) % 5_000_000 for stamp in stamps] == [0] + 4 * [300_000]
    assert pacer.missed_ticks == 0
    assert pacer.late_p99_ms() == pytest.approx(0.3)


def test_a_long_stall_is_counted_and_not_made_up_for(host: Time) -> None:
    pacer = Pacer(200.0)
    pacer.wait()
    host.now += 23_000_000
    late = pacer.wait()
    assert pacer.missed_ticks == 3
    assert pacer.late_max_ms == pytest.approx(18.0)
    assert pacer.wait() - late == 2_000_000
    assert pacer.ticks == 3
