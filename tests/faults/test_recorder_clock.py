"""The wall clock jumps by an hour, or the disk pauses: the data does not notice."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from support.recording import InlineChild, SmallPublishers
from support.waiting import wait_until

import recorder.dataset
import recorder.header
from benchmarks.load import load_rig
from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import StartTake, StopTake
from recorder.catalogue import Catalogue
from recorder.durability import DiskPolicy, DurableFile
from recorder.episode import Episode
from recorder.station import Station, StationOptions

JOINTS = "right/joints_measured"
DEPTH = "front/depth"
HOUR_S = 3600.0


class JumpingWallClock(datetime):
    """A wall clock that goes back an hour each time it is read."""

    reads = 0

    @classmethod
    def now(cls, tz=None) -> datetime:  # type: ignore[override]
        cls.reads += 1
        return datetime(2026, 3, 29, 12, tzinfo=UTC) - cls.reads * timedelta(hours=1)


def roomy(**options) -> StationOptions:
    return StationOptions(
        disk=DiskPolicy(stop_s=0, warn_s=0, start_s=0, least_bytes=0),
        launch=lambda root, log: InlineChild(root, log, lambda: True),
        **options,
    )


def record(station: Station, publishers: SmallPublishers, count: int) -> int:
    station.obey(StartTake(press_ns=now_ns(), pre_roll_s=0.0))
    number = station.status().episode
    assert number is not None
    for _ in range(count):
        publishers.send(JOINTS)
        station.step()
    station.obey(StopTake(press_ns=now_ns()))
    wait_until(lambda: station.step() or station.finished, 20.0, "published")
    return number


def test_a_wall_clock_that_jumps_by_an_hour_changes_no_stamp_and_no_order(
    session_file, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_time = time.time
    jumps = iter(range(1_000_000))
    monkeypatch.setattr(time, "time", lambda: real_time() - HOUR_S * next(jumps))
    monkeypatch.setattr(recorder.header, "datetime", JumpingWallClock)
    monkeypatch.setattr(recorder.dataset, "datetime", JumpingWallClock)
    session = session_file(load_rig(128, 96))
    bus = Bus(session.namespace)
    station = Station(session, bus, roomy())
    publishers = SmallPublishers(bus, session.rig, (JOINTS,))
    began_ns = now_ns()
    numbers = [record(station, publishers, 10) for _ in range(3)]
    ended_ns = now_ns()
    assert JumpingWallClock.reads >= 3, "the jump never reached the recorder"
    for number in numbers:
        with Episode(station.dataset.episode_path(number)) as episode:
            stamps_ns = episode.stream(JOINTS).stamp_ns
            assert (np.diff(stamps_ns) > 0).all()
            assert began_ns <= stamps_ns[0] <= stamps_ns[-1] <= ended_ns
            assert episode.duration_s < HOUR_S
    catalogue = Catalogue(station.dataset)
    for number in numbers:
        catalogue.discard(number)
    assert [catalogue.undo_discard()[0] for _ in numbers] == numbers[::-1]
    publishers.close()
    station.close()


class PausingFile(DurableFile):
    """A disk whose writes wait while ``pause`` is set."""

    go = threading.Event()

    def writev(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        assert self.go.wait(30.0)
        return super().writev(buffers)


def test_a_disk_that_pauses_fills_the_queue_and_loses_nothing(session_file) -> None:
    PausingFile.go.set()
    session = session_file(load_rig(128, 96))
    bus = Bus(session.namespace)
    options = roomy(open_file=lambda path: PausingFile(path), queue_limit_bytes=4 << 20)
    station = Station(session, bus, options)
    publishers = SmallPublishers(bus, session.rig, (DEPTH,))
    station.obey(StartTake(press_ns=now_ns(), pre_roll_s=0.0))
    PausingFile.go.clear()
    messages: set[str] = set()
    sent = 0

    def stopping() -> bool:
        nonlocal sent
        publishers.send(DEPTH)
        sent += 1
        station.step()
        messages.add(station.message)
        return station.state == "stopping"

    wait_until(stopping, 30.0, "the take stops by itself")
    assert any("the disk is slow" in message for message in messages), "no warning came first"
    assert "the disk is too slow" in station.message
    assert sent * 128 * 96 * 2 < 6 << 20, "the queue was not bounded"
    PausingFile.go.set()
    wait_until(lambda: station.step() or station.finished, 20.0, "published")
    with Episode(Path(station.status().last_path)) as episode:
        seqs = episode.stream(DEPTH).seq.tolist()
        assert seqs == list(range(len(seqs)))
        assert sent - len(seqs) <= 2, "samples published before the stop are missing"
        assert episode.attributes["lost_samples"] == 0
    publishers.close()
    station.close()
