"""A video file as camera: the real decoder behind the real camera contract.

Plays in real time at the file's own frame rate, but never faster than the rig's rate asks for
frames, and starts again at its end. Frames are resized to the configured size. The device clock
is the frame's presentation time plus the length of the loops already played, so it never goes
back. Degradation ladder: one damaged frame is skipped; a file that yields no frame at all is a
``DeviceError``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
import cv2
from av.container import InputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from devices.camera import Camera, CameraReading, CameraSite, DeviceError
from devices.clock import NS_PER_S, now_ns
from devices.rig import CameraConfig

MAX_BAD_PACKETS = 30  # one second of damage at 30 frames per second
CATCH_UP_NS = NS_PER_S  # further behind than this, playback resumes instead of decoding it all
FALLBACK_RATE = Fraction(30)  # for files that state none

log = logging.getLogger(__name__)


class VideoFileCamera(Camera):
    """Plays a file in a loop. All methods on one thread.

    Parameters
    ----------
    config : CameraConfig
        ``path`` names the file; when empty and the session emulates, its ``emulated_video``.
    device : str
        Device identifier of the camera's streams.
    site : CameraSite
        The session and its bus.
    """

    noise_free = True
    config: CameraConfig

    def __init__(self, config: CameraConfig, device: str, site: CameraSite) -> None:
        super().__init__(config, device, site)
        self._container: InputContainer | None = None
        self._frames: Iterator[tuple[VideoFrame, int]] = iter(())
        self._next: tuple[VideoFrame, int] | None = None
        self._started_ns = 0
        self._loop_ns = 0

    @property
    def path(self) -> Path:
        """The file that is played; raises ``DeviceError`` when none is configured."""
        if self.config.path:
            return Path(self.config.path)
        if self.site.session.emulated_video is not None:
            return self.site.session.emulated_video
        raise DeviceError(
            f"camera '{self.name}': no video file; set 'path' in the rig file or start with --video"
        )

    def open(self) -> None:
        """Open the file at its first frame; raises ``DeviceError`` naming what is wrong with it."""
        self.close()
        path = self.path
        if not path.is_file():
            raise DeviceError(f"camera '{self.name}': video file '{path}' does not exist")
        try:
            self._container = av.open(str(path), mode="r")
        except (av.error.FFmpegError, OSError) as error:
            raise DeviceError(
                f"camera '{self.name}': '{path}' is not a video file that can be read ({error})"
            ) from error
        if not self._container.streams.video:
            self.close()
            raise DeviceError(f"camera '{self.name}': '{path}' holds no video track")
        self._loop_ns = 0
        self._frames = self._decode(self._container, path)
        self._next = next(self._frames)
        self._started_ns = now_ns()

    def read_into(self, buffers: dict[str, NDArray]) -> CameraReading | None:
        """Write the frame due now, (H, W, 3) uint8 RGB; None while none is due (times in ns)."""
        if self._next is None:
            raise DeviceError(f"camera '{self.name}': read before open")
        at_ns = now_ns()
        played_ns = at_ns - self._started_ns
        frame, due_ns = self._next
        if due_ns > played_ns:
            return None
        if played_ns - due_ns > CATCH_UP_NS:
            self._started_ns += played_ns - due_ns
            played_ns = due_ns
        self._next = next(self._frames)
        while self._next[1] <= played_ns:
            frame, due_ns = self._next
            self._next = next(self._frames)
        picture = buffers[f"{self.config.name}/rgb"]
        rgb = frame.to_ndarray(format="rgb24")
        if rgb.shape == picture.shape:
            picture[...] = rgb
        else:
            size = (self.config.width, self.config.height)
            cv2.resize(rgb, size, dst=picture, interpolation=cv2.INTER_AREA)
        return CameraReading(at_ns, due_ns)

    def close(self) -> None:
        """Close the file; may be called again."""
        self._frames = iter(())
        self._next = None
        if self._container is not None:
            self._container.close()
            self._container = None

    def _decode(self, container: InputContainer, path: Path) -> Iterator[tuple[VideoFrame, int]]:
        """Yield frames for ever, each with the time in ns since opening at which it is due."""
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        period_ns = round(NS_PER_S / (stream.average_rate or FALLBACK_RATE))
        while True:
            count = bad = last_ns = 0
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.FFmpegError as error:
                    bad += 1
                    log.warning("camera '%s': damaged frame in '%s': %s", self.name, path, error)
                    if bad > MAX_BAD_PACKETS and count == 0:
                        break
                    continue
                for frame in frames:
                    stated = frame.time
                    last_ns = count * period_ns if stated is None else round(stated * NS_PER_S)
                    count += 1
                    yield frame, self._loop_ns + last_ns
            if count == 0:
                raise DeviceError(
                    f"camera '{self.name}': '{path}' yields no picture; it is damaged or empty"
                )
            self._loop_ns += last_ns + period_ns
            container.seek(0)
