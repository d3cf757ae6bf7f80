"""A dead or frozen supervisor: the simulated hand stops by its own firmware watchdog."""

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
from devices.rig import load_rig
from devices.supervision.states import State
from devices.wire import Firmware, feedback_spec

ROOT = Path(__file__).parents[2]
WATCHDOG_LIMIT_S = 0.12


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_simulated_hand_stops_within_120_ms_of_the_supervisor(
    session_file, tmp_path, number
) -> None:
    rig = load_rig("sim-xhand")
    session = session_file(rig.model_copy(update={"tactile": (), "cameras": ()}))
    path = str(session.runtime_dir / "session.json")
    world = subprocess.Popen(
        [sys.executable, "-m", "devices.sim.world_process", "--session", path], cwd=ROOT
    )
    command = [sys.executable, "-m", "devices.supervision.process"]
    supervised = Supervised(session, tmp_path / "root", command)
    feedback = supervised.bus.subscriber(feedback_spec(supervised.hand))
    sent = supervised.sent
    try:
        supervised.start()
        supervised.keep_beating()
        epoch = supervised.activate()
        spec = supervised.hand.spec
        target = 0.5 * (spec.lower + spec.upper)
        target[: spec.wrist_size] = 0.0
        list(sent.drain())
        supervised.follow(target, epoch, 0.8)
        supervised.first_tick_in(State.ACTIVE, 0)
        list(feedback.drain())
        supervised.process.send_signal(number)
        killed_ns = now_ns()

        def watchdog_ns() -> int:
            for sample in feedback.drain():
                if sample.data[3, 0] == Firmware.WATCHDOG:
                    return sample.stamp_ns
            return 0

        fired_ns = wait_until(watchdog_ns, 5.0, "the firmware's watchdog")
        last_goal_ns = max(sample.stamp_ns for sample in sent.drain())
        assert last_goal_ns - killed_ns < 50_000_000
        assert (fired_ns - max(last_goal_ns, killed_ns)) / 1e9 <= WATCHDOG_LIMIT_S
        still_ns = fired_ns + 300_000_000
        pose = wait_until(
            lambda: (
                next((s.data[0] for s in feedback.drain() if s.stamp_ns > still_ns), None)
                is not None
            ),
            5.0,
            "feedback after the stop",
        )
        assert pose
        first = wait_until(lambda: feedback.newest(), 5.0, "feedback").data[0]
        later_ns = now_ns() + 300_000_000
        last = wait_until(
            lambda: (s := feedback.newest()) is not None and s.stamp_ns > later_ns and s,
            5.0,
            "feedback",
        ).data[0]
        assert np.abs(last - first).max() < 0.01
    finally:
        if supervised.process is not None:
            supervised.process.kill()
        supervised.close()
        feedback.close()
        world.terminate()
        world.wait(10)
