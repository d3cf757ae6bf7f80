"""The capture loop keeps healthy cameras going whatever the others do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from support.waiting import wait_until

from devices.bus import Bus, Subscriber
from devices.camera import Camera, CameraReading, CameraSite, DeviceError
from devices.capture_loop import CaptureLoop
from devices.clock import now_ns
from devices.rig import CameraConfig
from devices.stream import FLAG_STALE, StreamSpec

STALE_AFTER_S = 0.3
RATE_HZ = 50.0
SLOW_PERIOD_NS = 80_000_000  # a quarter of the rate


class FakeCamera(Camera):
    """A camera whose behaviour a test changes while it runs."""

    def __init__(self, name: str, site: CameraSite, depth: bool = False) -> None:
        config = CameraConfig(
            name=name, width=32, height=16, rate_hz=RATE_HZ, stale_after_s=STALE_AFTER_S
        )
        super().__init__(config, f"camera_{name}", site)
        self.depth = depth
        self.behaviour = "good"
        self.opened = self.count = self.last_ns = 0
        self.release = threading.Event()

    def streams(self) -> tuple[StreamSpec, ...]:
        rgb = StreamSpec(
            name=f"{self.name}/rgb", kind="image", dtype="u1", shape=(16, 32, 3), rate_hz=RATE_HZ
        )
        depth = StreamSpec(
            name=f"{self.name}/depth", kind="depth", dtype="<u2", shape=(16, 32), rate_hz=RATE_HZ
        )
        return (rgb, depth) if self.depth else (rgb,)

    def open(self) -> None:
        if self.behaviour == "gone":
            raise DeviceError(f"camera '{self.name}': not there")
        self.opened += 1

    def read_into(self, buffers: dict[str, NDArray]) -> CameraReading | None:
        if self.behaviour in ("raises", "gone"):
            raise DeviceError(f"camera '{self.name}': unplugged")
        if self.behaviour == "hangs":
            self.release.wait()
        if self.behaviour == "silent":
            return None
        if self.behaviour != "frozen":
            self.count += 1
        if self.behaviour == "slow" and now_ns() - self.last_ns < SLOW_PERIOD_NS:
            return None
        self.last_ns = now_ns()
        for buffer in buffers.values():
            buffer[...] = self.count % 251
        return CameraReading(now_ns(), self.count)

    def close(self) -> None:
        pass


class NoiseFreeCamera(FakeCamera):
    """A simulated camera: its picture never changes, its clock does."""

    noise_free = True

    def read_into(self, buffers: dict[str, NDArray]) -> CameraReading | None:
        reading = super().read_into(buffers)
        for buffer in buffers.values():
            buffer[...] = 7
        return reading


class Rack:
    """Two cameras on a running loop, with a queue for each stream."""

    def __init__(self, bus: Bus, cameras: list[FakeCamera]) -> None:
        self.cameras = cameras
        self.queues: dict[str, Subscriber] = {
            spec.name: bus.subscriber(spec, depth=256) for c in cameras for spec in c.streams()
        }
        self.loop = CaptureLoop(cameras, bus)
        self.loop.start()

    def next(self, name: str, where: Callable = lambda sample: True, timeout_s: float = 5.0):
        """Wait for the next sample of ``name`` for which ``where`` holds."""

        def found():
            return next((s for s in self.queues[name].drain() if where(s)), None)

        return wait_until(found, timeout_s, f"a sample of {name}")

    def state(self, name: str) -> str:
        return self.loop.health()[name]["state"]


@pytest.fixture
def rack(namespace, session_file) -> Iterator[Callable[..., Rack]]:
    session, bus = session_file(), Bus(namespace)
    made: list[Rack] = []

    def build(kind: type[FakeCamera] = FakeCamera, **options) -> Rack:
        site = CameraSite(session, bus)
        cameras = [kind("left", site, **options), FakeCamera("right", CameraSite(session, bus))]
        made.append(Rack(bus, cameras))
        return made[-1]

    yield build
    for item in made:
        for camera in item.cameras:
            camera.release.set()
        assert item.loop.stop() == []


def test_all_streams_of_a_frame_carry_the_same_stamps(rack):
    live = rack(depth=True)
    rgb = live.next("left/rgb")
    depth = live.next("left/depth", lambda s: s.seq == rgb.seq)
    assert (depth.stamp_ns, depth.device_stamp_ns) == (rgb.stamp_ns, rgb.device_stamp_ns)
    assert np.all(depth.data == rgb.data[..., 0])


def test_frames_are_paced_at_the_configured_rate(rack):
    live = rack()
    first = live.next("left/rgb")
    later = live.next("left/rgb", lambda s: s.seq >= first.seq + 40)
    rate_hz = (later.seq - first.seq) * 1e9 / (later.stamp_ns - first.stamp_ns)
    assert 0.2 * RATE_HZ < rate_hz < 1.1 * RATE_HZ, "a busy machine may be late, never early"


def test_a_raising_camera_comes_back_while_its_neighbour_loses_nothing(rack):
    live = rack()
    live.next("left/rgb")
    start = live.next("right/rgb").seq
    live.cameras[0].behaviour = "gone"
    wait_until(lambda: live.state("left") == "failed", 2.0, "the failure")
    assert "camera 'left'" in live.loop.health()["left"]["error"]
    opened = live.cameras[0].opened
    live.cameras[0].behaviour = "good"
    wait_until(lambda: live.state("left") == "live", 3.0, "the return of the camera")
    assert live.cameras[0].opened == opened + 1
    neighbour = [s.seq for s in live.queues["right/rgb"].drain()]
    assert neighbour == list(range(start + 1, start + 1 + len(neighbour)))
    assert live.loop.health()["right"]["reopens"] == 0


def test_a_frozen_camera_is_flagged_stale_until_it_moves_again(rack):
    live = rack()
    assert live.next("left/rgb").flags & FLAG_STALE == 0
    live.cameras[0].behaviour = "frozen"
    stale = live.next("left/rgb", lambda s: s.flags & FLAG_STALE)
    wait_until(lambda: live.state("left") == "stale", 1.0, "the report")
    assert live.next("right/rgb", lambda s: s.stamp_ns > stale.stamp_ns).flags & FLAG_STALE == 0
    live.cameras[0].behaviour = "good"
    moving = live.next("left/rgb", lambda s: not s.flags & FLAG_STALE and s.seq > stale.seq)
    assert moving.seq > stale.seq
    wait_until(lambda: live.state("left") in ("live", "slow"), 2.0, "the end of staleness")


def test_a_still_scene_of_a_simulated_camera_is_not_stale(rack):
    live = rack(kind=NoiseFreeCamera)
    start_ns = live.next("left/rgb").stamp_ns
    later = live.next("left/rgb", lambda s: s.stamp_ns > start_ns + 2e9 * STALE_AFTER_S)
    assert later.flags & FLAG_STALE == 0


def test_a_silent_camera_is_reported_and_reopened(rack):
    live = rack()
    live.next("left/rgb")
    live.cameras[0].behaviour = "silent"
    wait_until(lambda: live.state("left") == "silent", STALE_AFTER_S + 2.0, "the report")
    assert "no frame for" in live.loop.health()["left"]["error"]
    live.cameras[0].behaviour = "good"
    wait_until(lambda: live.state("left") == "live", 3.0, "the return of the camera")
    assert live.cameras[0].opened >= 2


def test_a_silent_camera_that_needs_a_fresh_open_is_back_within_three_seconds(rack):
    live = rack()
    live.next("left/rgb")
    live.cameras[0].behaviour = "silent"
    wait_until(lambda: live.cameras[0].opened >= 2, 3.0, "the first reopening")
    useless = live.cameras[0].opened
    wait_until(lambda: live.cameras[0].opened > useless, 3.0, "the next reopening")
    assert live.state("left") == "silent"


def test_a_slow_camera_is_reported_with_its_gaps(rack):
    live = rack()
    live.next("left/rgb", lambda s: s.seq > 10)
    before = live.loop.health()["left"]["gaps"]
    live.cameras[0].behaviour = "slow"
    wait_until(lambda: live.state("left") == "slow", 5.0, "the report")
    assert live.loop.health()["left"]["gaps"] > before


def test_a_read_that_never_returns_shows_in_the_heartbeat_alone(rack):
    live = rack()
    live.next("left/rgb")
    live.cameras[0].behaviour = "hangs"
    wait_until(lambda: live.loop.health()["left"]["heartbeat_age_s"] > 0.5, 3.0, "the heartbeat")
    health = live.loop.health()["right"]
    assert health["heartbeat_age_s"] < 0.5
    assert health["state"] in ("live", "slow")


def test_a_bug_in_a_driver_stops_only_that_camera(rack):
    live = rack()
    live.next("right/rgb")

    def broken(buffers):
        raise ZeroDivisionError("a bug")

    live.cameras[0].read_into = broken
    wait_until(lambda: live.state("left") == "failed", 2.0, "the failure")
    at_ns = now_ns()
    live.next("right/rgb", lambda s: s.stamp_ns > at_ns)
