"""A whole session on ``sim-xhand`` loses processes at bad moments and loses no take."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.waiting import wait_until

from app.headless import HeadlessDriver
from app.opening import open_session
from app.session import Session, SessionError
from devices.bus import Bus, connected_pids
from recorder.episode import Episode
from recorder.verify import verify_path

ROOT = Path(__file__).resolve().parents[2]
NEW_FRAMES = 10  # a third of a second of pictures from the process that took over


@contextlib.contextmanager
def recording(dataset: Path) -> Iterator[tuple[Session, HeadlessDriver]]:
    """A session with a kinesthetic take running for half a second at least."""
    session = open_session("sim-xhand", dataset)
    with session:
        driver = HeadlessDriver(session)
        driver.wait_ready()
        driver.arm("kinesthetic")
        session.recorder.start_take(source="kinesthetic")
        driver.pump(lambda: session.recorder.status.elapsed_s > 0.5, 15, "half a second of take")
        yield session, driver


def finish(session: Session, driver: HeadlessDriver) -> Episode:
    """Stop the take and open the published episode."""
    number = session.recorder.status.episode
    session.recorder.stop_take("success")
    driver.pump(lambda: number in session.recorder.status.published, 60, "publishing")
    return Episode(session.recorder.status.last_path)


def kill(session: Session, name: str) -> int:
    pid = session.pid(name)
    os.kill(pid, signal.SIGKILL)
    return pid


def test_the_owner_killed_in_mid_take_leaves_a_published_episode_and_no_process(tmp_path):
    dataset = tmp_path / "dataset"
    command = [sys.executable, "-m", "app", "record", "--seconds", "60", "--dataset", str(dataset)]
    owner = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: list(dataset.glob("logs/*.hlog")), 40, "the take's log")
        children = psutil.Process(owner.pid).children(recursive=True)
        log = next(dataset.glob("logs/*.hlog"))
        wait_until(lambda: log.stat().st_size > 3_000_000, 30, "some seconds of take")
    finally:
        owner.kill()
        owner.wait()
    wait_until(lambda: list(dataset.glob("episodes/*.h5.sha256")), 60, "the published episode")
    wait_until(lambda: not any(child.is_running() for child in children), 30, "the end of all")
    assert not [f for f in verify_path(dataset) if f.level == "critical"]
    with Episode(next(dataset.glob("episodes/*.h5"))) as episode:
        assert len(episode.stream("right/joints_measured")) > 100
        assert len(episode.ledger) == 0


def test_a_killed_recorder_is_restarted_and_recovers_every_acknowledged_sample(tmp_path):
    with recording(tmp_path / "dataset") as (session, driver):
        driver.pump(lambda: session.recorder.status.elapsed_s > 1.5, 15, "more of the take")
        acknowledged = dict(session.recorder.status.written)
        number = session.recorder.status.episode
        kill(session, "recorder")
        driver.pump(
            lambda: (
                session.recorder.status.state == "idle"
                and number in session.recorder.status.recovered
            ),
            60,
            "the recovery",
        )
        assert session.supervisor.status.state == "ACTIVE", "the hand was disturbed"
        with Episode(session.recorder.status.last_path) as episode:
            for name, count in acknowledged.items():
                if not episode.streams[name].spec.variable:
                    assert len(episode.streams[name]) >= count, name
        assert any("recorder ended (SIGKILL)" in text for text in session.problems)


def test_a_killed_capture_process_costs_a_gap_in_its_own_streams_only(tmp_path):
    with recording(tmp_path / "dataset") as (session, driver):
        old = kill(session, "capture")
        driver.pump(
            lambda: (
                session.pid("capture") != old
                and session.health["capture"]["pid"] != old
                and session.health["capture"]["cameras"]["front"]["frames"] > NEW_FRAMES
                and session.recorder.status.ages_s.get("front/rgb", 9.0) < 0.3
            ),
            20,
            "the cameras' return",
        )
        with finish(session, driver) as episode:
            joints = episode.stream("right/joints_measured")
            assert (joints.seq[1:] - joints.seq[:-1] == 1).all()
            front = episode.stream("front/rgb")
            restarts = (front.seq[1:] <= front.seq[:-1]).sum()
            assert restarts == 1
            assert not [f for f in verify_path(episode.path) if f.level == "critical"]


def test_a_killed_supervisor_comes_back_off_and_the_take_goes_on(tmp_path):
    with recording(tmp_path / "dataset") as (session, driver):
        old = kill(session, "supervisor")
        driver.pump(
            lambda: (
                session.pid("supervisor") != old
                and session.supervisor.status.state == "OFF"
                and session.supervisor.status.epoch == 0
            ),
            20,
            "the supervisor's return",
        )
        assert session.recorder.status.state == "recording"
        with finish(session, driver) as episode:
            assert len(episode.stream("right/taxels")) > 50


def test_a_killed_operator_process_puts_the_hand_into_hold_when_it_drove_the_hand(tmp_path):
    with recording(tmp_path / "dataset") as (session, driver):
        driver.arm("exoskeleton")
        asked = session.bus.subscriber(session.rig.stream("right/joints_requested"), 2)
        driver.pump(lambda: asked.newest() is not None, 5, "the exoskeleton's first request")
        old = kill(session, "operator")
        driver.pump(
            lambda: session.supervisor.status.state == "HOLD" and session.pid("operator") != old,
            10,
            "HOLD after the exoskeleton fell silent",
        )
        assert "exoskeleton" in session.supervisor.status.cause
        finish(session, driver).close()


def test_a_take_whose_scripted_operator_died_says_that_it_is_short(tmp_path):
    session = open_session("sim-xhand", tmp_path / "dataset")
    with session:
        driver = HeadlessDriver(session)
        driver.wait_ready()

        def kill_in_the_middle() -> None:
            heard = Bus(session.file.namespace).inbox("operator/status")
            wait_until(
                lambda: any(message["progress"] > 0.1 for message in heard.drain()), 20, "a script"
            )
            os.kill(session.pid("operator"), signal.SIGKILL)

        killer = threading.Thread(target=kill_in_the_middle)
        killer.start()
        result = driver.record("kinesthetic", 8.0)
        killer.join()
    assert "ended the script" in result.problem
    assert not [f for f in verify_path(Path(result.path)) if f.level == "critical"]


def test_the_second_session_on_a_rig_is_told_who_owns_it(tmp_path):
    session = open_session("sim-xhand", tmp_path / "first")
    with session:
        HeadlessDriver(session).wait_ready()
        with pytest.raises(SessionError) as refusal:
            open_session("sim-xhand", tmp_path / "second")
        assert str(os.getpid()) in str(refusal.value)
        assert "sim-xhand" in str(refusal.value)


def test_nothing_of_a_session_is_left_behind(tmp_path):
    session = open_session("sim-xhand", tmp_path / "dataset")
    with session:
        HeadlessDriver(session).wait_ready()
        pids = {session.pid(plan.name) for plan in session.plans}
        assert pids <= connected_pids()
        runtime = session.file.runtime_dir
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not pids & connected_pids()
    assert not runtime.exists()
