"""Replay from the window: guard before the start, one arm per press, the end is noticed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from support.joint_episode import write_joint_episode

from app.replay_control import FAR_RAD, ReplayControl
from app.replay_tracking import RecordedJoints, ReplayTracker
from devices.clock import NS_PER_S, now_ns
from devices.messages import OperatorStatus, SupervisorStatus
from devices.rig import load_rig


class Calls:
    """Notes what is ordered, in order."""

    def __init__(self, notes: list, name: str) -> None:
        self._notes, self._name = notes, name
        self.status = None

    def __getattr__(self, order: str):
        return lambda *arguments: self._notes.append((f"{self._name}.{order}", arguments))


class Stage:
    def __init__(self, folder) -> None:
        self.rig = load_rig("sim-xhand")
        self.home = self.rig.hand("right").spec.home
        rows = np.tile(self.home, (200, 1))
        rows[:, 8] += np.linspace(0.0, 0.4, 200)
        joints = {"right/joints_measured": rows}
        self.path = write_joint_episode(folder, self.rig, joints, "kinesthetic")
        self.orders: list = []
        self.supervisor = Calls(self.orders, "hand")
        self.operator = Calls(self.orders, "operator")
        session = SimpleNamespace(rig=self.rig, supervisor=self.supervisor, operator=self.operator)
        self.control = ReplayControl(session, "window")
        self.hand("HOLD")
        self.says("idle")

    def hand(self, state: str, authority: str = "none") -> None:
        self.supervisor.status = SupervisorStatus(
            stamp_ns=now_ns(), state=state, authority=authority, epoch=1, cause="STOP pressed"
        )

    def says(self, activity: str, **facts) -> None:
        self.operator.status = OperatorStatus(stamp_ns=now_ns(), activity=activity, **facts)

    def names(self) -> list[str]:
        return [name for name, _ in self.orders]


@pytest.fixture
def stage(tmp_path) -> Stage:
    return Stage(tmp_path)


def test_the_hand_is_armed_once_and_only_when_the_episode_is_loaded(stage):
    assert stage.control.start(stage.path, 0.5) == ""
    stage.control.poll()
    assert (stage.names(), stage.control.state) == (["operator.run_replay"], "loading")
    stage.says("replay", speed=0.0)
    stage.control.poll()
    stage.control.poll()
    assert stage.names() == ["operator.run_replay", "hand.arm"]
    assert stage.orders[-1][1] == ("replay", "window")
    assert stage.control.state == "easing"


def test_a_lost_authority_ends_it_and_arms_nothing_again(stage):
    stage.control.start(stage.path)
    stage.says("replay")
    stage.control.poll()
    stage.says("idle", error="authority went from 'replay' to 'none' (STOP)")
    assert "went from 'replay'" in stage.control.poll()
    assert stage.control.state == "idle"
    stage.says("replay")
    stage.control.poll()
    assert stage.names().count("hand.arm") == 1


def test_an_old_status_arms_nothing(stage):
    stage.says("replay")
    old = stage.operator.status
    stage.control.start(stage.path)
    stage.operator.status = old
    stage.control.poll()
    assert "hand.arm" not in stage.names()


@pytest.mark.parametrize(
    ("state", "authority", "words"),
    [
        ("STOPPED", "none", "latched in STOPPED (STOP pressed); reset it first"),
        ("OFF", "none", "Enable the hand first"),
        ("ACTIVE", "exoskeleton", "moved by 'exoskeleton'; hold it first"),
    ],
)
def test_start_is_refused_with_the_way_out(stage, state, authority, words):
    stage.hand(state, authority)
    assert words in stage.control.start(stage.path)
    assert words in stage.control.check(stage.path, {"right": stage.home}).text()
    assert stage.orders == []


def test_the_guard_tells_how_far_away_the_hand_is(stage):
    far = stage.home.copy()
    far[7] += FAR_RAD + 0.1
    near = stage.control.check(stage.path, {"right": stage.home})
    away = stage.control.check(stage.path, {"right": far}, speed=0.5)
    assert (near.problem, near.is_far) == ("", False)
    assert away.is_far
    assert away.joint == stage.rig.hand("right").spec.names[7]
    assert away.distance_rad == pytest.approx(FAR_RAD + 0.1)
    assert away.ease_s > near.ease_s
    assert away.seconds == pytest.approx(0.995 / 0.5)
    assert "Look whether the way is free" in away.text()


def test_without_a_measured_pose_nothing_starts(stage):
    assert "No measured pose of the right hand" in stage.control.check(stage.path, {}).problem


def test_forces_that_are_not_there_are_refused_before_anything_is_ordered(stage):
    assert "no forces" in stage.control.start(stage.path, with_forces=True)
    assert stage.orders == []


def test_ending_holds_the_hand(stage):
    stage.control.start(stage.path)
    stage.control.stop()
    assert stage.names()[-2:] == ["operator.stop_script", "hand.hold"]
    assert stage.control.state == "idle"


def test_the_tracker_compares_at_the_time_within_the_episode(stage):
    tracker = ReplayTracker(RecordedJoints(stage.path))
    at_ns = now_ns()
    tracker.note_measured("right", at_ns, stage.home)  # before any status: nothing to compare
    status = OperatorStatus(stamp_ns=at_ns, activity="replay", episode_s=0.4, speed=0.5)
    tracker.note_status(status)
    later_ns = at_ns + NS_PER_S // 5  # 0.2 s later at half the pace: 0.5 s into the episode
    pose = tracker.recorded.at("right", 0.5)
    pose[8] += 0.03
    tracker.note_measured("right", later_ns, pose)
    error = tracker.error("right")
    assert error.samples == 1
    assert error.max_rad == pytest.approx(0.03, abs=1e-6)
    assert error.worst_joint == stage.rig.hand("right").spec.names[8]
    times_s, values = tracker.curve("right", 8)
    assert times_s == pytest.approx([0.5])
    assert values == pytest.approx([pose[8]])
    tracker.note_status(status.model_copy(update={"speed": 0.0}))
    tracker.note_measured("right", later_ns, pose)
    assert tracker.error("right").samples == 1  # paused: the hand rests, nothing is compared
