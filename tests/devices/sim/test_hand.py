"""The simulated hand at the end of its wire: driver and physics as two processes."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from support.waiting import wait_until

from devices.bus import Bus
from devices.hand_driver import DeviceError, HandDriver
from devices.messages import ResetWorld
from devices.process import pid_alive
from devices.rig import MAX_PULLS, PULL_FIELDS, load_rig
from devices.session_file import SessionFile
from devices.sim import hand as sim_hand
from devices.sim.hand import SimHand
from devices.wire import HandMode, pad_contact_spec, scene_spec


class Physics:
    """A running physics process and a driver for its first hand."""

    def __init__(self, session):
        self.session = session
        path = session.runtime_dir / "session.json"
        command = [sys.executable, "-m", "devices.sim.world_process", "--session", str(path)]
        self.process = subprocess.Popen(command)
        self.bus = Bus(session.namespace)
        self.hand = SimHand(session.rig.hands[0], self.bus, session)
        self.feedback = None

    def newest(self):
        self.feedback = self.hand.read() or self.feedback
        return self.feedback

    def drive(self, goal, until, what, timeout_s=8.0):
        """Write ``goal`` as a supervisor does until ``until(feedback)``."""

        def once():
            self.hand.write(goal)
            feedback = self.newest()
            return feedback is not None and until(feedback)

        wait_until(once, timeout_s, what)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def start_physics(session_file):
    """Start the physics of a rig of its own; ended with the test."""
    started = []

    def start(rig="sim-xhand", **fields):
        running = Physics(session_file(rig, **fields))
        started.append(running)
        return running

    yield start
    for running in started:
        running.end()


@pytest.fixture(scope="module")
def shared_physics(tmp_path_factory):
    """One running ``sim-xhand`` for the tests that leave it alive."""
    folder = tmp_path_factory.mktemp("physics")
    session = SessionFile(
        namespace=f"test-{os.getpid()}-physics",
        rig=load_rig("sim-xhand"),
        dataset_dir=folder / "dataset",
        runtime_dir=folder / "runtime",
        parent_pid=os.getpid(),
    )
    session.write()
    running = Physics(session)
    yield running
    running.end()


@pytest.fixture
def physics(shared_physics):
    """The shared physics with a fresh driver, its hand back at the start."""
    session, bus = shared_physics.session, shared_physics.bus
    hand = SimHand(session.rig.hands[0], bus, session)
    hand.open()
    hand.set_mode(HandMode.HOLD)
    orders = bus.outbox("sim/control")
    shared_physics.hand = hand
    orders.send({"type": "reset_world"})
    home = hand.spec.home
    shared_physics.drive(
        home,
        lambda f: f.fault == "" and np.abs(f.position - home).max() < 0.01,
        "hand at its start",
    )
    yield shared_physics
    shared_physics.hand.close()


def test_driver_opens_follows_goals_and_reports_honest_clocks(physics):
    world = physics
    hand = world.hand
    assert isinstance(hand, HandDriver)
    hand.set_mode(HandMode.POSITION)
    goal = hand.spec.home.copy()
    goal[hand.spec.names.index("right_index_joint1")] += 0.5
    world.drive(goal, lambda f: np.abs(f.position - goal).max() < 0.01, "hand at its goal")
    first = world.feedback
    assert first.fault == ""
    assert first.detail == "follows its goals"
    assert 20 < first.temperature_c < 60
    world.drive(goal, lambda f: f.stamp_ns - first.stamp_ns > 1_000_000_000, "one second")
    wall = world.feedback.stamp_ns - first.stamp_ns
    simulated = world.feedback.device_stamp_ns - first.device_stamp_ns
    assert simulated / wall == pytest.approx(1.0, abs=0.4)
    assert world.feedback.real_time_factor == pytest.approx(1.0, abs=0.4)


def test_hand_stops_by_itself_when_its_driver_dies_and_moves_again_only_after_a_clear(physics):
    world = physics
    hand = world.hand
    hand.set_mode(HandMode.POSITION)
    goal = hand.spec.home.copy()
    index = hand.spec.names.index("right_index_joint1")
    goal[index] = 1.6
    world.drive(goal, lambda f: f.velocity[index] > 0.5, "finger moving")
    silent_since = time.monotonic_ns()
    wait_until(lambda: world.newest().fault == "watchdog", 5.0, "watchdog")
    assert world.feedback.stamp_ns - silent_since > 80_000_000
    wait_until(lambda: np.abs(world.newest().velocity).max() < 0.02, 5.0, "hand at rest")
    held = world.feedback.position.copy()
    since = time.monotonic_ns()
    world.drive(goal, lambda f: f.stamp_ns - since > 300_000_000, "refused goals")
    assert np.abs(world.feedback.position - held).max() < 0.02
    assert world.feedback.fault == "watchdog"
    hand.set_mode(HandMode.HOLD)
    world.drive(held, lambda f: f.fault == "", "watchdog cleared")


def test_physics_lives_on_without_a_driver_and_serves_the_next_one(physics):
    world = physics
    world.hand.set_mode(HandMode.POSITION)
    world.hand.close()
    world.hand.close()
    assert world.process.poll() is None
    again = SimHand(world.session.rig.hands[0], world.bus, world.session)
    again.open()
    assert wait_until(again.read, 3.0, "feedback for the second driver").position.shape == (18,)
    again.close()


def test_a_second_driver_is_refused(physics):
    world = physics
    second = SimHand(world.session.rig.hands[0], world.bus, world.session)
    with pytest.raises(DeviceError, match="right hand 'xhand': its simulated wire is in use"):
        second.open()
    with pytest.raises(DeviceError, match="not open"):
        second.write(np.zeros(18))


def test_without_physics_the_driver_says_so(session_file, monkeypatch):
    monkeypatch.setattr(sim_hand, "ANSWER_S", 0.2)
    session = session_file()
    hand = SimHand(session.rig.hands[0], Bus(session.namespace), session)
    with pytest.raises(DeviceError, match=r"no feedback from the physics for 0\.2 s; start it"):
        hand.open()
    assert hand.read() is None


@pytest.mark.parametrize("name", ["sim-leap", "sim-allegro", "sim-bimanual"])
def test_every_stream_of_the_world_is_published_with_its_shape(start_physics, name):
    world = start_physics(name)
    rig = world.session.rig
    names = ["world/objects"]
    for touch in rig.tactile:
        names.append(f"{touch.side}/fingertip_force")
        if touch.kind == "taxels":
            names.append(f"{touch.side}/taxels")
        elif touch.kind == "pressure":
            names.append(f"{touch.side}/fingertip_pressure")
    size = {"sim-leap": 58, "sim-allegro": 58, "sim-bimanual": 72}[name]
    specs = [rig.stream(n) for n in names] + [scene_spec(rig, size), pad_contact_spec(rig)]
    subscribers = [world.bus.subscriber(spec) for spec in specs]
    for subscriber in subscribers:
        sample = wait_until(subscriber.newest, 8.0, subscriber.spec.name)
        assert sample.data.shape == subscriber.spec.shape
        assert np.isfinite(sample.data).all()
        assert sample.device_stamp_ns is not None
    hands = [SimHand(hand, world.bus, world.session) for hand in rig.hands]
    for hand in hands:
        hand.open()


def test_pulls_move_a_compliant_finger_and_are_let_go_when_the_operator_falls_silent(physics):
    world = physics
    hand = world.hand
    hand.set_mode(HandMode.COMPLIANT)
    links = [link.name for link in hand.spec.model.links]
    pulls = world.bus.publisher(world.session.rig.stream("operator/pulls"))
    rows = np.zeros((MAX_PULLS, PULL_FIELDS))
    rows[0] = [1, 0, 0, links.index("index_distal"), 0, 0, 0.03, 0, 0.1, 0.0, 0, 0]
    index = hand.spec.names.index("right_index_joint1")

    def pull():
        pulls.send(rows)
        hand.write(hand.spec.home)
        feedback = world.newest()
        return feedback is not None and feedback.position[index] > 1.0

    wait_until(pull, 8.0, "finger pulled in")
    drag = world.feedback.effort
    assert np.abs(drag[6:]).max() < 0.05  # nothing but the person moves the fingers

    since = time.monotonic_ns()
    world.drive(hand.spec.home, lambda f: f.stamp_ns - since > 900_000_000, "pull let go")
    rest = world.feedback.position.copy()
    since = time.monotonic_ns()
    world.drive(hand.spec.home, lambda f: f.stamp_ns - since > 300_000_000, "rest")
    assert np.abs(world.feedback.position - rest).max() < 0.02


def test_the_world_is_reset_on_order_but_not_under_a_working_hand(physics):
    world = physics
    hand = world.hand
    hand.set_mode(HandMode.POSITION)
    goal = hand.spec.home.copy()
    goal[0] = 0.05
    world.drive(goal, lambda f: abs(f.position[0] - 0.05) < 0.005, "hand moved")
    orders, health = world.bus.outbox("sim/control"), world.bus.inbox("health")
    refused = []

    def ask():
        orders.send(ResetWorld(seed=3).model_dump())
        hand.write(goal)
        refused.extend(m["message"] for m in health.drain() if m.get("message"))
        return refused

    assert "hand is in use" in wait_until(ask, 5.0, "refusal")[0]
    assert abs(world.newest().position[0] - 0.05) < 0.005
    hand.set_mode(HandMode.HOLD)

    def reset():
        orders.send({"type": "reset_world", "seed": 3})
        hand.write(goal)
        return abs(world.newest().position[0]) < 0.001

    wait_until(reset, 5.0, "hand back at its start")


def test_a_misspelt_order_does_not_stop_the_physics(physics):
    world = physics
    orders = world.bus.outbox("sim/control")
    orders.send({"type": "reset_wrld"})
    orders.send({"no": "type"})
    stamp = world.newest().stamp_ns
    wait_until(lambda: world.newest().stamp_ns > stamp + 100_000_000, 5.0, "physics goes on")


def test_sigterm_ends_the_physics_at_once(start_physics):
    world = start_physics()
    world.hand.open()
    world.process.send_signal(signal.SIGTERM)
    wait_until(lambda: world.process.poll() is not None, 2.0, "end of the physics")
    assert world.process.returncode == 0


def test_physics_leaves_when_the_owner_of_the_session_dies(start_physics):
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        world = start_physics(parent_pid=owner.pid)
        world.hand.open()
        owner.kill()
        owner.wait()
        wait_until(lambda: world.process.poll() is not None, 3.0, "end of the physics")
        assert not pid_alive(world.process.pid)
        assert os.getpid() != owner.pid
    finally:
        owner.kill()
        owner.wait()
