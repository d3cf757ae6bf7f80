"""The physics world without a process around it: firmware, servo, reset, grasp."""

import logging

import numpy as np
import pytest

from devices.kinematics import HandKinematics
from devices.rig import load_rig
from devices.sim.touch import resultants
from devices.sim.world import World
from devices.wire import Firmware, HandMode

STEP_NS = 2_000_000


class Driven:
    """A world and the far end of its wire, in simulated host time."""

    def __init__(self, name="sim-xhand"):
        self.world = World(load_rig(name))
        self.spec = self.world.rig.hands[0].spec
        self.at_ns = 1_000_000_000

    def send(self, mode, goal=None, clear=False):
        goal = self.world.position(0) if goal is None else goal
        fields = np.concatenate([[float(mode), float(clear)], goal])
        self.world.firmware[0].receive(fields, self.at_ns, self.world.position(0))

    def run(self, seconds, mode=None, goal=None):
        start = self.world.position(0).copy()
        count = int(seconds * 1e9 / STEP_NS)
        for step in range(count):
            if mode is not None:
                s = min(1.0, 1.2 * (step + 1) / count)
                ramp = None if goal is None else start + (goal - start) * (3 * s**2 - 2 * s**3)
                self.send(mode, ramp)
            self.at_ns += STEP_NS
            self.world.step(self.at_ns)
        return self.world.position(0).copy()

    def pose(self, **values):
        q = self.spec.home.copy()
        for name, value in values.items():
            q[self.spec.names.index(f"right_{name}")] = value
        return q


def test_position_mode_follows_its_goal():
    hand = Driven()
    goal = hand.pose(wrist_z=0.05, wrist_roll=-0.2, index_joint1=1.2, thumb_joint0=0.4)
    reached = hand.run(1.5, HandMode.POSITION, goal)
    assert np.abs(reached - goal).max() < 0.01


def test_goals_beyond_the_limits_are_cut_to_them_and_senseless_ones_refused():
    hand = Driven()
    hand.run(0.8, HandMode.POSITION, hand.pose(index_joint1=9.0))
    index = hand.spec.names.index("right_index_joint1")
    drive = hand.world.firmware[0].drive(hand.at_ns, hand.world.position(0), 0)
    assert drive.goal[index] == hand.spec.upper[index]
    assert hand.world.position(0)[index] == pytest.approx(hand.spec.upper[index], abs=0.02)
    before = hand.world.position(0).copy()
    hand.run(0.2, HandMode.POSITION, np.full(hand.spec.size, np.nan))
    assert np.abs(hand.world.position(0) - before).max() < 0.02
    hand.send(7.0)
    assert hand.world.firmware[0].mode is HandMode.POSITION


def test_silence_of_the_driver_freezes_the_hand_where_it_is_until_it_is_cleared():
    hand = Driven()
    goal = hand.pose(index_joint1=1.5, middle_joint0=1.5)
    for _ in range(60):  # on the way, moving
        hand.send(HandMode.POSITION, goal)
        hand.at_ns += STEP_NS
        hand.world.step(hand.at_ns)
    hand.run(0.098)
    assert hand.world.firmware[0].state is Firmware.READY
    hand.run(0.006)
    assert hand.world.firmware[0].state is Firmware.WATCHDOG
    held = hand.run(0.3)
    hand.run(0.3, HandMode.POSITION, hand.pose())
    assert np.abs(hand.world.position(0) - held).max() < 0.01
    assert hand.world.firmware[0].mode is HandMode.HOLD
    hand.send(HandMode.POSITION, hand.world.position(0), clear=True)
    assert hand.world.firmware[0].state is Firmware.READY
    reached = hand.run(1.0, HandMode.POSITION, hand.pose())
    assert np.abs(reached - hand.pose()).max() < 0.01


def test_no_driver_at_all_is_no_fault():
    hand = Driven()
    hand.run(0.5)
    assert hand.world.firmware[0].state is Firmware.READY


@pytest.mark.parametrize("name", ["sim-xhand", "sim-leap", "sim-allegro"])
def test_a_compliant_hand_does_not_sag(name):
    hand = Driven(name)
    before = hand.world.position(0).copy()
    after = hand.run(1.0, HandMode.COMPLIANT)
    assert np.abs(after - before).max() < 0.005


