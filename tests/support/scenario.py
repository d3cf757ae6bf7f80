"""What every scenario of the supervisor needs: a bench that is ready, a plain expectation."""

from __future__ import annotations

from collections.abc import Callable

from devices.rig import LimitsConfig
from support.supervisor_bench import Bench

QUICK = LimitsConfig(ramp_s=0.05, start_window_rad=10.0, start_window_m=10.0)
SCENARIOS: list[Callable[[], None]] = []


def scenario(function: Callable[[], None]) -> Callable[[], None]:
    SCENARIOS.append(function)
    return function


def expect(condition: object, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def ready(share: float = 0.3, limits: LimitsConfig = QUICK) -> Bench:
    """A bench that follows the pose at ``share`` of the range."""
    bench = Bench(limits)
    bench.start()
    bench.settle(bench.pose(share), 60)
    return bench
