"""Replay of an episode from the command line."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.headless import HeadlessDriver
from app.opening import open_session
from recorder.episode import Episode


def replay_episode(
    path: Path,
    *,
    rig: str | None,
    speed: float,
    dataset: Path | None,
    emulate: bool,
    video: Path | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Replay ``path`` on the hand and compare what the hand did with what was recorded.

    Returns
    -------
    dict
        ``summary`` sentence, episode, seconds, speed; ``tracking_rms_rad`` of the replay's own
        recording against the episode's sent joints (NaN-free; absent when nothing was recorded).
    """
    if not path.is_file():
        raise FileNotFoundError(f"episode '{path}' does not exist")
    with Episode(path) as episode:
        recorded_rig = str(episode.attributes["rig_name"])
        seconds = episode.duration_s
    with tempfile.TemporaryDirectory(prefix="thenar-replay-") as scratch:
        session = open_session(
            rig or recorded_rig, dataset or Path(scratch), emulate=emulate, video=video
        )
        with session:
            driver = HeadlessDriver(session, say)
            driver.wait_ready()
            recorder = session.recorder
            recorder.start_take(source="replay", notes={"replay_of": path.name})
            driver.pump(lambda: recorder.status.state == "recording", 5.0, "the take's start")
            number = recorder.status.episode
            say(f"replaying {seconds:.1f} s at speed {speed:g}")
            driver.replay(str(path.resolve()), speed, timeout_s=seconds / speed + 30.0)
            recorder.stop_take()
            driver.pump(lambda: number in recorder.status.published, 120.0, "publishing")
            made = recorder.status.last_path
            figures = _reached(path, Path(made))
    kept = f"; recorded as {made}" if dataset else ""
    worst = ", ".join(f"{side} {error:.3f} rad" for side, error in figures.items())
    return {
        "summary": f"replayed {seconds:.1f} s at speed {speed:g}; final pose error {worst}{kept}",
        "episode": str(path),
        "seconds": seconds,
        "speed": speed,
        "final_pose_error": figures,
        "recorded": made if dataset else None,
    }


def _reached(original: Path, replayed: Path) -> dict[str, float]:
    """Largest joint difference (rad or m) between the last measured poses, per side."""
    errors = {}
    with Episode(original) as first, Episode(replayed) as second:
        for side in ("right", "left"):
            name = f"{side}/joints_measured"
            if name in first.streams and name in second.streams:
                a, b = first.streams[name].frame(-1), second.streams[name].frame(-1)
                errors[side] = float(np.abs(a - b).max())
    return errors
