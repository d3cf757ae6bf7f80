"""Progress says how long work will still take, whatever the size of its steps."""

from __future__ import annotations

import pytest

from recorder.progress import Progress, ProgressMeter


@pytest.fixture
def clock_s() -> list[float]:
    return [0.0]


def meter(total: float, clock_s: list[float]) -> tuple[ProgressMeter, list[Progress]]:
    reports: list[Progress] = []
    return ProgressMeter(total, reports.append, lambda: clock_s[0]), reports


def test_time_left_follows_the_pace(clock_s: list[float]) -> None:
    work, reports = meter(10.0, clock_s)
    assert reports == []
    for _ in range(4):
        clock_s[0] += 2.0
        work.advance(1.0)
    assert reports[-1].left_s == pytest.approx(12.0)


def test_a_rounding_error_counted_as_work_does_not_spoil_the_estimate(
    clock_s: list[float],
) -> None:
    work, reports = meter(300.0, clock_s)
    clock_s[0] += 1.0
    work.advance(100.0)
    clock_s[0] += 0.5
    work.advance(1e-13)
    clock_s[0] += 0.5
    work.advance(100.0)
    assert reports[1].left_s == pytest.approx(2.0)
    assert reports[2].left_s == pytest.approx(1.0)
