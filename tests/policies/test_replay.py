"""Replay: what is read from an episode, when it is due, and which episodes are refused."""

from __future__ import annotations

import numpy as np
import pytest
from support.joint_episode import PERIOD_NS, write_joint_episode
from support.recording import START_NS

from devices.clock import NS_PER_S
from devices.requests import MAX_CHUNK
from devices.rig import Rig, load_rig
from policies.replay import (
    ReplayError,
    ReplayTimeline,
    check_replay,
    ease_seconds,
    load_recordings,
)


def _motion(rig: Rig, side: str = "right", count: int = 100) -> np.ndarray:
    """A slow motion inside the limits of one hand, ``(count, J)``."""
    spec = rig.hand(side).spec
    share = np.linspace(0.2, 0.4, count)[:, None]
    return spec.lower + share * (spec.upper - spec.lower)


def test_replay_follows_what_was_sent_at_the_recorded_times(tmp_path):
    rig = load_rig("sim-xhand")
    sent = _motion(rig)
    path = write_joint_episode(
        tmp_path, rig, {"right/joints_sent": sent, "right/joints_measured": sent * 0}
    )
    recording = load_recordings(path, rig)["right"]
    assert np.array_equal(recording.joints, sent)
    assert np.allclose(recording.time_s, np.arange(100) * PERIOD_NS / NS_PER_S)


def test_replay_of_a_kinesthetic_take_follows_the_measured_joints(tmp_path):
    rig = load_rig("sim-xhand")
    measured = _motion(rig)
    joints = {"right/joints_sent": measured * 0, "right/joints_measured": measured}
    path = write_joint_episode(tmp_path, rig, joints, source="kinesthetic")
    assert np.array_equal(load_recordings(path, rig)["right"].joints, measured)


def test_speed_divides_the_times_and_start_leaves_out_the_beginning(tmp_path):
    rig = load_rig("sim-xhand")
    sent = _motion(rig)
    path = write_joint_episode(tmp_path, rig, {"right/joints_sent": sent})
    recording = load_recordings(path, rig, speed=2.0, start_s=0.25)["right"]
    assert np.array_equal(recording.joints, sent[50:])
    assert recording.time_s[-1] == pytest.approx(49 * 0.005 / 2)


