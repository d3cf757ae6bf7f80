"""The operator process against a supervisor and a window played by the test, in virtual time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from support.joint_episode import write_joint_episode

from devices.bus import Bus
from devices.clock import NS_PER_S
from devices.messages import OperatorStatus, RunReplay, RunScript, StopScript, SupervisorStatus
from devices.requests import REQUESTING_SOURCES, Request, decode_request, request_spec
from devices.rig import Rig, load_rig
from devices.session_file import SessionFile
from devices.wire import intent_spec
from policies.exo_map import ExoMap
from policies.operator_process import OperatorProcess

TICK_NS = 5_000_000


class _Context:
    """A process context without a process."""

    def __init__(self, session: SessionFile) -> None:
        self.session = session
        self.bus = Bus(session.namespace)
        self.should_stop = False

    def report(self, **detail) -> None:
        pass


class _Stage:
    """Supervisor, hand, world and window around one operator process."""

    def __init__(self, session: SessionFile) -> None:
        rig, bus = session.rig, Bus(session.namespace)
        self.rig = rig
        self.hand = rig.hands[0]
        self.spec = self.hand.spec
        side = self.hand.side
        self.requests = {
            source.name.lower(): bus.subscriber(request_spec(side, source, self.spec.size))
            for source in REQUESTING_SOURCES
        }
        self.exo_joints = bus.subscriber(rig.stream(f"{side}/exo_joints"))
        self.encoders = bus.subscriber(rig.stream(f"{side}/exo_encoders"))
        self.events = bus.subscriber(rig.stream("operator/events"))
        self.pulls = bus.subscriber(rig.stream("operator/pulls")) if rig.world else None
        self._reports = bus.inbox("operator/status")
        self.orders = bus.outbox("operator/control")
        self._supervisor = bus.outbox("supervisor/status")
        self._measured = bus.publisher(rig.stream(f"{side}/joints_measured"))
        self._objects = bus.publisher(rig.stream("world/objects")) if rig.world else None
        self.window = bus.publisher(intent_spec(side))
        self.process = OperatorProcess(_Context(session))  # type: ignore[arg-type]
        self.at_ns = 100 * NS_PER_S
        self.pose = self.spec.home.copy()
        self.source, self.epoch, self.state = "none", 0, ""
        self.supervisor_alive = True
        self.status: OperatorStatus | None = None

    def order(self, message) -> None:
        self.orders.send(message.model_dump(mode="json"))

    def step(self, seconds: float = TICK_NS / NS_PER_S) -> None:
        """Let ``seconds`` pass, tick by tick."""
        for _ in range(round(seconds * NS_PER_S / TICK_NS)):
            self.at_ns += TICK_NS
            if self.supervisor_alive:
                state = self.state or ("HOLD" if self.source == "none" else "ACTIVE")
                status = SupervisorStatus(
                    stamp_ns=self.at_ns, state=state, authority=self.source, epoch=self.epoch
                )
                self._supervisor.send(status.model_dump(mode="json"))
            self._measured.send(self.pose, self.at_ns)
            if self._objects is not None:
                poses = np.zeros(self._objects.spec.shape)
                poses[:, :3] = [0.012, 0.036, 0.03]
                self._objects.send(poses, self.at_ns)
            self.process.tick(self.at_ns)
            if (message := self._reports.newest()) is not None:
                self.status = OperatorStatus.model_validate(message)

    def asked(self, source: str) -> list[Request]:
        """Requests heard from ``source`` since the last call."""
        return [decode_request(sample.data) for sample in self.requests[source].drain()]

    def heard_events(self) -> list[dict]:
        return [json.loads(bytes(sample.data)) for sample in self.events.drain()]


@pytest.fixture
def stage(session_file: Callable[..., SessionFile]) -> Iterator[Callable[[str], _Stage]]:
    """Build a stage for a rig; its operator process is closed after the test."""
    stages = []

    def build(rig: str | Rig = "sim-xhand") -> _Stage:
        stages.append(_Stage(session_file(rig)))
        return stages[-1]

    yield build
    for built in stages:
        built.process.close()


def test_nothing_is_requested_without_authority(stage):
    scene = stage()
    scene.window.send(np.full(23, 0.3), scene.at_ns)
    scene.step(0.1)
    assert all(not scene.asked(source) for source in scene.requests)


def test_exoskeleton_publishes_counts_and_angles_aligned_with_the_hand(stage):
    scene = stage()
    scene.pose = scene.spec.lower + 0.4 * (scene.spec.upper - scene.spec.lower)
    scene.step(0.1)
    counts, angles = list(scene.encoders.drain()), list(scene.exo_joints.drain())
    assert len(counts) == len(angles) == 20
    wanted = ExoMap.load(scene.spec).intent(scene.pose)[:17]
    assert np.degrees(np.abs(angles[-1].data - wanted)).max() < 0.5
    assert counts[-1].device_stamp_ns is not None
    assert counts[-1].stamp_ns == angles[-1].stamp_ns


def test_exoskeleton_takes_over_where_the_hand_is(stage):
    scene = stage("sim-leap")
    scene.window.send(np.full(23, 0.3), scene.at_ns)
    scene.step(0.05)
    scene.source, scene.epoch = "exoskeleton", 4
    scene.step(0.5)
    requests = scene.asked("exoskeleton")
    assert len(requests) == 100
    assert {request.epoch for request in requests} == {4}
    for request in requests:
        assert np.abs(request.targets - scene.pose).max() < np.radians(0.5)
    assert not scene.asked("keyboard")


@pytest.mark.parametrize("source", ["exoskeleton", "keyboard"])
def test_hand_follows_the_live_intent_once_it_moves(stage, source):
    scene = stage("sim-leap")
    intent = np.full(23, 0.1)
    scene.window.send(intent, scene.at_ns)
    scene.source, scene.epoch = source, 1
    scene.step(0.1)
    intent[5:9] = [0.1, 0.9, 0.8, 0.7]
    intent[17:] = [0.05, 0.0, -0.05, 0.1, 0.0, 0.0]
    scene.window.send(intent, scene.at_ns)
    scene.step(2.0)
    path = np.concatenate([request.targets for request in scene.asked(source)])
    assert np.abs(path[-1] - ExoMap.load(scene.spec).targets(intent)).max() < np.radians(0.5)
    assert np.abs(np.diff(path, axis=0)).max() < 0.03


def test_first_synergy_button_is_followed_though_the_window_was_silent_before(stage):
    scene = stage("sim-leap")
    scene.source = "exoskeleton"
    scene.step(0.1)
    intent = np.full(23, 0.4)
    intent[17:] = 0.0
    for _ in range(2):
        scene.window.send(intent, scene.at_ns)
        scene.step(1.0)
    last = scene.asked("exoskeleton")[-1].targets[0]
    assert np.abs(last - ExoMap.load(scene.spec).targets(intent)).max() < np.radians(0.5)


def test_requests_carry_the_epoch_of_each_new_authority(stage):
    scene = stage()
    scene.source, scene.epoch = "exoskeleton", 1
    scene.step(0.05)
    scene.epoch = 2
    scene.step(0.05)
    epochs = [request.epoch for request in scene.asked("exoskeleton")]
    assert epochs == [1] * 10 + [2] * 10


@pytest.mark.parametrize("state", ["HOLD", "FAULT", "STOPPED", "OFF"])
def test_nothing_is_requested_unless_the_hand_is_active(stage, state):
    scene = stage()
    scene.source, scene.state = "exoskeleton", state
    scene.step(0.1)
    assert not scene.asked("exoskeleton")


def test_requests_end_when_the_supervisor_falls_silent(stage):
    scene = stage()
    scene.source = "exoskeleton"
    scene.step(0.1)
    scene.supervisor_alive = False
    scene.step(0.6)
    scene.asked("exoskeleton")
    scene.step(0.2)
    assert not scene.asked("exoskeleton")


def test_kinesthetic_script_pulls_lets_go_and_reports_its_end(stage):
    scene = stage()
    scene.source = "kinesthetic"
    scene.order(RunScript(mode="kinesthetic", seconds=3.0, seed=5))
    scene.step(1.5)
    assert scene.status.activity == "script"
    assert 0.4 < scene.status.progress < 0.6
    assert (scene.pulls.newest().data[:, 0] > 0).sum() == 8
    assert all(not scene.asked(source) for source in scene.requests)
    scene.step(1.6)
    assert (scene.status.activity, scene.status.progress) == ("idle", 1.0)
    assert scene.status.error == ""
    assert not scene.pulls.newest().data.any()
    names = [event["event"] for event in scene.heard_events()]
    assert names == ["script_started", "script_ended"]


def test_pulls_come_at_sixty_hertz(stage):
    scene = stage()
    scene.step(1.0)
    assert len(list(scene.pulls.drain())) == pytest.approx(60, abs=2)


def test_exoskeleton_script_moves_the_exoskeleton_and_asks_for_the_same(stage):
    scene = stage()
    scene.source, scene.epoch = "exoskeleton", 3
    scene.order(RunScript(mode="exoskeleton", seconds=3.0))
    scene.step(2.2)
    assert scene.status.activity == "script"
    targets = scene.asked("exoskeleton")[-1].targets[0]
    assert np.abs(targets - scene.pose)[:6].max() > 0.05
    assert np.abs(targets - scene.pose)[6:].max() > 0.5
    angles = scene.exo_joints.newest().data
    worn = ExoMap.load(scene.spec).targets(np.concatenate([angles, targets[:6]]))
    assert np.abs(worn - targets).max() < 0.1
    assert not scene.pulls.newest().data.any()


def test_script_without_its_authority_gives_up_with_the_way_out(stage):
    scene = stage()
    scene.order(RunScript(mode="kinesthetic", seconds=3.0))
    scene.step(0.1)
    assert scene.status.activity == "script"
    scene.step(5.5)
    assert scene.status.activity == "idle"
    assert "arm the hand for 'kinesthetic' first" in scene.status.error


def test_script_ends_when_the_authority_is_taken_away(stage):
    scene = stage()
    scene.source = "kinesthetic"
    scene.order(RunScript(mode="kinesthetic", seconds=3.0))
    scene.step(1.0)
    scene.source = "none"
    scene.step(0.1)
    assert scene.status.activity == "idle"
    assert "from 'kinesthetic' to 'none'" in scene.status.error
    assert not scene.pulls.newest().data.any()


def test_script_can_be_stopped(stage):
    scene = stage()
    scene.source = "kinesthetic"
    scene.order(RunScript(mode="kinesthetic", seconds=3.0))
    scene.step(1.0)
    scene.order(StopScript())
    scene.step(0.1)
    assert (scene.status.activity, scene.status.error) == ("idle", "")
    assert not scene.pulls.newest().data.any()


def test_hand_stays_where_a_script_left_it(stage):
    scene = stage()
    scene.source = "exoskeleton"
    scene.order(RunScript(mode="exoskeleton", seconds=3.0))
    scene.step(1.0)
    scene.window.send(np.full(23, 0.3), scene.at_ns)
    scene.step(2.2)
    assert scene.status.activity == "idle"
    scene.asked("exoskeleton")
    scene.window.send(np.full(23, 0.3), scene.at_ns)
    scene.step(0.5)
    path = np.concatenate([request.targets for request in scene.asked("exoskeleton")])
    assert np.abs(path - path[0]).max() < 0.05


def test_hand_without_world_cannot_be_pulled(stage):
    scene = stage("leap")
    scene.source = "kinesthetic"
    scene.order(RunScript(mode="kinesthetic", seconds=3.0))
    scene.step(0.1)
    assert "no simulated world" in scene.status.error


def test_missing_calibration_is_told_and_leaves_everything_but_the_exoskeleton(
    stage, tmp_path, monkeypatch
):
    monkeypatch.setenv("THENAR_CONFIG_DIR", str(tmp_path))
    rig = load_rig("sim-xhand")
    exo = rig.exoskeletons[0].model_copy(update={"calibration": "glove-9"})
    scene = stage(rig.model_copy(update={"exoskeletons": (exo,)}))
    scene.step(0.1)
    assert "'glove-9'" in scene.status.error
    assert "calibrate the exoskeleton" in scene.status.error
    scene.source = "exoskeleton"
    scene.order(RunScript(mode="exoskeleton", seconds=3.0))
    scene.step(0.2)
    assert "'glove-9'" in scene.status.error
    assert not scene.asked("exoskeleton")
    scene.source = "kinesthetic"
    scene.order(RunScript(mode="kinesthetic", seconds=3.0))
    scene.step(0.2)
    assert scene.status.activity == "script"
    assert scene.pulls.newest().data.any()


def test_exoskeleton_is_read_at_its_own_rate(stage):
    rig = load_rig("sim-xhand")
    exo = rig.exoskeletons[0].model_copy(update={"rate_hz": 50.0})
    scene = stage(rig.model_copy(update={"exoskeletons": (exo,)}))
    scene.source = "exoskeleton"
    scene.step(1.0)
    assert len(list(scene.exo_joints.drain())) == pytest.approx(50, abs=1)
    assert len(scene.asked("exoskeleton")) == 200


def test_replay_of_a_missing_episode_says_so(stage, tmp_path):
    scene = stage()
    scene.source = "replay"
    scene.order(RunReplay(episode=str(tmp_path / "none.h5")))
    scene.step(0.1)
    assert scene.status.activity == "idle"
    assert "does not exist" in scene.status.error
    assert not scene.asked("replay")


@pytest.mark.parametrize("speed", [0.5, 1.0])
def test_replay_sends_the_episode_at_its_own_times(stage, tmp_path, speed):
    scene = stage()
    share = np.linspace(0.3, 0.4, 200)[:, None]
    sent = scene.spec.lower + share * (scene.spec.upper - scene.spec.lower)
    scene.pose = sent[0].copy()
    path = write_joint_episode(tmp_path, scene.rig, {"right/joints_sent": sent})
    scene.source, scene.epoch = "replay", 6
    scene.order(RunReplay(episode=str(path), speed=speed))
    scene.step(0.5)
    begin_ns = scene.at_ns
    assert scene.status.activity == "replay"
    scene.step(0.7 + 1.0 / speed)
    assert (scene.status.activity, scene.status.progress) == ("idle", 1.0)
    requests = scene.asked("replay")
    assert {request.epoch for request in requests} == {6}
    due_ns = np.concatenate([request.due_ns for request in requests])
    due_ns, first = np.unique(due_ns, return_index=True)
    targets = np.concatenate([request.targets for request in requests])[first]
    assert np.allclose(targets[0], scene.pose)
    assert np.array_equal(targets[-200:], sent)
    assert (due_ns[-1] - due_ns[-200]) / NS_PER_S == pytest.approx(0.995 / speed, abs=1e-6)
    assert due_ns[-200] / NS_PER_S == pytest.approx(begin_ns / NS_PER_S + 0.5, abs=0.05)
    assert all(not scene.asked(source) for source in scene.requests)


def test_replay_is_never_silent_for_as_long_as_the_supervisor_waits(stage, tmp_path):
    scene = stage()
    sent = np.tile(scene.spec.home, (100, 1))
    path = write_joint_episode(tmp_path, scene.rig, {"right/joints_sent": sent})
    scene.source = "replay"
    scene.order(RunReplay(episode=str(path)))
    scene.step(0.1)
    while scene.status.activity == "replay":
        scene.step(0.05)
        assert scene.asked("replay") or scene.status.activity == "idle"
    assert scene.status.error == ""


def test_order_nobody_knows_changes_nothing(stage, caplog):
    scene = stage()
    scene.orders.send({"type": "dance"})
    scene.step(0.1)
    assert scene.status.activity == "idle"
    assert "operator order refused" in caplog.text
