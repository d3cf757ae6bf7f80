"""A video file as camera, with real files and the real decoder."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from support.waiting import wait_until

from devices.bus import Bus
from devices.camera import CameraSite, DeviceError
from devices.drivers.video_file import VideoFileCamera
from devices.rig import CameraConfig

FRAMES, FPS = 12, 30
RECORDING = Path(__file__).parents[4] / "shared/data/operator_removal/raw-1.mp4"


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Twelve grey frames, each 20 levels brighter than the one before."""
    path = tmp_path_factory.mktemp("video") / "steps.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS), options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(FRAMES):
            picture = np.full((48, 64, 3), 10 + 20 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def camera(namespace, session_file):
    """Build an open camera on a file."""
    made = []

    def build(path: Path | str, emulated: Path | None = None, width: int = 64, height: int = 48):
        config = CameraConfig(
            name="front", driver="video_file", path=str(path), width=width, height=height
        )
        site = CameraSite(session_file("leap", emulated_video=emulated), Bus(namespace))
        made.append(VideoFileCamera(config, "camera_front", site))
        return made[-1]

    yield build
    for item in made:
        item.close()


def read(camera, shape=(48, 64, 3)):
    """Wait for the next frame; return its reading and its picture."""
    buffers = {"front/rgb": np.zeros(shape, np.uint8)}
    reading = wait_until(lambda: camera.read_into(buffers), 5.0, "a frame")
    return reading, buffers["front/rgb"]


def test_frames_carry_their_presentation_time_as_device_clock(camera, clip):
    video = camera(clip)
    video.open()
    for _ in range(6):
        reading, picture = read(video)
        index = round(reading.device_stamp_ns * FPS / 1e9)
        assert abs(reading.device_stamp_ns - index * 1e9 / FPS) < 1e6
        assert picture.mean() == pytest.approx(10 + 20 * index, abs=4)


def test_a_file_plays_in_real_time_and_starts_again_at_its_end(camera, clip):
    video = camera(clip)
    video.open()
    readings = [read(video)]
    while readings[-1][0].device_stamp_ns < 1.5 * FRAMES / FPS * 1e9:
        readings.append(read(video))
    stamps = np.array([(r.stamp_ns, r.device_stamp_ns) for r, _ in readings])
    assert np.all(np.diff(stamps[:, 1]) > 0), "the device clock goes on over the loop"
    played, lived = np.ptp(stamps[:, 1]), np.ptp(stamps[:, 0])
    assert played == pytest.approx(lived, rel=0.3)
    index = round(readings[-1][0].device_stamp_ns * FPS / 1e9) - FRAMES
    assert readings[-1][1].mean() == pytest.approx(10 + 20 * index, abs=4)


def test_frames_are_resized_to_the_configured_size(camera, clip):
    video = camera(clip, width=32, height=16)
    video.open()
    _, picture = read(video, (16, 32, 3))
    assert picture.min() > 0


def test_there_is_no_frame_before_it_is_due(camera, clip):
    video = camera(clip)
    video.open()
    video._started_ns += 10**12
    assert video.read_into({"front/rgb": np.zeros((48, 64, 3), np.uint8)}) is None


def test_an_empty_path_plays_the_sessions_emulated_video(camera, clip):
    video = camera("", emulated=clip)
    video.open()
    assert read(video)[1].mean() > 5


def test_no_file_at_all_says_how_to_give_one(camera):
    with pytest.raises(DeviceError, match="camera 'front': no video file; set 'path'"):
        camera("").open()


def test_a_missing_file_is_named(camera, tmp_path):
    with pytest.raises(DeviceError, match="no-such.mp4' does not exist"):
        camera(tmp_path / "no-such.mp4").open()


def test_a_file_that_is_no_video_is_named(camera, tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("this is not a video" * 100)
    with pytest.raises(DeviceError, match="'.*text.mp4' is not a video file"):
        camera(path).open()


def test_a_truncated_video_is_named(camera, clip, tmp_path):
    path = tmp_path / "half.mp4"
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(DeviceError, match="half.mp4"):
        camera(path).open()


def test_a_real_recording_plays(camera):
    if not RECORDING.exists():
        pytest.skip(f"the recorded clip {RECORDING.name} is not on this machine")
    video = camera(RECORDING, width=320, height=240)
    video.open()
    reading, picture = read(video, (240, 320, 3))
    assert reading.device_stamp_ns >= 0
    assert picture.std() > 20, "a real picture has contrast"
