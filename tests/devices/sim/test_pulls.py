"""Pulls: gentle, bounded, and never the cause of an explosion."""

import numpy as np
import pytest

from devices.kinematics import HandKinematics
from devices.rig import MAX_PULLS, PULL_FIELDS, load_rig
from devices.sim.pulls import FINGER_FORCE_MAX_N, PALM_FORCE_MAX_N
from devices.sim.world import World
from devices.wire import HandMode

PALM = -1


def compliant_world(name="sim-xhand"):
    world = World(load_rig(name))
    order(world, HandMode.COMPLIANT)
    return world


def order(world, mode, goal=None, at_ns=0, clear=0.0, hand=0):
    spec = world.rig.hands[hand].spec
    fields = np.concatenate([[float(mode), clear], spec.home if goal is None else goal])
    world.firmware[hand].receive(fields, at_ns, world.position(hand))


def rows(*pulls):
    table = np.zeros((MAX_PULLS, PULL_FIELDS))
    for slot, (link, local, target) in enumerate(pulls):
        table[slot] = [1, 0, 0, link, *local, *target, 0, 0]
    return table


def place(world, link, local=(0.0, 0.0, 0.0)):
    body = world.scene.hands[0].links[link]
    return world.data.xpos[body] + world.data.xmat[body].reshape(3, 3) @ np.array(local)


def run(world, seconds):
    for _ in range(int(seconds / world.model.opt.timestep)):
        world.step(0)


def link_index(world, name):
    return [link.name for link in world.rig.hands[0].spec.model.links].index(name)


def reachable(world, link, local, **joints_rad):
    """World position of a link's point with some joints elsewhere."""
    config = world.rig.hands[0]
    q = world.position(0).copy()
    for name, value in joints_rad.items():
        q[config.spec.names.index(name)] = value
    solver = HandKinematics(config.spec, config.base_pos_m, config.base_rpy_rad)
    pose = solver.link_poses(q)[link]
    return pose[:3, :3] @ local + pose[:3, 3]


def test_a_pulled_compliant_finger_follows_and_stays_where_it_is_released():
    world = compliant_world()
    spec = world.rig.hands[0].spec
    link, local = link_index(world, "index_distal"), (0.0, 0.0, 0.03)
    start = world.position(0).copy()
    target = reachable(world, link, local, right_index_joint1=0.9, right_index_joint2=0.7)
    assert np.linalg.norm(place(world, link, local) - target) > 0.03
    world.set_pulls(rows((link, local, target)))
    run(world, 1.0)
    assert np.linalg.norm(place(world, link, local) - target) < 0.003
    moved = [n for n, d in zip(spec.names, world.position(0) - start, strict=True) if abs(d) > 0.05]
    assert moved
    assert all("index" in name for name in moved)
    world.set_pulls(None)
    released = world.position(0).copy()
    run(world, 1.0)
    assert np.abs(world.position(0) - released).max() < 0.03


def test_a_pull_does_not_swing_past_its_target():
    world = compliant_world()
    link, local = link_index(world, "index_distal"), (0.0, 0.0, 0.03)
    start = place(world, link, local)
    target = reachable(world, link, local, right_index_joint1=0.35, right_index_joint2=0.4)
    along = (target - start) / np.linalg.norm(target - start)
    world.set_pulls(rows((link, local, target)))
    past = []
    for _ in range(400):
        world.step(0)
        past.append((place(world, link, local) - target) @ along)
    assert max(past) < 0.1 * np.linalg.norm(target - start)
    assert abs(past[-1]) < 0.001


def test_one_pull_on_the_palm_carries_the_hand_without_turning_it():
    world = compliant_world()
    start = world.position(0).copy()
    local = (0.02, 0.0, 0.06)
    target = place(world, PALM, local) + [0.06, -0.03, 0.05]
    world.set_pulls(rows((PALM, local, target)))
    run(world, 1.5)
    shift = world.position(0) - start
    assert shift[:3] == pytest.approx([0.06, -0.03, 0.05], abs=0.01)
    assert np.abs(shift[3:6]).max() < 0.1
    world.set_pulls(None)
    released = world.position(0).copy()
    run(world, 1.0)
    assert np.abs(world.position(0)[:6] - released[:6]).max() < 0.02


