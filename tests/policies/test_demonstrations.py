"""A demonstration of the hidden peg succeeds only with the finger that feels it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.rig import load_rig
from devices.sim.task_world import TaskWorld
from policies import demonstrations
from policies.demonstrator import TaskDemonstrator, demonstrate
from policies.task_plan import HandPoser
from policies.tasks import find_task


@pytest.fixture(scope="module")
def peg():
    task = find_task("insert-the-peg")
    world = TaskWorld(task.rig(load_rig("sim-xhand")))
    return task, world, HandPoser(world.hand)


@pytest.mark.parametrize("seed", [0, 1])
def test_pressing_with_another_finger_than_the_one_that_feels_the_peg_fails(peg, monkeypatch, seed):
    task, world, poser = peg
    knowing = demonstrations.insert
    monkeypatch.setitem(
        demonstrations.DEMONSTRATIONS,
        "insert",
        lambda case: knowing(replace(case, raised=(case.raised + 1) % 3)),
    )
    world.reset(seed)
    demonstrate(task, world, seed, poser)
    assert world.end().reason == "wrong place"


def test_a_demonstration_is_the_same_for_a_seed_and_another_for_another(peg):
    task, world, poser = peg
    world.reset(0)
    plans = [TaskDemonstrator(task, world, seed, poser).plan for seed in (3, 3, 4)]
    assert (plans[0].joints == plans[1].joints).all()
    assert not (plans[0].joints == plans[2].joints).all()
    assert plans[0].at(-1.0)[0] == pytest.approx(plans[0].joints[0])
    assert plans[0].at(1e9)[0] == pytest.approx(plans[0].joints[-1])
