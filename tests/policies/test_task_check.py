"""Demonstrations succeed; replayed joints press too weakly; replayed with forces they do not."""

from __future__ import annotations

import pytest

from devices.rig import load_rig
from devices.sim.task_world import TaskWorld
from policies.task_check import ARMS, check_task, record_track, replay, with_forces
from policies.task_plan import HandPoser
from policies.tasks import find_task, simulated_tasks


def test_measured_joints_press_too_weakly_and_forces_make_up_for_it():
    task = find_task("press-the-plunger")
    with TaskWorld(task.rig(load_rig("sim-xhand"))) as world:
        poser = HandPoser(world.hand)
        track, state = record_track(task, world, 1000, poser)
        assert state.outcome == "success"
        assert track.joints.shape == (len(track.time_s), world.hand.spec.size)
        assert 4.0 < track.normal_n.max() < 6.5
        weak = replay(world, 1000, track.joints)
        assert weak.outcome != "success"
        assert 0.0 < weak.value < 4.0
        assert replay(world, 1000, with_forces(track, world, poser)).outcome == "success"


@pytest.mark.slow
@pytest.mark.parametrize("task", simulated_tasks(), ids=lambda task: task.name)
def test_every_task_is_worth_what_the_documentation_says(task):
    results = check_task(task, load_rig("sim-xhand"), range(1000, 1010))
    rates = {arm: results[arm].successes / results[arm].trials for arm in ARMS}
    assert rates["demonstration"] >= 0.9
    assert rates["force"] >= 0.8
    if task.group == "force-gated":
        assert rates["position"] <= 0.2
    else:
        assert rates["position"] >= 0.8
