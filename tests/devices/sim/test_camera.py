"""Simulated cameras and fingertips on the bus: from poses to published pictures."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from support.waiting import wait_until

from devices.bus import Bus
from devices.camera import CameraSite
from devices.capture_process import build_cameras
from devices.clock import now_ns
from devices.rig import MAX_PULLS, PULL_FIELDS, load_rig
from devices.sim.camera import SimCamera
from devices.sim.scene import build_scene
from devices.sim.touch_camera import TouchCamera, gel_of
from devices.wire import pad_contact_spec, scene_spec


class World:
    """Stands in for the physics process: publishes poses, contacts and pulls."""

    def __init__(self, rig, bus: Bus) -> None:
        self.rig = rig
        self.model, self.map = build_scene(rig)
        self.data = mujoco.MjData(self.model)
        for hand, config in zip(self.map.hands, rig.hands, strict=True):
            self.data.qpos[hand.qpos] = config.spec.home
        self.poses = bus.publisher(scene_spec(rig, self.model.nq))
        self.contacts = bus.publisher(pad_contact_spec(rig))
        self.pulls = bus.publisher(rig.stream("operator/pulls"))
        self.orders = bus.outbox("sim/control")
        self.at_ns = 0

    def step(self) -> None:
        self.at_ns += 33_333_333
        self.poses.send(self.data.qpos, now_ns(), self.at_ns)

    def pull(self) -> None:
        pulls = np.zeros((MAX_PULLS, PULL_FIELDS))
        links = [link.name for link in self.rig.hands[0].spec.model.links]
        pulls[0, :4] = (1, 0, 0, len(links) - 1)
        self.pulls.send(pulls)


@pytest.fixture
def studio(namespace, session_file):
    """Build the world of a rig and its open cameras, by name."""
    opened = []

    def build(rig):
        bus = Bus(namespace)
        world = World(rig, bus)
        cameras = {c.name: c for c in build_cameras(session_file(rig), bus)}
        for camera in cameras.values():
            camera.open()
            opened.append(camera)
        return world, cameras

    yield build
    for camera in opened:
        camera.close()
    for camera in opened:
        camera.site.close()


def shoot(camera):
    """Read one frame; returns the reading and the pictures by quantity."""
    buffers = {s.name: np.zeros(s.shape, s.dtype) for s in camera.streams()}
    reading = wait_until(lambda: camera.read_into(buffers), 5.0, "a picture")
    return reading, {name.split("/")[1]: data for name, data in buffers.items()}


@pytest.fixture
def xhand():
    return load_rig("sim-xhand")


def with_truth(rig):
    front = rig.cameras[0].model_copy(update={"truth": True})
    return rig.model_copy(update={"cameras": (front, *rig.cameras[1:])})


def test_a_picture_carries_the_simulation_time_of_its_poses(studio, xhand):
    world, cameras = studio(xhand)
    world.step()
    before_ns = now_ns()
    reading, picture = shoot(cameras["front"])
    assert reading.device_stamp_ns == world.at_ns
    assert before_ns <= reading.stamp_ns <= now_ns()
    assert picture["rgb"].std() > 15
    assert 0.3e4 < np.median(picture["depth"][picture["depth"] > 0]) < 2e4


def test_there_is_no_picture_without_new_poses(studio, xhand):
    world, cameras = studio(xhand)
    camera = cameras["front"]
    buffers = {s.name: np.zeros(s.shape, s.dtype) for s in camera.streams()}
    assert camera.read_into(buffers) is None
    world.step()
    shoot(camera)
    assert camera.read_into(buffers) is None


def test_every_camera_sees_each_pose_though_they_share_one_feed(studio, xhand):
    world, cameras = studio(xhand)
    for _ in range(3):
        world.step()
        stamps = {shoot(camera)[0].device_stamp_ns for camera in cameras.values()}
        assert stamps == {world.at_ns}


def test_the_picture_follows_the_poses(studio, xhand):
    world, cameras = studio(xhand)
    world.step()
    before = shoot(cameras["front"])[1]["rgb"]
    world.data.qpos[world.map.hands[0].qpos[0]] += 0.1
    world.step()
    after = shoot(cameras["front"])[1]["rgb"]
    assert (np.abs(before.astype(int) - after).max(axis=2) > 20).sum() > 300


def test_truth_streams_show_the_frame_without_the_operator_and_its_mask(studio, xhand):
    world, cameras = studio(with_truth(xhand))
    world.pull()
    world.step()
    _, picture = shoot(cameras["front"])
    mask = picture["operator_mask"] > 0
    assert mask.sum() > 500
    assert np.array_equal(picture["rgb"][~mask], picture["rgb_without_operator"][~mask])
    changed = (picture["rgb"] != picture["rgb_without_operator"]).any(axis=2)
    assert changed[mask].mean() > 0.95


def test_without_an_operator_the_mask_is_empty_and_the_frames_are_equal(studio, xhand):
    world, cameras = studio(with_truth(xhand))
    world.step()
    _, picture = shoot(cameras["front"])
    assert not picture["operator_mask"].any()
    assert np.array_equal(picture["rgb"], picture["rgb_without_operator"])


def test_the_operator_can_be_switched_off_and_on(studio, xhand):
    world, cameras = studio(xhand)
    pictures = []
    for visible in (True, False, True):
        world.orders.send({"type": "show_operator", "visible": visible})
        world.pull()
        world.step()
        pictures.append(shoot(cameras["front"])[1]["rgb"])
    assert (pictures[0] != pictures[1]).any(axis=2).sum() > 500
    assert np.array_equal(pictures[0], pictures[2])


def test_a_fingertip_shows_its_reference_until_something_presses(studio):
    rig = load_rig("sim-leap")
    world, cameras = studio(rig)
    pads = rig.hands[0].spec.pads
    tip = cameras[f"right_{pads[1].finger}_gel"]
    assert isinstance(tip, TouchCamera)
    reference = gel_of(rig.tactile[0], pads[1]).reference
    world.step()
    assert np.array_equal(shoot(tip)[1]["visuotactile"], reference)
    contacts = np.zeros(world.contacts.spec.shape)
    contacts[0, 1] = (0.3, 0.0, 1.5, 0.0, 0.0)
    world.contacts.send(contacts)
    world.step()
    pressed = shoot(tip)[1]["visuotactile"].astype(int)
    assert np.abs(pressed - reference).sum(axis=2).max() > 60
    neighbour = cameras[f"right_{pads[2].finger}_gel"]
    calm = gel_of(rig.tactile[0], pads[2]).reference
    assert np.array_equal(shoot(neighbour)[1]["visuotactile"], calm)


def test_simulated_cameras_share_one_thread_and_one_site(studio):
    _, cameras = studio(load_rig("sim-leap"))
    assert len(cameras) == 6
    assert len({id(camera.site) for camera in cameras.values()}) == 1
    assert {camera.thread_group for camera in cameras.values()} == {SimCamera.thread_group}
    assert isinstance(cameras["front"].site, CameraSite)