def test_gaps_of_the_recording_are_bridged(tmp_path):
    rig = load_rig("sim-xhand")
    sent = _motion(rig, count=2)
    stamps_ns = [START_NS, START_NS + NS_PER_S]
    path = write_joint_episode(tmp_path, rig, {"right/joints_sent": sent}, stamps_ns=stamps_ns)
    recording = load_recordings(path, rig)["right"]
    assert np.diff(recording.time_s).max() <= 0.05 + 1e-9
    middle = recording.joints[len(recording.joints) // 2]
    assert np.allclose(middle, sent.mean(axis=0), atol=0.02)


def test_both_hands_of_a_bimanual_rig_are_replayed(tmp_path):
    rig = load_rig("sim-bimanual")
    joints = {f"{side}/joints_sent": _motion(rig, side) for side in ("right", "left")}
    recordings = load_recordings(write_joint_episode(tmp_path, rig, joints), rig)
    assert set(recordings) == {"right", "left"}


def test_episode_of_another_hand_is_refused(tmp_path):
    recorded, connected = load_rig("sim-leap"), load_rig("sim-allegro")
    path = write_joint_episode(tmp_path, recorded, {"right/joints_sent": _motion(recorded)})
    with pytest.raises(
        ReplayError, match="a right leap, but rig 'sim-allegro' has a right allegro"
    ):
        load_recordings(path, connected)


def test_episode_with_joints_in_another_order_is_refused(tmp_path):
    rig = load_rig("sim-xhand")
    spec = rig.stream("right/joints_sent")
    swapped = spec.model_copy(update={"labels": (*spec.labels[:-2], *spec.labels[:-3:-1])})
    joints = {"right/joints_sent": _motion(rig)}
    path = write_joint_episode(tmp_path, rig, joints, streams=(swapped,))
    with pytest.raises(ReplayError, match="right_pinky_joint1"):
        load_recordings(path, rig)


def test_episode_in_another_unit_is_refused(tmp_path):
    rig = load_rig("sim-xhand")
    degrees = rig.stream("right/joints_sent").model_copy(update={"unit": "deg"})
    path = write_joint_episode(
        tmp_path, rig, {"right/joints_sent": _motion(rig)}, streams=(degrees,)
    )
    with pytest.raises(ReplayError, match="in deg, the hand in"):
        load_recordings(path, rig)


def test_missing_file_and_missing_stream_are_one_sentence(tmp_path):
    rig = load_rig("sim-xhand")
    with pytest.raises(ReplayError, match="does not exist"):
        load_recordings(tmp_path / "none.h5", rig)
    path = write_joint_episode(tmp_path, rig, {"right/joints_measured": _motion(rig)})
    with pytest.raises(ReplayError, match="right/joints_sent"):
        load_recordings(path, rig)


def test_timeline_eases_in_from_the_measured_pose_and_ends_with_the_recording(tmp_path):
    rig = load_rig("sim-xhand")
    sent = _motion(rig)
    recordings = load_recordings(
        write_joint_episode(tmp_path, rig, {"right/joints_sent": sent}), rig
    )
    measured = rig.hand("right").spec.home
    ease_s = ease_seconds(recordings, rig, {"right": measured})
    timeline = ReplayTimeline(recordings["right"], measured, ease_s, 7 * NS_PER_S)
    due, targets = [], []
    for at_ns in range(7 * NS_PER_S, timeline.end_ns + 1, PERIOD_NS):
        chunk = timeline.take(at_ns, at_ns + NS_PER_S)
        if chunk is not None and (not due or chunk[0][-1] > due[-1][-1]):
            assert len(chunk[0]) <= MAX_CHUNK
            due.append(chunk[0])
            targets.append(chunk[1])
        assert len(np.concatenate(due)[np.concatenate(due) >= at_ns]) <= MAX_CHUNK
    due_ns, path = np.concatenate(due), np.concatenate(targets)
    assert due_ns[0] == 7 * NS_PER_S
    assert (np.diff(due_ns) > 0).all()
    assert np.array_equal(path[0], measured)
    assert np.array_equal(path[-1], sent[-1])
    easing = due_ns <= 7 * NS_PER_S + ease_s * NS_PER_S
    speed = np.abs(np.diff(path[easing], axis=0)) / (np.diff(due_ns[easing]) / NS_PER_S)[:, None]
    assert (speed <= rig.hand("right").spec.velocity_max).all()


def test_last_target_is_repeated_until_it_is_due(tmp_path):
    rig = load_rig("sim-xhand")
    sent = _motion(rig)
    path = write_joint_episode(tmp_path, rig, {"right/joints_sent": sent})
    timeline = ReplayTimeline(load_recordings(path, rig)["right"], sent[0], 1.0, 0)
    taken = []
    for at_ns in range(0, timeline.end_ns, PERIOD_NS):
        chunk = timeline.take(at_ns, at_ns + 150_000_000)
        assert chunk is not None or at_ns < NS_PER_S
        taken.append(chunk)
    assert taken[-1][0].tolist() == taken[-2][0].tolist() == [timeline.end_ns]
    assert np.array_equal(taken[-1][1], sent[-1:])


def test_far_start_is_eased_in_more_slowly(tmp_path):
    rig = load_rig("sim-xhand")
    sent = _motion(rig)
    recordings = load_recordings(
        write_joint_episode(tmp_path, rig, {"right/joints_sent": sent}), rig
    )
    near = ease_seconds(recordings, rig, {"right": sent[0]})
    far = sent[0].copy()
    far[0] += 0.4
    assert near == 1.0
    assert ease_seconds(recordings, rig, {"right": far}) == pytest.approx(2.5)


def test_a_replay_can_be_checked_before_anything_runs(tmp_path):
    recorded, connected = load_rig("sim-leap"), load_rig("sim-allegro")
    path = write_joint_episode(tmp_path, recorded, {"right/joints_sent": _motion(recorded)})
    assert check_replay(path, recorded) is None
    with pytest.raises(ReplayError, match="rig 'sim-allegro' has a right allegro"):
        check_replay(path, connected)
    with pytest.raises(ReplayError, match="no samples after 60 s"):
        check_replay(path, recorded, start_s=60.0)
    with pytest.raises(ReplayError, match="does not exist"):
        check_replay(tmp_path / "none.h5", recorded)
