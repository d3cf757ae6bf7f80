"""A task in process: seeded, gated, faster than real time."""

from __future__ import annotations

import numpy as np
import pytest

from devices.rig import RigError, load_rig
from devices.sim.scene_pictures import ScenePictures
from devices.sim.task_world import TaskWorld, resized
from policies.demonstrator import demonstrate
from policies.tasks import find_task


@pytest.fixture(scope="module")
def world():
    return TaskWorld(find_task("insert-the-peg").rig(load_rig("sim-xhand")))


def run(world: TaskWorld, seed: int) -> list[np.ndarray]:
    seen = world.reset(seed)
    found = [seen.joints, seen.taxels]
    target = seen.joints.copy()
    target[:3] += (0.0, 0.02, -0.06)
    target[9:] += 0.5
    for _ in range(20):
        seen = world.step(target, 0.05)
        found += [seen.joints, seen.taxels, seen.force_n, seen.sent]
    return [*found, world.world.object_poses()]


def test_the_same_seed_gives_the_same_take_bit_for_bit(world):
    first, again = run(world, 5), run(world, 5)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    other = run(TaskWorld(world.rig), 5)
    assert all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_seeds_scatter_inside_the_tasks_ranges_and_none_is_the_middle(world):
    task = world.rig.world.task
    world.reset(None)
    middle = world.world.object_poses()[0, :2].copy()
    starts = []
    for seed in range(12):
        world.reset(seed)
        starts.append(world.world.object_poses()[0, :2] - middle)
    spread = np.array(starts)
    assert np.ptp(spread, axis=0).min() > 0.002
    for column, axis in zip(spread.T, ("x_m", "y_m"), strict=True):
        low, high = task.reset[f"peg_board.{axis}"]
        assert column.min() >= low - 1e-4
        assert column.max() <= high + 1e-4


def test_each_peg_has_its_turn_to_stand_out(world):
    raised = set()
    for seed in range(15):
        world.reset(seed)
        joints = world.rig.world.task.one_of.joints
        model, data = world.world.model, world.world.data
        raised.add(int(np.argmax([data.qpos[model.joint(j).qposadr[0]] for j in joints])))
    assert raised == {0, 1, 2}


def test_what_is_not_a_number_moves_nothing(world):
    seen = world.reset(0)
    bad = seen.joints.copy()
    bad[7] = np.nan
    after = world.step(bad, 0.2)
    assert world.rejected == "finite"
    assert np.isfinite(after.sent).all()
    assert np.abs(after.joints - seen.joints).max() < 1e-4


def test_the_gate_limits_velocity_as_it_does_in_the_supervisor(world):
    seen = world.reset(0)
    for _ in range(60):  # until requests are followed in full
        world.step(seen.joints, 0.02)
    far = np.clip(seen.joints + 1.0, world.hand.spec.lower, world.hand.spec.upper)
    sent = [world.step(far, 0.005).sent for _ in range(100)]
    speed = np.abs(np.diff(sent, axis=0)) / 0.005
    assert (speed <= world.hand.spec.velocity_max * (1 + 1e-6)).all()
    assert speed[:, :3].max() == pytest.approx(world.hand.spec.velocity_max[0])
    assert world.gate.clamps


def test_a_silent_source_is_forgotten_and_the_hand_stays(world):
    seen = world.reset(0)
    target = seen.joints.copy()
    target[9:] += 0.4
    world.step(target, 0.3)
    asked = world.step(target, 1.5).joints
    assert np.abs(asked - target).max() > 0.05  # 100 ms after the request the gate brakes
    assert np.abs(world.observe().velocity).max() < 0.01


def test_pictures_have_the_size_asked_for_and_cameras_keep_theirs_without(world):
    rig = find_task("press-the-plunger").rig(load_rig("sim-xhand"))
    with TaskWorld(rig, (96, 96)) as small:
        pictures = small.observe().pictures
    assert {name: picture.shape for name, picture in pictures.items()} == {
        "front": (96, 96, 3),
        "wrist": (96, 96, 3),
    }
    assert resized(rig, (64, 48)).cameras[0].width == 64
    assert TaskWorld(rig).observe().pictures == {}


def test_a_rig_without_a_task_is_refused():
    with pytest.raises(RigError, match="has no task"):
        TaskWorld(load_rig("sim-xhand"))


def test_no_camera_sees_the_pegs_or_the_fingertip_that_feels_one(world):
    task = find_task("insert-the-peg")
    pictures = ScenePictures(world.rig)
    fingers = [pad.finger for pad in world.hand.spec.pads]
    looks, seen = 0, set()

    def look(at: TaskWorld, now_ns: int) -> None:
        nonlocal looks
        felt = at.pad_force_n()[:, 2] > 0.05
        if not felt.any() or now_ns % 100_000_000:
            return
        looks += 1
        hidden = [f"right_{finger}_distal" for finger, on in zip(fingers, felt, strict=True) if on]
        for camera, geoms in pictures.geoms_seen(at.world.data).items():
            seen.update(
                (camera, name) for name in geoms if name.startswith(("peg_board_peg", *hidden))
            )

    world.reset(2)
    world.hook = look
    try:
        demonstrate(task, world, 2)
    finally:
        world.hook = None
        pictures.close()
    assert world.state.outcome == "success"
    assert looks >= 10
    assert not seen
