"""One contract for every hand driver, real protocol and simulated alike."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.emulated_leap import EmulatedLeap
from support.processes import RunningProcesses
from support.waiting import wait_until

from devices.bus import Bus
from devices.clock import now_ns
from devices.hand_driver import DeviceError, HandDriver, HandFeedback
from devices.rig import load_rig
from devices.session_file import SessionFile
from devices.sim.hand import SimHand
from devices.wire import HandMode

STEP_RAD = 0.25
NEAR_RAD = 0.05
WIDE_RAD = 1.0  # a joint of less range spreads fingers, which then touch each other
TICK_S = 0.005


class Bench:
    """One hand on its wire, and a supervisor's habits: a ``write`` in every tick."""

    def __init__(self, make: Callable[[], HandDriver], rate_hz: float) -> None:
        self.make = make
        self.rate_hz = rate_hz
        self.hand = make()
        self.goal: NDArray[np.float64] | None = None
        self._pause = threading.Event()

    def tick(self) -> HandFeedback | None:
        """One control tick: read, write, wait."""
        feedback = self.hand.read()
        if self.goal is None and feedback is not None:
            self.goal = feedback.position
        if self.goal is not None:
            self.hand.write(self.goal)
        self._pause.wait(TICK_S)
        return feedback

    def feedback(self) -> HandFeedback:
        """The next feedback."""
        return wait_until(self.tick, 5.0, "feedback")

    def run(self, seconds: float) -> list[HandFeedback]:
        """All feedback of the next ``seconds``."""
        end = time.monotonic() + seconds
        found = []
        while time.monotonic() < end:
            feedback = self.tick()
            if feedback is not None:
                found.append(feedback)
        return found

    def enter(self, mode: HandMode) -> NDArray[np.float64]:
        """Order ``mode`` at the measured pose and return that pose."""
        self.run(0.05)
        start = self.feedback().position.copy()
        self.goal = start
        self.hand.set_mode(mode)
        self.run(0.1)
        return start

    def stepped(self, start: NDArray[np.float64]) -> NDArray[np.float64]:
        """A pose ``STEP_RAD`` from ``start`` in every joint that has the room for it."""
        spec = self.hand.spec
        bends = spec.upper - spec.lower > WIDE_RAD
        bends[: spec.wrist_size] = False
        up = start + STEP_RAD < spec.upper - NEAR_RAD
        return start + bends * np.where(up, STEP_RAD, -STEP_RAD)

    def distance(self, feedback: HandFeedback, goal: NDArray[np.float64]) -> float:
        """Largest distance of a finger joint from ``goal``, rad."""
        wrist = self.hand.spec.wrist_size
        return float(np.abs(feedback.position - goal)[wrist:].max())

    def wait_at(self, goal: NDArray[np.float64]) -> None:
        """Wait until every finger joint is near ``goal``."""

        def there() -> bool:
            feedback = self.tick()
            return feedback is not None and self.distance(feedback, goal) < NEAR_RAD

        wait_until(there, 5.0, "the goal")


@pytest.fixture(scope="module")
def wires(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Callable[[], Bench]]]:
    """Both wires, alive for the whole module: the physics and the emulated servos."""
    folder: Path = tmp_path_factory.mktemp("hands")
    session = SessionFile(
        namespace=f"contract-{os.getpid()}",
        rig=load_rig("sim-xhand"),
        dataset_dir=folder / "dataset",
        runtime_dir=folder / "sim",
        parent_pid=os.getpid(),
    )
    session.runtime_dir.mkdir()
    bus = Bus(session.namespace)
    config = session.rig.hands[0]
    with (
        RunningProcesses(session, "world"),
        EmulatedLeap(folder / "leap") as leap,
    ):
        yield {
            "sim_hand": lambda: Bench(lambda: SimHand(config, bus, session), 200.0),
            "dynamixel_hand": lambda: Bench(leap.another_driver, 90.0),
        }


@pytest.fixture(params=["sim_hand", "dynamixel_hand"])
def bench(request: pytest.FixtureRequest, wires) -> Iterator[Bench]:
    bench = wires[request.param]()
    yield bench
    bench.hand.close()


@pytest.fixture
def opened(bench: Bench) -> Bench:
    bench.hand.open()
    bench.enter(HandMode.HOLD)
    return bench


