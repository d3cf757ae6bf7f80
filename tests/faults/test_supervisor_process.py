"""The supervisor as a real process: who dies, freezes or lies around it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.supervised import Supervised
from support.waiting import wait_until

from devices.clock import now_ns
from devices.supervision.states import State

BEATS = """
import sys, time
sys.path.insert(0, {root!r})
from devices.bus import Bus
box = Bus({namespace!r}).outbox("supervisor/control")
while True:
    box.send({{"type": "heartbeat", "client": "gui", "stamp_ns": time.monotonic_ns()}})
    time.sleep(0.05)
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def supervised(session_file, tmp_path):
    made = []

    def build(**fields) -> Supervised:
        one = Supervised(session_file("sim-xhand", **fields), tmp_path / "root")
        made.append(one)
        return one

    yield build
    for one in made:
        one.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_hand_holds_when_its_window_dies_or_freezes(supervised, number) -> None:
    rig = supervised()
    rig.start()
    code = BEATS.format(root=str(ROOT), namespace=rig.session.namespace)
    client = subprocess.Popen([sys.executable, "-c", code])
    try:
        epoch = rig.activate()
        rig.follow(rig.hand.spec.home, epoch, 1.2)
        assert rig.status()["state"] == "ACTIVE"
        at_ns = now_ns()
        client.send_signal(number)
        rig.follow(rig.hand.spec.home, epoch, 1.3)
        held_ns = rig.first_tick_in(State.HOLD, at_ns)
        assert (held_ns - at_ns) / 1e9 < 1.25
        assert "no heartbeat from 'gui'" in rig.status()["cause"]
    finally:
        client.kill()
        client.wait()


def test_hand_holds_when_its_source_falls_silent(supervised) -> None:
    rig = supervised()
    rig.start()
    rig.keep_beating()
    epoch = rig.activate()
    last_ns = rig.follow(rig.hand.spec.home, epoch, 0.5)
    held_ns = rig.first_tick_in(State.HOLD, last_ns)
    assert 0.09 < (held_ns - last_ns) / 1e9 < 0.3
    assert "scripted is silent" in rig.wait_for("HOLD")["cause"]


def test_nan_is_never_forwarded_and_ends_in_hold(supervised) -> None:
    rig = supervised()
    rig.start()
    rig.keep_beating()
    epoch = rig.activate()
    rig.follow(rig.hand.spec.home, epoch, 0.2)
    bad = rig.hand.spec.home.copy()
    bad[3] = np.nan
    rig.follow(bad, epoch, 0.3)
    status = rig.wait_for("HOLD")
    assert status["rejects"]["finite"] > 5
    goals = np.array([sample.data for sample in rig.sent.drain()])
    assert len(goals) > 50
    assert np.isfinite(goals).all()


def test_stop_is_obeyed_within_50_ms_and_latches(supervised) -> None:
    rig = supervised()
    rig.start()
    rig.keep_beating()
    epoch = rig.activate()
    rig.follow(rig.hand.spec.home, epoch, 0.2)
    at_ns = now_ns()
    rig.order("stop", client="test")
    assert (rig.first_tick_in(State.STOPPED, at_ns) - at_ns) / 1e6 < 50
    rig.order("arm", source="scripted", press_id=77)
    rig.order("off")
    rig.follow(rig.hand.spec.home, epoch, 0.1)
    assert rig.status()["state"] == "STOPPED"
    rig.order("reset")
    rig.wait_for("HOLD")


def test_jumping_wall_clock_has_no_effect(supervised, tmp_path) -> None:
    patch = tmp_path / "patch"
    patch.mkdir()
    (patch / "sitecustomize.py").write_text(
        "import time\nreal = time.time\n"
        "time.time = lambda: real() + 3600.0 * ((int(real() * 20) % 3) - 1)\n"
    )
    rig = supervised()
    rig.start({"PYTHONPATH": str(patch)})
    rig.keep_beating()
    epoch = rig.activate()
    rig.follow(rig.hand.spec.home, epoch, 1.0)
    assert rig.status()["state"] == "ACTIVE"


def test_second_owner_of_a_rig_is_told_who_has_it(supervised) -> None:
    rig = supervised()
    rig.start()
    second = rig.spawn()
    _, errors = second.communicate(timeout=20)
    assert second.returncode == 3
    assert "rig 'sim-xhand' is in use by process" in errors
    assert str(rig.session.parent_pid) in errors
    assert "choose another rig" in errors
    assert rig.process.poll() is None


def test_killed_owner_leaves_the_rig_free(supervised) -> None:
    rig = supervised()
    rig.start().kill()
    rig.process.communicate()
    rig.start()
    assert rig.status()["state"] == "OFF"


def test_terminated_supervisor_holds_then_goes_off(supervised) -> None:
    rig = supervised()
    rig.start()
    rig.keep_beating()
    epoch = rig.activate()
    rig.follow(rig.hand.spec.home, epoch, 0.1)
    rig.first_tick_in(State.ACTIVE, 0)
    at_ns = now_ns()
    rig.process.terminate()
    assert rig.process.wait(5) == 0
    states = [int(sample.data[0]) for sample in rig.control.drain() if sample.stamp_ns > at_ns]
    assert State.HOLD in states
    assert states[-1] == State.OFF


def test_supervisor_ends_with_the_owner_of_the_session(supervised) -> None:
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        rig = supervised(parent_pid=owner.pid)
        rig.start()
        owner.kill()
        owner.wait()
        wait_until(lambda: rig.process.poll() is not None, 5.0, "end of the supervisor")
    finally:
        owner.kill()
        owner.wait()
