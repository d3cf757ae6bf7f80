"""A live world judges its task: reset by seed, a stream to record, words in its health."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.waiting import wait_until

from devices.bus import Bus
from devices.messages import ResetWorld
from devices.rig import load_rig
from devices.sim.world import World
from devices.task_scene import OUTCOMES, TASK_FIELDS
from policies.tasks import find_task


@pytest.fixture
def physics(session_file):
    session = session_file(find_task("press-the-plunger").rig(load_rig("sim-xhand")))
    path = session.runtime_dir / "session.json"
    command = [sys.executable, "-m", "devices.sim.world_process", "--session", str(path)]
    process = subprocess.Popen(command)
    bus = Bus(session.namespace)
    yield session.rig, bus
    process.kill()
    process.wait()


def test_the_judge_is_a_stream_and_a_reset_by_seed_is_the_one_of_a_world_in_process(physics):
    rig, bus = physics
    judged, objects = (bus.subscriber(rig.stream(n)) for n in ("world/task", "world/objects"))
    health, orders = bus.inbox("health"), bus.outbox("sim/control")
    newest: dict[str, object] = {}

    def take() -> None:
        for name, port in (("task", judged), ("objects", objects)):
            sample = port.newest()
            if sample is not None:
                newest[name] = sample.data.copy()
        for message in health.drain():
            newest.update(outcome=message.get("outcome"), resets=message.get("resets"))

    def said(**wanted: object) -> bool:
        take()
        return "task" in newest and all(newest.get(key) == v for key, v in wanted.items())

    wait_until(lambda: said(outcome="running"), 20.0, "the judge's first word")
    fields = dict(zip(TASK_FIELDS, newest["task"], strict=True))
    assert OUTCOMES[int(fields["outcome"])] == "running"
    assert (fields["low"], fields["high"]) == (3.8, 6.6)

    orders.send(ResetWorld(seed=5).model_dump())
    wait_until(lambda: said(resets=1), 10.0, "the reset")
    twin = World(rig)
    twin.reset(5)
    wanted = twin.object_poses()[0, :2]
    wait_until(
        lambda: said() and abs(newest["objects"][0, :2] - wanted).max() < 5e-4, 5.0, "the start"
    )