def test_driver_fulfils_the_protocol_without_touching_its_wire(bench):
    assert isinstance(bench.hand, HandDriver)
    assert bench.hand.spec.size == len(bench.hand.spec.names)


def test_order_to_a_closed_hand_is_a_device_error(bench):
    with pytest.raises(DeviceError, match="open"):
        bench.hand.set_mode(HandMode.HOLD)
    with pytest.raises(DeviceError, match="open"):
        bench.hand.write(bench.hand.spec.home)


def test_feedback_has_the_shapes_of_the_hand_and_no_fault(opened):
    feedback = opened.feedback()
    for values in (feedback.position, feedback.velocity, feedback.effort):
        assert values.shape == (opened.hand.spec.size,)
        assert values.dtype == np.float64
        assert np.isfinite(values).all()
    assert feedback.fault == ""
    assert feedback.detail


def test_stamps_increase_and_are_those_of_the_host_clock(opened):
    stamps = [feedback.stamp_ns for feedback in opened.run(0.4)]
    assert (np.diff(stamps) > 0).all()
    assert 0 <= now_ns() - stamps[-1] < 1_000_000_000


def test_feedback_comes_at_least_at_half_the_nominal_rate(opened):
    assert len(opened.run(1.0)) >= 0.5 * min(opened.rate_hz, 1 / (TICK_S + 0.002))


def test_read_does_not_wait_for_the_wire(opened):
    spent = []
    for _ in range(200):
        before = time.perf_counter()
        opened.hand.read()
        spent.append(time.perf_counter() - before)
        opened.hand.write(opened.goal)
    assert np.median(spent) < 0.002


def test_opening_moves_no_joint(bench):
    bench.hand.open()
    bench.enter(HandMode.HOLD)
    there = bench.feedback().position.copy()
    bench.hand.close()
    bench.hand.open()
    after = bench.run(0.3)[-1]
    assert bench.distance(after, there) < NEAR_RAD


def test_position_follows_its_goals_both_ways(opened):
    start = opened.enter(HandMode.POSITION)
    opened.goal = opened.stepped(start)
    opened.wait_at(opened.goal)
    opened.goal = start
    opened.wait_at(start)


@pytest.mark.parametrize("mode", [HandMode.OFF, HandMode.COMPLIANT, HandMode.HOLD], ids=str)
def test_goals_are_obeyed_in_position_only(opened, mode):
    start = opened.enter(mode)
    opened.goal = opened.stepped(start)
    for feedback in opened.run(0.6):
        assert opened.distance(feedback, opened.goal) > NEAR_RAD


def test_hold_stays_at_the_pose_where_it_began(opened):
    start = opened.enter(HandMode.POSITION)
    goal = opened.goal = opened.stepped(start)
    opened.wait_at(goal)
    opened.hand.set_mode(HandMode.HOLD)
    opened.goal = start
    last = opened.run(0.5)[-1]
    assert opened.distance(last, goal) < 2 * NEAR_RAD


def test_goal_from_before_the_mode_is_not_obeyed(opened):
    start = opened.enter(HandMode.HOLD)
    opened.hand.write(opened.stepped(start))
    opened.hand.set_mode(HandMode.POSITION)
    opened.goal = start
    last = opened.run(0.3)[-1]
    assert opened.distance(last, start) < NEAR_RAD


def test_silent_supervisor_makes_the_hand_stop_by_itself_until_a_mode_is_set(opened):
    start = opened.enter(HandMode.POSITION)
    opened.goal = opened.stepped(start)
    opened.hand.write(opened.goal)

    def tripped() -> HandFeedback | None:
        feedback = opened.hand.read()
        return feedback if feedback is not None and feedback.fault else None

    assert wait_until(tripped, 3.0, "the watchdog").fault == "watchdog"
    opened.enter(HandMode.HOLD)
    opened.run(0.3)
    assert opened.feedback().fault == ""


def test_second_owner_is_refused_and_the_first_goes_on(opened):
    rival = opened.make()
    with pytest.raises(DeviceError, match=r"in use|owned by process"):
        rival.open()
    start = opened.enter(HandMode.POSITION)
    opened.goal = opened.stepped(start)
    opened.wait_at(opened.goal)


def test_closed_hand_can_be_opened_again_by_another_driver(opened):
    opened.hand.close()
    opened.hand.close()
    opened.hand = opened.make()
    opened.hand.open()
    opened.goal = None
    assert opened.feedback().position.shape == (opened.hand.spec.size,)
