"""A real session replays a take: pressing as it was pressed, pausing, and ending at STOP."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from app.headless import CLIENT, HeadlessDriver
from app.opening import open_session
from app.replay_control import ReplayControl
from devices.bus import Subscriber

DEPTH = 64
STILL_RAD = 0.01
PAUSE_S = 0.6


class Replays:
    """A session with one recorded take, and its replays."""

    def __init__(self, driver: HeadlessDriver) -> None:
        self.driver = driver
        taken = driver.record("kinesthetic", 6.0, seed=3, task="pick-up-the-ball")
        self.path = Path(taken.path)
        self.control = ReplayControl(driver.session, CLIENT)
        rig = driver.session.rig
        self.measured: Subscriber = driver.session.bus.subscriber(
            rig.stream("right/joints_measured"), DEPTH
        )
        self.forces = driver.session.bus.subscriber(rig.stream("right/fingertip_force"), DEPTH)
        self.peak_n = 0.0
        self.pose = np.zeros(0)

    def ended(self) -> bool:
        news = self.control.poll()
        for sample in self.measured.drain(DEPTH):
            self.pose = sample.data
            self.control.note_measured("right", sample.stamp_ns, sample.data)
        for sample in self.forces.drain(DEPTH):
            self.peak_n = max(self.peak_n, float(sample.data[:, 2].max()))
        return bool(news)

    def start(self, with_forces: bool) -> None:
        self.driver.reset_world(3)
        self.driver.enable()
        self.ended()
        self.peak_n = 0.0
        assert self.control.start(self.path, 1.0, with_forces=with_forces) == ""

    def run(self, with_forces: bool) -> float:
        """Replay to the end; returns the largest normal force, N."""
        self.start(with_forces)
        self.driver.pump(self.ended, 60.0, "the replay's end")
        assert self.driver.session.operator.status.error == ""
        return self.peak_n

    def until(self, state: str) -> None:
        self.driver.pump(lambda: self.ended() or self.control.state == state, 30.0, state)
        assert self.control.state == state, self.control.message


@pytest.fixture(scope="module")
def replays(tmp_path_factory):
    session = open_session("sim-xhand", tmp_path_factory.mktemp("replays") / "dataset")
    with session:
        driver = HeadlessDriver(session)
        driver.wait_ready()
        yield Replays(driver)


def test_with_forces_the_hand_presses_harder_than_by_position(replays):
    pose_only_n = replays.run(with_forces=False)
    error = replays.control.tracker.error("right")
    assert error.samples > 500
    assert error.rms_rad < 0.05
    assert replays.run(with_forces=True) > 1.2 * pose_only_n


def test_a_paused_hand_stays_and_goes_on(replays):
    replays.start(with_forces=False)
    replays.until("running")
    replays.control.pause(True)
    replays.until("paused")
    settled_s = time.monotonic() + PAUSE_S
    replays.driver.pump(lambda: replays.ended() or time.monotonic() > settled_s, 5, "settling")
    before = replays.pose.copy()
    rested_s = time.monotonic() + PAUSE_S
    replays.driver.pump(lambda: replays.ended() or time.monotonic() > rested_s, 5, "rest")
    assert np.abs(replays.pose - before).max() < STILL_RAD
    assert replays.driver.session.supervisor.status.state == "ACTIVE"
    replays.control.pause(False)
    replays.driver.pump(replays.ended, 60.0, "the replay's end")
    assert replays.driver.session.operator.status.error == ""


def test_stop_ends_a_replay_and_nothing_arms_again(replays):
    replays.start(with_forces=True)
    replays.until("running")
    supervisor = replays.driver.session.supervisor
    supervisor.stop(CLIENT)
    replays.driver.pump(replays.ended, 10.0, "the end after STOP")
    assert supervisor.status.state == "STOPPED"
    assert "latched in STOPPED" in replays.control.start(replays.path)
    supervisor.reset()
    replays.driver.pump(lambda: supervisor.status.state == "HOLD", 5.0, "HOLD after the reset")
