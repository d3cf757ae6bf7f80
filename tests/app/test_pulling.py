"""Pulls by mouse: drag, pin, release, and what goes over the bus."""

from __future__ import annotations

import numpy as np
import pytest

from app.pulling import MousePulls
from devices.bus import Bus, Subscriber
from devices.rig import MAX_PULLS
from devices.wire import pull_request_spec

POINT = np.array([0.0, 0.0, 0.01])
TARGET = np.array([0.1, 0.2, 0.3])


@pytest.fixture
def bus(namespace) -> Bus:
    return Bus(namespace)


@pytest.fixture
def heard(bus) -> Subscriber:
    return bus.subscriber(pull_request_spec(), 4)


@pytest.fixture
def pulls(bus, heard) -> MousePulls:
    return MousePulls(bus)


def test_a_press_alone_pulls_nothing(pulls):
    pulls.begin(0, 3, POINT)
    assert not pulls.rows[:, 0].any()


def test_a_drag_pulls_the_link_towards_the_mouse(pulls, heard):
    pulls.begin(1, 3, POINT)
    pulls.move(TARGET)
    row = heard.newest().data[0]
    assert list(row[:4]) == [1, 0, 1, 3]
    assert np.array_equal(row[4:7], POINT)
    assert np.array_equal(row[7:10], TARGET)


def test_letting_go_ends_the_pull(pulls, heard):
    pulls.begin(0, 3, POINT)
    pulls.move(TARGET)
    pulls.release()
    assert not heard.newest().data.any()


def test_a_pin_stays_and_frees_the_mouse_for_the_next_finger(pulls, heard):
    pulls.begin(0, 3, POINT)
    pulls.pin(TARGET)
    pulls.begin(0, 5, POINT)
    pulls.move(-TARGET)
    rows = heard.newest().data
    assert list(rows[0, :4]) == [1, 1, 0, 3]
    assert list(rows[1, :4]) == [1, 0, 0, 5]
    pulls.unpin(0)
    rows = heard.newest().data
    assert not rows[0].any()
    assert rows[1, 0] == 1


def test_more_pulls_than_there_are_rows_are_refused(pulls):
    for _ in range(MAX_PULLS):
        assert pulls.begin(0, 1, POINT)
        pulls.pin(TARGET)
    assert not pulls.begin(0, 1, POINT)


def test_nothing_is_repeated_on_the_bus_while_nothing_is_pulled(pulls, heard):
    pulls.publish()
    pulls.publish()
    pulls.publish()
    assert len(list(heard.drain())) == 1
    pulls.begin(0, 1, POINT)
    pulls.move(TARGET)
    pulls.publish()
    assert len(list(heard.drain())) == 2
