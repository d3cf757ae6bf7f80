"""Replay with forces: targets beyond the surface, along each pad's normal, and pause."""

from __future__ import annotations

import numpy as np
import pytest
from support.joint_episode import write_joint_episode

from devices.clock import NS_PER_S
from devices.kinematics import HandKinematics
from devices.rig import load_rig
from policies.replay import Recording, ReplayError, ReplayTimeline, load_recordings
from policies.replay_forces import SHIFT_MAX_M, shift_for_forces

GAIN = 0.0008


@pytest.fixture(scope="module")
def kinematics() -> HandKinematics:
    hand = load_rig("sim-xhand").hand("right")
    return HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad)


def pushed_m(kinematics: HandKinematics, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How far each pad moved along its normal ``(P,)``, and how far in all."""
    old, new = kinematics.pad_poses(before), kinematics.pad_poses(after)
    moved = new[:, :3, 3] - old[:, :3, 3]
    return np.stack([(moved * old[:, :3, 2]).sum(axis=1), np.linalg.norm(moved, axis=1)])


def shifted(kinematics: HandKinematics, forces_n: list[float]) -> tuple[np.ndarray, np.ndarray]:
    time_s = np.linspace(0.0, 1.0, 101)
    pose = kinematics.spec.home + 0.1
    joints = np.tile(pose, (101, 1))
    table = np.tile(np.array(forces_n), (101, 1))
    return pose, shift_for_forces(time_s, joints, time_s, table, kinematics, GAIN)


def test_each_pad_is_pushed_along_its_normal_by_gain_times_force(kinematics):
    pose, targets = shifted(kinematics, [2.0, 5.0, 0.0, 1.0, 0.0])
    along, whole = pushed_m(kinematics, pose, targets[50])
    assert along == pytest.approx(GAIN * np.array([2.0, 5.0, 0.0, 1.0, 0.0]), abs=1e-5)
    assert whole == pytest.approx(along, abs=2e-5)


def test_the_wrist_and_a_hand_in_the_air_are_not_moved(kinematics):
    pose, targets = shifted(kinematics, [3.0, 0.0, 0.0, 0.0, 0.0])
    wrist = kinematics.spec.wrist_size
    assert np.array_equal(targets[:, :wrist], np.tile(pose[:wrist], (101, 1)))
    pose, targets = shifted(kinematics, [0.04, -2.0, 0.0, 0.0, 0.0])
    assert np.array_equal(targets, np.tile(pose, (101, 1)))


def test_a_broken_force_reading_moves_no_pad_further_than_the_limit(kinematics):
    pose, targets = shifted(kinematics, [1e6, 0.0, 0.0, 0.0, 0.0])
    along, _ = pushed_m(kinematics, pose, targets[50])
    assert along[0] == pytest.approx(SHIFT_MAX_M, rel=0.1)
    assert (targets <= kinematics.spec.upper).all()
    assert (targets >= kinematics.spec.lower).all()


def episode_with_forces(folder, rig, source: str):
    hand = rig.hand("right")
    measured = np.tile(hand.spec.home + 0.1, (100, 1))
    forces = np.zeros((100, 5, 3))
    forces[:, 1, 2] = 4.0
    streams = {
        "right/joints_measured": measured,
        "right/joints_sent": measured + 0.05,
        "right/fingertip_force": forces,
    }
    specs = tuple(rig.stream(name).model_copy(update={"dtype": "<f8"}) for name in streams)
    return measured, write_joint_episode(folder, rig, streams, source, streams=specs)


@pytest.mark.parametrize("source", ["kinesthetic", "exoskeleton"])
def test_replay_with_forces_starts_from_what_was_measured_whatever_was_sent(
    kinematics, tmp_path, source
):
    rig = load_rig("sim-xhand")
    measured, path = episode_with_forces(tmp_path, rig, source)
    joints = load_recordings(path, rig, kinematics={"right": kinematics})["right"].joints
    along, _ = pushed_m(kinematics, measured[0], joints[50])
    gain = rig.hand("right").spec.model.force_gain_m_per_n
    assert along == pytest.approx([0.0, 4.0 * gain, 0.0, 0.0, 0.0], abs=1e-5)


def test_an_episode_without_forces_can_only_be_replayed_by_position(kinematics, tmp_path):
    rig = load_rig("sim-xhand")
    rows = np.tile(rig.hand("right").spec.home, (10, 1))
    path = write_joint_episode(tmp_path, rig, {"right/joints_measured": rows}, "kinesthetic")
    with pytest.raises(ReplayError, match="no forces of the right hand; replay it by position"):
        load_recordings(path, rig, kinematics={"right": kinematics})
    assert np.array_equal(load_recordings(path, rig)["right"].joints, rows)


def test_a_paused_replay_stays_and_goes_on_where_it_was():
    recording = Recording(np.arange(200) * 0.01, np.arange(200.0)[:, None])
    timeline = ReplayTimeline(recording, np.zeros(1), 1.0, 0)
    timeline.take(0, 1 * NS_PER_S)
    for at_ms in range(1000, 1500, 5):
        timeline.take(at_ms * 1_000_000, (at_ms + 50) * 1_000_000)
    timeline.pause()
    at_ns = 1_500_000_000
    held = timeline.recorded_s(at_ns + NS_PER_S)
    due_ns, targets = timeline.take(at_ns + NS_PER_S, at_ns + 2 * NS_PER_S)
    assert (len(due_ns), due_ns[0]) == (1, at_ns + NS_PER_S)
    stayed = float(targets[0, 0])
    assert stayed == pytest.approx(held * 100, abs=1.0)
    again_ns = at_ns + 5 * NS_PER_S
    timeline.resume(again_ns)
    due_ns, targets = timeline.take(again_ns, again_ns + NS_PER_S // 10)
    assert targets[0, 0] == stayed + 1.0
    assert due_ns[0] > again_ns
    assert np.diff(due_ns) == pytest.approx(10_000_000)
    assert timeline.end_ns == due_ns[0] + round((199 - targets[0, 0]) * 1e7)


def test_time_within_the_recording_is_known_once_the_ease_in_is_over():
    recording = Recording(np.array([0.0, 1.0]), np.zeros((2, 1)))
    timeline = ReplayTimeline(recording, np.zeros(1), 1.0, 0)
    assert timeline.recorded_s(NS_PER_S - 1) is None
    assert timeline.recorded_s(NS_PER_S * 3 // 2) == pytest.approx(0.5)
    assert timeline.recorded_s(NS_PER_S * 9) == pytest.approx(1.0)
