"""The ``player`` figure: how fast a recorded instant is there, without a window.

Made-up episodes of 60 s with three textured 640x480 cameras at 30 Hz, 200 Hz joints and 100 Hz
taxels. *Cold* means that the file's pages were dropped from the system's cache before.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import parser, report
from recorder.dataset import open_dataset
from recorder.durability import drop_from_cache
from recorder.overview.making import make_overview
from recorder.overview.store import make_missing
from recorder.player.episode_cache import EpisodeCache
from recorder.player.player_episode import PlayerEpisode
from recorder.synthetic import SyntheticTake, write_take

TARGETS = {
    "overview_s": "< 1",
    "seek_cold_p95_ms": "<= 100",
    "seek_p95_ms": "<= 100",
    "step_p95_ms": "<= 50",
    "next_cold_ms": "<= 200",
}
CAMERAS = ("front", "wrist", "side")
STREAMS = [f"{name}/rgb" for name in CAMERAS]
SEEKS = 150
TICKS = 120
TICK_S = 1 / 60
STEP_EVERY_S = 0.06  # a held arrow key
PLAYED = (1.0, -1.0, 2.0, 8.0)


def measure(dataset_dir: Path, seconds: float) -> dict[str, Any]:
    """All figures, milliseconds unless the key says otherwise."""
    dataset = open_dataset(dataset_dir, create=True)
    paths = [
        write_take(dataset, SyntheticTake(number, seconds, CAMERAS, (640, 480), texture=True))
        for number in range(2)
    ]
    drop_from_cache(paths[0])
    cold_s = _spent_s(lambda: make_overview(paths[0]))
    figures = {"overview_cold_s": cold_s, "overview_s": _spent_s(lambda: make_overview(paths[0]))}
    make_missing(dataset)
    drop_from_cache(paths[0])
    cache = EpisodeCache(dataset)
    figures["next_cold_ms"] = 1e3 * _spent_s(lambda: _show(cache.open(paths[0]), 0))
    cache.warm(paths[1])
    cache.wait()
    figures["next_warmed_ms"] = 1e3 * _spent_s(lambda: _show(cache.open(paths[1]), 0))
    player = cache.open(paths[1])
    drop_from_cache(paths[1])
    figures |= _tail("seek_cold", _seeks(player, 0)) | _tail("seek", _seeks(player, 1))
    figures |= _tail("step", _steps(player))
    for velocity in PLAYED:
        figures |= _tail(f"play_{velocity:g}x", _ticks(player, velocity))
    figures["held_mb"] = player.held_bytes / 1e6
    player.close()
    cache.close()
    return figures


def _spent_s(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def _show(player: PlayerEpisode, time_ns: int) -> None:
    for stream in STREAMS:
        player.frame_at(stream, time_ns)


def _seeks(player: PlayerEpisode, seed: int) -> Iterator[float]:
    for time_ns in np.random.default_rng(seed).integers(0, player.duration_ns, SEEKS):
        yield _spent_s(lambda at_ns=int(time_ns): _show(player, at_ns))


def _steps(player: PlayerEpisode) -> Iterator[float]:
    times = player.frame_times_ns(STREAMS[0])
    for time_ns in times[len(times) // 3 :][:TICKS]:
        yield _spent_s(lambda at_ns=int(time_ns): _show(player, at_ns))
        player.prefetch(STREAMS, int(time_ns))
        time.sleep(STEP_EVERY_S)


def _ticks(player: PlayerEpisode, velocity: float) -> Iterator[float]:
    time_ns = player.duration_ns // 2
    for _ in range(TICKS):
        time_ns += round(velocity * TICK_S * 1e9)
        time_ns = min(max(time_ns, 0), player.duration_ns)
        spent_s = _spent_s(lambda at_ns=time_ns: _show(player, at_ns))
        player.prefetch(STREAMS, time_ns, velocity)
        yield spent_s
        time.sleep(max(0.0, TICK_S - spent_s))


def _tail(name: str, times_s: Iterator[float]) -> dict[str, float]:
    middle, late = np.percentile(np.fromiter(times_s, float), (50, 95)) * 1e3
    return {f"{name}_p50_ms": float(middle), f"{name}_p95_ms": float(late)}


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 60.0).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder) / "dataset", options.seconds)
    shown = {key: round(value, 3) for key, value in figures.items()}
    report("player", shown, TARGETS, options.json)


if __name__ == "__main__":
    main()
