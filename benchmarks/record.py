"""The ``record`` figures: ``python -m benchmarks.record --seconds 60 --takes 1 --json``.

Starts the prepared load and the recorder as a session does, records takes back to back, and
reads the published episodes. Figures:

``lost_samples``             missing by the ledger or by a jump in ``seq``, all takes
``wrong_frames``             frames whose picture does not carry their own sequence number
``next_take_ms``             from the stop order to the next take recording, worst of all takes
``finalise_share``           finalise and verify of one take in the niced child, machine otherwise
                             idle, over the take's length
``finalise_cpu_share``       processor time of that child over the take's length: the same figure on
                             a machine that is not idle
``recorder_rss_growth_mb``   resident memory of the recorder at the end of the last take minus the
                             end of the first
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import load_rig, load_streams, read_mark
from devices.bus import Bus, Inbox, Outbox
from devices.clock import now_ns
from devices.messages import RecorderStatus, StartTake, StopTake
from devices.session_file import SessionFile
from recorder.episode import Episode
from recorder.log_index import unexplained_jumps

WAIT_S = 120.0
WARM_UP_S = 7.0  # from then on the recorder's memory of the last six seconds is full
SAMPLED_FRAMES = 200  # decoded and compared per image stream and take


class Bench:
    """A session of load and recorder, driven like the window drives it."""

    def __init__(self, folder: Path) -> None:
        self.session = SessionFile(
            namespace=f"bench-{os.getpid()}",
            rig=load_rig(),
            dataset_dir=folder / "dataset",
            runtime_dir=folder / "runtime",
            parent_pid=os.getpid(),
        )
        path = self.session.write()
        bus = Bus(self.session.namespace)
        self._orders: Outbox = bus.outbox("recorder/control")
        self._reports: Inbox = bus.inbox("recorder/status")
        self.status: RecorderStatus | None = None
        self.recorder = self._start("recorder.process", path)
        self.load = self._start("benchmarks.load", path)

    def _start(self, module: str, session: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", module, "--session", str(session)])

    def order(self, message: StartTake | StopTake) -> None:
        """Send one order to the recorder."""
        self._orders.send(message.model_dump(mode="json"))

    def wait(self, what: str, holds: Any) -> RecorderStatus:
        """Wait for a status that ``holds``."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for raw in self._reports.drain():
                self.status = RecorderStatus.model_validate(raw)
                if holds(self.status):
                    return self.status
            time.sleep(0.002)
        raise TimeoutError(f"{what} did not happen within {WAIT_S:.0f} s: {self.status}")

    def close(self) -> None:
        """End both processes."""
        for process in (self.load, self.recorder):
            process.terminate()
        for process in (self.load, self.recorder):
            process.wait(timeout=WAIT_S)


def measure(seconds: float, takes: int, folder: Path) -> dict[str, Any]:
    """Record ``takes`` takes of ``seconds`` each and return the figures."""
    bench = Bench(folder)
    try:
        wanted = [spec.name for spec in load_streams(bench.session.rig)]
        bench.wait(
            "all streams live",
            lambda s: all(0 <= s.ages_s.get(name, -1) < 1 for name in wanted),
        )
        warm = time.monotonic() + WARM_UP_S
        bench.wait("warm", lambda s: time.monotonic() > warm)
        process = psutil.Process(bench.recorder.pid)
        rss_mb, next_ms, fill = [], [], 0.0
        cpu_s = sum(process.cpu_times()[:2])
        began = time.monotonic()
        bench.order(StartTake(press_ns=now_ns(), task="bench"))
        status = bench.wait("recording", lambda s: s.state == "recording")
        for take in range(takes):
            number = status.episode
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                status = bench.wait("status", lambda s: True)
                fill = max(fill, status.queue_fill)
                time.sleep(0.05)
            rss_mb.append(process.memory_info().rss / 1e6)
            asked = time.monotonic()
            bench.order(StopTake(press_ns=now_ns()))
            if take + 1 < takes:
                bench.order(StartTake(press_ns=now_ns(), task="bench", pre_roll_s=0))
                status = bench.wait(
                    "next take", lambda s, n=number: s.state == "recording" and s.episode != n
                )
                next_ms.append((time.monotonic() - asked) * 1000)
            else:
                bench.wait("stopped", lambda s: s.state == "idle")
                next_ms.append((time.monotonic() - asked) * 1000)
        cpu_share = (sum(process.cpu_times()[:2]) - cpu_s) / (time.monotonic() - began)
        pending = len(bench.status.finalising) if bench.status else 1
        began_finalising = time.monotonic()
        bench.load.terminate()  # finalising is timed on an otherwise idle machine
        status = bench.wait(
            "published", lambda s: len(s.published) >= min(takes, 16) and not s.finalising
        )
        child_times = process.cpu_times()
        finalise_cpu_s = (child_times.children_user + child_times.children_system) / takes
        finalise_s = (time.monotonic() - began_finalising) / max(1, pending)
        message = status.message
    finally:
        bench.close()
    dataset = bench.session.dataset_dir
    paths = sorted((dataset / "episodes").glob("*.h5"))
    checked = [check_episode(path) for path in paths]
    return {
        "benchmark": "record",
        "seconds": seconds,
        "takes": len(paths),
        "lost_samples": sum(item["lost"] for item in checked),
        "wrong_frames": sum(item["wrong"] for item in checked),
        "samples": sum(item["samples"] for item in checked),
        "next_take_ms": round(max(next_ms), 1),
        "finalise_share": round(finalise_s / seconds, 4),
        "finalise_cpu_share": round(finalise_cpu_s / seconds, 4),
        "recorder_cpu_share": round(cpu_share, 3),
        "recorder_rss_mb": round(rss_mb[-1], 1),
        "recorder_rss_by_take_mb": [round(value) for value in rss_mb],
        "recorder_rss_growth_mb": round(rss_mb[-1] - rss_mb[0], 1),
        "queue_fill_max": round(fill, 4),
        "episode_mb": round(paths[-1].stat().st_size / 1e6, 1),
        "message": message,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
    }


def check_episode(path: Path) -> dict[str, int]:
    """Count samples, losses and frames out of place in one episode."""
    lost = wrong = samples = 0
    with Episode(path) as episode:
        live = {spec.name for spec in load_streams(load_rig())}
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
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.record", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--takes", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder by default")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures = measure(arguments.seconds, arguments.takes, Path(folder))
    print(json.dumps(figures, indent=None if arguments.json else 1))


if __name__ == "__main__":
    main()
