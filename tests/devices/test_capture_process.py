"""The capture process as the session starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from support.waiting import wait_until

from devices.bus import Bus
from devices.camera import DeviceError
from devices.capture_process import EXIT_HUNG, HUNG_AFTER_S, build_cameras, hung_cameras
from devices.rig import load_rig


@pytest.fixture
def clip(tmp_path):
    """A second of moving stripes."""
    path = tmp_path / "stripes.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(30))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(30):
            picture = np.zeros((48, 64, 3), np.uint8)
            picture[:, (2 * index) % 64 :] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def start(session_file):
    """Start the process for a session; it is ended with the test."""
    processes = []

    def build(rig, search=None, **fields):
        session = session_file(rig, **fields)
        command = [sys.executable, "-m", "devices.capture_process", "--session"]
        path = session.runtime_dir / "session.json"
        paths = os.pathsep.join(filter(None, (str(search), os.environ.get("PYTHONPATH"))))
        environment = os.environ | {"PYTHONPATH": paths} if search else None
        processes.append(subprocess.Popen([*command, str(path)], env=environment))
        return processes[-1]

    yield build
    for process in processes:
        process.kill()
        process.wait(5)


def two_cameras(clip):
    """The LEAP rig with a second camera whose file is missing."""
    rig = load_rig("leap")
    front = rig.cameras[0].model_copy(update={"width": 64, "height": 48, "path": str(clip)})
    broken = front.model_copy(update={"name": "side", "path": str(clip.with_name("gone.mp4"))})
    return rig.model_copy(update={"cameras": (front, broken)})


def test_a_missing_camera_is_reported_while_the_other_publishes(namespace, start, clip):
    rig, bus = two_cameras(clip), Bus(namespace)
    frames, health = bus.subscriber(rig.stream("front/rgb")), bus.inbox("health")
    process = start(rig)
    got = [wait_until(frames.receive, 20.0, "a frame") for _ in range(15)]
    assert [sample.seq for sample in got] == list(range(15))
    assert np.all(np.diff([sample.device_stamp_ns for sample in got]) > 0)
    report = wait_until(health.newest, 5.0, "a health message")
    assert report["process"] == "capture"
    assert report["cameras"]["front"]["state"] == "live"
    assert report["cameras"]["side"]["state"] == "failed"
    assert "gone.mp4' does not exist" in report["cameras"]["side"]["error"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_it_ends_when_the_owner_of_the_session_dies(namespace, start, clip):
    owner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    rig, bus = two_cameras(clip), Bus(namespace)
    health = bus.inbox("health")
    process = start(rig, parent_pid=owner.pid)
    wait_until(health.newest, 20.0, "a health message")
    owner.communicate(b"\n")
    assert process.wait(10) == 0


def test_the_missing_file_is_played_once_it_is_there(namespace, start, clip):
    rig, bus = two_cameras(clip), Bus(namespace)
    frames, health = bus.subscriber(rig.stream("side/rgb")), bus.inbox("health")
    start(rig)
    wait_until(health.newest, 20.0, "a health message")
    os.link(clip, clip.with_name("gone.mp4"))
    wait_until(frames.receive, 3.0, "a frame of the camera that came back")


def test_an_unknown_driver_is_one_clear_sentence(namespace, session_file):
    rig = load_rig("leap")
    camera = rig.cameras[0].model_copy(update={"driver": "webcam"})
    session = session_file(rig.model_copy(update={"cameras": (camera,)}))
    with pytest.raises(DeviceError, match="camera driver 'webcam' is unknown; known"):
        build_cameras(session, Bus(namespace))


HANGING_DRIVER = """
import threading
from devices.camera import Camera, CameraReading
from devices.clock import now_ns

class HangingCamera(Camera):
    def open(self):
        self.count = 0
    def read_into(self, buffers):
        self.count += 1
        if self.count > 10:
            threading.Event().wait()
        return CameraReading(now_ns(), self.count)
    def close(self):
        pass
"""


def test_a_driver_that_never_returns_ends_the_process_so_that_it_can_be_restarted(
    namespace, start, clip, tmp_path
):
    (tmp_path / "hanging_driver.py").write_text(HANGING_DRIVER)
    package = tmp_path / "hanging_driver-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: hanging-driver\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[thenar.devices]\ncamera.hanging = hanging_driver:HangingCamera\n"
    )
    rig, bus = two_cameras(clip), Bus(namespace)
    hanging = rig.cameras[1].model_copy(update={"driver": "hanging"})
    rig = rig.model_copy(update={"cameras": (rig.cameras[0], hanging)})
    neighbour, health = bus.subscriber(rig.stream("front/rgb")), bus.inbox("health")
    process = start(rig, search=tmp_path)
    wait_until(neighbour.receive, 20.0, "a frame of the neighbour")
    assert process.wait(30) == EXIT_HUNG
    last = health.newest()["cameras"]
    assert hung_cameras(last) == ["side"]
    assert last["side"]["frames"] == 10
    assert last["front"]["age_s"] < HUNG_AFTER_S / 2, "the neighbour went on to the end"


def test_a_first_opening_may_take_its_time():
    figures = {"state": "opening", "heartbeat_age_s": 6.0}
    assert hung_cameras({"front": figures}) == []
    assert hung_cameras({"front": figures | {"state": "live"}}) == ["front"]
