"""Replay of an episode from the command line."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from app.headless import CLIENT, HeadlessDriver
from app.opening import open_session
from app.replay_control import ReplayControl
from app.replay_tracking import ReplayTracker, tracking_error
from app.session import Session, SessionError
from devices.rig import load_rig
from policies.replay import check_replay
from recorder.episode import Episode

MEASURED_DEPTH = 64  # samples kept between two polls
EXTRA_S = 60.0  # beyond the replay's own length: approach, and a slow machine


def replay_episode(
    path: Path,
    *,
    rig: str | None,
    speed: float,
    with_forces: bool,
    dataset: Path | None,
    emulate: bool,
    video: Path | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Replay ``path`` on the hand and compare what the hand did with what was recorded.

    Returns
    -------
    dict
        ``summary`` sentence, ``episode``, ``seconds``, ``speed``, ``with_forces``, by side
        ``tracking`` (fields of ``TrackingError``, all the way), ``final`` (of the last pose) and
        ``peak_force_n`` (recorded and replayed, largest of any pad), ``recorded`` path or None.
    """
    if not path.is_file():
        raise FileNotFoundError(f"episode '{path}' does not exist")
    with Episode(path) as episode:
        recorded_rig = str(episode.attributes["rig_name"])
        seconds = episode.duration_s
        uuid = str(episode.attributes["uuid"])
        script_seed = episode.configuration["header"]["notes"].get("script_seed")
    check_replay(path, load_rig(rig or recorded_rig), with_forces=with_forces)
    with tempfile.TemporaryDirectory(prefix="thenar-replay-") as scratch:
        session = open_session(
            rig or recorded_rig, dataset or Path(scratch), emulate=emulate, video=video
        )
        with session:
            driver = HeadlessDriver(session, say)
            driver.wait_ready()
            driver.reset_world(script_seed)
            driver.enable()
            recorder = session.recorder
            notes = {
                "replay_of": path.name, "replay_of_uuid": uuid,
                "with_forces": with_forces, "speed": speed,
            }  # fmt: skip
            recorder.start_take(source="replay", notes=notes)
            driver.pump(lambda: recorder.status.state == "recording", 5.0, "the take's start")
            number = recorder.status.episode
            how = "with its forces" if with_forces else "by position"
            say(f"replaying {seconds:.1f} s {how} at speed {speed:g}")
            tracker = _follow(session, driver, path, speed, with_forces, seconds / speed + EXTRA_S)
            recorder.stop_take()
            driver.pump(lambda: number in recorder.status.published, 120.0, "publishing")
            made = recorder.status.last_path
            final = _reached(path, Path(made))
            forces = _peak_forces(path, Path(made))
    errors = {side: asdict(tracker.error(side)) for side in tracker.recorded.sides}
    words = "; ".join(
        f"{side} off by {error['rms_rad']:.3f} rad rms, {error['max_rad']:.3f} rad at most "
        f"({error['worst_joint']})"
        for side, error in errors.items()
    )
    kept = f"; recorded as {made}" if dataset else ""
    return {
        "summary": f"replayed {seconds:.1f} s {how} at speed {speed:g}: {words}{kept}",
        "episode": str(path),
        "seconds": seconds,
        "speed": speed,
        "with_forces": with_forces,
        "tracking": errors,
        "final": final,
        "peak_force_n": forces,
        "recorded": made if dataset else None,
    }


def _follow(
    session: Session,
    driver: HeadlessDriver,
    path: Path,
    speed: float,
    with_forces: bool,
    timeout_s: float,
) -> ReplayTracker:
    """Replay to the end, comparing all the way; raises ``SessionError`` when it ends early."""
    control = ReplayControl(session, CLIENT)
    sources = {
        hand.side: session.bus.subscriber(
            session.rig.stream(f"{hand.side}/joints_measured"), MEASURED_DEPTH
        )
        for hand in session.rig.hands
    }
    problem = control.start(path, speed, with_forces=with_forces)
    if problem or control.tracker is None:
        raise SessionError(problem)

    def ended() -> bool:
        news = control.poll()
        for side, source in sources.items():
            for sample in source.drain(MEASURED_DEPTH):
                control.note_measured(side, sample.stamp_ns, sample.data)
        return bool(news)

    driver.pump(ended, timeout_s, "the replay's end")
    for source in sources.values():
        source.close()
    status = session.operator.status
    if status is not None and status.error:
        raise SessionError(status.error)
    return control.tracker


def _reached(original: Path, replayed: Path) -> dict[str, dict[str, Any]]:
    """Difference of the last measured poses, per side; fields of ``TrackingError``."""
    errors: dict[str, dict[str, Any]] = {}
    with Episode(original) as first, Episode(replayed) as second:
        for side in ("right", "left"):
            name = f"{side}/joints_measured"
            if name in first.streams and name in second.streams:
                off = second.streams[name].frame(-1) - first.streams[name].frame(-1)
                errors[side] = asdict(tracking_error(off[None], first.streams[name].spec.labels))
    return errors


def _peak_forces(original: Path, replayed: Path) -> dict[str, dict[str, float]]:
    """Largest normal force of any pad in both episodes, N, per side."""
    peaks: dict[str, dict[str, float]] = {}
    with Episode(original) as first, Episode(replayed) as second:
        for side in ("right", "left"):
            name = f"{side}/fingertip_force"
            if name in first.streams and name in second.streams:
                both = (one.streams[name].rows(slice(None))[..., 2] for one in (first, second))
                recorded, again = (float(np.max(rows, initial=0.0)) for rows in both)
                peaks[side] = {"recorded": recorded, "replayed": again}
    return peaks
