"""The task objects push back, hold and turn as their constants say."""

from __future__ import annotations

import numpy as np
import pytest

from devices.rig import load_rig
from devices.sim.task_objects import CAP_TORQUE_NM, PEG_DAMPING_N_S_M, PLUNGER_N_M, TUBE_N_M
from devices.sim.world import World
from policies.tasks import find_task, simulated_tasks

SUITE = [task.name for task in simulated_tasks()]


def world_of(task: str) -> World:
    return World(find_task(task).rig(load_rig("sim-xhand")))


def push(world: World, body: str, wrench: tuple[float, ...], seconds: float) -> float:
    """Apply a world wrench to a body for a while; returns where its joint then is."""
    index = world.model.body(body).id
    for _ in range(round(seconds / 0.002)):
        world.data.xfrc_applied[index] = wrench
        world.step(0)
    return float(world.data.qpos[world.model.joint(body).qposadr[0]])


@pytest.mark.parametrize("task", SUITE)
def test_every_task_starts_at_rest_with_no_hand_on_anything(task):
    world = world_of(task)
    world.reset(3)
    before = world.object_poses()[:, :3].copy()
    for _ in range(200):
        world.step(0)
    assert np.abs(world.object_poses()[:, :3] - before).max() < 0.002
    hands = [body for hand in world.scene.hands for body in hand.links]
    touching = world.model.geom_bodyid[world.data.contact.geom[: world.data.ncon]]
    assert not np.isin(touching, hands).any()


def test_the_plunger_gives_way_by_its_spring():
    where = push(world_of("press-the-plunger"), "plunger_button", (0, 0, -5.0, 0, 0, 0), 0.6)
    assert -where * PLUNGER_N_M == pytest.approx(5.2, abs=0.1)  # 0.2 N are its own weight


def test_the_tube_gives_way_by_its_spring():
    where = push(world_of("squeeze-the-tube"), "tube_near", (0, 4.5, 0, 0, 0, 0), 0.5)
    assert where * TUBE_N_M == pytest.approx(4.5, abs=0.15)


def test_the_cap_stays_below_its_friction_and_turns_above():
    stays = push(world_of("turn-the-cap"), "jar_cap", (0, 0, 0, 0, 0, 0.8 * CAP_TORQUE_NM), 0.5)
    turns = push(world_of("turn-the-cap"), "jar_cap", (0, 0, 0, 0, 0, 1.3 * CAP_TORQUE_NM), 0.5)
    assert abs(stays) < 0.02
    assert turns > 0.3


def test_a_peg_sinks_as_slowly_as_its_fit_is_tight_and_stays_where_it_was_left():
    world = world_of("insert-the-peg")
    sunk = push(world, "peg_board_peg1", (0, 0, -2.0, 0, 0, 0), 0.5)
    assert -sunk == pytest.approx(2.0 / PEG_DAMPING_N_S_M * 0.5, rel=0.1)
    assert push(world, "peg_board_peg1", (0,) * 6, 0.5) == pytest.approx(sunk, abs=2e-4)
