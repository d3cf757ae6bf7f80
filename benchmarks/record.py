"""The ``record`` figures: ``thenar bench record --json``.

The real window shows the prepared load (see ``benchmarks.load``) while takes are recorded back to
back; the window stays open and the load goes on while they are finalised, unless ``--idle``.
Figures:

``lost_samples``             missing by the ledger or by a jump in ``seq``, all takes
``wrong_frames``             frames whose picture does not carry their own sequence number
``next_take_ms``             from the stop order to the next take recording, worst of all takes
``finalise_share``           finalise and verify one take, over its length, in wall time
``finalise_cpu_share``       the same in processor time
``recorder_rss_growth_mb``   resident memory of the recorder at the end of the last take minus the
                             end of the first
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import load_streams, read_mark
from benchmarks.machine import parser, report
from benchmarks.window_child import Window, run_window_load
from benchmarks.window_load import control_rig
from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import RecorderStatus, StartTake, StopTake
from recorder.episode import Episode
from recorder.log_index import unexplained_jumps

WAIT_S = 300.0
WARM_UP_S = 7.0
SAMPLED_FRAMES = 200  # decoded and compared per image stream and take
TARGETS = {
    "lost_samples": "0",
    "wrong_frames": "0",
    "next_take_ms": "<= 300",
    "finalise_share": "<= 0.15",
    "recorder_rss_growth_mb": "flat over 10 takes",
}


class RecorderDesk:
    """Orders to the recorder of a running session and what it answers.

    Parameters
    ----------
    namespace : str
        Bus namespace of the session.
    """

    def __init__(self, namespace: str) -> None:
        bus = Bus(namespace)
        self._orders = bus.outbox("recorder/control")
        self._reports = bus.inbox("recorder/status")

    def order(self, message: StartTake | StopTake) -> None:
        """Send one order."""
        self._orders.send(message.model_dump(mode="json"))

    def wait(self, what: str, holds: Callable[[RecorderStatus], bool]) -> RecorderStatus:
        """Wait for a status that ``holds``."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for raw in self._reports.drain():
                status = RecorderStatus.model_validate(raw)
                if holds(status):
                    return status
            time.sleep(0.002)
        raise TimeoutError(f"{what} did not happen within {WAIT_S:.0f} s")


def measure(
    desk: RecorderDesk,
    recorder: psutil.Process,
    seconds: float,
    takes: int,
    paused: Sequence[int] = (),
) -> dict[str, Any]:
    """Record ``takes`` takes of ``seconds`` each and return the figures of the recorder.

    Processes in ``paused`` stand still (SIGSTOP) while the last takes are finalised.
    """
    warm = time.monotonic() + WARM_UP_S
    desk.wait("warm", lambda s: time.monotonic() > warm)
    rss_mb: list[float] = []
    next_ms: list[float] = []
    fill = 0.0
    cpu_s = sum(recorder.cpu_times()[:2])
    began = time.monotonic()
    desk.order(StartTake(press_ns=now_ns(), task="bench"))
    status = desk.wait("recording", lambda s: s.state == "recording")
    for take in range(takes):
        number = status.episode
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            status = desk.wait("status", lambda s: True)
            fill = max(fill, status.queue_fill)
            time.sleep(0.05)
        rss_mb.append(recorder.memory_info().rss / 1e6)
        asked = time.monotonic()
        desk.order(StopTake(press_ns=now_ns()))
        if take + 1 < takes:
            desk.order(StartTake(press_ns=now_ns(), task="bench", pre_roll_s=0))
            status = desk.wait(
                "next take", lambda s, n=number: s.state == "recording" and s.episode != n
            )
        else:
            status = desk.wait("stopped", lambda s: s.state == "idle")
        next_ms.append((time.monotonic() - asked) * 1000)
    cpu_share = (sum(recorder.cpu_times()[:2]) - cpu_s) / (time.monotonic() - began)
    pending = max(1, len(status.finalising))
    for pid in paused:
        os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    desk.wait("published", lambda s: len(s.published) >= min(takes, 16) and not s.finalising)
    for pid in paused:
        os.kill(pid, signal.SIGCONT)
    finalise_s = (time.monotonic() - began) / pending
    times = recorder.cpu_times()
    return {
        "seconds": seconds,
        "takes": takes,
        "next_take_ms": round(max(next_ms), 1),
        "finalise_share": round(finalise_s / seconds, 4),
        "finalise_cpu_share": round(
            (times.children_user + times.children_system) / takes / seconds, 4
        ),
        "recorder_cpu_share": round(cpu_share, 3),
        "recorder_rss_mb": round(rss_mb[-1], 1),
        "recorder_rss_by_take_mb": [round(value) for value in rss_mb],
        "recorder_rss_growth_mb": round(rss_mb[-1] - rss_mb[0], 1),
        "queue_fill_max": round(fill, 4),
    }


def check_episode(path: Path) -> dict[str, int]:
    """Count samples, losses and frames out of place in one episode."""
    lost = wrong = samples = 0
    with Episode(path) as episode:
        live = {spec.name for spec in load_streams(control_rig())}
        for name, stream in episode.streams.items():
            if name not in live:
                continue
            samples += len(stream)
            rows = [row for row in episode.ledger if row["stream"].decode() == name]
            lost += sum(int(row["count"]) for row in rows)
            known = [(row["kind"].decode(), int(row[2]), int(row[3])) for row in rows]
            lost += sum(jump[3] for jump in unexplained_jumps(stream.seq, stream.flags, known))
            step = max(1, len(stream) // SAMPLED_FRAMES)
            for index in range(0, len(stream), step):
                mark = read_mark(stream.spec, stream.frame(index))
                plain = not stream.spec.is_image or stream.spec.kind == "depth"
                seq = int(stream.seq[index])
                wrong += mark != (seq % 65536 if plain else seq)
    return {"lost": lost, "wrong": wrong, "samples": samples}


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 60.0)
    options.add_argument("--takes", type=int, default=1, help="takes, back to back")
    options.add_argument("--folder", type=Path, help="where to write; by default a temporary one")
    options.add_argument(
        "--idle", action="store_true", help="stop window and load while takes are finalised"
    )
    options.add_argument("--size", default="1920x1080", help="window size in pixels")
    chosen = options.parse_args()
    figures: dict[str, Any] = {"window": chosen.size, "idle_while_finalising": chosen.idle}

    def during(child: subprocess.Popen, window: Window) -> None:
        desk = RecorderDesk(window.namespace)
        recorder = psutil.Process(window.pids["recorder"])
        paused = [child.pid, window.pids["load"]] if chosen.idle else []
        figures.update(measure(desk, recorder, chosen.seconds, chosen.takes, paused))

    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        rest = run_window_load(
            "load", WAIT_S, size=chosen.size, during=during, folder=Path(folder), take=False
        )
        paths = sorted((Path(folder) / "episodes").glob("*.h5"))
        checked = [check_episode(path) for path in paths]
        figures["episode_mb"] = round(paths[-1].stat().st_size / 1e6, 1)
    for key in ("lost", "wrong", "samples"):
        name = {"lost": "lost_samples", "wrong": "wrong_frames"}.get(key, key)
        figures[name] = sum(item[key] for item in checked)
    figures["gui_fps"] = rest["gui_fps"]
    report("record", figures, TARGETS, chosen.json)


if __name__ == "__main__":
    main()
