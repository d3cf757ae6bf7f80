"""A reset makes the simulated hand jump; one press arms it once the reset is done."""

from __future__ import annotations

import time

import pytest

from app.headless import HeadlessDriver
from app.opening import open_session
from app.session import SessionError
from app.world_reset import WorldReset

STAYS_S = 0.4  # four times as long as the supervisor takes to trust a new pose
ROUNDS = 5


@pytest.fixture
def driver(tmp_path):
    session = open_session("sim-xhand", tmp_path / "dataset")
    with session:
        driver = HeadlessDriver(session)
        driver.wait_ready()
        yield driver


def displace(driver: HeadlessDriver, seed: int) -> None:
    """Let the script carry the hand away from its start pose, then hold it there."""
    session = driver.session
    driver.arm("kinesthetic")
    session.operator.run_script("kinesthetic", 3.0, seed)
    driver.pump(lambda: session.operator.status.progress > 0.35, 10, "the hand's way down")
    session.operator.stop_script()
    driver.pump(lambda: session.operator.status.activity == "idle", 5, "the script's end")
    driver.hold()


def test_one_press_arms_a_hand_that_a_reset_has_moved(driver):
    supervisor = driver.session.supervisor
    for seed in range(ROUNDS):
        displace(driver, seed)
        driver.pump(WorldReset(driver.session, seed).done, 5, "the reset")
        epoch = supervisor.status.epoch
        driver.arm("exoskeleton")
        end_s = time.monotonic() + STAYS_S
        driver.pump(lambda end_s=end_s: time.monotonic() > end_s, 5, "a moment of ACTIVE")
        assert supervisor.status.state == "ACTIVE", supervisor.status.cause
        assert supervisor.status.epoch == epoch + 1, "it took more than one press"
        driver.hold()


def test_a_reset_under_a_moving_hand_is_refused_with_the_reason(driver):
    driver.arm("kinesthetic")
    with pytest.raises(SessionError, match="not reset"):
        driver.pump(WorldReset(driver.session).done, 5, "the reset")
    assert driver.session.supervisor.status.state == "ACTIVE"
