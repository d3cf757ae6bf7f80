"""The screen shows the newest, curves get everything."""

from __future__ import annotations

import numpy as np

from app.polling import SCREEN_HZ, StreamPoller
from devices.bus import Bus
from devices.stream import StreamSpec

PICTURE = StreamSpec(name="front/rgb", kind="image", dtype="u1", shape=(4, 4, 3), rate_hz=30)
JOINTS = StreamSpec(name="right/joints", kind="joints", dtype="<f8", shape=(3,), rate_hz=200)


def test_only_the_newest_picture_is_shown(namespace):
    bus = Bus(namespace)
    poller, publisher = StreamPoller(bus), bus.publisher(PICTURE)
    shown: list[int] = []
    poller.newest(PICTURE, lambda sample: shown.append(sample.seq))
    for _ in range(5):
        publisher.send(np.zeros(PICTURE.shape, np.uint8))
    assert poller.tick() == 1
    assert poller.tick() == 0
    assert shown == [4]


def test_two_displays_of_one_stream_both_get_it(namespace):
    bus = Bus(namespace)
    poller, publisher = StreamPoller(bus), bus.publisher(PICTURE)
    first: list[int] = []
    second: list[int] = []
    poller.newest(PICTURE, lambda sample: first.append(sample.seq))
    poller.newest(PICTURE, lambda sample: second.append(sample.seq))
    publisher.send(np.zeros(PICTURE.shape, np.uint8))
    poller.tick()
    assert first == second == [0]


def test_a_curve_gets_every_sample_in_order(namespace):
    bus = Bus(namespace)
    poller, publisher = StreamPoller(bus), bus.publisher(JOINTS)
    seen: list[int] = []
    poller.every(JOINTS, lambda sample: seen.append(sample.seq))
    for _ in range(50):
        publisher.send(np.zeros(3))
    poller.tick()
    assert seen == list(range(50))


def test_fast_streams_are_drawn_at_the_screens_rate_only(namespace, monkeypatch):
    bus = Bus(namespace)
    poller, publisher = StreamPoller(bus), bus.publisher(JOINTS)
    shown: list[int] = []
    poller.newest(JOINTS, lambda sample: shown.append(sample.seq))
    clock = [1_000_000_000]
    monkeypatch.setattr("app.polling.now_ns", lambda: clock[0])
    for _ in range(200):
        publisher.send(np.zeros(3))
        poller.tick()
        clock[0] += 5_000_000
    assert SCREEN_HZ * 0.8 <= len(shown) <= SCREEN_HZ + 1


def test_ages_name_the_streams_that_were_seen(namespace):
    bus = Bus(namespace)
    poller, publisher = StreamPoller(bus), bus.publisher(PICTURE)
    poller.newest(PICTURE, lambda sample: None)
    assert poller.ages_s() == {}
    publisher.send(np.zeros(PICTURE.shape, np.uint8))
    poller.tick()
    assert 0 <= poller.ages_s()["front/rgb"] < 5
