"""Replay of an episode from the command line."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.headless import HeadlessDriver
from app.opening import open_session
from devices.rig import load_rig
from policies.replay import check_replay
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
        ``summary`` sentence, ``episode``, ``seconds``, ``speed``, ``final_error_rad`` and
        ``final_error_m`` (largest joint and wrist difference of the last measured pose from the
        recorded one, by side), ``recorded`` path or None.
    """
    if not path.is_file():
        raise FileNotFoundError(f"episode '{path}' does not exist")
    with Episode(path) as episode:
        recorded_rig = str(episode.attributes["rig_name"])
        seconds = episode.duration_s
    check_replay(path, load_rig(rig or recorded_rig))
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
    words = "; ".join(
        f"{side} {errors['rad']:.3f} rad"
        + (f", {errors['m'] * 1000:.1f} mm" if "m" in errors else "")
        for side, errors in figures.items()
    )
    return {
        "summary": f"replayed {seconds:.1f} s at speed {speed:g}; final pose off by {words}{kept}",
        "episode": str(path),
        "seconds": seconds,
        "speed": speed,
        "final_error_rad": {side: errors["rad"] for side, errors in figures.items()},
        "final_error_m": {side: errors.get("m", 0.0) for side, errors in figures.items()},
        "recorded": made if dataset else None,
    }


def _reached(original: Path, replayed: Path) -> dict[str, dict[str, float]]:
    """Largest difference between the last measured poses, per side and unit (``rad``, ``m``)."""
    errors: dict[str, dict[str, float]] = {}
    with Episode(original) as first, Episode(replayed) as second:
        for side in ("right", "left"):
            name = f"{side}/joints_measured"
            if name not in first.streams or name not in second.streams:
                continue
            off = np.abs(first.streams[name].frame(-1) - second.streams[name].frame(-1))
            linear = np.array(
                ["wrist_" in label and label[-1] in "xyz" for label in _labels(first, name)]
            )
            errors[side] = {"rad": float(off[~linear].max())}
            if linear.any():
                errors[side]["m"] = float(off[linear].max())
    return errors


def _labels(episode: Episode, name: str) -> tuple[str, ...]:
    return episode.streams[name].spec.labels