def test_a_reset_puts_everything_back_but_never_under_a_working_hand():
    hand = Driven()
    start = hand.world.object_poses().copy()
    hand.run(0.6, HandMode.POSITION, hand.pose(wrist_x=0.1))
    assert "in use" in hand.world.reset()
    assert hand.world.position(0)[0] == pytest.approx(0.1, abs=0.01)
    hand.run(0.1, HandMode.HOLD)
    time_ns = hand.world.time_ns
    assert hand.world.reset() == ""
    assert hand.world.position(0) == pytest.approx(hand.spec.home)
    assert hand.world.object_poses() == pytest.approx(start, abs=1e-3)
    assert hand.world.time_ns == time_ns
    hand.run(0.2, HandMode.HOLD)
    assert hand.world.position(0) == pytest.approx(hand.spec.home, abs=1e-3)


def test_a_seeded_reset_scatters_the_objects_the_same_way_every_time():
    one, two = World(load_rig("sim-xhand")), World(load_rig("sim-xhand"))
    start = one.object_poses().copy()
    one.reset(5)
    two.reset(5)
    assert one.object_poses() == pytest.approx(two.object_poses())
    shift = np.abs(one.object_poses()[:, :2] - start[:, :2])
    assert 0.001 < shift.max() < 0.02
    two.reset(6)
    assert np.abs(one.object_poses() - two.object_poses()).max() > 0.001


def test_diverged_physics_starts_anew_with_the_hand_in_fault(caplog):
    hand = Driven()
    hand.run(0.1, HandMode.POSITION, hand.pose())
    hand.world.data.qvel[:] = np.nan
    with caplog.at_level(logging.ERROR):
        hand.run(0.01, HandMode.POSITION, hand.pose())
    assert hand.world.diverged == 1
    assert "diverged" in caplog.text
    assert hand.world.firmware[0].state is Firmware.FAULT
    assert np.isfinite(hand.world.data.qpos).all()
    hand.send(HandMode.HOLD, clear=True)
    hand.run(0.2, HandMode.HOLD)
    assert hand.world.firmware[0].state is Firmware.READY
    assert hand.world.diverged == 1


@pytest.mark.parametrize("name", ["sim-xhand", "sim-leap", "sim-allegro"])
def test_a_hand_can_grasp_the_ball_below_it_and_lift_it(name):
    hand = Driven(name)
    config = hand.world.rig.hands[0]
    solver = HandKinematics(hand.spec, config.base_pos_m, config.base_rpy_rad)
    ball = hand.world.scene.objects["ball"]
    fingers = ("thumb", "index", "middle")

    def around_ball(q, gap_m):
        centre = hand.world.data.xpos[ball]
        offsets = [[0.004, gap_m, -0.012], [0.013, -gap_m, -0.012], [-0.013, -gap_m, -0.012]]
        return solver.solve_tips(q, centre + np.array(offsets), fingers, 40)

    bent = hand.spec.home.copy()
    for index, joint in enumerate(hand.spec.joints):
        sideways = joint.name.endswith("joint0") and joint.finger in ("index", "middle", "ring")
        if joint.finger not in ("wrist", "thumb") and (not sideways or name == "sim-xhand"):
            bent[index] = 0.7
    bent[hand.spec.names.index("right_thumb_joint0")] = min(
        1.4, hand.spec.upper[hand.spec.names.index("right_thumb_joint0")]
    )
    if name == "sim-xhand":
        bent[hand.spec.names.index("right_index_joint0")] = 0.0
    bent[2] = -0.08
    open_hand = around_ball(bent, 0.055)
    above = open_hand.copy()
    above[2] = 0.0
    hand.run(0.8, HandMode.POSITION, above)
    hand.run(0.8, HandMode.POSITION, open_hand)
    closed = around_ball(open_hand, 0.018)
    hand.run(0.8, HandMode.POSITION, closed)
    lifted = closed.copy()
    lifted[2] += 0.10
    hand.run(1.5, HandMode.POSITION, lifted)
    assert hand.world.data.xpos[ball][2] > 0.08
    pressed = resultants(hand.world.contacts()[0], len(hand.spec.pads))[:3]
    assert (np.linalg.norm(pressed[:, :3], axis=1) > 0.3).sum() >= 2
