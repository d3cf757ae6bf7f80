"""Samples at the moments pictures were taken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from devices.stream import NO_DEVICE_STAMP
from recorder.cleaning.clocks import at_pictures, share_clock
from recorder.episode import EpisodeStream

MS = 1_000_000


def stream(device_ns: Any, delay_ns: Any, values: Any, kind: str = "joints") -> EpisodeStream:
    device = np.asarray(device_ns, np.int64)
    data = np.asarray(values, float)
    made = SimpleNamespace(
        device_stamp_ns=device, stamp_ns=device + np.asarray(delay_ns, np.int64),
        rows=lambda _which: data, spec=SimpleNamespace(kind=kind),
    )  # fmt: skip
    return cast(EpisodeStream, made)


def test_pictures_that_arrive_late_get_the_samples_of_when_they_were_taken() -> None:
    times = np.arange(0, 1000, 5) * MS
    joints = stream(times, MS, np.stack([times / MS, -times / MS], axis=1))
    taken = np.array([102, 333, 700]) * MS
    pictures = stream(taken, np.array([12, 40, 31]) * MS, np.zeros(3))
    found = at_pictures(pictures, joints)
    assert found is not None
    np.testing.assert_allclose(found, [[102, -102], [333, -333], [700, -700]])


def test_pictures_outside_get_the_first_or_last_sample() -> None:
    joints = stream(np.array([10, 20, 30]) * MS, 0, [[1.0], [2.0], [4.0]])
    pictures = stream(np.array([0, 25, 90]) * MS, 0, np.zeros(3))
    np.testing.assert_allclose(cast(Any, at_pictures(pictures, joints)), [[1.0], [3.0], [4.0]])


def test_a_quaternion_that_changes_sign_does_not_pass_through_nothing() -> None:
    pose = np.array([0, 0, 0, 1.0, 0, 0, 0])
    flipped = pose * [1, 1, 1, -1, -1, -1, -1]
    poses = stream(np.array([0, 10]) * MS, 0, np.stack([pose, flipped])[:, None], "pose")
    found = at_pictures(stream(np.array([4, 5]) * MS, 0, np.zeros(2)), poses)
    np.testing.assert_allclose(cast(Any, found)[:, 0, 3:], [[1, 0, 0, 0], [1, 0, 0, 0]])


@pytest.mark.parametrize(
    "camera",
    [
        stream(np.arange(5) * MS, 70 * 3600 * 10**9, np.zeros(5)),
        stream(np.full(5, NO_DEVICE_STAMP), 0, np.zeros(5)),
        stream([5, 4, 3, 2, 1], 0, np.zeros(5)),
        stream([5], 0, np.zeros(1)),
    ],
    ids=["another clock", "no stamps", "backwards", "one sample"],
)
def test_streams_of_different_clocks_are_not_brought_together(camera: EpisodeStream) -> None:
    joints = stream(np.arange(5) * MS, 0, np.zeros((5, 2)))
    assert not share_clock(camera, joints)
    assert at_pictures(camera, joints) is None
