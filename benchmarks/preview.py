"""The ``preview`` figures: a take with the live preview, and one without: ``thenar bench preview``.

``rate_hz``            pictures of the preview a second while the take is recorded
``lost_samples``       missing by the recorder's ledger, with and without preview
``camera_rate_hz``     recorded pictures a second of the previewed camera, with and without
``work_ms``            wall time of one picture of the preview, the last one
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Any

from app.headless import HeadlessDriver, TakeResult
from app.session import ProcessPlan, Session
from benchmarks.machine import parser, report
from devices.bus import Bus
from devices.clock import now_ns
from devices.rig import load_rig
from devices.stream import StreamSpec
from recorder.cleaning.live_stream import NAME, preview_source, preview_stream
from recorder.episode import Episode

TARGETS = {"rate_hz": ">= 5", "lost_samples_with": "0"}
FIRST_PICTURE_S = 20.0


class _Watched:
    """Takes every picture of the preview with the time it came, on a thread of its own."""

    def __init__(self, bus: Bus, stream: StreamSpec) -> None:
        self._subscriber = bus.subscriber(stream)
        self._came_ns: list[int] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> _Watched:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._end.set()
        self._thread.join()
        self._subscriber.close()

    def _run(self) -> None:
        while not self._end.wait(0.02):
            self._came_ns += [now_ns() for _ in self._subscriber.drain()]

    def any(self) -> bool:
        return bool(self._came_ns)

    def rate_hz(self, start_ns: int, stop_ns: int) -> float:
        """Pictures a second between two instants."""
        came = [at for at in self._came_ns if start_ns <= at < stop_ns]
        return len(came) * 1e9 / (stop_ns - start_ns)


def measure(rig_name: str, seconds: float) -> dict[str, Any]:
    """Record one take with the preview and one without.

    Parameters
    ----------
    rig_name : str
        Rig with a camera that stands.
    seconds : float
        Length of each take.
    """
    rig = load_rig(rig_name)
    source = preview_source(rig)
    if source is None:
        raise ValueError(f"rig '{rig_name}' has no colour camera that stands")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, Session(rig, Path(folder)) as session:
        driver = HeadlessDriver(session)
        driver.wait_ready()
        plan = ProcessPlan(NAME, "recorder.cleaning.live_process", optional=True)
        session.begin(plan)
        with _Watched(session.bus, preview_stream(source)) as watched:
            driver.pump(watched.any, FIRST_PICTURE_S, "a first picture of the preview")
            take = driver.record("kinesthetic", seconds, seed=1)
        figures["work_ms"] = round(float(session.health[NAME]["work_ms"]), 1)
        session.end(NAME)
        with Episode(take.path) as episode:
            start_ns, stop_ns = _ends(episode)
            figures["rate_hz"] = round(watched.rate_hz(start_ns, stop_ns), 2)
        figures |= _account("with", take, source)
        figures |= _account("without", driver.record("kinesthetic", seconds, seed=1), source)
    return figures


def _ends(episode: Episode) -> tuple[int, int]:
    return int(episode.attributes["press_stamp_ns"]), int(episode.attributes["stop_stamp_ns"])


def _account(word: str, take: TakeResult, source: StreamSpec) -> dict[str, Any]:
    with Episode(take.path) as episode:
        stamps = episode.stream(source.name).stamp_ns
    rate_hz = (len(stamps) - 1) * 1e9 / float(stamps[-1] - stamps[0])
    return {
        f"lost_samples_{word}": take.lost_samples,
        f"camera_rate_hz_{word}": round(rate_hz, 2),
    }


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 12.0)
    options.add_argument("--rig", default="sim-xhand", help="simulated rig")
    chosen = options.parse_args()
    report("preview", measure(chosen.rig, chosen.seconds), TARGETS, chosen.json)


if __name__ == "__main__":
    main()