def test_a_second_pull_on_the_palm_turns_it():
    world = compliant_world()
    left, right = (-0.04, 0.0, 0.06), (0.04, 0.0, 0.06)
    up, down = place(world, PALM, left) + [0, 0, 0.03], place(world, PALM, right) - [0, 0, 0.03]
    world.set_pulls(rows((PALM, left, up), (PALM, right, down)))
    run(world, 1.5)
    assert np.abs(world.position(0)[3:6]).max() > 0.3


def test_pulls_on_a_finger_leave_the_wrist_where_it_is():
    world = compliant_world()
    start = world.position(0)[:6].copy()
    link = link_index(world, "middle_distal")
    world.set_pulls(rows((link, (0, 0, 0.03), place(world, link) + [0, -0.3, 0.3])))
    run(world, 1.0)
    assert np.abs(world.position(0)[:6] - start).max() < 0.08


@pytest.mark.parametrize("name", ["sim-xhand", "sim-leap", "sim-allegro"])
def test_forces_are_bounded_and_wild_pulls_never_explode(name):
    world = compliant_world(name)
    rng = np.random.default_rng(4)
    count = len(world.scene.hands[0].links) - 1
    for _ in range(12):
        links = rng.integers(-1, count, 3)
        world.set_pulls(
            rows(*((link, rng.normal(0, 0.02, 3), rng.normal(0, 0.4, 3)) for link in links))
        )
        for _ in range(60):
            world.step(0)
            applied = np.linalg.norm(world.data.xfrc_applied[:, :3], axis=1)
            assert applied.max() <= 3 * PALM_FORCE_MAX_N + 1e-9
            palm = world.scene.hands[0].links[-1]
            assert np.delete(applied, palm).max() <= 3 * FINGER_FORCE_MAX_N + 1e-9
    world.set_pulls(None)
    run(world, 0.5)
    assert world.diverged == 0
    assert np.abs(world.velocity(0)).max() < 1.0
    assert np.abs(world.data.xfrc_applied).max() == 0


def test_senseless_rows_are_ignored():
    world = compliant_world()
    table = rows(
        (0, (0, 0, 0), (np.nan, 0, 0)), (99, (0, 0, 0), (0, 0, 1)), (-7, (0, 0, 0), (0, 0, 1))
    )
    table[3] = [1, 0, 5, 0, 0, 0, 0, 0, 0, 1, 0, 0]  # a hand that does not exist
    world.set_pulls(table)
    run(world, 0.02)
    assert np.abs(world.data.xfrc_applied).max() == 0
    assert world.diverged == 0
    world.set_pulls(np.zeros((2, 3)))
    run(world, 0.02)
    assert np.abs(world.data.xfrc_applied).max() == 0


@pytest.mark.parametrize("name", ["sim-xhand", "sim-leap", "sim-allegro"])
def test_the_ball_can_be_grasped_and_lifted_by_pulling_alone(name):
    world = compliant_world(name)
    spec = world.rig.hands[0].spec
    fingers = ("thumb", "index", "middle")
    names = [link.name for link in spec.model.links]
    grips = [(PALM, (0.0, 0.0, 0.06))]
    for finger in fingers:
        link = next(x for x in spec.model.links if x.finger == finger and x.tip_m is not None)
        grips.append((names.index(link.name), link.tip_m))
    ball = world.data.xpos[world.scene.objects["ball"]].copy()
    palm = place(world, *grips[0])
    below = np.array([0.0, 0.0, -0.08])  # from the start pose down to the ball

    def around(gap_m, lift):
        offsets = [[0.004, gap_m, -0.012], [0.013, -gap_m, -0.012], [-0.013, -gap_m, -0.012]]
        return [palm + lift, *(ball + np.array(offset) + lift - below for offset in offsets)]

    reached = [place(world, *grip) for grip in grips]
    for seconds, gap_m, lift in (
        (0.8, 0.05, np.zeros(3)),
        (1.0, 0.05, below),
        (0.8, 0.022, below),
        (1.5, 0.022, below + [0.0, 0.0, 0.10]),
    ):
        goals, count = around(gap_m, lift), int(seconds * 50)
        for step in range(count):
            s = (step + 1) / count
            targets = [
                a + (b - a) * (3 * s**2 - 2 * s**3) for a, b in zip(reached, goals, strict=True)
            ]
            world.set_pulls(
                rows(*((*grip, target) for grip, target in zip(grips, targets, strict=True)))
            )
            run(world, 0.02)
        reached = goals
    assert world.data.xpos[world.scene.objects["ball"]][2] > 0.10
