"""The ``control`` figures: the supervisor's 200 Hz loop under the recording load.

The window is open and a take is recorded all the while; then the window's process is stopped
(SIGSTOP) for two seconds. Lateness is how long after its deadline a tick began; a tick that begins
a whole period late counts as missed. The supervisor's own figures cover its last ten seconds.
"""

from __future__ import annotations

import signal
import subprocess
import time
from typing import Any

from benchmarks.machine import parser, report
from benchmarks.window_child import Window, run_window_load
from devices.bus import Bus
from devices.messages import SupervisorStatus

STOPPED_S = 2.0
WINDOW_S = 10.0  # the supervisor's own window of lateness
TARGETS = {
    "late_p99_ms": "<= 2",
    "missed_share": "<= 0.005",
    "late_p99_window_stopped_ms": "<= 2",
    "missed_share_window_stopped": "<= 0.005",
}


class Observer:
    """Reads the supervisor's status from outside and sums up a stretch of time."""

    def __init__(self, namespace: str) -> None:
        self._inbox = Bus(namespace).inbox("supervisor/status")

    def watch(self, seconds: float) -> list[SupervisorStatus]:
        """All status messages of the next ``seconds``."""
        seen = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen.extend(SupervisorStatus.model_validate(m) for m in self._inbox.drain())
            time.sleep(0.05)
        return seen


def _missed(seen: list[SupervisorStatus]) -> float:
    ticks = seen[-1].ticks - seen[0].ticks
    return (seen[-1].missed_ticks - seen[0].missed_ticks) / max(1, ticks)


def main() -> None:
    """Entry point."""
    chosen = parser(__doc__ or "", 60.0).parse_args()
    figures: dict[str, Any] = {}

    def during(child: subprocess.Popen, window: Window) -> None:
        observer = Observer(window.namespace)
        seen = observer.watch(chosen.seconds)
        settled = seen[len(seen) // 4 :]
        figures["late_p99_ms"] = max(status.late_p99_ms for status in settled)
        figures["missed_share"] = round(_missed(seen), 5)
        child.send_signal(signal.SIGSTOP)
        stopped = observer.watch(STOPPED_S)
        child.send_signal(signal.SIGCONT)
        stopped += observer.watch(WINDOW_S - STOPPED_S)
        figures["late_p99_window_stopped_ms"] = stopped[-1].late_p99_ms
        figures["missed_share_window_stopped"] = round(_missed(stopped), 5)
        figures["state_while_window_stopped"] = stopped[len(stopped) // 5].state

    rest = run_window_load("load", chosen.seconds + WINDOW_S + 2.0, during=during)
    figures |= {"ticks": rest["ticks"], "lost_samples": rest["lost_samples"]}
    figures["cpu_share"] = rest["cpu_share"]
    report("control", figures, TARGETS, chosen.json)


if __name__ == "__main__":
    main()
