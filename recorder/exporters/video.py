"""Pictures as an MP4 that a reader can address by time: picture ``k`` is at exactly ``k / rate``.

H.264, because every decoder of the training code reads it; constant rate, no B-frames and a key
frame every second picture, so that a picture far inside is found by decoding two. Times are written
in a timescale that the rate divides. Threads and flags are fixed: the same pictures give the same
bytes with the same libraries.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

CODEC = "libx264"
PIXELS = "yuv420p"
CRF = 23
PRESET = "veryfast"
KEY_EVERY = 2
THREADS = 2
TIMESCALE = 90_000  # divided by all common rates; 1000 would err by 0.3 ms at 30 Hz


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Return width and height made even by at most one pixel each: 4:2:0 colour needs it."""
    return size[0] + size[0] % 2, size[1] + size[1] % 2


def timescale(rate_hz: int) -> int:
    """Return the largest multiple of the rate that is not above ``TIMESCALE``."""
    return rate_hz * (TIMESCALE // rate_hz)


def video_info(rate_hz: int, size: tuple[int, int]) -> dict[str, Any]:
    """Return what LeRobot's ``info`` of a video feature says."""
    width, height = even(size)
    return {
        "video.height": height,
        "video.width": width,
        "video.codec": "h264",
        "video.pix_fmt": PIXELS,
        "video.is_depth_map": False,
        "video.fps": rate_hz,
        "video.channels": 3,
        "has_audio": False,
        "video.g": KEY_EVERY,
        "video.crf": CRF,
        "video.preset": PRESET,
    }


class VideoWriter:
    """Writes RGB pictures of one size to an MP4 file; use it in a ``with`` block.

    Parameters
    ----------
    path : Path
        File to write.
    rate_hz : int
        Pictures per second.
    size : tuple of (int, int)
        Width and height; odd ones are made even by repeating the last column or row.
    """

    def __init__(self, path: Path, rate_hz: int, size: tuple[int, int]) -> None:
        self._size = even(size)
        self._count = 0
        options = {"video_track_timescale": str(timescale(rate_hz)), "fflags": "+bitexact"}
        self._container = av.open(str(path), "w", format="mp4", options=options)
        choices = {"crf": str(CRF), "preset": PRESET, "bf": "0", "g": str(KEY_EVERY)}
        stream = self._container.add_stream(CODEC, rate=rate_hz, options=choices)
        stream.width, stream.height = self._size
        stream.pix_fmt = PIXELS
        stream.codec_context.time_base = Fraction(1, rate_hz)
        stream.codec_context.thread_count = THREADS
        stream.codec_context.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT
        self._stream = stream

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Write the next picture, RGB ``(height, width, 3)``."""
        width, height = self._size
        missing = ((0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0))
        if missing != ((0, 0),) * 3:
            picture = np.pad(picture, missing, mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts = self._count
        self._count += 1
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """Write what is left and close the file."""
        if self._count:
            for packet in self._stream.encode(None):
                self._container.mux(packet)
        self._container.close()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
