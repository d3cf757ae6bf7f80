"""A disk that fills up: the take ends cleanly, all that was acknowledged is readable."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.recording import InlineChild, SmallPublishers
from support.waiting import wait_until

from benchmarks.load import load_rig
from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import StartTake, StopTake
from recorder.durability import DiskPolicy, DurableFile, free_bytes
from recorder.episode import Episode
from recorder.finalise import finalise_log
from recorder.recover import recover_dataset
from recorder.station import Station, StationOptions
from recorder.verify import verify_path

DEPTH = "front/depth"  # 24 KiB a sample
DISK_BYTES = 64 << 20
FORGIVING = DiskPolicy(stop_s=0.0, warn_s=0.0, start_s=0.0, least_bytes=0)


class CountedFile(DurableFile):
    """A file on a pretended small disk: takes ``room`` bytes in all, the last of them in part."""

    def __init__(self, path: Path, disk: SmallDisk) -> None:
        super().__init__(path, reserve_bytes=0)
        self._disk = disk

    def writev(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        left = self._disk.left()
        if left <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        data = b"".join(bytes(part) for part in buffers)[:left]
        return super().writev([data])


@dataclass
class SmallDisk:
    """A file system of 64 MiB: a real one where mounting is allowed, else a pretended one."""

    root: Path
    real: bool

    def left(self) -> int:
        if self.real:
            return free_bytes(self.root)
        used = sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file())
        return DISK_BYTES - used

    def open_file(self, path: Path) -> DurableFile:
        return DurableFile(path, reserve_bytes=0) if self.real else CountedFile(path, self)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    root = tmp_path / "disk"
    root.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "thenar-test", str(root)],
        capture_output=True,
        check=False,
    )
    yield SmallDisk(root, mounted.returncode == 0)
    if mounted.returncode == 0:
        subprocess.run(["umount", "--lazy", str(root)], check=True)


def flood(station: Station, publishers: SmallPublishers) -> None:
    """Publish until the take ends by itself."""

    def ended() -> bool:
        for _ in range(16):
            publishers.send(DEPTH)
        station.step()
        return station.state == "idle"

    wait_until(ended, 60.0, "the take ends by itself")


def test_a_filling_disk_stops_the_take_before_it_is_full_and_publishes_it(
    disk: SmallDisk, session_file
) -> None:
    session = session_file(load_rig(128, 96), dataset_dir=disk.root / "dataset")
    bus = Bus(session.namespace)
    options = StationOptions(
        disk=DiskPolicy(stop_s=0.5, warn_s=0.0, start_s=1.0, least_bytes=6 << 20),
        free_bytes=lambda _: disk.left(),
    )
    station = Station(session, bus, options)
    publishers = SmallPublishers(bus, session.rig, (DEPTH,))
    station.obey(StartTake(press_ns=now_ns(), pre_roll_s=0.0))
    assert station.state == "recording", station.message
    flood(station, publishers)
    assert "nearly full; nothing was lost" in station.message
    wait_until(lambda: station.step() or station.finished, 30.0, "published")
    assert station.status().published == (0,), station.message
    path = station.dataset.episode_path(0)
    assert [finding for finding in verify_path(path) if finding.level == "critical"] == []
    with Episode(path) as episode:
        assert episode.attributes["end_reason"] == "disk nearly full"
        seqs = episode.stream(DEPTH).seq.tolist()
        assert seqs == list(range(len(seqs)))
        assert len(seqs) > 100
    publishers.close()
    station.close()


def test_a_disk_that_is_full_at_once_loses_nothing_acknowledged_and_recovers_later(
    disk: SmallDisk, session_file
) -> None:
    session = session_file(load_rig(128, 96), dataset_dir=disk.root / "dataset")
    bus = Bus(session.namespace)
    ballast = disk.root / "ballast"
    ballast.write_bytes(bytes(40 << 20))
    options = StationOptions(
        disk=FORGIVING,
        open_file=disk.open_file,
        free_bytes=lambda _: 1 << 40,  # nobody warns
    )
    station = Station(session, bus, options)
    publishers = SmallPublishers(bus, session.rig, (DEPTH,))
    station.obey(StartTake(press_ns=now_ns(), pre_roll_s=0.0))
    take = station._take
    assert take is not None
    flood(station, publishers)
    acknowledged = dict(zip(take.names, take.written, strict=True))[DEPTH]
    assert acknowledged > 100
    wait_until(lambda: station.step() or station.finished, 30.0, "the finaliser gave up or not")
    publishers.close()
    station.close()
    ballast.unlink()
    recover_dataset(session.dataset_dir)
    path = station.dataset.episode_path(0)
    assert [finding for finding in verify_path(path) if finding.level == "critical"] == []
    with Episode(path) as episode:
        assert episode.stream(DEPTH).seq.tolist() == list(range(acknowledged))
        assert "No space left" in episode.attributes["end_reason"]


class FailingFile(DurableFile):
    """Fails at the n-th write, after writing part of it, with the given error, for good."""

    def __init__(self, path: Path, fail_at: int, number: int) -> None:
        super().__init__(path, reserve_bytes=0)
        self._calls = 0
        self._fail_at = fail_at
        self._number = number

    def writev(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        self._calls += 1
        if self._calls == self._fail_at:
            data = b"".join(bytes(part) for part in buffers)
            return super().writev([data[: len(data) // 2]])
        if self._calls > self._fail_at:
            raise OSError(self._number, "injected")
        return super().writev(buffers)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("fail_at", [2, 3, 5, 9])
def test_an_error_at_any_write_keeps_what_was_acknowledged(
    session_file, fail_at: int, number: int
) -> None:
    session = session_file(load_rig(128, 96))
    bus = Bus(session.namespace)
    options = StationOptions(
        disk=FORGIVING,
        open_file=lambda path: FailingFile(path, fail_at, number),
        launch=lambda root, log: InlineChild(root, log, lambda: False),
    )
    station = Station(session, bus, options)
    publishers = SmallPublishers(bus, session.rig, (DEPTH,))
    station.obey(StartTake(press_ns=now_ns(), pre_roll_s=0.0))
    take = station._take
    assert take is not None
    flood(station, publishers)
    assert "injected" in station.message
    done = finalise_log(station.dataset, take.path)
    acknowledged = dict(zip(take.names, take.written, strict=True))[DEPTH]
    assert done.samples == acknowledged
    publishers.close()
    station.close()


def test_a_take_that_cannot_even_begin_is_refused_and_leaves_no_log(session_file) -> None:
    session = session_file(load_rig(128, 96))
    station = Station(
        session,
        Bus(session.namespace),
        StationOptions(disk=FORGIVING, open_file=lambda path: FailingFile(path, 1, errno.ENOSPC)),
    )
    station.obey(StartTake(press_ns=now_ns()))
    assert station.state == "idle"
    assert "injected" in station.message
    assert station.dataset.logs() == []
    station.obey(StopTake(press_ns=now_ns()))
    assert station.state == "idle"
    station.close()
