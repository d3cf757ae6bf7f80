"""The real window under a load, in a process of its own, with a probe inside.

``python -m benchmarks.window_load --rig load --seconds 20 --report FILE`` opens the Record
workspace (on a virtual display when there is none), records a take all the while, and writes what
the probe saw. The ``gui``, ``control``, ``sim`` and ``startup`` figures all come from here.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.actions import ActionId
from app.opening import open_session
from app.session import ProcessPlan, Session
from app.settings import Settings
from app.stepper import Stepper, Wait
from app.virtual_display import VirtualDisplay, has_display
from app.window import MainWindow
from app.window_start import run_window
from benchmarks.load import load_rig
from devices.clock import now_ns
from devices.rig import Rig

PROBE_MS = 5
WARM_UP_S = 3.0
LOAD_PLANS = [
    ProcessPlan("load", "benchmarks.load"),
    ProcessPlan("world", "benchmarks.wire_hand"),
    ProcessPlan("supervisor", "devices.supervision.process"),
    ProcessPlan("recorder", "recorder.process", 120.0),
]


def control_rig() -> Rig:
    """The recording load with hands that a supervisor drives at 200 Hz."""
    raw = load_rig().model_dump(mode="json", by_alias=True)
    raw["name"] = "control-load"
    for hand in raw["hands"]:
        hand.update(driver="sim_hand", control_rate_hz=200)
    return Rig.model_validate(raw)


class Probe(QObject):
    """Counts paints and measures how late the event loop runs.

    Parameters
    ----------
    widgets : sequence of QWidget
        Tiles whose paints are frames.
    """

    def __init__(self, widgets: list[QWidget]) -> None:
        super().__init__()
        self.paints = {id(widget): 0 for widget in widgets}
        self._last_ns = 0
        self.blocks_ms: list[float] = []
        for widget in widgets:
            widget.installEventFilter(self)
        self._timer = QTimer(self)
        self._timer.setInterval(PROBE_MS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()
        self.began_ns = now_ns()

    def reset(self) -> None:
        """Begin the measurement."""
        self.paints = dict.fromkeys(self.paints, 0)
        self.blocks_ms.clear()
        self.began_ns = now_ns()

    def _on_tick(self) -> None:
        at_ns = now_ns()
        if self._last_ns:
            self.blocks_ms.append((at_ns - self._last_ns) / 1e6 - PROBE_MS)
        self._last_ns = at_ns

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.paints[id(watched)] += 1
        return False

    def seconds(self) -> float:
        """Length of the measurement so far."""
        return (now_ns() - self.began_ns) / 1e9


class Measurement(QObject):
    """Arms, records, measures for a while, writes the report, closes the window."""

    def __init__(
        self, window: MainWindow, seconds: float, report: Path, started_ns: int, take: bool
    ) -> None:
        super().__init__(window)
        self._window, self._seconds, self._report = window, seconds, report
        self._take = take
        self._started_ns = started_ns
        self._tiles = [*window.workspace.cameras.tiles, *window.workspace.touch.gels]
        self._probe = Probe([*self._tiles, window.workspace.hand.view])
        self._figures: dict[str, Any] = {}
        self.stepper = Stepper(self._steps(), self._finish, self)

    def _steps(self) -> Iterator[Wait]:
        window, session = self._window, self._window.session
        supervisor, recorder = session.supervisor, session.recorder
        yield Wait(window.workspace.all_live, 60.0, "live data")
        self._figures["window_live_s"] = round((now_ns() - self._started_ns) / 1e9, 2)
        if self._seconds == 0:
            return
        yield Wait(lambda: supervisor.status is not None, 20.0, "the supervisor")
        window.perform(ActionId.ENABLE)
        yield Wait(lambda: supervisor.status.state == "HOLD", 10.0, "HOLD")
        window.perform(ActionId.ARM_KINESTHETIC)
        yield Wait(lambda: recorder.status is not None, 20.0, "the recorder")
        if self._take:
            window.perform(ActionId.RECORD)
            yield Wait(lambda: recorder.status.state == "recording", 10.0, "the take")
        if session.rig.world is not None:
            window.controls.script_seconds = self._seconds
            window.perform(ActionId.SCRIPT)
        yield self._pause(WARM_UP_S)
        self._probe.reset()
        for tile in self._tiles:
            tile.painted_latency_ms.clear()
        pids = {plan.name: session.pid(plan.name) for plan in session.plans}
        self._write({"window": {"namespace": session.file.namespace, "pids": pids}})
        yield self._pause(self._seconds)
        self._measure()
        if self._take:
            window.perform(ActionId.STOP_TAKE)
            episode = recorder.status.episode
            yield Wait(lambda: episode in recorder.status.published, 120.0, "publishing")

    def _pause(self, seconds: float) -> Wait:
        end_ns = now_ns() + int(seconds * 1e9)
        done = self._report.with_suffix(".done")
        return Wait(lambda: now_ns() >= end_ns or done.exists(), seconds + 10.0, "the measurement")

    def _measure(self) -> None:
        seconds = self._probe.seconds()
        paints = self._probe.paints
        tiles = [paints[id(tile)] / seconds for tile in self._tiles]
        latency = np.concatenate([np.asarray(tile.painted_latency_ms) for tile in self._tiles])
        session = self._window.session
        status = session.supervisor.status
        rates = session.recorder.status.rates_hz
        cameras = [rates.get(tile.spec.name, 0.0) for tile in self._window.workspace.cameras.tiles]
        self._figures |= {
            "gui_fps": round(min(tiles), 1),
            "hand_view_fps": round(paints[id(self._window.workspace.hand.view)] / seconds, 1),
            "stamp_to_painted_p50_ms": round(float(np.percentile(latency, 50)), 1),
            "stamp_to_painted_p95_ms": round(float(np.percentile(latency, 95)), 1),
            "loop_block_max_ms": round(max(self._probe.blocks_ms), 1),
            "loop_block_p99_ms": round(float(np.percentile(self._probe.blocks_ms, 99)), 1),
            "camera_rate_min_hz": round(min(cameras), 1),
            "lost_samples": sum(session.recorder.status.gaps.values()),
            "real_time_factor": status.real_time_factor,
            "late_p99_ms": status.late_p99_ms,
            "missed_ticks": status.missed_ticks,
            "ticks": status.ticks,
            "cpu_share": _cpu_shares(session),
        }

    def _finish(self) -> None:
        self._figures["problem"] = self.stepper.problem
        self._write(self._figures)
        self._window.close()

    def _write(self, figures: dict[str, Any]) -> None:
        part = self._report.with_suffix(".part")
        part.write_text(json.dumps(figures))
        part.replace(self._report)


def _cpu_shares(session: Session) -> dict[str, float]:
    """Processor time over life time of every process, cores."""
    shares = {}
    pids = {plan.name: session.pid(plan.name) for plan in session.plans}
    for name, pid in {**pids, "window": psutil.Process().pid}.items():
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            times = process.cpu_times()
            life_s = max(1.0, time.time() - process.create_time())
            shares[name] = round((times.user + times.system) / life_s, 2)
    return shares


def main() -> int:
    """Open the window and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rig", default="load")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--started-ns", type=int, default=0)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--no-take", action="store_true", help="record nothing by itself")
    parser.add_argument("--folder", type=Path, help="dataset folder")
    options = parser.parse_args()
    started_ns = options.started_ns or now_ns()
    width, height = (int(part) for part in options.size.split("x"))
    with contextlib.ExitStack() as stack:
        if not has_display():
            stack.enter_context(VirtualDisplay())
        scratch = options.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="thenar-bench-"))
        )
        if options.rig == "load":
            session = Session(control_rig(), scratch, plans=LOAD_PLANS)
        else:
            session = open_session(options.rig, scratch)
        runs: list[Measurement] = []
        run_window(
            session,
            Settings(),
            None,
            [],
            when_shown=lambda window: runs.append(
                Measurement(
                    window, options.seconds, options.report, started_ns, not options.no_take
                )
            ),
            size=(width, height),
        )
    return 1 if runs[0].stepper.problem else 0


if __name__ == "__main__":
    sys.exit(main())
