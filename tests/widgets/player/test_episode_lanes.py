"""Which lanes an episode gets."""

import json

import numpy as np
import pytest

from devices.rig import load_rig
from recorder.overview.model import GapSpan
from recorder.player.player_episode import Frame
from widgets.player.episode_lanes import event_text, joint_groups, stream_lanes
from widgets.player.time_axis import TimeAxis

S = 1_000_000_000


class _Episode:
    """All streams of a rig, at rest, with one event each."""

    duration_ns = 4 * S
    overview = None
    gaps = (GapSpan("front/rgb", "gap", S, 2 * S, 30),)

    def __init__(self, rig):
        self._specs = [spec for spec in load_rig(rig).streams() if spec.recorded]

    def streams(self):
        return self._specs

    def frame_times_ns(self, stream):
        return np.array([S]) if stream.endswith("events") else np.arange(0, 4 * S, S // 30)

    def numeric(self, stream):
        spec = next(spec for spec in self._specs if spec.name == stream)
        times = self.frame_times_ns(stream)
        return times, np.zeros((len(times), *spec.shape), np.float32)

    def frame(self, stream, index):
        facts = {"event": "state", "authority": "kinesthetic", "stamp_ns": 5}
        return Frame(index, S, S, np.frombuffer(json.dumps(facts).encode(), np.uint8))


def _titles(lanes):
    return [lane.title for lane in lanes]


def test_every_picture_force_joint_and_log_has_a_lane():
    titles = _titles(stream_lanes(_Episode("sim-xhand")))
    assert titles[:2] == ["force", "joints"]
    assert {"front rgb", "front depth", "wrist rgb", "supervisor log", "operator log"} <= set(
        titles
    )


def test_lanes_of_two_hands_say_whose_they_are():
    titles = _titles(stream_lanes(_Episode("sim-bimanual")))
    assert {"right force", "left force", "right joints", "left joints"} <= set(titles)


def test_blind_review_has_no_logs():
    lanes = stream_lanes(_Episode("sim-xhand"), blind=True)
    assert not any("log" in title for title in _titles(lanes))


def test_joints_are_grouped_by_finger():
    episode = _Episode("sim-leap")
    assert set(joint_groups(episode)) == {"wrist", "thumb", "index", "middle", "ring"}
    lane = next(lane for lane in stream_lanes(episode, "ring") if lane.title == "joints")
    assert lane.rows == ("joint0", "joint1", "joint2", "joint3")


@pytest.mark.parametrize("x", [100, 150, 199])
def test_gap_is_named_where_it_lies(x):
    lanes = {lane.title: lane for lane in stream_lanes(_Episode("sim-xhand"))}
    axis = TimeAxis(0, 4 * S, 400)
    assert "30 missing" in lanes["front rgb"].text_at(x, 5, axis, 15)
    assert "30 missing" not in lanes["front rgb"].text_at(250, 5, axis, 15)
    assert "30 missing" not in lanes["wrist rgb"].text_at(x, 5, axis, 15)


def test_log_says_what_happened():
    lane = next(lane for lane in stream_lanes(_Episode("sim-xhand")) if "operator" in lane.name)
    text = lane.text_at(101, 5, TimeAxis(0, 4 * S, 400), 15)
    assert text == "00:01.00 state, authority kinesthetic"


@pytest.mark.parametrize("stored", [b"", b"\xff", b"[1]", b'"text"', b"{"])
def test_a_damaged_event_is_said_and_not_raised(stored):
    assert event_text(stored)
